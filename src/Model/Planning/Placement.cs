using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Diagnosis;
using Llama.Model.Parallel;
using static Llama.Model.Offload.MemorySize;

namespace Llama.Model.Planning;

/// <summary>
/// One placement of a model on devices. Plan: lay the layers over the devices, or over groups that share each layer; on each device, take off what they have free the weights and the intermediate
/// results of the largest step (<see cref="PlacedPart"/>); of what is left the cache gets its share. Where there is no room the layers are laid as if there were, so that the plan shows how much is
/// missing where.
/// </summary>
/// <param name="options">As loading gets them.</param>
/// <param name="format">Of the weights.</param>
/// <param name="source">Of all weights; stays the caller's.</param>
/// <param name="openShare">Opens those of a part that several devices share.</param>
/// <param name="choices">The devices.</param>
/// <param name="free">[devices] bytes that each could give.</param>
internal sealed class Placement(ModelOptions options, WeightFormat format, IWeightSource source, Func<ModelPart, IWeightSource> openShare, IReadOnlyList<BackendChoice> choices, long[] free)
{
    private readonly LlamaConfig _config = source.Config;
    private readonly StepSize _size = StepSize.Of(options, source.Config, options.MaxBatchTokens ?? choices.Min(choice => choice.BatchTokens));

    private string? _fault; // the first

    public ModelPlan Make()
    {
        ModelPart[] lay = choices.Count == 1 ? [ModelPart.Whole(_config)] : [.. Lay().SelectMany(stage => stage.Shards(options.TensorParallel))];
        PlacedPart[] parts = [.. lay.Select(Weigh)];
        KvPoolSize pool = LeastPool(parts);
        DevicePlan[] devices = [.. parts.Select(part => part.Plan with { CacheBytes = pool.BlockCount * part.BytesPerBlock })];
        if (Array.Find(devices, device => !device.Fits) is { } full) _fault ??= $"{full.Name} would need {Mebibytes(full.TotalBytes)} and has {Mebibytes(full.RoomBytes)}.";
        CheckpointExamination files = new(options.Path);
        files.Open();
        return new ModelPlan
        {
            Shape = ModelDescription.Shape(_config),
            Files = files.Files!, // it was opened before and was sound
            Types = ModelDescription.Types(options, format.Describe(_config.Quantization, source.Codes), KvCache.DtypeOf(options.KvDtype, format.Dtype), choices[0].ActivationDtype(format.Dtype)),
            ContextLength = _size.ContextLength,
            BatchTokens = _size.Tokens,
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

    private PlacedPart Weigh(ModelPart part, int device)
    {
        using IWeightSource? share = part.ShardCount == 1 ? null : openShare(part);
        PlacedPart placed = new(options, format, _config, _size, part, share ?? source, choices[device], free[device]);
        _fault ??= placed.Fault;
        return placed;
    }

    /// <summary>The cache that all devices have room for.</summary>
    private KvPoolSize LeastPool(PlacedPart[] parts)
    {
        if (Array.Find(parts, part => part.Plan.TotalBytes > part.Plan.RoomBytes)?.Plan is { } full)
            _fault ??= $"{full.Name} has {Mebibytes(full.RoomBytes)}; weights and intermediate results alone need {Mebibytes(full.TotalBytes)}.";
        try
        {
            return parts.Select(part => part.Pool()).MinBy(pool => pool.BlockCount)!;
        }
        catch (InsufficientMemoryException e)
        {
            _fault ??= e.Message;
            return new KvPoolSize(_size.BlocksPerSequence, "one full sequence");
        }
    }
}
