using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Diagnosis;
using Llama.Model.Offload;
using Llama.Model.Parallel;
using static Llama.Model.Offload.MemorySize;
using static TorchSharp.torch;

namespace Llama.Model.Planning;

/// <summary>
/// One placement of a model on devices. Plan: lay the layers over the devices, or over groups that share each layer; on each device, take off what they have free the weights and the intermediate results of the largest step; of what is left the
/// cache gets its share. Where there is no room the layers are laid as if there were, so that the plan shows how much is missing where.
/// </summary>
/// <param name="options">As loading gets them.</param>
/// <param name="format">Of the weights.</param>
/// <param name="source">Of all weights; stays the caller's.</param>
/// <param name="openShare">Opens those of a part that several devices share.</param>
/// <param name="choices">The devices.</param>
/// <param name="free">[devices] bytes that each could give.</param>
internal sealed class Placement(ModelOptions options, WeightFormat format, IWeightSource source, Func<ModelPart, IWeightSource> openShare, IReadOnlyList<BackendChoice> choices, long[] free)
{
    private const long AssumedCudaBase = 768L << 20;

    private readonly LlamaConfig _config = source.Config;
    private readonly ScalarType _kvDtype = KvCache.DtypeOf(options.KvDtype, format.Dtype);
    private readonly int _contextLength = ModelRunner.ContextLengthOf(options, source.Config);
    private readonly int _batchTokens = options.MaxBatchTokens ?? choices.Min(choice => choice.BatchTokens);
    private readonly MemoryPlan?[] _limited = new MemoryPlan?[choices.Count]; // [devices] null where there is no limit, or none that works
    private string? _fault;

    public ModelPlan Make()
    {
        ModelPart[] parts = choices.Count == 1 ? [ModelPart.Whole(_config)] : [.. Lay().SelectMany(stage => stage.Shards(options.TensorParallel))];
        DevicePlan[] devices = [.. parts.Select(Weigh)];
        KvPoolSize pool = LeastPool(parts, devices);
        devices = [.. devices.Select((device, i) => device with { CacheBytes = pool.BlockCount * BytesPerBlock(parts[i]) })];
        if (Array.Find(devices, device => !device.Fits) is { } full) _fault ??= $"{full.Name} would need {Mebibytes(full.TotalBytes)} and has {Mebibytes(full.RoomBytes)}.";
        CheckpointExamination files = new(options.Path);
        files.Open();
        return new ModelPlan
        {
            Shape = ModelDescription.Shape(_config),
            Files = files.Files!, // it was opened before and was sound
            Types = ModelDescription.Types(options, format.Describe(_config.Quantization, source.Codes), _kvDtype, choices[0].ActivationDtype(format.Dtype)),
            ContextLength = _contextLength,
            BatchTokens = _batchTokens,
            CacheTokens = (long)pool.BlockCount * options.BlockSize,
            CacheReason = pool.Reason,
            Devices = devices,
            Fault = _fault,
        };
    }

    private ModelPart[] Lay()
    {
        try
        {
            return LayerPlan.Place(source, options, format, Rooms(free));
        }
        catch (InsufficientMemoryException e)
        {
            _fault = e.Message;
            return LayerPlan.Place(source, options, format, Rooms([.. free.Select(_ => long.MaxValue)]));
        }
    }

    private DeviceRoom[] Rooms(long[] room) => [.. choices.Select((choice, i) => choice.Room(room[i], options)).Chunk(options.TensorParallel).Select(DeviceRoom.Of)];

    /// <summary>A device without its cache.</summary>
    private DevicePlan Weigh(ModelPart part, int device)
    {
        if (part.ShardCount == 1) return Weigh(source, part, device);
        using IWeightSource share = openShare(part);
        return Weigh(share, part, device);
    }

