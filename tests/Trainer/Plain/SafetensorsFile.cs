using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace Llama.Trainer.Plain;

/// <summary>Reads and writes safetensors: a u64 header length, a JSON header, then the tensors' bytes.</summary>
public static class SafetensorsFile
{
    /// <summary>All tensors of a file, widened to float32.</summary>
    public static Dictionary<string, Tensor> Load(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        int headerLength = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        using JsonDocument header = JsonDocument.Parse(file.AsMemory(8, headerLength));
        return header.RootElement.EnumerateObject().Where(entry => entry.Name != "__metadata__")
            .ToDictionary(entry => entry.Name, entry => Read(entry.Value, file.AsSpan(8 + headerLength)));
    }

    /// <summary>Writes float32 tensors as bfloat16 (rounded to nearest even) or as they are.</summary>
    public static void Save(string path, IReadOnlyDictionary<string, Tensor> tensors, bool asBFloat16)
    {
        JsonObject header = new() { ["__metadata__"] = new JsonObject { ["format"] = "pt" } };
        using MemoryStream data = new();
        foreach ((string name, Tensor tensor) in tensors)
        {
            long start = data.Length;
            data.Write(Bytes(tensor, asBFloat16));
            header[name] = new JsonObject
            {
                ["dtype"] = asBFloat16 ? "BF16" : "F32",
                ["shape"] = new JsonArray([.. tensor.shape.Select(size => JsonValue.Create(size))]),
                ["data_offsets"] = new JsonArray(start, data.Length),
            };
        }
        Write(path, header.ToJsonString(), data);
    }

    private static void Write(string path, string header, MemoryStream data)
    {
        byte[] text = Encoding.UTF8.GetBytes(header.PadRight((header.Length + 7) / 8 * 8)); // the data starts 8-byte aligned
        using FileStream file = File.Create(path);
        file.Write(BitConverter.GetBytes((long)text.Length));
        file.Write(text);
        data.WriteTo(file);
    }

    private static Tensor Read(JsonElement entry, ReadOnlySpan<byte> data)
    {
        long[] shape = [.. entry.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())];
        int start = entry.GetProperty("data_offsets")[0].GetInt32(), end = entry.GetProperty("data_offsets")[1].GetInt32();
        return tensor(Floats(entry.GetProperty("dtype").GetString()!, data[start..end]), shape);
    }

    private static float[] Floats(string type, ReadOnlySpan<byte> bytes)
    {
        if (type == "F32") return MemoryMarshal.Cast<byte, float>(bytes).ToArray();
        ReadOnlySpan<ushort> halves = MemoryMarshal.Cast<byte, ushort>(bytes);
        var floats = new float[halves.Length];
        for (int i = 0; i < floats.Length; i++)
            floats[i] = type switch
            {
                "BF16" => BitConverter.UInt32BitsToSingle((uint)halves[i] << 16),
                "F16" => (float)BitConverter.UInt16BitsToHalf(halves[i]),
                _ => throw new NotSupportedException($"The tensor type {type} is not read here; F32, F16 and BF16 are."),
            };
        return floats;
    }

    private static byte[] Bytes(Tensor tensor, bool asBFloat16)
    {
        float[] floats = tensor.detach().contiguous().data<float>().ToArray();
        return asBFloat16 ? MemoryMarshal.AsBytes(floats.Select(BFloat16Bits).ToArray().AsSpan()).ToArray() : MemoryMarshal.AsBytes(floats.AsSpan()).ToArray();
    }

    private static ushort BFloat16Bits(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
