namespace Llama.Model.Checkpoints.Gguf;

/// <summary>Writes one GGUF file (version 3).</summary>
internal sealed class GgufWriter : TensorFileWriter
{
    private const int Alignment = 32; // the format's default

    private GgufWriter(string path, GgufLayout layout) : base(path, layout.Header, layout.Tensors, layout.ByteCount) { }

    /// <summary>A tensor to be written.</summary>
    public readonly record struct Declaration(string Name, GgufTensorType Type, long[] Shape);

    /// <summary>Where everything goes.</summary>
    /// <param name="Header">What precedes the tensors' bytes.</param>
    /// <param name="Tensors">Entries by name, offsets from the start of the file.</param>
    /// <param name="ByteCount">Of the whole file.</param>
    public sealed record GgufLayout(byte[] Header, IReadOnlyDictionary<string, TensorEntry> Tensors, long ByteCount);

    public static GgufLayout Lay(GgufMetadata metadata, IReadOnlyList<Declaration> tensors)
    {
        var entries = new List<TensorEntry>();
        long next = 0;
        foreach (Declaration tensor in tensors)
        {
            long bytes = tensor.Shape[..^1].Aggregate(tensor.Type.RowBytes(tensor.Shape[^1]), (product, size) => checked(product * size));
            entries.Add(new TensorEntry(tensor.Name, tensor.Type.Name, tensor.Shape, next, bytes));
            next = Aligned(next + bytes);
        }
        byte[] header = Header(metadata, tensors, entries);
        return new GgufLayout(header, entries.ToDictionary(entry => entry.Name, entry => entry with { Offset = entry.Offset + header.Length }, StringComparer.Ordinal), header.Length + next);
    }

    /// <summary>Starts a file, replacing one that is there, at its full length: bytes never written are zeros.</summary>
    public static GgufWriter Create(string path, GgufLayout layout) => new(path, layout);

    private static byte[] Header(GgufMetadata metadata, IReadOnlyList<Declaration> tensors, List<TensorEntry> entries)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((ulong)tensors.Count);
        writer.Write(metadata.Count);
        writer.Write(metadata.Bytes);
        foreach ((Declaration tensor, TensorEntry entry) in tensors.Zip(entries))
        {
            GgufMetadata.WriteText(writer, tensor.Name);
            writer.Write((uint)tensor.Shape.Length);
            foreach (long size in Enumerable.Reverse(tensor.Shape)) writer.Write((ulong)size);
            writer.Write(tensor.Type.Number);
            writer.Write((ulong)entry.Offset);
        }
        writer.Write(new byte[Aligned(bytes.Length) - bytes.Length]);
        return bytes.ToArray();
    }

    private static long Aligned(long offset) => (offset + Alignment - 1) / Alignment * Alignment;
}
