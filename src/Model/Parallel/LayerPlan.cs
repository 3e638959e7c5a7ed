using System.Globalization;
using Llama.Model.Checkpoints;

namespace Llama.Model.Parallel;

/// <summary>
/// Lays the layers of a model over devices, in order and each device at least one, so that the device whose weights take longest to read has as little to read as can be: a step waits for that
/// one. Only such a lay counts whose every device has room for its weights and for its part of the least cache.
/// </summary>
internal sealed class LayerPlan
{
    private readonly IReadOnlyList<long> _weights;
    private readonly long _embedding, _cache;
    private readonly IReadOnlyList<DeviceRoom> _devices;
    private readonly long[,] _worst; // [devices, layers + 1] most bytes that a device reads when so many layers lie on the devices up to this; long.MaxValue where there is no way
    private readonly int[,] _starts; // [devices, layers + 1] first layer on this device then

    private LayerPlan(IReadOnlyList<long> weights, long embedding, long cache, IReadOnlyList<DeviceRoom> devices)
    {
        (_weights, _embedding, _cache, _devices) = (weights, embedding, cache, devices);
        (_worst, _starts) = (new long[devices.Count, weights.Count + 1], new int[devices.Count, weights.Count + 1]);
    }

    /// <summary>The part of a model that each device gets.</summary>
    /// <param name="source">Of its weights, before they are placed.</param>
    /// <param name="options">As loading gets them.</param>
    /// <param name="format">Of the weights.</param>
    /// <param name="devices">In order.</param>
    /// <exception cref="ArgumentException">There are more devices than layers.</exception>
    /// <exception cref="InsufficientMemoryException">There is no such lay; with the numbers.</exception>
    public static ModelPart[] Place(IWeightSource source, ModelOptions options, WeightFormat format, IReadOnlyList<DeviceRoom> devices)
    {
        LlamaConfig config = source.Config;
        long blocks = options.BlockCount ?? (ModelRunner.ContextLengthOf(options, config) + options.BlockSize - 1) / options.BlockSize;
        long cache = blocks * KvCache.BytesPerBlock(config with { LayerCount = 1 }, options.BlockSize, KvCache.DtypeOf(options.KvDtype, format.Dtype));
        long[] weights = [.. Enumerable.Range(0, config.LayerCount).Select(layer => WeightDemand.Bytes(source, format.Dtype, new ModelPart(layer, 1)))];
        return Place(weights, WeightDemand.EmbeddingBytes(config, format.Dtype), cache, devices);
    }

    /// <summary>The part that each device gets.</summary>
    /// <param name="weights">[layers] bytes of each layer; of the first with the embedding, of the last with the final norm and the head.</param>
    /// <param name="embedding">Bytes of the embedding, of which a step reads next to nothing.</param>
    /// <param name="cache">Bytes that the least cache needs for each layer.</param>
    /// <param name="devices">In order.</param>
    /// <exception cref="ArgumentException">There are more devices than layers.</exception>
    /// <exception cref="InsufficientMemoryException">There is no such lay; with the numbers.</exception>
    public static ModelPart[] Place(IReadOnlyList<long> weights, long embedding, long cache, IReadOnlyList<DeviceRoom> devices)
    {
        if (devices.Count > weights.Count)
            throw new ArgumentException($"Model:Device names {devices.Count} devices, and the model has {weights.Count} layers: {string.Join(", ", devices.Skip(weights.Count).Select(device => device.Name))} would hold none. Name {weights.Count} at most.");
        LayerPlan plan = new(weights, embedding, cache, devices);
        for (int device = 0; device < devices.Count; device++)
            for (int end = 0; end <= weights.Count; end++) plan.Find(device, end);
        return plan._worst[devices.Count - 1, weights.Count] < long.MaxValue ? plan.Parts() : throw plan.TooLittle();
    }

    private void Find(int device, int end)
    {
        _worst[device, end] = long.MaxValue;
        long bytes = 0;
        for (int start = end - 1; start >= device; start--)
        {
            bytes += _weights[start];
            DeviceRoom room = _devices[device];
            if (bytes + (end - start) * _cache / room.CacheShare > room.FreeBytes) return;
            if (device == 0 && start > 0) continue;
            long worst = Math.Max(start == 0 ? bytes - _embedding : bytes, device == 0 ? 0 : _worst[device - 1, start]);
            if (worst < _worst[device, end]) (_worst[device, end], _starts[device, end]) = (worst, start);
        }
    }

    private ModelPart[] Parts()
    {
        ModelPart[] parts = new ModelPart[_devices.Count];
        for (int device = parts.Length - 1, end = _weights.Count; device >= 0; end = parts[device--].FirstLayer)
            parts[device] = new ModelPart(_starts[device, end], end - _starts[device, end]);
        return parts;
    }

    private InsufficientMemoryException TooLittle() => new(
        $"The weights need {Mebibytes(_weights.Sum())} and the least KV cache {Mebibytes(_weights.Count * _cache)}, and the devices have free: {string.Join(", ", _devices.Select(device => $"{device.Name} {Mebibytes(device.FreeBytes)}"))}. "
        + "No lay of the layers fits: lower Model:ContextLength, use Model:Dtype=int8 or int4, or name more devices.");

    private static string Mebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20:N0} MiB");
}
