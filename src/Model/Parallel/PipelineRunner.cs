using System.Globalization;
using System.Runtime.ExceptionServices;
using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Sampling;
using Llama.Model.Threads;
using Llama.Model.Torch;

namespace Llama.Model.Parallel;

/// <summary>
/// A model whose layers lie on several devices (layer parallelism): each step goes from one to the next, and as many steps are under way as there are devices, so that all of them work. Each
/// runs the steps in their order; so what a step wrote to the cache is there for every later one, on every device, before that one comes.
/// </summary>
internal sealed class PipelineRunner : ModelRunner
{
    private readonly StepUnderWay[] _steps;
    private readonly List<PartRunner> _parts = [];
    private readonly Tally _finished = new();
    private long _begunCount, _finishedCount;

    public PipelineRunner(ModelOptions options, IReadOnlyList<BackendChoice> choices)
    {
        _steps = [.. choices.Select(_ => new StepUnderWay(options.MaxSequences))];
        try
        {
            int[] threads = ThreadShares(options, choices);
            for (int i = 0; i < choices.Count; i++) _parts.Add(new PartRunner(options, choices[i], threads[i], _parts.LastOrDefault(), _steps));
            _parts[^1].HandOnBy(_finished.Raise);
            Settle();
            int batchTokens = options.MaxBatchTokens ?? _parts.Min(part => part.Model!.BatchTokens);
            DeviceRoom[] rooms = new DeviceRoom[_parts.Count];
            OnEach((part, i) => rooms[i] = new DeviceRoom(part.Choice.Device.Name, RoomOf(part), part.Choice.CacheShare));
            ModelPart[] plan = Plan(options, rooms);
            OnEach((part, i) => part.Model!.Load(batchTokens, plan[i]));
            KvPoolSize pool = LeastPool();
            OnEach((part, _) => part.UseCache(pool.BlockCount, batchTokens));
            Limits = LimitsOf(options, _parts[0].Model!.Config, batchTokens, pool.BlockCount) with { StepsUnderWay = _steps.Length };
            Description = Describe(options, pool);
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
        _steps[_begunCount++ % _steps.Length].Begin(batch);
        _parts[0].Post(); // runs there and then
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
        _finished.Dispose();
    }

    /// <summary>Devices of the processor share its threads out; others need one to serve them, or share them where there are none of the processor.</summary>
    private static int[] ThreadShares(ModelOptions options, IReadOnlyList<BackendChoice> choices)
    {
        int total = options.Threads ?? Environment.ProcessorCount;
        bool hasHost = choices.Any(choice => !choice.Device.IsCuda);
        int sharers = choices.Count(choice => choice.Device.IsCuda != hasHost), taken = 0;
        return [.. choices.Select(choice => choice.Device.IsCuda == hasHost ? 1 : Math.Max(1, total / sharers + (taken++ < total % sharers ? 1 : 0)))];
    }

    private ModelPart[] Plan(ModelOptions options, IReadOnlyList<DeviceRoom> rooms)
    {
        WeightFormat format = WeightFormat.Of(options);
        using IWeightSource source = WeightSource.OpenOnHost(options.Path, format, _parts.TrueForAll(part => part.Model!.HoldsCodes));
        return LayerPlan.Place(source, options, format, rooms);
    }

    // Under a limit what does not fit streams.
    private static long RoomOf(PartRunner part) => part.Choice.MemoryLimit is null ? part.Model!.FreeBytes : long.MaxValue;

    /// <summary>What all devices have room for: each holds its layers' part of every block.</summary>
    private KvPoolSize LeastPool()
    {
        KvPoolSize[] pools = new KvPoolSize[_parts.Count];
        OnEach((part, i) => pools[i] = part.Model!.DerivePool());
        int least = Array.IndexOf(pools, pools.MinBy(pool => pool.BlockCount));
        return pools[least] with { Reason = $"{pools[least].Reason} of {_parts[least].Choice.Device.Name}" };
    }

    /// <summary>Does something on the threads of all devices side by side.</summary>
    private void OnEach(Action<PartRunner, int> task)
    {
        for (int i = _parts.Count - 1; i >= 0; i--) // the first part last, which does it on this thread
        {
            (PartRunner part, int index) = (_parts[i], i);
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

    private ModelDescription Describe(ModelOptions options, KvPoolSize pool)
    {
        DeviceModel first = _parts[0].Model!;
        string devices = string.Join(", ", _parts.Select(part => part.Choice.Device.Name));
        string[] lines = new string[_parts.Count];
        string?[] memory = new string?[_parts.Count];
        OnEach((part, i) => (lines[i], memory[i]) = (Describe(part, pool.BlockCount), part.Model!.DescribeMemory()));
        return new ModelDescription(
            ModelDescription.Shape(first.Config),
            $"{devices} (as set), up to {_steps.Length} steps under way{(options.Deterministic ? ", deterministic" : "")}, {TorchLibrary.Description}{string.Concat(lines.Select(line => $"\n           {line}"))}",
            ModelDescription.Types(options, first.Format, first.KvDtype, first.ActivationDtype),
            ModelDescription.Pool(pool, options.BlockSize, _parts.Sum(part => part.Model!.BytesPerBlock)))
        {
            Memory = memory[0] is null ? null : string.Join("; ", _parts.Zip(memory, (part, text) => $"{part.Choice.Device.Name} {text}")),
            WeightBytes = _parts.Sum(part => part.Model!.Weights.ByteCount),
            StepBytes = _parts.Sum(part => part.Model!.Weights.StepByteCount),
            ThreadCount = _parts.Where(part => !part.Choice.Device.IsCuda).Sum(part => part.ThreadCount),
            Warnings = [.. _parts.SelectMany(part => part.Choice.Warnings).Distinct(), .. TorchLibrary.Warnings],
        };
    }

    private static string Describe(PartRunner part, int blockCount)
    {
        LlamaWeights weights = part.Model!.Weights;
        string ends = (weights.Embedding is null ? "" : "embedding, ") + weights.Part + (weights.Head is null ? "" : ", head");
        return string.Create(CultureInfo.InvariantCulture, $"{part.Choice.Device.Name}: {ends}; {weights.ByteCount >> 20:N0} MiB weights, of which a step reads {weights.StepByteCount >> 20:N0}; {blockCount * part.Model.BytesPerBlock >> 20:N0} MiB KV cache")
            + $"{ModelDescription.Threads(part.Choice.Device.IsCuda ? 0 : part.ThreadCount)}, {part.Model.Kernels}";
    }
}
