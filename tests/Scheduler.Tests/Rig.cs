using Llama.Model;
using Llama.Model.Sampling;
using Llama.Scheduling.Sequences;
using Llama.Scheduling.Steps;
using Llama.Tests.Shared;

namespace Llama.Scheduling.Tests;

/// <summary>The scheduler with a fake model behind it and a clock in hand, turned by the test; the pool's laws are checked after every step.</summary>
internal sealed class Rig
{
    private readonly Queue<BegunStep> _underWay = new();
    private readonly Queue<StepUnderWay> _idle;
    private readonly Dictionary<Sequence, Ending> _endings = [];
    private readonly Dictionary<Sequence, List<int>> _outputs = [];
    private long _lastId;

    public Rig(ModelLimits limits, SchedulerOptions? options = null, FakeModel? model = null, ulong hashMask = ulong.MaxValue)
    {
        Options = options ?? new SchedulerOptions();
        Model = (model ?? new FakeModel()) with { VocabSize = limits.VocabSize };
        Scheduler = new Scheduler(limits, Options, Clock, hashMask);
        Runner = new FakeModelRunner(limits, Model);
        Ahead = limits.RunsAhead ? new AheadRunner(Runner, Options.MaxSequences) : null;
        _idle = new(Enumerable.Range(0, limits.StepsUnderWay).Select(_ => new StepUnderWay(new BatchBuilder(limits, Options.MaxBatchTokens ?? limits.BatchTokens, Options.MaxSequences))));
    }

    /// <summary>A pool of blocks of four tokens.</summary>
    public static Rig WithBlocks(int blockCount, SchedulerOptions? options = null, ulong hashMask = ulong.MaxValue) =>
        new(new ModelLimits(VocabSize: 1000, ContextLength: 4 * blockCount, BlockSize: 4, blockCount), options, hashMask: hashMask);

    public SchedulerOptions Options { get; }

    public ManualClock Clock { get; } = new();

    public FakeModel Model { get; }

    public FakeModelRunner Runner { get; }

    /// <summary>Runs ahead with the other; null when the limits do not say so.</summary>
    public AheadRunner? Ahead { get; }

    public Scheduler Scheduler { get; }

    /// <summary>Whether a step is run when it is begun, as soon as can be; else when it is finished, as late as can be. A runner of several devices does something between.</summary>
    public bool RunsAtOnce { get; init; }

    /// <summary>How far the clock moves while a step runs.</summary>
    public TimeSpan StepTime { get; init; }

    /// <summary>What the steps compute that the last turn began; with one step under way at most, the step.</summary>
    public List<Row> LastStep { get; } = [];

    /// <summary>Steps begun.</summary>
    public long BegunCount { get; private set; }

    /// <summary>Tokens that those compute.</summary>
    public int ComputedCount { get; private set; }

    public static GenerationRequest Request(int promptLength, int maxTokens = 1000, int firstToken = 100) => new()
    {
        PromptTokenIds = [.. Enumerable.Range(firstToken, promptLength)],
        MaxTokens = maxTokens,
        Sampling = new SamplingParams { Temperature = 0 },
    };

    public Sequence Add(GenerationRequest request) => AddGroup(request)[0];

    /// <summary>Submits requests that share one prompt.</summary>
    public Sequence[] AddGroup(params GenerationRequest[] requests)
    {
        PromptReadout? readout = PromptReadout.Of(requests[0], Runner.Limits.HiddenSize);
        Sequence[] sequences = [.. requests.Select(request => Create(request, readout))];
        if (sequences.Length > 1) _ = new PromptGroup(sequences);
        Scheduler.Add(sequences[0]);
        return sequences;
    }

    /// <summary>One turn: begins as many steps as may be under way and finishes the oldest; returns the rows of those begun.</summary>
    /// <param name="fails">The step that is finished fails as a whole.</param>
    /// <param name="hadRun">What it wrote to the cache is there; else nothing of it.</param>
    /// <param name="breaksScore">This one of the scores, if there are so many, has a fault.</param>
    /// <param name="breaksPool">The hidden states are no numbers.</param>
    public List<Row> Step(bool fails = false, bool hadRun = false, int? breaksScore = null, bool breaksPool = false)
    {
        LastStep.Clear();
        while (Scheduler.MayBegin && TryBegin()) { }
        if (_underWay.TryDequeue(out BegunStep? oldest))
        {
            if (!fails || hadRun) Run(oldest);
            if (fails) Scheduler.Fail();
            else Finish(oldest, breaksScore, breaksPool);
            _idle.Enqueue(oldest.Step);
        }
        Collect();
        Scheduler.CheckIntegrity();
        return LastStep;
    }

    public void StepUntilIdle()
    {
        while (Scheduler.HasWork) Step();
    }

    public void Collect()
    {
        foreach (Outcome outcome in Scheduler.Outcomes)
        {
            Assert.False(_endings.ContainsKey(outcome.Sequence), "Something happened to a sequence after its end.");
            if (outcome.Token is { } token) _outputs[outcome.Sequence].Add(token.TokenId);
            if (outcome.Finish is { } reason) _endings[outcome.Sequence] = new Ending(reason, outcome.Fault);
        }
        Scheduler.ClearOutcomes();
    }

    public FinishReason? EndingOf(Sequence sequence) => _endings.TryGetValue(sequence, out Ending ending) ? ending.Reason : null;

