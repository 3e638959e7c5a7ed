namespace Llama.Model.Sampling;

/// <summary>What a request asks to be changed in the logits before anything is drawn: biases, bans and penalties, in this order.</summary>
internal sealed class LogitEdits(int vocabSize)
{
    private const int Done = -1;

    // Times each token was generated. All zeros between calls.
    private readonly int[] _counts = new int[vocabSize];

    /// <summary>Edits one row in place.</summary>
    /// <param name="logits">[vocab]</param>
    /// <param name="row">Whose parameters apply.</param>
    /// <param name="history">Prompt and output so far; empty when the parameters need none.</param>
    public void Apply(Span<float> logits, in SampleRow row, ReadOnlySpan<int> history)
    {
        IReadOnlyList<TokenBias> biases = row.Params.LogitBias;
        for (int i = 0; i < biases.Count; i++) logits[biases[i].TokenId] += biases[i].Bias;
        if (row.GeneratedCount < row.Params.MinTokens) Ban(logits, row.Params.StopTokenIds);
        if (row.Params.NeedsHistory) Penalize(logits, row.Params, history, row.PromptLength);
    }

    private static void Ban(Span<float> logits, IReadOnlyList<int> tokens)
    {
        for (int i = 0; i < tokens.Count; i++) logits[tokens[i]] = float.NegativeInfinity;
    }

    // Repetition counts prompt and output (CTRL), presence and frequency the output alone (OpenAI). Each token is visited once, however often it occurs.
    private void Penalize(Span<float> logits, SamplingParams parameters, ReadOnlySpan<int> history, int promptLength)
    {
        foreach (int token in history[promptLength..]) _counts[token]++;
        foreach (int token in history)
        {
            int count = _counts[token];
            if (count == Done) continue;
            _counts[token] = Done;
            float logit = logits[token];
            logit = logit > 0 ? logit / parameters.RepetitionPenalty : logit * parameters.RepetitionPenalty;
            if (count > 0) logit -= parameters.PresencePenalty + count * parameters.FrequencyPenalty;
            logits[token] = logit;
        }
        foreach (int token in history) _counts[token] = 0;
    }
}
