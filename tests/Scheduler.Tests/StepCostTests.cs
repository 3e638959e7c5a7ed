using Llama.Model;
using Llama.Model.Sampling;
using Llama.Tests.Shared;
using Xunit.Abstractions;

namespace Llama.Scheduling.Tests;

/// <summary>
/// Measures what the engine's thread spends between two calls of the model: commit, publish, admit, schedule and build. It counts the thread's own CPU time,
/// so that a busy machine says the same as an idle one. It prints the figure and asserts nothing about time. It is over before the runtime has optimised what it
/// runs, so that must be asked for, or the figure is three times too large:
/// <c>DOTNET_TieredCompilation=0 dotnet test -c Release tests/Scheduler.Tests --filter StepCost -l "console;verbosity=detailed"</c>.
/// </summary>
public sealed class StepCostTests(ITestOutputHelper output)
{
    private const int SequenceCount = 256;
    private const int TokensEach = 500;

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(false, 3)]
    [InlineData(false, 100)]
    public async Task DecodeStep_BetweenTwoCallsOfTheModel(bool hasReaders, int looksPerSecond)
    {
        ModelLimits limits = new(VocabSize: 1000, ContextLength: 512, BlockSize: 16, BlockCount: SequenceCount * 32);
        StopwatchRunner runner = new(limits);
        await using Engine engine = new(() => runner, new SchedulerOptions { MaxSequences = SequenceCount }, TimeProvider.System);
        await engine.Loaded;
        List<Task> readers = [];
        for (int i = 0; i < SequenceCount; i++)
        {
            Assert.True(engine.TrySubmit(Rig.Request(1, maxTokens: TokensEach, firstToken: i), out Generation? generation, out _));
            readers.Add(hasReaders ? ReadAll(generation) : generation.Events.Completion);
        }
        using CancellationTokenSource over = new();
        Task<int> looks = looksPerSecond > 0 ? LookAsync(engine, TimeSpan.FromSeconds(1.0 / looksPerSecond), over.Token) : Task.FromResult(0);
        runner.Start();
        if (hasReaders) await Task.WhenAll(readers);
        await engine.DrainAsync(CancellationToken.None);
        await over.CancelAsync();

        double[] microseconds = [.. runner.Gaps.Skip(TokensEach / 2).Order()];
        Assert.True(microseconds.Length > TokensEach / 3);
        output.WriteLine($"{SequenceCount} decode rows, {(hasReaders ? "each with a waiting reader" : "nobody reading")}: "
            + string.Join(", ", new[] { 10, 50, 95, 99 }.Select(percent => $"P{percent} {microseconds[microseconds.Length * percent / 100]:F0} µs"))
            + $", largest {microseconds[^1]:F0} µs, {microseconds.Sum() / 1000:F1} ms in all; {await looks} frames taken");
    }

    /// <summary>Watches the engine to its end.</summary>
    private static async Task<int> LookAsync(Engine engine, TimeSpan period, CancellationToken over)
    {
        int count = 0;
        while (!over.IsCancellationRequested && await engine.LookAsync(CancellationToken.None) is not null)
        {
            count++;
            await Task.Delay(period, CancellationToken.None);
        }
        return count;
    }

    private static async Task ReadAll(Generation generation)
    {
        await foreach (GenerationEvent _ in generation.Events.ReadAllAsync()) { }
    }

    /// <summary>Notes the time from the end of each full step to the beginning of the next.</summary>
    private sealed class StopwatchRunner(ModelLimits limits) : IModelRunner
    {
        private readonly ManualResetEventSlim _start = new();
        private double _lastEnd;

        public List<double> Gaps { get; } = [];

        public ModelLimits Limits => limits;

        /// <summary>Lets the first step go, once all are there.</summary>
        public void Start() => _start.Set();

        public void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored)
        {
            _start.Wait();
            if (batch.SequenceCount == SequenceCount && _lastEnd != 0) Gaps.Add(ThreadClock.Now.TotalMicroseconds - _lastEnd);
            sampled.Fill(new SampledToken(7, 0, null));
            _lastEnd = batch.SequenceCount == SequenceCount ? ThreadClock.Now.TotalMicroseconds : 0;
        }

        public void Dispose() => _start.Dispose();
    }
}