    public Exception? FaultOf(Sequence sequence) => _endings[sequence].Fault;

    public IReadOnlyList<int> OutputOf(Sequence sequence) => _outputs[sequence];

    /// <summary>Asserts that a sequence got what the model yields for it alone; the beginning of it when it was cut short.</summary>
    public void AssertAsAlone(Sequence sequence, GenerationRequest request)
    {
        (int[] expected, FinishReason expectedEnd) = Model.Complete(request);
        FinishReason? end = EndingOf(sequence);
        bool isComplete = end is FinishReason.Stop or FinishReason.Completed or FinishReason.Length;
        Assert.Equal(isComplete ? expected : expected.Take(OutputOf(sequence).Count), OutputOf(sequence));
        if (isComplete) Assert.Equal(expectedEnd, end);
        if (isComplete && request.PromptLogprobs is { } topCount) AssertScores(FakeModel.ScorePrompt(request.PromptTokenIds, topCount), sequence.Readout!.Scores);
        if (isComplete && request.WantsEmbedding) Assert.Equal(FakeModel.Embed(request.PromptTokenIds, Runner.Limits.HiddenSize), sequence.Readout!.Mean);
    }

    private static void AssertScores(ScoredToken[] expected, IReadOnlyList<ScoredToken> actual)
    {
        Assert.Equal(expected.Select(score => (score.TokenId, score.Logprob, score.Rank)), actual.Select(score => (score.TokenId, score.Logprob, score.Rank)));
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i].Top, actual[i].Top);
    }

    private Sequence Create(GenerationRequest request, PromptReadout? readout)
    {
        long now = Clock.GetTimestamp();
        Sequence sequence = new(++_lastId, request, now, request.Timeout is { } timeout ? now + timeout.Ticks : long.MaxValue) { Readout = readout };
        _outputs[sequence] = [];
        return sequence;
    }

    private bool TryBegin()
    {
        StepLaws laws = new(Scheduler, Runner.Limits.StepsUnderWay == 1 ? 0 : Runner.Limits.SpreadFrom);
        Step step = Scheduler.Schedule(admits: Ahead is not { IsAhead: true });
        Assert.True(step.TokenCount > 0 || !Scheduler.HasWork || Scheduler.UnderWayCount > 0, "A step with work to do did none.");
        Scheduler.CheckIntegrity();
        laws.CheckPreemptions();
        if (step.TokenCount == 0) return false;
        List<Row> rows = [.. step.Sequences.Select(sequence => new Row(sequence, sequence.ScheduledCount))];
        Check(rows);
        laws.CheckShares(step);
        laws.CheckAdmissions(step);
        BegunStep begun = new(_idle.Dequeue(), [.. step.Sampled]);
        begun.Step.Take(step, mayRunAhead: Ahead is not null && Scheduler.WaitingCount == 0, Clock.GetTimestamp());
        _underWay.Enqueue(begun);
        Scheduler.Begin();
        if (RunsAtOnce) Run(begun);
        BegunCount++;
        ComputedCount += step.TokenCount;
        LastStep.AddRange(rows);
        return true;
    }

    private void Check(List<Row> rows)
    {
        Assert.True(rows.Sum(row => row.TokenCount) <= (Options.MaxBatchTokens ?? Runner.Limits.BatchTokens));
        Assert.True(rows.Count <= Options.MaxSequences);
        Assert.True(Scheduler.RunningCount <= Options.MaxSequences);
        Assert.Equal(rows.Count, rows.DistinctBy(row => row.Sequence).Count());
        Assert.True(rows.TrueForAll(row => row.TokenCount > 0));
        foreach (BegunStep begun in _underWay)
            Assert.False(rows.Exists(row => begun.Sampled.Contains(row.Sequence)), "A sequence sits in a step before its last token is known.");
    }

    private void Run(BegunStep begun)
    {
        if (!begun.HasRun) ((IModelRunner?)Ahead ?? Runner).Run(begun.Step.Batch, begun.Drawn, begun.Scored);
        begun.HasRun = true;
    }

    private void Finish(BegunStep begun, int? breaksScore, bool breaksPool)
    {
        ScoredToken[] scored = begun.Scored;
        if (breaksScore is { } broken && broken < scored.Length) scored[broken] = scored[broken] with { Fault = new InvalidOperationException("score") };
        foreach (PoolRow pool in begun.Step.Batch.Pools) pool.Sum[0] = breaksPool ? float.NaN : pool.Sum[0];
        Clock.Advance(StepTime);
        Scheduler.Commit(begun.Drawn, scored);
    }

    /// <summary>One sequence's part of a step.</summary>
    public readonly record struct Row(Sequence Sequence, int TokenCount);

    private sealed class BegunStep(StepUnderWay step, HashSet<Sequence> sampled)
    {
        private SampledToken[]? _drawn;
        private ScoredToken[]? _scored;

        public StepUnderWay Step => step;

        public HashSet<Sequence> Sampled => sampled;

        public SampledToken[] Drawn => _drawn ??= new SampledToken[step.Batch.SampleCount];

        public ScoredToken[] Scored => _scored ??= new ScoredToken[step.Batch.Scores.Count];

        public bool HasRun { get; set; }
    }

    private readonly record struct Ending(FinishReason Reason, Exception? Fault);
}
