using Llama.Model;
using Llama.Model.Sampling;
using Llama.Scheduling.Frames;
using Llama.Scheduling.Sequences;
using Llama.Scheduling.Tracing;
using Llama.Tests.Shared;

namespace Llama.Scheduling.Tests;

/// <summary>The engine on its own thread, through its public seam.</summary>
public sealed class EngineTests
{
    private static readonly ModelLimits Limits = new(VocabSize: 1000, ContextLength: 128, BlockSize: 4, BlockCount: 64);
    private static readonly FakeModel Model = new() { VocabSize = 1000 };

    [Fact]
    public async Task Submit_Request_StreamsWhatTheModelYieldsAlone()
    {
        await using Engine engine = await Start();
        GenerationRequest request = Rig.Request(9, maxTokens: 20);
        await using Generation generation = Submit(engine, request);
        (int[] expected, FinishReason finish) = Model.Complete(request);
        List<GenerationEvent> events = await ReadAll(generation);
        Assert.Equal(expected, events.Select(item => item.Token!.Value.TokenId));
        Assert.Equal(finish, events[^1].Finish);
        Assert.All(events[..^1], item => Assert.Null(item.Finish));
        Assert.True(generation.Events.Completion.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Submit_SamePromptAgain_TellsHowMuchWasCached()
    {
        await using Engine engine = await Start();
        Generation first = Submit(engine, Rig.Request(17, maxTokens: 1));
        await ReadAll(first);
        Generation again = Submit(engine, Rig.Request(17, maxTokens: 1));
        await ReadAll(again);
        Assert.Equal((0, 16), (first.CachedTokenCount, again.CachedTokenCount));
        Assert.Equal((1, 2), (first.Id, again.Id));
    }

    [Fact]
    public async Task TrySubmit_TooLong_IsRefusedWithTheLimit()
    {
        await using Engine engine = await Start();
        AssertRefused(engine, Rig.Request(100, maxTokens: 29), new Refusal(RefusalReason.ContextLength, 128));
        await using Engine small = await Start(limits: Limits with { BlockCount = 10 });
        AssertRefused(small, Rig.Request(21, maxTokens: 21), new Refusal(RefusalReason.PoolSize, 40));
        await ReadAll(Submit(small, Rig.Request(21, maxTokens: 20)));
    }

    [Fact]
    public async Task TrySubmit_NonsenseFromTheCaller_Throws()
    {
        await using Engine engine = await Start();
        Assert.Throws<ArgumentException>(() => engine.TrySubmit(Rig.Request(0), out _, out _));
        Assert.Throws<ArgumentException>(() => engine.TrySubmit(Rig.Request(1, maxTokens: 0), out _, out _));
        Assert.Throws<ArgumentException>(() => engine.TrySubmit(Rig.Request(1, maxTokens: 1, firstToken: 1000), out _, out _));
        Assert.Throws<ArgumentException>(() => engine.TrySubmit(Rig.Request(1, maxTokens: 1, firstToken: -1), out _, out _));
    }

    [Fact]
    public async Task TrySubmit_SeveralOfOnePrompt_StreamsEachAsAlone()
    {
        await using Engine engine = await Start();
        GenerationRequest[] requests = [.. Enumerable.Range(0, 5).Select(seed => Rig.Request(9, maxTokens: 20) with { Sampling = new SamplingParams { Seed = (ulong)seed } })];
        Assert.True(engine.TrySubmit(requests, out IReadOnlyList<Generation>? generations, out _));
        List<GenerationEvent>[] events = await Task.WhenAll(generations.Select(ReadAll));
        for (int i = 0; i < requests.Length; i++) Assert.Equal(Model.Complete(requests[i]).Tokens, events[i].Select(item => item.Token!.Value.TokenId));
        Assert.Equal([1, 2, 3, 4, 5], generations.Select(generation => generation.Id));
        Assert.All(generations, generation => Assert.Equal(0, generation.CachedTokenCount));
        Assert.Equal(0, engine.Snapshot.RunningCount + engine.Snapshot.WaitingCount + engine.Snapshot.UsedBlockCount);
    }

    [Fact]
    public async Task TrySubmit_SeveralOfOnePrompt_AreAcceptedAllOrNone()
    {
        using Gate gate = new();
        await using Engine engine = await Start(options: new SchedulerOptions { MaxSequences = 1, MaxQueueLength = 3 }, onStep: gate.Pass);
        GenerationRequest request = Rig.Request(9, maxTokens: 2);
        Assert.False(engine.TrySubmit([request, request, request, request, request], out _, out Refusal? refusal));
        Assert.Equal((RefusalReason.QueueFull, 3), (refusal.Reason, refusal.Limit));
        Assert.Equal(0, engine.Snapshot.WaitingCount);
        Assert.True(engine.TrySubmit([request, request, request, request], out IReadOnlyList<Generation>? generations, out _));
        gate.Open(steps: 10);
        await Task.WhenAll(generations.Select(ReadAll));
        Assert.Throws<ArgumentException>(() => engine.TrySubmit([], out _, out _));
        Assert.Throws<ArgumentException>(() => engine.TrySubmit([request, Rig.Request(8, maxTokens: 2)], out _, out _));
        Assert.Throws<ArgumentException>(() => engine.TrySubmit([request, request with { Priority = 1 }], out _, out _));
    }

    [Fact]
    public async Task TrySubmit_BurstWithSlotsFree_IsAcceptedBeyondTheQueueAndNoFurther()
    {
        using Gate gate = new();
        await using Engine engine = await Start(options: new SchedulerOptions { MaxSequences = 6, MaxQueueLength = 2 }, onStep: gate.Pass);
        List<Generation> accepted = [];
        while (engine.TrySubmit(Rig.Request(4, maxTokens: 3), out Generation? generation, out _)) accepted.Add(generation);
        Assert.InRange(accepted.Count, 8, 14); // 6 slots and 2 places; up to 6 more if the engine let the first run in between
        gate.Open(steps: 100);
        await Task.WhenAll(accepted.Select(ReadAll));
        Assert.True(engine.TrySubmit(Rig.Request(4, maxTokens: 3), out Generation? last, out _));
        await ReadAll(last);
    }

    [Fact]
    public async Task Dispose_OfSomeOfOnePrompt_LeavesTheOthers()
    {
        using Gate gate = new();
        await using Engine engine = await Start(options: new SchedulerOptions { MaxBatchTokens = 8 }, onStep: gate.Pass);
        GenerationRequest[] requests = [.. Enumerable.Range(0, 4).Select(seed => Rig.Request(20, maxTokens: 10) with { Sampling = new SamplingParams { Seed = (ulong)seed } })];
        Assert.True(engine.TrySubmit(requests, out IReadOnlyList<Generation>? generations, out _));
        await generations[0].DisposeAsync();
        await generations[2].DisposeAsync();
        gate.Open(steps: 100);
        List<GenerationEvent>[] events = await Task.WhenAll(generations.Select(ReadAll));
        Assert.Equal([FinishReason.Aborted, FinishReason.Length, FinishReason.Aborted, FinishReason.Length], events.Select(list => list[^1].Finish!.Value));
        foreach (int i in new[] { 1, 3 }) Assert.Equal(Model.Complete(requests[i]).Tokens, events[i].Select(item => item.Token!.Value.TokenId));
        Assert.Equal(0, engine.Snapshot.WaitingCount);
    }

    [Fact]
    public async Task Snapshot_WhileTheFirstStepRuns_CountsWhoIsInIt()
    {
        using ManualResetEventSlim isRunning = new(), mayEnd = new();
        await using Engine engine = await Start(onStep: _ =>
        {
            isRunning.Set();
            mayEnd.Wait();
        });
        Generation generation = Submit(engine, Rig.Request(9, maxTokens: 2));
        isRunning.Wait();
        EngineSnapshot inTheStep = engine.Snapshot;
        mayEnd.Set();
        await ReadAll(generation);
        Assert.Equal((1, 0, 0L), (inTheStep.RunningCount, inTheStep.WaitingCount, inTheStep.StepCount));
        Assert.NotEqual(0, inTheStep.UsedBlockCount);
    }

    [Fact]
    public async Task Dispose_BeforeTheEnd_AbortsAndFreesTheBlocks()
    {
        using Gate gate = new();
        await using Engine engine = await Start(onStep: gate.Pass);
        Generation generation = Submit(engine, Rig.Request(9, maxTokens: 100));
        gate.Open(steps: 3);
        await generation.Events.ReadAsync();
        await generation.DisposeAsync();
        gate.Open(steps: 1); // the step that was on its way when the caller left
        List<GenerationEvent> events = await ReadAll(generation);
        Assert.Equal(FinishReason.Aborted, events[^1].Finish);
        Assert.True(events.Count <= 4);
        Assert.Equal(0, engine.Snapshot.UsedBlockCount);
        Assert.Equal(0, engine.Snapshot.RunningCount);
    }

    [Fact]
    public async Task Run_Throws_FailsTheRequestsOfTheStepAndGoesOn()
    {
        List<Exception> told = [];
        await using Engine engine = await Start(onStep: step => { if (step <= 12) throw new InvalidOperationException($"step {step}"); }, onStepFailed: told.Add);
        for (int i = 0; i < 12; i++)
        {
            List<GenerationEvent> events = await ReadAll(Submit(engine, Rig.Request(9, maxTokens: 5)));
            Assert.Equal(new GenerationEvent(null, FinishReason.Failed), events.Single());
            Assert.Equal(EngineState.Ready, engine.State);
        }
        Assert.Equal(FinishReason.Length, (await ReadAll(Submit(engine, Rig.Request(9, maxTokens: 5))))[^1].Finish);
        Assert.Equal("step 12", told[^1].Message);
        Assert.Equal(0, engine.Snapshot.UsedBlockCount);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Begin_Throws_FailsTheRequestsOfTheStepAndGoesOn(int stepsUnderWay)
    {
        List<Exception> told = [];
        int asked = 0;
        BrittleRunner Create() => new(new FakeModelRunner(Limits with { StepsUnderWay = stepsUnderWay }, Model), begins: () => ++asked != 5);
        await using Engine engine = new(Create, new SchedulerOptions { MaxSequences = 1 }, TimeProvider.System, null, told.Add);
        await engine.Loaded;
        Generation[] generations = [Submit(engine, Rig.Request(9, maxTokens: 50)), Submit(engine, Rig.Request(9, maxTokens: 5))];
        FinishReason?[] ends = [.. (await Task.WhenAll(generations.Select(ReadAll))).Select(events => events[^1].Finish)];
        Assert.Equal([FinishReason.Failed, FinishReason.Length], ends);
        Assert.Equal("begin", Assert.Single(told).Message);
        await engine.DrainAsync(CancellationToken.None);
        Assert.Equal(0, engine.Snapshot.UsedBlockCount);
    }

    [Fact]
    public async Task Run_RunnerIsLost_EndsAllAndSaysSo()
    {
        using Gate gate = new();
        await using Engine engine = await Start(
            onStep: step =>
            {
                gate.Pass(step);
                if (step == 3) throw new RunnerLostException("gone", new InvalidOperationException());
            },
            options: new SchedulerOptions { MaxSequences = 1 });
        Generation[] generations = [Submit(engine, Rig.Request(9, maxTokens: 50)), Submit(engine, Rig.Request(9, maxTokens: 50))];
        gate.Open(steps: 3);
        foreach (Generation generation in generations) Assert.Equal(FinishReason.Failed, (await ReadAll(generation))[^1].Finish);
        Assert.Equal("gone", (await Assert.ThrowsAsync<RunnerLostException>(() => engine.Completion)).Message);
        Assert.Equal(EngineState.Failed, engine.State);
    }

    [Fact]
    public async Task Run_OneRowCannotBeDrawnFrom_FailsThatRequestAlone()
    {
        List<Exception> told = [];
        await using Engine engine = new(() => new OneRowFaults(new FakeModelRunner(Limits, Model), seed: 7), new SchedulerOptions(), TimeProvider.System, onStepFailed: told.Add);
        await engine.Loaded;
        GenerationRequest good = Rig.Request(9, maxTokens: 20), bad = good with { Sampling = good.Sampling with { Seed = 7 } };
        Generation[] generations = [Submit(engine, good), Submit(engine, bad), Submit(engine, good)];
        List<GenerationEvent>[] events = await Task.WhenAll(generations.Select(ReadAll));
        Assert.Equal(new GenerationEvent(null, FinishReason.Failed), events[1].Single());
        Assert.All([events[0], events[2]], ended => Assert.Equal(Model.Complete(good).Finish, ended[^1].Finish));
        Assert.Equal("row", told.Single().Message);
        Assert.Equal(0, engine.Snapshot.UsedBlockCount);
    }

    private sealed class OneRowFaults(FakeModelRunner inner, ulong seed) : IModelRunner
    {
        public ModelLimits Limits => inner.Limits;

        public void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored)
        {
            inner.Run(batch, sampled, scored);
            for (int i = 0; i < batch.SampleCount; i++)
                if (batch.Samples[i].Params.Seed == seed) sampled[i] = new SampledToken(0, 0, null, new InvalidOperationException("row"));
        }

        public void Dispose() => inner.Dispose();
    }

    [Fact]
    public async Task Loading_Throws_EngineFails()
    {
        await using Engine engine = new(() => throw new InvalidDataException("no weights"), new SchedulerOptions(), TimeProvider.System);
        await Assert.ThrowsAsync<InvalidDataException>(() => engine.Loaded);
        await Assert.ThrowsAsync<InvalidDataException>(() => engine.Completion);
        Assert.Equal(EngineState.Failed, engine.State);
        AssertRefused(engine, Rig.Request(1, maxTokens: 1), new Refusal(RefusalReason.Failed));
    }

    [Fact]
    public async Task TrySubmit_WhileLoading_IsRefused()
    {
        using ManualResetEventSlim loading = new();
        await using Engine engine = new(() => { loading.Wait(); return new FakeModelRunner(Limits, Model); }, new SchedulerOptions(), TimeProvider.System);
        Assert.Equal(EngineState.Loading, engine.State);
        AssertRefused(engine, Rig.Request(1, maxTokens: 1), new Refusal(RefusalReason.Loading, RetryAfter: TimeSpan.FromSeconds(1)));
        loading.Set();
        Assert.Equal(Limits, await engine.Loaded);
        Assert.Equal(EngineState.Ready, engine.State);
    }

    [Fact]
    public async Task Drain_LetsTheAcceptedOnesEndAndRefusesNewOnes()
    {
        using Gate gate = new();
        await using Engine engine = await Start(onStep: gate.Pass);
        Generation generation = Submit(engine, Rig.Request(9, maxTokens: 5));
        Task drained = engine.DrainAsync(CancellationToken.None);
        AssertRefused(engine, Rig.Request(1, maxTokens: 1), new Refusal(RefusalReason.Draining, RetryAfter: TimeSpan.FromSeconds(1)));
        Assert.False(drained.IsCompleted);
        gate.Open(steps: 5);
        await drained;
        Assert.Equal(FinishReason.Length, (await ReadAll(generation))[^1].Finish);
        Assert.Equal(EngineState.Stopped, engine.State);
        await engine.Completion;
    }

    [Fact]
    public async Task Drain_Idle_CompletesAtOnce()
    {
        await using Engine engine = await Start();
        await engine.DrainAsync(CancellationToken.None);
        Assert.Equal(EngineState.Stopped, engine.State);
    }

    [Fact]
    public async Task Drain_Cancelled_FailsWhatIsLeft()
    {
        using Gate gate = new();
        using CancellationTokenSource patience = new();
        await using Engine engine = await Start(onStep: gate.Pass);
        Generation generation = Submit(engine, Rig.Request(9, maxTokens: 100));
        Task drained = engine.DrainAsync(patience.Token);
        await patience.CancelAsync();
        gate.Open(steps: 1); // a step cannot be interrupted
        await drained;
        Assert.Equal(FinishReason.Failed, (await ReadAll(generation))[^1].Finish);
    }

    [Fact]
    public async Task Drain_AmidSubmissions_EveryAcceptedOneEndsAsItShould()
    {
        await using Engine engine = await Start();
        Task[] callers = [.. Enumerable.Range(0, 4).Select(caller => Task.Run(async () =>
        {
            RefusalReason? reason = null;
            while (reason is null)
            {
                if (engine.TrySubmit(Rig.Request(3, maxTokens: 3, firstToken: caller), out Generation? generation, out Refusal? refusal))
                    Assert.Equal(FinishReason.Length, (await ReadAll(generation))[^1].Finish);
                reason = refusal?.Reason;
            }
            Assert.Equal(RefusalReason.Draining, reason);
        }))];
        await ReadAll(Submit(engine, Rig.Request(3, maxTokens: 50, firstToken: 9)));
        await engine.DrainAsync(CancellationToken.None);
        await Task.WhenAll(callers);
    }

    [Fact]
    public async Task Drain_BeginsWhileOneIsOnItsWayIn_RefusesItAndEnds()
    {
        OnceOnRead clock = new();
        await using Engine engine = await Start(clock: clock);
        Task? drained = null;
        clock.Action = () => drained = engine.DrainAsync(CancellationToken.None); // it is let in when its arrival is read
        AssertRefused(engine, Rig.Request(9, maxTokens: 5), new Refusal(RefusalReason.Draining, RetryAfter: TimeSpan.FromSeconds(1)));
        await drained!;
        Assert.Equal((EngineState.Stopped, 0), (engine.State, engine.Snapshot.WaitingCount));
    }

    [Fact]
    public async Task Drain_OneComesIntoTheIdleLoop_IsServedUntilItsCallerLeaves()
    {
        EngineLife life = new();
        Inbox inbox = new();
        Backlog backlog = new(maxLength: 1);
        GenerationRequest request = Rig.Request(9, maxTokens: 100);
        Sequence sequence = new(1, request, arrival: 0);
        sequence.Generation = new Generation(sequence, inbox);
        Assert.True(backlog.TryEnter([request]));
        life.BeginServing(Limits);
        life.BeginDraining();
        Thread thread = new(() =>
        {
            using FakeModelRunner runner = new(Limits, Model) { OnStep = step => { if (step == 3) sequence.Generation.Abort(); } };
            Reporter reporter = new(backlog, new EngineCounters(backlog), new Lookout(TimeProvider.System), metrics: null, trace: null, TimeProvider.System, onFailure: null);
            new EngineLoop(runner, new SchedulerOptions(), TimeProvider.System, inbox, backlog, reporter).Run(life);
        });
        thread.Start();
        Assert.True(SpinWait.SpinUntil(() => thread.ThreadState is ThreadState.WaitSleepJoin or ThreadState.Stopped, Wait.Patience));
        Assert.True(inbox.TryPost(MessageKind.Submit, sequence));
        List<GenerationEvent> events = await ReadAll(sequence.Generation);
        thread.Join();
        Assert.Equal((3, FinishReason.Aborted), (events.Count(item => item.Token is not null), events[^1].Finish));
    }

    [Fact]
    public async Task Loop_Dies_EveryRequestEndsAndTheEngineSaysSo()
    {
        using Gate gate = new();
        await using Engine engine = await Start(
            onStep: step =>
            {
                gate.Pass(step);
                throw new InvalidOperationException("a step");
            },
            options: new SchedulerOptions { MaxSequences = 1 },
            onStepFailed: _ => throw new InvalidOperationException("a bug"));
        Generation[] generations = [Submit(engine, Rig.Request(9, maxTokens: 5)), Submit(engine, Rig.Request(9, maxTokens: 5))];
        gate.Open(steps: 1);
        foreach (Generation generation in generations) Assert.Equal(FinishReason.Failed, (await ReadAll(generation)).Single().Finish);
        Exception bug = await Assert.ThrowsAsync<InvalidOperationException>(() => engine.Completion);
        Assert.Equal("a bug", bug.Message);
        Assert.Equal(EngineState.Failed, engine.State);
        AssertRefused(engine, Rig.Request(1, maxTokens: 1), new Refusal(RefusalReason.Failed));
    }

    [Fact]
    public async Task TracePath_RecordsEveryRequestOfEveryStart()
    {
        using TempFolder folder = new();
        string path = folder.In("trace.jsonl");
        await using (Engine engine = await Start(options: new SchedulerOptions { TracePath = path }))
        {
            await ReadAll(Submit(engine, Rig.Request(9, maxTokens: 5)));
            await ReadAll(Submit(engine, Rig.Request(9, maxTokens: 2) with { ShareKey = 7 }));
        }
        await using (Engine engine = await Start(options: new SchedulerOptions { TracePath = path }))
            await ReadAll(Submit(engine, Rig.Request(9, maxTokens: 5)));
        TraceEvent[] trace = [.. TraceFile.Read(await File.ReadAllLinesAsync(path))];
        Assert.Equal([(9, 5, 0), (9, 2, 7), (9, 5, 0)], trace.Select(item => (item.PromptLength, item.OutputLength, item.ShareKey)));
        Assert.Equal([0, 1, 2], trace[0].Blocks);
        Assert.Equal([0, 1], trace[1].Blocks);
        Assert.Equal([3, 4, 5], trace[2].Blocks); // of another cache
    }

    [Fact]
    public async Task TracePath_WrittenByAnother_FailsBeforeTheModelIsLoaded()
    {
        using TempFolder folder = new();
        string path = folder.In("trace.jsonl");
        using (new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None))
        {
            bool isLoaded = false;
            await using Engine engine = new(() => throw new InvalidOperationException($"{isLoaded = true}"), new SchedulerOptions { TracePath = path }, TimeProvider.System);
            Assert.Contains(path, (await Assert.ThrowsAsync<IOException>(() => engine.Loaded)).Message);
            Assert.False(isLoaded);
        }
    }

    [Fact]
    public async Task Dispose_FailsWhatIsLeftAndDisposesTheRunner()
    {
        FakeModelRunner? runner = null;
        using Gate gate = new();
        Engine engine = new(() => runner = new FakeModelRunner(Limits, Model) { OnStep = gate.Pass }, new SchedulerOptions { MaxSequences = 1 }, TimeProvider.System);
        await engine.Loaded;
        Generation[] generations = [.. Enumerable.Range(0, 5).Select(_ => Submit(engine, Rig.Request(9, maxTokens: 100)))];
        ValueTask disposed = engine.DisposeAsync();
        gate.Open(steps: 1);
        await disposed;
        foreach (Generation generation in generations) Assert.Equal(FinishReason.Failed, (await ReadAll(generation))[^1].Finish);
        Assert.True(runner!.IsDisposed);
        Assert.Equal((0, 0), (engine.Snapshot.RunningCount, engine.Snapshot.WaitingCount));
        await generations[0].DisposeAsync();
        await engine.DisposeAsync();
    }

    [Fact]
    public async Task Deadline_PassedInTheQueue_EndsTheRequest()
    {
        using Gate gate = new();
        ManualClock clock = new();
        await using Engine engine = await Start(onStep: gate.Pass, options: new SchedulerOptions { MaxSequences = 1 }, clock: clock);
        Generation running = Submit(engine, Rig.Request(9, maxTokens: 3));
        Generation waiting = Submit(engine, Rig.Request(9, maxTokens: 3) with { Timeout = TimeSpan.FromSeconds(1) });
        clock.Advance(TimeSpan.FromSeconds(2));
        gate.Open(steps: 3);
        Assert.Equal(new GenerationEvent(null, FinishReason.Deadline), (await ReadAll(waiting)).Single());
        Assert.Equal(FinishReason.Length, (await ReadAll(running))[^1].Finish);
    }

    private static async Task<Engine> Start(
        Action<long>? onStep = null, SchedulerOptions? options = null, ModelLimits? limits = null, TimeProvider? clock = null, Action<Exception>? onStepFailed = null)
    {
        Engine engine = new(
            () => new FakeModelRunner(limits ?? Limits, Model) { OnStep = onStep }, options ?? new SchedulerOptions(), clock ?? TimeProvider.System, null, onStepFailed);
        await engine.Loaded;
        return engine;
    }

    private static Generation Submit(Engine engine, GenerationRequest request)
    {
        Assert.True(engine.TrySubmit(request, out Generation? generation, out Refusal? refusal), refusal?.ToString());
        return generation;
    }

    private static void AssertRefused(Engine engine, GenerationRequest request, Refusal expected)
    {
        Assert.False(engine.TrySubmit(request, out Generation? generation, out Refusal? refusal));
        Assert.Null(generation);
        Assert.Equal(expected, refusal);
    }

    private static async Task<List<GenerationEvent>> ReadAll(Generation generation)
    {
        List<GenerationEvent> events = [];
        await foreach (GenerationEvent item in generation.Events.ReadAllAsync()) events.Add(item);
        return events;
    }

    /// <summary>Does something, once, for whoever asks the time next.</summary>
    private sealed class OnceOnRead : TimeProvider
    {
        private Action? _action;

        public Action Action { set => _action = value; }

        public override long GetTimestamp()
        {
            Interlocked.Exchange(ref _action, null)?.Invoke();
            return base.GetTimestamp();
        }
    }

    /// <summary>Holds the engine's steps until the test lets them pass.</summary>
    private sealed class Gate : IDisposable
    {
        private readonly SemaphoreSlim _steps = new(0);

        public void Pass(long step) => _steps.Wait();

        public void Open(int steps) => _steps.Release(steps);

        public void Dispose() => _steps.Release(1_000_000);
    }
}
