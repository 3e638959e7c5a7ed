using System.Buffers.Binary;
using System.Text.Json;
using Llama.Model.Kernels;

namespace Llama.Model.Checkpoints;

/// <summary>Writes one safetensors file.</summary>
internal sealed class SafetensorsWriter : TensorFileWriter
{
    private const int DataAlignment = 64; // the format asks for 8; 64 lets vector loads from a mapped file stay within cache lines
    private const int PieceBytes = 64 << 20; // of one write

    private SafetensorsWriter(string path, byte[] header, IReadOnlyDictionary<string, TensorEntry> tensors, long byteCount) : base(path, header, tensors, byteCount) { }

    /// <summary>
    /// Starts a file, replacing one that is there, at its full length: bytes never written are zeros. Tensors that are not a multiple of the alignment long lie behind all others, so that
    /// none of those loses it: the format allows no holes.
    /// </summary>
    public static SafetensorsWriter Create(string path, IEnumerable<(string Name, TensorDtype Dtype, long[] Shape)> tensors)
    {
        List<TensorEntry> declared = [.. tensors.Select(Entry)];
        long next = 0;
        foreach (int i in Enumerable.Range(0, declared.Count).OrderBy(i => declared[i].ByteCount % DataAlignment != 0).ToArray())
        {
            declared[i] = declared[i] with { Offset = next };
            next += declared[i].ByteCount;
        }
        byte[] header = Header(declared);
        return new SafetensorsWriter(path, header, declared.ToDictionary(entry => entry.Name, entry => entry with { Offset = entry.Offset + header.Length }, StringComparer.Ordinal), header.Length + next);
    }

    /// <summary>Writes a whole tensor.</summary>
    /// <param name="name">A declared tensor.</param>
    /// <param name="matrix">On the host, of the declared type and as many elements.</param>
    public unsafe void Write(string name, Matrix matrix)
    {
        byte* data = (byte*)matrix.Data;
        long length = matrix.ByteCount;
        for (long start = 0; start < length; start += PieceBytes) Write(name, new ReadOnlySpan<byte>(data + start, (int)Math.Min(PieceBytes, length - start)), start);
    }

    private static TensorEntry Entry((string Name, TensorDtype Dtype, long[] Shape) tensor) =>
        new(tensor.Name, tensor.Dtype.ToString(), tensor.Shape, 0, tensor.Shape.Aggregate((long)tensor.Dtype.Size(), (product, size) => checked(product * size)));

    private static byte[] Header(List<TensorEntry> entries)
    {
        using var json = new MemoryStream();
        json.Write(stackalloc byte[SafetensorsHeader.PrefixSize]);
        using (var writer = new Utf8JsonWriter(json)) WriteEntries(writer, entries);
        while (json.Length % DataAlignment != 0) json.WriteByte((byte)' '); // padding is blanks, by the format
        byte[] header = json.ToArray();
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)(header.Length - SafetensorsHeader.PrefixSize));
        return header;
    }

    private static void WriteEntries(Utf8JsonWriter writer, List<TensorEntry> entries)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("__metadata__");
        writer.WriteString("format", "pt"); // transformers refuses files that do not say which framework's layout they have
        writer.WriteEndObject();
        foreach (TensorEntry entry in entries)
        {
            writer.WriteStartObject(entry.Name);
            writer.WriteString("dtype", entry.Dtype);
            WriteSizes(writer, "shape", entry.Shape);
            WriteSizes(writer, "data_offsets", [entry.Offset, entry.Offset + entry.ByteCount]);
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
    }

    private static void WriteSizes(Utf8JsonWriter writer, string key, long[] sizes)
    {
        writer.WriteStartArray(key);
        foreach (long size in sizes) writer.WriteNumberValue(size);
        writer.WriteEndArray();
    }
}
