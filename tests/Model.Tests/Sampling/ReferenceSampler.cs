using Llama.Model.Sampling;

namespace Llama.Model.Tests.Sampling;

/// <summary>The oracle: the sampler's definition in double precision, with a full sort and no regard for speed.</summary>
internal static class ReferenceSampler
{
    public static int Draw(float[] logits, SampleRow row, int[] history)
    {
        double[] edited = Edit(logits, row, history);
        if (row.Params.Temperature == 0) return ByProbability(edited)[0];
        double[] probabilities = Truncated(edited, row.Params);
        double left = CounterRandom.Uniform(row.Params.Seed, row.Position);
        int token = 0;
        while (token < probabilities.Length - 1 && (left -= probabilities[token]) >= 0) token++;
        return token;
    }

    /// <summary>The distribution that is drawn from, by token id.</summary>
    public static double[] Distribution(float[] logits, SampleRow row, int[] history) => Truncated(Edit(logits, row, history), row.Params);

    /// <summary>Log-probabilities by token id.</summary>
    public static double[] LogSoftmax(float[] logits)
    {
        double max = logits.Max(), logMass = max + Math.Log(logits.Sum(logit => Math.Exp(logit - max)));
        return [.. logits.Select(logit => logit - logMass)];
    }

    private static double[] Edit(float[] logits, SampleRow row, int[] history)
    {
        SamplingParams parameters = row.Params;
        double[] edited = Array.ConvertAll(logits, logit => (double)logit);
        foreach (TokenBias bias in parameters.LogitBias) edited[bias.TokenId] += bias.Bias;
        if (row.GeneratedCount < parameters.MinTokens)
            foreach (int stop in parameters.StopTokenIds) edited[stop] = double.NegativeInfinity;
        foreach (int token in Enumerable.Range(0, edited.Length).Except(parameters.AllowedTokenIds ?? [.. Enumerable.Range(0, edited.Length)]))
            edited[token] = double.NegativeInfinity;
        foreach (int token in history.Distinct())
            edited[token] = edited[token] > 0 ? edited[token] / parameters.RepetitionPenalty : edited[token] * parameters.RepetitionPenalty;
        foreach (IGrouping<int, int> same in history.Skip(row.PromptLength).GroupBy(token => token))
            edited[same.Key] -= parameters.PresencePenalty + same.Count() * parameters.FrequencyPenalty;
        return edited;
    }

    private static double[] Truncated(double[] logits, SamplingParams parameters)
    {
        double max = logits.Max();
        double[] weights = Array.ConvertAll(logits, logit => Math.Exp((logit - max) / parameters.Temperature));
        int[] order = ByProbability(logits);
        if (parameters.TopK > 0) order = order[..Math.Min(parameters.TopK, order.Length)];
        double mass = order.Sum(token => weights[token]), sum = 0;
        if (parameters.TopP < 1) order = [.. order.TakeWhile(token => Advance(ref sum, weights[token]) < parameters.TopP * mass)];
        if (parameters.MinP > 0) order = [.. order.TakeWhile(token => weights[token] >= parameters.MinP)];
        if (parameters.TypicalP < 1) order = Typical(order, weights, parameters.TypicalP);
        double kept = order.Sum(token => weights[token]);
        double[] probabilities = new double[logits.Length];
        foreach (int token in order) probabilities[token] = weights[token] / kept;
        return probabilities;
    }

    // Meister et al. 2023, section 3: the tokens whose information content is nearest to the entropy, until their mass reaches tau.
    private static int[] Typical(int[] order, double[] weights, double tau)
    {
        double mass = order.Sum(token => weights[token]), sum = 0;
        double Surprise(int token) => -Math.Log(weights[token] / mass);
        int[] possible = [.. order.Where(token => weights[token] > 0)];
        double entropy = possible.Sum(token => weights[token] / mass * Surprise(token));
        return [.. possible.OrderBy(token => Math.Abs(Surprise(token) - entropy)).ThenBy(token => token).TakeWhile(token => Advance(ref sum, weights[token]) < tau * mass)];
    }

    // The sum before this token: the one that reaches the target still belongs.
    private static double Advance(ref double sum, double weight)
    {
        double before = sum;
        sum += weight;
        return before == 0 ? -1 : before;
    }

    private static int[] ByProbability(double[] logits) =>
        [.. Enumerable.Range(0, logits.Length).OrderByDescending(token => logits[token]).ThenBy(token => token)];
}
