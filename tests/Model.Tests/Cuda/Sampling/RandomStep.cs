using Llama.Model.Guidance;
using Llama.Model.Sampling;
using Llama.Model.Tests.Sampling;

namespace Llama.Model.Tests.Cuda.Sampling;

/// <summary>Steps to draw from, with everything that a request can ask for.</summary>
internal static class RandomStep
{
    /// <summary>Rows with random parameters: of each kind some, in random combinations.</summary>
    public static ForwardBatch Of(Random random, int rows, int vocabSize, bool guided = true)
    {
        var batch = new ForwardBatch(rows, rows, 1) { SampleCount = rows };
        for (int i = 0; i < rows; i++)
        {
            SamplingParams parameters = SamplerTests.RandomParams(random, vocabSize) with { TopLogprobs = random.Next(3) == 0 ? random.Next(6) : null };
            if (random.Next(4) == 0) parameters = parameters with { TopK = 0, TopP = 1, MinP = 0, TypicalP = 1 };
            int[] history = [.. Enumerable.Range(0, parameters.NeedsHistory ? random.Next(40) : 0).Select(_ => random.Next(vocabSize))];
            ITokenGuide? guide = guided && random.Next(4) == 0 ? new RandomGuide(random, vocabSize) : null;
            batch.Samples[i] = new SampleRow(i, Position: random.Next(10_000), GeneratedCount: history.Length / 2, batch.AddHistory(history), history.Length, parameters, guide);
        }
        return batch;
    }

    /// <summary>One row for each of these parameters.</summary>
    public static ForwardBatch Of(params SamplingParams[] parameters)
    {
        var batch = new ForwardBatch(parameters.Length, parameters.Length, 1) { SampleCount = parameters.Length };
        for (int i = 0; i < parameters.Length; i++) batch.Samples[i] = new SampleRow(i, i, 0, 0, 0, parameters[i]);
        return batch;
    }

    /// <summary>Logits of all kinds: spread and flat ones, many of them equal, impossible ones.</summary>
    public static float[] Logits(Random random, int rows, int vocabSize)
    {
        float[] spreads = [0, 0.02f, 0.3f, 1, 3, 8];
        return [.. Enumerable.Range(0, rows).SelectMany(_ => Row(random, vocabSize, spreads[random.Next(spreads.Length)]))];
    }

    private static float[] Row(Random random, int vocabSize, float spread)
    {
        float[] logits = RandomLogits.Normal(random, vocabSize, spread);
        if (random.Next(3) == 0) logits = Array.ConvertAll(logits, logit => MathF.Round(2 * logit) / 2);
        if (random.Next(3) == 0)
            for (int i = 5; i < vocabSize; i += random.Next(1, 7)) logits[i] = float.NegativeInfinity;
        return logits;
    }

    /// <summary>Allows some tokens, among them 0.</summary>
    private sealed class RandomGuide(Random random, int vocabSize) : ITokenGuide
    {
        private readonly ulong[] _allowed = [.. Enumerable.Range(0, (vocabSize + 63) / 64).Select(i => (ulong)random.NextInt64() | (i == 0 ? 1ul : 0))];

        public bool IsComplete => false;

        public bool MayEnd { get; } = random.Next(2) == 0;

        public ReadOnlySpan<ulong> Allowed => _allowed;

        public bool TryForce(out int token) => throw new NotSupportedException();

        public void Accept(int token) => throw new NotSupportedException();
    }
}
