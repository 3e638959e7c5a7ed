using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Offload;
using Llama.Model.Parallel;
using static TorchSharp.torch;

namespace Llama.Model.Planning;

/// <summary>A part of a model on its device: what it takes there, how that lies under a limit, and what cache there is room for beside it.</summary>
internal sealed class PlacedPart
{
    private const long AssumedCudaBase = 768L << 20;

    private readonly ModelOptions _options;
    private readonly WeightFormat _format;
    private readonly StepSize _size;
    private readonly BackendChoice _choice;
    private readonly LlamaConfig _shape; // of what the device holds, as if it were a model of its own
    private readonly MemoryPlan? _limited; // null where there is no limit, or none that works

    /// <summary>Weighs it.</summary>
    /// <param name="options">As loading gets them.</param>
    /// <param name="format">Of the weights.</param>
    /// <param name="whole">The whole model's shape.</param>
    /// <param name="size">Of the largest step.</param>
    /// <param name="part">What of the model.</param>
    /// <param name="held">Its weights; stays the caller's, and is not read afterwards.</param>
    /// <param name="choice">The device.</param>
    /// <param name="freeBytes">That it could give.</param>
    public PlacedPart(ModelOptions options, WeightFormat format, LlamaConfig whole, StepSize size, ModelPart part, IWeightSource held, BackendChoice choice, long freeBytes)
    {
        (_options, _format, _size, _choice) = (options, format, size, choice);
        _shape = part.ShapeOf(part.ShardCount == 1 ? whole : part.ShardOf(whole).Config);
        ScalarType dtype = choice.ActivationDtype(format.Dtype);
        if (choice.TakesPackedWeights(format.Dtype)) held = PackedSizes.Of(held, format.Dtype, part, options.Repack, freeBytes) ?? held;
        long activations = Activations.BytesOf(_shape, size.Tokens, dtype), embedding = part.HasEmbedding ? WeightDemand.EmbeddingBytes(held, format.Dtype, IsHost) : 0;
        long[] layers = [.. Enumerable.Range(part.FirstLayer, part.LayerCount).Select(layer => WeightDemand.LayerBytes(held, format.Dtype, new ModelPart(layer, 1), IsHost))];
        long exchanged = ShardGroup.BytesOf(whole, part, size, IsHost);
        Plan = new DevicePlan(choice.Device.Name, freeBytes, part.FirstLayer, layers, embedding, WeightDemand.Bytes(held, format.Dtype, part, IsHost) - layers.Sum() - embedding,
            CacheBytes: 0, activations, LlamaModel.StepBytes(_shape, size, dtype, part.HasHead(whole)) - activations + exchanged)
        { Share = part.Share(whole), Holds = part.Describe(whole) };
        if (choice.MemoryLimit is long limit) _limited = Limit(new MemoryPlan(limit, options, held, part, size, format.Dtype, IsHost, exchanged));
    }

    /// <summary>What lies there, without the cache.</summary>
    public DevicePlan Plan { get; private set; }

    /// <summary>Why it does not lie within its limit; null if it does, or has none.</summary>
    public string? Fault { get; private set; }

    /// <summary>Of its part of the cache.</summary>
    public long BytesPerBlock => KvCache.BytesPerBlock(_shape, _size.BlockSize, KvCache.DtypeOf(_options.KvDtype, _format.Dtype));

    /// <summary>The cache that there is room for.</summary>
    /// <exception cref="InsufficientMemoryException">Not enough for one full sequence.</exception>
    public KvPoolSize Pool()
    {
        return _limited?.Pool(Derive, BytesPerBlock) ?? Derive();

        KvPoolSize Derive() => KvPoolSize.Derive(_options, _size.ContextLength, BytesPerBlock, Math.Max(0, Plan.FreeBytes - Plan.TotalBytes), _choice.CacheShare);
    }

    private bool IsHost => !_choice.Device.IsCuda;

    private MemoryPlan? Limit(MemoryPlan memory)
    {
        MemoryDemand demand = memory.Demand(BaseBytes(), _choice.ActivationDtype(_format.Dtype), BytesPerBlock);
        Plan = Plan with { LimitBytes = _choice.MemoryLimit, BaseBytes = demand.Base };
        try
        {
            memory.Make(demand, freeBytes: long.MaxValue - demand.Base); // a limit beyond what there is shows how much is missing
            if (IsHost) memory.CheckStreams();
            else if (memory.Layout.Streams && !_choice.HoldsCodes) throw new ArgumentException(HostBackend.CannotStream);
        }
        catch (Exception e) when (e is InsufficientMemoryException or ArgumentException) // too small, or weights that cannot stream
        {
            Fault = e.Message;
            return null;
        }
        if (memory.Layout is { Streams: true } layout)
            Plan = Plan with { OutsideBytes = layout.StreamedBytes + demand.Table, BufferBytes = Plan.BufferBytes + OffloadPlan.Buffers * layout.BufferBytes + demand.LookedUpTable };
        return memory;
    }

    // A GPU that is not in use does not tell: contexts, libraries and compiled kernels of those that were measured take less.
    private long BaseBytes()
    {
        if (!IsHost) return AssumedCudaBase;
        using IBackend backend = _choice.Create(_format.Dtype, _options.Deterministic);
        return backend.BaseBytes(_shape, _size, isAhead: true);
    }
}
