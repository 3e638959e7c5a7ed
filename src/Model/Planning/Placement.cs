using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Diagnosis;
using Llama.Model.Parallel;
using static TorchSharp.torch;

namespace Llama.Model.Planning;

/// <summary>
/// One placement of a model on devices. Plan: lay the layers over the devices; on each, take off what they have free the weights and the intermediate results of the largest step; of what is left the
/// cache gets its share. Where there is no room the layers are laid as if there were, so that the plan shows how much is missing where.
/// </summary>
/// <param name="options">As loading gets them.</param>
/// <param name="format">Of the weights.</param>
/// <param name="source">Of the weights; stays the caller's.</param>
/// <param name="choices">The devices.</param>
/// <param name="free">[devices] bytes that each could give.</param>
internal sealed class Placement(ModelOptions options, WeightFormat format, IWeightSource source, IReadOnlyList<BackendChoice> choices, long[] free)
{
    private readonly LlamaConfig _config = source.Config;
    private readonly ScalarType _kvDtype = KvCache.DtypeOf(options.KvDtype, format.Dtype);
    private readonly int _contextLength = ModelRunner.ContextLengthOf(options, source.Config);
    private readonly int _batchTokens = options.MaxBatchTokens ?? choices.Min(choice => choice.BatchTokens);
    private string? _fault;

    public ModelPlan Make()
    {
        ModelPart[] parts = choices.Count == 1 ? [ModelPart.Whole(_config)] : Lay();
        KvPoolSize pool = LeastPool(parts);
        DevicePlan[] devices = [.. parts.Select((part, i) => Plan(i, part, pool.BlockCount * BytesPerBlock(part)))];
        if (Array.Find(devices, device => !device.Fits) is { } full) _fault ??= Missing(full);
        return new ModelPlan
        {
            Shape = ModelDescription.Shape(_config),
            Files = new CheckpointExamination(options.Path).Findings().Last().Value,
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
            return LayerPlan.Place(source, options, format, [.. choices.Select((choice, i) => new DeviceRoom(choice.Device.Name, free[i], choice.CacheShare))]);
        }
        catch (InsufficientMemoryException e)
        {
            _fault = e.Message;
            return LayerPlan.Place(source, options, format, [.. choices.Select(choice => new DeviceRoom(choice.Device.Name, long.MaxValue, choice.CacheShare))]);
        }
    }

    private KvPoolSize LeastPool(ModelPart[] parts)
    {
        long[] left = [.. parts.Select((part, i) => free[i] - WeightBytes(part) - StepBytes(part, i))];
        if (Array.FindIndex(left, bytes => bytes < 0) is int full and >= 0)
            _fault ??= $"{choices[full].Device.Name} has {Size(free[full])} free; weights and intermediate results alone need {Size(free[full] - left[full])}.";
        try
        {
            return parts.Select((part, i) => KvPoolSize.Derive(options, _contextLength, BytesPerBlock(part), Math.Max(0, left[i]), choices[i].CacheShare)).MinBy(pool => pool.BlockCount)!;
        }
        catch (InsufficientMemoryException e)
        {
            _fault ??= e.Message;
            return new KvPoolSize((_contextLength + options.BlockSize - 1) / options.BlockSize, "one full sequence");
        }
    }

    private DevicePlan Plan(int device, ModelPart part, long cacheBytes)
    {
        long activations = Llama.Model.Activations.BytesOf(_config, _batchTokens, Activations(device));
        long embedding = part.HasEmbedding ? WeightDemand.EmbeddingBytes(_config, format.Dtype) : 0;
        long[] layers = [.. Enumerable.Range(part.FirstLayer, part.LayerCount).Select(LayerBytes)];
        return new DevicePlan(choices[device].Device.Name, free[device], part.FirstLayer, layers, embedding, WeightBytes(part) - layers.Sum() - embedding,
            cacheBytes, activations, StepBytes(part, device) - activations);
    }

    // A layer in the middle has neither of the ends; of the outer ones those are taken off.
    private long LayerBytes(int layer) => CheckpointLayout.Expected(_config, new ModelPart(layer, 1)).Where(tensor => tensor.Name.StartsWith("model.layers.", StringComparison.Ordinal))
        .Sum(tensor => WeightDemand.BytesOf(source, tensor, format.Dtype));

    private long WeightBytes(ModelPart part) => WeightDemand.Bytes(source, format.Dtype, part);

    private long BytesPerBlock(ModelPart part) => KvCache.BytesPerBlock(part.ShapeOf(_config), options.BlockSize, _kvDtype);

    private long StepBytes(ModelPart part, int device) =>
        LlamaModel.StepBytes(_config, new StepSize(_batchTokens, options.MaxSequences, _contextLength, options.BlockSize), Activations(device), part.HasHead(_config));

    private ScalarType Activations(int device) => choices[device].ActivationDtype(format.Dtype);

    private static string Missing(DevicePlan device) => $"{device.Name} would need {Size(device.TotalBytes)} and has {Size(device.FreeBytes)} free.";

    private static string Size(long bytes) => Offload.MemorySize.Mebibytes(bytes);
}