    private DevicePlan Weigh(IWeightSource held, ModelPart part, int device)
    {
        BackendChoice choice = choices[device];
        ScalarType dtype = choice.ActivationDtype(format.Dtype);
        LlamaConfig shape = ShapeOf(part);
        long activations = Activations.BytesOf(shape, _batchTokens, dtype), embedding = part.HasEmbedding ? WeightDemand.EmbeddingBytes(held.Config, format.Dtype) : 0;
        long[] layers = [.. Enumerable.Range(part.FirstLayer, part.LayerCount).Select(layer => WeightDemand.LayerBytes(held, format.Dtype, new ModelPart(layer, 1)))];
        long exchanged = ShardGroup.BytesOf(_config, part, Size, isHost: !choice.Device.IsCuda);
        DevicePlan plan = new(choice.Device.Name, free[device], part.FirstLayer, layers, embedding, WeightDemand.Bytes(held, format.Dtype, part) - layers.Sum() - embedding,
            CacheBytes: 0, activations, LlamaModel.StepBytes(shape, Size, dtype, part.HasHead(_config)) - activations + exchanged)
        { Share = part.Share(_config), Holds = part.Describe(_config) };
        return choice.MemoryLimit is long limit ? Limit(plan, new MemoryPlan(limit, options, held, part, Size, format.Dtype, exchanged), part, device) : plan;
    }

    private DevicePlan Limit(DevicePlan plan, MemoryPlan memory, ModelPart part, int device)
    {
        BackendChoice choice = choices[device];
        MemoryDemand demand = memory.Demand(BaseBytes(part, choice), choice.ActivationDtype(format.Dtype), isHost: !choice.Device.IsCuda, BytesPerBlock(part));
        plan = plan with { LimitBytes = choice.MemoryLimit, BaseBytes = demand.Base };
        try
        {
            memory.Make(demand, freeBytes: long.MaxValue - demand.Base); // a limit beyond what there is shows how much is missing
            if (!choice.Device.IsCuda) memory.CheckStreams();
            else if (memory.Layout.Streams && !choice.HoldsCodes) throw new ArgumentException(HostBackend.CannotStream);
            _limited[device] = memory;
            OffloadPlan layout = memory.Layout;
            return !layout.Streams ? plan : plan with
            {
                OutsideBytes = layout.StreamedBytes + demand.Table,
                BufferBytes = plan.BufferBytes + OffloadPlan.Buffers * layout.BufferBytes + demand.LookedUpTable,
            };
        }
        catch (Exception e) when (e is InsufficientMemoryException or ArgumentException) // too small, or weights that cannot stream
        {
            _fault ??= e.Message;
            return plan;
        }
    }

    private KvPoolSize LeastPool(ModelPart[] parts, DevicePlan[] devices)
    {
        if (Array.Find(devices, device => device.TotalBytes > device.RoomBytes) is { } full)
            _fault ??= $"{full.Name} has {Mebibytes(full.RoomBytes)}; weights and intermediate results alone need {Mebibytes(full.TotalBytes)}.";
        try
        {
            return devices.Select((_, device) => Pool(device)).MinBy(pool => pool.BlockCount)!;
        }
        catch (InsufficientMemoryException e)
        {
            _fault ??= e.Message;
            return new KvPoolSize(Size.BlocksPerSequence, "one full sequence");
        }

        KvPoolSize Pool(int device) => _limited[device]?.Pool(() => Derive(device), BytesPerBlock(parts[device])) ?? Derive(device);

        KvPoolSize Derive(int device) =>
            KvPoolSize.Derive(options, _contextLength, BytesPerBlock(parts[device]), Math.Max(0, devices[device].FreeBytes - devices[device].TotalBytes), choices[device].CacheShare);
    }

    // A GPU that is not in use does not tell: contexts, libraries and compiled kernels of those that were measured take less.
    private long BaseBytes(ModelPart part, BackendChoice choice)
    {
        if (choice.Device.IsCuda) return AssumedCudaBase;
        using IBackend backend = choice.Create(format.Dtype, options.Deterministic);
        return backend.BaseBytes(ShapeOf(part), Size, isAhead: true);
    }

    private long BytesPerBlock(ModelPart part) => KvCache.BytesPerBlock(ShapeOf(part), options.BlockSize, _kvDtype);

    // Of what the device holds, as if it were a model of its own.
    private LlamaConfig ShapeOf(ModelPart part) => part.ShapeOf(part.ShardCount == 1 ? _config : part.ShardOf(_config).Config);

    private StepSize Size => new(_batchTokens, options.MaxSequences, _contextLength, options.BlockSize);
}
