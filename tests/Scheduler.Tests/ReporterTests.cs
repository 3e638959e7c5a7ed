using System.Threading.Channels;
using Llama.Model.Sampling;
using Llama.Scheduling.Frames;
using Llama.Scheduling.Sequences;
using Llama.Tests.Shared;

namespace Llama.Scheduling.Tests;

/// <summary>When readers are woken that wait for tokens: not at every step of a model whose steps take microseconds, and never too late for who needs it.</summary>
public sealed class ReporterTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(0.1), Later = TimeSpan.FromMilliseconds(0.6);

    private readonly ManualClock _clock = new();
    private readonly Reporter _reporter;
    private readonly Sequence _sequence = new(1, Rig.Request(3, maxTokens: 100), arrival: 0);

    public ReporterTests()
    {
        Backlog backlog = new(maxLength: 1);
        _reporter = new Reporter(backlog, new EngineCounters(backlog), new Lookout(_clock), metrics: null, trace: null, _clock, onFailure: null);
        _sequence.Generation = new Generation(_sequence, new Inbox());
    }

    private ChannelReader<GenerationEvent> Events => _sequence.Generation!.Events;

    [Fact]
    public async Task Report_FirstTokenThenOneSoonAfter_TheSecondIsToldWithTheThird()
    {
        Assert.Single(await Take(After(Later)));
        Task<List<GenerationEvent>> second = Take(After(Soon));
        Thread.Sleep(20); // for a reader that were woken; one that is not passes anyhow
        Assert.False(second.IsCompleted);
        Report(Later);
        Assert.Equal(2, (await second).Count);
    }

    [Fact]
    public async Task Report_LastTokenSoonAfter_IsToldAtOnce()
    {
        await Take(After(Later));
        Assert.NotNull(Assert.Single(await Take(After(Soon, FinishReason.Length))).Finish);
    }

    [Fact]
    public async Task Wake_OneThatCouldWait_WaitsNoLonger()
    {
        await Take(After(Later));
        Task<List<GenerationEvent>> second = Take(After(Soon));
        _reporter.Wake();
        Assert.Single(await second);
    }

    [Fact]
    public async Task EngineEnded_OneThatCouldWait_WaitsNoLonger()
    {
        await Take(After(Later));
        Task<List<GenerationEvent>> second = Take(After(Soon));
        _reporter.EngineEnded();
        Assert.Single(await second);
    }

    [Fact]
    public async Task Report_ClockThatStands_TellsAtOnce()
    {
        for (int i = 0; i < 3; i++) Assert.Single(await Take(After(TimeSpan.Zero)));
    }

    private Action After(TimeSpan time, FinishReason? finish = null) => () => Report(time, finish);

    private void Report(TimeSpan time, FinishReason? finish = null)
    {
        _clock.Advance(time);
        SampledToken token = new(7, 0, null);
        _sequence.Append(token.TokenId);
        _reporter.Report([_sequence.Announce(token, _clock.GetTimestamp()) with { Finish = finish }]);
    }

    /// <summary>What a reader finds that waits before something is reported.</summary>
    private Task<List<GenerationEvent>> Take(Action report)
    {
        Task<bool> wait = Events.WaitToReadAsync().AsTask();
        report();
        return Read();

        async Task<List<GenerationEvent>> Read()
        {
            Assert.True(await wait);
            List<GenerationEvent> events = [];
            while (Events.TryRead(out GenerationEvent made)) events.Add(made);
            return events;
        }
    }
}
