using Llama.Model.Checkpoints;
using static Llama.Model.Offload.MemorySize;

namespace Llama.Model.Parallel;

/// <summary>
/// Splits the layers of a model over devices, in order and at least one to each, so that the device that reads most in a step reads as little as possible: all others wait for it. A split fits
/// if each device has room for its weights and its part of the smallest KV cache, or lets weights stream.
/// </summary>
internal sealed class LayerPlan
{
    private const long StreamCost = 8; // reading a byte from outside takes so many times as long as from the device's own memory: 4 on a processor, up to 60 on a GPU

    private readonly IReadOnlyList<LayerSize> _layers;
    private readonly IReadOnlyList<DeviceRoom> _devices;
    // Of so many layers on the devices up to this one: [devices, layers + 1]
    private readonly long[,] _worst; // most bytes that one of them reads, each that streams counted StreamCost times; long.MaxValue where there is no way
    private readonly int[,] _starts; // first layer on this device then

    private LayerPlan(IReadOnlyList<LayerSize> layers, IReadOnlyList<DeviceRoom> devices)
    {
        (_layers, _devices) = (layers, devices);
        (_worst, _starts) = (new long[devices.Count, layers.Count + 1], new int[devices.Count, layers.Count + 1]);
    }

    /// <summary>The part of a model that each device gets.</summary>
    /// <param name="source">Of its weights, before they are placed.</param>
    /// <param name="options">As loading gets them.</param>
    /// <param name="format">Of the weights.</param>
    /// <param name="devices">In order.</param>
    /// <exception cref="ArgumentException">There are more devices than layers.</exception>
    /// <exception cref="InsufficientMemoryException">No split fits; with the numbers.</exception>
    public static ModelPart[] Place(IWeightSource source, ModelOptions options, WeightFormat format, IReadOnlyList<DeviceRoom> devices)
    {
        LlamaConfig config = source.Config;
        long blocks = options.BlockCount ?? ModelLimits.BlocksOf(ModelRunner.ContextLengthOf(options, config), options.BlockSize);
        long cache = blocks * KvCache.BytesPerBlock(config with { LayerCount = 1 }, options.BlockSize, KvCache.DtypeOf(options.KvDtype, format.Dtype));
        return Place([.. Enumerable.Range(0, config.LayerCount).Select(layer => LayerSize.Of(source, format.Dtype, layer, cache))], devices);
    }

    /// <summary>The part that each device gets.</summary>
    /// <param name="layers">Of the model, the first with its embedding and the last with its head.</param>
    /// <param name="devices">In order.</param>
    /// <exception cref="ArgumentException">There are more devices than layers.</exception>
    /// <exception cref="InsufficientMemoryException">No split fits; with the numbers.</exception>
    public static ModelPart[] Place(IReadOnlyList<LayerSize> layers, IReadOnlyList<DeviceRoom> devices)
    {
        if (devices.Count > layers.Count)
        {
            string idle = string.Join(", ", devices.Skip(layers.Count).Select(device => device.Name));
            throw new ArgumentException($"Model:Device names {devices.Count} devices, and the model has {layers.Count} layers: {idle} would hold none. Name {layers.Count} at most.");
        }
        LayerPlan plan = new(layers, devices);
        for (int device = 0; device < devices.Count; device++)
            for (int end = 0; end <= layers.Count; end++) plan.Find(device, end);
        return plan._worst[devices.Count - 1, layers.Count] < long.MaxValue ? plan.Parts() : throw plan.TooLittle();
    }

    private void Find(int device, int end)
    {
        _worst[device, end] = long.MaxValue;
        long weights = 0, cache = 0, reads = 0;
        for (int start = end - 1; start >= device; start--)
        {
            LayerSize layer = _layers[start];
            (weights, cache, reads) = (weights + layer.WeightBytes, cache + layer.CacheBytes, reads + layer.ReadBytes);
            long missing = Missing(_devices[device], weights, cache);
            if (missing > 0 && !_devices[device].Streams) return;
            if (device == 0 && start > 0) continue;
            long worst = Math.Max(reads + StreamCost * missing, device == 0 ? 0 : _worst[device - 1, start]);
            if (worst < _worst[device, end]) (_worst[device, end], _starts[device, end]) = (worst, start);
        }
    }

    private static long Missing(DeviceRoom device, long weights, long cache)
    {
        double need = weights + cache / (device.Streams ? 1 : device.CacheShare);
        return need <= device.FreeBytes ? 0 : (long)(need - device.FreeBytes) + 1;
    }

    private ModelPart[] Parts()
    {
        ModelPart[] parts = new ModelPart[_devices.Count];
        for (int device = parts.Length - 1, end = _layers.Count; device >= 0; end = parts[device--].FirstLayer)
            parts[device] = new ModelPart(_starts[device, end], end - _starts[device, end]);
        return parts;
    }

    private InsufficientMemoryException TooLittle()
    {
        string free = string.Join(", ", _devices.Select(device => $"{device.Name} {Mebibytes(device.FreeBytes)}"));
        return new InsufficientMemoryException(
            $"The weights need {Mebibytes(_layers.Sum(layer => layer.WeightBytes))} and the least KV cache {Mebibytes(_layers.Sum(layer => layer.CacheBytes))}, and the devices have free: {free}. "
            + "No split of the layers over the devices fits: lower Model:ContextLength, raise Model:MemoryUtilization, use Model:Dtype=int8 or int4, or name more devices.");
    }
}
