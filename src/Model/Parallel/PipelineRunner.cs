using System.Runtime.ExceptionServices;
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
    private readonly StepUnderWay[] _steps;
    private readonly ShardGroup?[] _groups; // [stages]; null where a stage is one device
    private readonly int _shardCount; // devices of a stage
    private readonly List<PartRunner> _parts = []; // [stages · devices of a stage]
    private readonly Tally _finished = new();
    private long _begunCount, _finishedCount;

    public PipelineRunner(ModelOptions options, IReadOnlyList<BackendChoice> choices)
    {
        _shardCount = options.TensorParallel;
        _steps = [.. Enumerable.Range(0, choices.Count / _shardCount).Select(_ => new StepUnderWay(options.MaxSequences))];
        _groups = [.. _steps.Select(_ => _shardCount > 1 ? new ShardGroup(_shardCount) : null)];
        try
        {
            int[] threads = ThreadShares(options, choices);
            for (int i = 0; i < choices.Count; i++)
            {
                (int stage, int shard) = (i / _shardCount, i % _shardCount);
                _parts.Add(new PartRunner(options, choices[i], threads[i], stage == 0 ? null : First(stage - 1), _steps, _groups[stage], shard));
            }
            First(_steps.Length - 1).HandOnBy(_finished.Raise);
            Settle();
            int batchTokens = options.MaxBatchTokens ?? _parts.Min(part => part.Model!.BatchTokens);
            DeviceRoom[] rooms = new DeviceRoom[_parts.Count];
            OnEach((part, i) => rooms[i] = part.Choice.Room(part.Model!.FreeBytes, options));
            ModelPart[] plan = [.. Plan(options, [.. rooms.Chunk(_shardCount).Select(DeviceRoom.Of)], batchTokens).SelectMany(stage => stage.Shards(_shardCount))];
            OnEach((part, i) => part.Model!.Load(batchTokens, plan[i], _groups[i / _shardCount]));
            KvPoolSize pool = LeastPool();
            OnEach((part, _) => part.UseCache(pool.BlockCount, batchTokens));
            Limits = LimitsOf(options, _parts[0].Model!.Config, batchTokens, pool.BlockCount) with { StepsUnderWay = _steps.Length, SpreadFrom = MeasureSpread() };
            StreamRate? stream = MeasureStreamFor(Moment);
            PartReport[] reports = new PartReport[_parts.Count];
            OnEach((part, i) => reports[i] = PartReport.Of(part, pool.BlockCount));
            Description = new PipelineDescription(options, _parts, reports, Limits, _groups[0]?.Way).Make(pool) with { Stream = stream };
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
        for (int i = _shardCount - 1; i >= 0; i--) _parts[i].Post(); // the first runs there and then
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

    public override void Dispose()
    {
        _finished.WaitFor(_begunCount, spins: false);
        foreach (PartRunner part in _parts) part.Dispose();
        foreach (ShardGroup? group in _groups) group?.Dispose();
        _finished.Dispose();
    }

    // Stage after stage: devices that read from the same files would share the rate.
    private protected override StreamRate? MeasureStreamFor(TimeSpan most)
    {
        StreamRate?[] rates = new StreamRate?[_parts.Count];
        for (int stage = 0; stage < _groups.Length; stage++)
        {
            int first = stage * _shardCount;
            OnEach((part, i) => rates[first + i] = part.Model!.MeasureStream(most), _parts.GetRange(first, _shardCount));
        }
        return StreamRate.Of(rates, _shardCount);
    }

    /// <summary>Devices of the processor share its threads out; others need one to serve them, or share them where there are none of the processor.</summary>
    private static int[] ThreadShares(ModelOptions options, IReadOnlyList<BackendChoice> choices)
    {
        int total = options.Threads ?? Environment.ProcessorCount;
        bool hasHost = choices.Any(choice => !choice.Device.IsCuda);
        int sharers = choices.Count(choice => choice.Device.IsCuda != hasHost), taken = 0;
        return [.. choices.Select(choice => choice.Device.IsCuda == hasHost ? 1 : Math.Max(1, total / sharers + (taken++ < total % sharers ? 1 : 0)))];
    }

    /// <summary>The device of a stage that takes steps and hands them on.</summary>
    private PartRunner First(int stage) => _parts[stage * _shardCount];

    /// <summary>The layers of each stage.</summary>
    private ModelPart[] Plan(ModelOptions options, IReadOnlyList<DeviceRoom> rooms, int batchTokens)
    {
        WeightFormat format = WeightFormat.Of(options);
        using IWeightSource source = WeightSource.OpenOnHost(options.Path, format, _parts.TrueForAll(part => part.Model!.HoldsCodes));
        for (int stage = 0; stage < _groups.Length; stage++) _groups[stage]?.Connect(
            source.Config, [.. _parts.Skip(stage * _shardCount).Take(_shardCount).Select(part => part.Choice)], batchTokens, stage == _groups.Length - 1 ? options.MaxSequences : 0, options.Deterministic);
        return LayerPlan.Place(source, options, format, rooms);
    }

    /// <summary>What all devices have room for: each holds its layers' part of every block.</summary>
    private KvPoolSize LeastPool()
    {
        KvPoolSize[] pools = new KvPoolSize[_parts.Count];
        OnEach((part, i) => pools[i] = part.Model!.DerivePool());
        int least = Array.IndexOf(pools, pools.MinBy(pool => pool.BlockCount));
        return pools[least] with { Reason = $"{pools[least].Reason} of {_parts[least].Choice.Device.Name}" };
    }

    private int MeasureSpread()
    {
        if (_groups.Length == 1 || _parts.Count(part => !part.Choice.Device.IsCuda) <= _shardCount) return SpreadSwitch.AtOnce;
        if (_parts.Exists(part => part.Model!.Streams)) return SpreadSwitch.Never;
        using SpreadTrial trial = new(_parts, _groups.Length);
        return SpreadSwitch.Find(_groups.Length, trial.Alone, trial.Beside);
    }

    /// <summary>Does something on the threads of all devices side by side.</summary>
    private void OnEach(Action<PartRunner, int> task) => OnEach(task, _parts);

    private void OnEach(Action<PartRunner, int> task, IReadOnlyList<PartRunner> parts)
    {
        for (int i = parts.Count - 1; i >= 0; i--) // the first part last, which does it on this thread
        {
            (PartRunner part, int index) = (parts[i], i);
            part.Begin(() => task(part, index));
        }
        Settle();
    }

    /// <summary>Waits for what all threads do, and throws the first of what they threw.</summary>
    private void Settle()
    {
        ExceptionDispatchInfo? failure = null;
        foreach (PartRunner part in _parts)
        {
            ExceptionDispatchInfo? own = part.Settle();
            failure ??= own;
        }
        failure?.Throw();
    }
}
