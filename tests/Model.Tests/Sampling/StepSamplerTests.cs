using Llama.Model.Guidance;
using Llama.Model.Kernels;
using Llama.Model.Sampling;
using Llama.Model.Threads;

namespace Llama.Model.Tests.Sampling;

public sealed unsafe class StepSamplerTests
{
    [Theory]
    [InlineData(1, 4096)]
    [InlineData(2, 4096)]
    [InlineData(3, 20_000)]
    [InlineData(4, 20_000)]
    public void Sample_AnyNumberOfThreads_DrawsWhatEachRowDrawsAlone(int threads, int vocabSize)
    {
        const int rows = 37;
        var random = new Random(threads);
        (ForwardBatch batch, float[] logits) = RandomStep(random, rows, vocabSize);
        SampledToken[] alone = [.. Enumerable.Range(0, rows).Select(i => Alone(batch, i, logits.AsSpan(i * vocabSize, vocabSize).ToArray()))];
        SampledToken[] sampled = new SampledToken[rows];
        Sample(batch, logits, sampled, threads);
        for (int i = 0; i < rows; i++)
        {
            Assert.Null(sampled[i].Fault);
            Assert.Equal((alone[i].TokenId, alone[i].Logprob), (sampled[i].TokenId, sampled[i].Logprob));
            Assert.Equal(alone[i].Top ?? [], sampled[i].Top ?? []);
        }
    }

    [Fact]
    public void Sample_OneBrokenRow_FaultsThatRowAlone()
    {
        var batch = new ForwardBatch(2, 2, 1) { SampleCount = 2 };
        batch.Samples[0] = batch.Samples[1] = SamplerTests.Row(SamplingParams.Greedy);
        SampledToken[] sampled = new SampledToken[2];
        Sample(batch, [float.NaN, 1, 2, 3, 5, 4], sampled); // [2, 3]
        Assert.IsType<SamplingException>(sampled[0].Fault);
        Assert.Equal(new SampledToken(1, 0, null), sampled[1]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Score_AnyNumberOfThreads_IsWhatEachRowScoresAlone(int threads)
    {
        const int rows = 41, vocabSize = 5_000;
        var random = new Random(threads);
        float[] logits = RandomLogits.Normal(random, rows * vocabSize, 2);
        logits[7 * vocabSize] = float.NaN;
        List<ScoreRow> wanted = [.. Enumerable.Range(0, rows + 2).Select(i => new ScoreRow(i, random.Next(vocabSize), i % 4))];
        var scored = new ScoredToken[rows];
        OnThreads(threads, () =>
        {
            using Matrix onHost = HostMemory.Of(logits, rows, vocabSize);
            new TokenScorer(vocabSize, rows, new HostRows(HostMemory.Instance)).Score(wanted, first: 2, onHost, scored);
        });
        Logprobs alone = new(vocabSize);
        for (int i = 0; i < rows; i++)
        {
            Assert.Equal(i == 7, scored[i].Fault is not null);
            if (i == 7) continue;
            alone.Set(logits.AsSpan(i * vocabSize, vocabSize));
            int token = wanted[i + 2].TokenId;
            Assert.Equal((token, alone.Of(token), alone.RankOf(token)), (scored[i].TokenId, scored[i].Logprob, scored[i].Rank));
            Assert.Equal(alone.Top((i + 2) % 4), scored[i].Top);
        }
    }

    /// <summary>Draws the step's rows from these logits.</summary>
    internal static void Sample(ForwardBatch batch, float[] logits, SampledToken[] sampled, int threads = 2) => OnThreads(threads, () =>
    {
        fixed (float* values = logits) new StepSampler(logits.Length / batch.SampleCount).Sample(batch, values, sampled);
    });

    private static void OnThreads(int count, Action action)
    {
        using var team = new ThreadTeam(count);
        ParallelFor.Use(team);
        action();
        ParallelFor.Use(null);
    }

    private static SampledToken Alone(ForwardBatch batch, int i, float[] logits)
    {
        SampleRow row = batch.Samples[i];
        TokenMask mask = new(logits.Length);
        if (row.Guide is not null) mask.Take(row.Guide, row.Params.StopTokenIds);
        return new Sampler(logits.Length).Sample(logits, row, batch.History.AsSpan(row.HistoryStart, row.HistoryLength), row.Guide is null ? null : mask);
    }

    private static (ForwardBatch Batch, float[] Logits) RandomStep(Random random, int rows, int vocabSize)
    {
        var batch = new ForwardBatch(rows, rows, 1) { SampleCount = rows };
        for (int i = 0; i < rows; i++)
        {
            SamplingParams parameters = SamplerTests.RandomParams(random, vocabSize) with { AllowedTokenIds = null, TopLogprobs = i % 3 == 0 ? i : null };
            int[] history = [.. Enumerable.Range(0, parameters.NeedsHistory ? 30 : 0).Select(_ => random.Next(vocabSize))];
            batch.Samples[i] = new SampleRow(i, Position: i, GeneratedCount: history.Length / 2, batch.AddHistory(history), history.Length, parameters, i % 4 == 1 ? new OwnThreadGuide(random, vocabSize) : null);
        }
        return (batch, RandomLogits.Normal(random, rows * vocabSize, 2));
    }

    /// <summary>Allows half of the tokens, and only the thread that made it may ask.</summary>
    private sealed class OwnThreadGuide : ITokenGuide
    {
        private readonly int _thread = Environment.CurrentManagedThreadId;
        private readonly ulong[] _allowed;

        public OwnThreadGuide(Random random, int vocabSize) => _allowed = [.. Enumerable.Range(0, (vocabSize + 63) / 64).Select(_ => (ulong)random.NextInt64())];

        public bool IsComplete => false;

        public bool MayEnd => true;

        public ReadOnlySpan<ulong> Allowed => Environment.CurrentManagedThreadId == _thread ? _allowed : throw new InvalidOperationException("Asked by another thread.");

        public bool TryForce(out int token) => throw new NotSupportedException();

        public void Accept(int token) => throw new NotSupportedException();
    }
}
