using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Offload;
using Llama.Model.Sampling;
using Llama.Model.Threads;

namespace Llama.Model.Parallel;

/// <summary>
/// A model on several devices. Its layers may lie on one after the other (layer parallelism): each step goes from one to the next, and as many steps are under way as there are such stages, so that all
/// of them work. Each runs the steps in their order; so what a step wrote to the cache is there for every later one, on every device, before that one comes. And a stage may be a group of devices
/// that share every one of its layers (tensor parallelism).
/// </summary>
internal sealed class PipelineRunner : ModelRunner
{
    private readonly PipelineStep[] _steps; // as many as there are stages; by number, modulo their count
    private readonly Stages _stages;
    private readonly Tally _finished = new();
    private long _begunCount, _finishedCount;

    public PipelineRunner(ModelOptions options, IReadOnlyList<BackendChoice> choices)
    {
        _steps = [.. Enumerable.Range(0, choices.Count / options.TensorParallel).Select(_ => new PipelineStep(options.MaxSequences))];
        try
        {
            _stages = new Stages(options, choices, _steps, handOn: _finished.Raise);
            int batchTokens = options.MaxBatchTokens ?? _stages.Parts.Min(part => part.Device!.Backend.BatchTokens);
            ModelPart[] plan = Plan(options, batchTokens);
            _stages.OnEach((part, i) => part.Load(batchTokens, plan[i]));
            KvPoolSize pool = LeastPool();
            _stages.OnEach((part, _) => part.UseCache(pool.BlockCount, batchTokens));
            Limits = LimitsOf(options, _stages.Parts[0].Model!.Config, batchTokens, pool.BlockCount) with { StepsUnderWay = _steps.Length, SpreadFrom = MeasureSpread() };
            StreamRate? stream = MeasureStreamFor(Moment);
            PartReport[] reports = _stages.AskEach(part => PartReport.Of(part, pool.BlockCount));
            Description = new PipelineDescription(options, _stages.Parts, reports, Limits, _stages.Way).Make(pool) with { Stream = stream };
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public override ModelDescription Description { get; }

    public override ModelLimits Limits { get; }

    public override void Begin(ForwardBatch batch)
    {
        _steps[_begunCount % _steps.Length].Begin(batch);
        _begunCount++; // only now: what is begun is waited for
        _stages.Post();
    }

    public override void Finish(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored)
    {
        _finished.WaitFor(_finishedCount + 1, spins: true);
        _steps[_finishedCount++ % _steps.Length].Finish(sampled, scored);
    }

    public override void Run(ForwardBatch batch, Span<SampledToken> sampled, Span<ScoredToken> scored)
    {
        Begin(batch);
        Finish(batch, sampled, scored);
    }

    // Also of one whose loading failed.
    public override void Dispose()
    {
        _finished.WaitFor(_begunCount, spins: false);
        _stages?.Dispose();
        _finished.Dispose();
    }

    // Stage after stage: devices that read from the same files would share the rate.
    private protected override StreamRate? MeasureStreamFor(TimeSpan most)
    {
        StreamRate?[] rates = [.. Enumerable.Range(0, _stages.Count).SelectMany(stage => _stages.AskStage(stage, part => part.Model!.MeasureStream(most)))];
        return StreamRate.Of(rates, _stages.ShardCount);
    }

    /// <summary>[parts] what of the model each device gets.</summary>
    private ModelPart[] Plan(ModelOptions options, int batchTokens)
    {
        DeviceRoom[] rooms = _stages.AskEach(part => part.Choice.Room(part.Device!.FreeBytes, options));
        WeightFormat format = WeightFormat.Of(options);
        using IWeightSource source = WeightSource.OpenOnHost(options.Path, format, _stages.Parts.All(part => part.Device!.Memory.HoldsCodes));
        _stages.Connect(source.Config, options, batchTokens);
        ModelPart[] layers = LayerPlan.Place(source, options, format, [.. rooms.Chunk(_stages.ShardCount).Select(DeviceRoom.Of)]); // [stages]
        return [.. layers.SelectMany(stage => stage.Shards(_stages.ShardCount))];
    }

    /// <summary>What all devices have room for: each holds its layers' part of every block.</summary>
    private KvPoolSize LeastPool()
    {
        KvPoolSize[] pools = _stages.AskEach(part => part.Model!.DerivePool());
        int least = Array.IndexOf(pools, pools.MinBy(pool => pool.BlockCount));
        return pools[least] with { Reason = $"{pools[least].Reason} of {_stages.Parts[least].Choice.Device.Name}" };
    }

    private int MeasureSpread()
    {
        IReadOnlyList<PartRunner> parts = _stages.Parts;
        if (_stages.Count == 1 || parts.Count(part => !part.Choice.Device.IsCuda) <= _stages.ShardCount) return SpreadSwitch.AtOnce;
        if (parts.Any(part => part.Model!.Streams)) return SpreadSwitch.Never;
        using SpreadTrial trial = new(parts, _stages.Count);
        return SpreadSwitch.Find(_stages.Count, trial.Alone, trial.Beside);
    }
}
