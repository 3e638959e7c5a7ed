using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Llama.Tests.Shared;

/// <summary>
/// Outlier features planted into a checkpoint as large models grow them: some channels are so many times as large where products read them, and the weights that read them so much smaller. By a power of
/// two that is the same function to the last bit, but in 8 bits those weights are nearly nothing beside the others of their rows.
/// </summary>
public sealed class PlantedOutliers
{
    private readonly byte[] _file;
    private readonly JsonElement _header;
    private readonly int _dataStart, _channelCount;
    private readonly float _factor;

    private PlantedOutliers(string path, int channelCount, float factor)
    {
        (_file, _channelCount, _factor) = (File.ReadAllBytes(path), channelCount, factor);
        int headerBytes = (int)BinaryPrimitives.ReadInt64LittleEndian(_file);
        _header = JsonDocument.Parse(_file.AsMemory(sizeof(long), headerBytes)).RootElement;
        _dataStart = sizeof(long) + headerBytes;
    }

    /// <summary>Writes a copy of a checkpoint with planted outliers.</summary>
    /// <param name="source">Folder with one model.safetensors in bfloat16, its head not tied.</param>
    /// <param name="target">An empty folder.</param>
    /// <param name="layerCount">Layers of the model.</param>
    /// <param name="channelCount">Channels to plant, of the residual as well as within each MLP.</param>
    /// <param name="factor">How much larger they become: a power of two.</param>
    public static void Write(string source, string target, int layerCount, int channelCount, float factor)
    {
        foreach (string file in Directory.GetFiles(source)) File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        PlantedOutliers planted = new(Path.Combine(source, "model.safetensors"), channelCount, factor);
        for (int layer = 0; layer < layerCount; layer++) planted.PlantLayer($"model.layers.{layer}.");
        planted.PlantNormed("model.norm.weight", "lm_head.weight");
        File.WriteAllBytes(Path.Combine(target, "model.safetensors"), planted._file);
    }

    private void PlantLayer(string prefix)
    {
        PlantNormed(prefix + "input_layernorm.weight", prefix + "self_attn.q_proj.weight", prefix + "self_attn.k_proj.weight", prefix + "self_attn.v_proj.weight");
        PlantNormed(prefix + "post_attention_layernorm.weight", prefix + "mlp.gate_proj.weight", prefix + "mlp.up_proj.weight");
        Span<ushort> up = Elements(prefix + "mlp.up_proj.weight", out int inputs);
        foreach (int channel in Channels(up.Length / inputs)) Scale(up.Slice(channel * inputs, inputs), _factor);
        ShrinkColumns(prefix + "mlp.down_proj.weight");
    }

    private void PlantNormed(string norm, params string[] readers)
    {
        Span<ushort> weights = Elements(norm, out int size);
        foreach (int channel in Channels(size)) Scale(weights.Slice(channel, 1), _factor);
        foreach (string reader in readers) ShrinkColumns(reader);
    }

    private void ShrinkColumns(string name)
    {
        Span<ushort> weights = Elements(name, out int inputs);
        for (int row = 0; row < weights.Length; row += inputs)
            foreach (int channel in Channels(inputs)) Scale(weights.Slice(row + channel, 1), 1 / _factor);
    }

    private IEnumerable<int> Channels(int size) => Enumerable.Range(0, _channelCount).Select(i => (2 * i + 1) * size / (2 * _channelCount));

    private Span<ushort> Elements(string name, out int columns)
    {
        JsonElement entry = _header.GetProperty(name), offsets = entry.GetProperty("data_offsets");
        if (entry.GetProperty("dtype").GetString() != "BF16") throw new InvalidDataException($"{name} is not BF16.");
        columns = entry.GetProperty("shape").EnumerateArray().Last().GetInt32();
        return MemoryMarshal.Cast<byte, ushort>(_file.AsSpan(_dataStart + offsets[0].GetInt32(), offsets[1].GetInt32() - offsets[0].GetInt32()));
    }

    private static void Scale(Span<ushort> bfloat16, float factor)
    {
        foreach (ref ushort value in bfloat16) value = (ushort)(BitConverter.SingleToUInt32Bits(BitConverter.UInt32BitsToSingle((uint)value << 16) * factor) >> 16);
    }
}
