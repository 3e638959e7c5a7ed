using Microsoft.Win32.SafeHandles;

namespace Llama.Model.Checkpoints.Gguf;

/// <summary>
/// Writes one GGUF file (version 3) of any size. All metadata and tensors are declared first, since the header precedes the data; the tensors' bytes then come in any order, in
/// pieces, from any thread.
/// </summary>
internal sealed class GgufWriter : IDisposable
{
    private const int Alignment = 32; // the format's default
    private readonly SafeFileHandle _file;
    private readonly GgufLayout _layout;

    private GgufWriter(SafeFileHandle file, GgufLayout layout) => (_file, _layout) = (file, layout);

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
    public static GgufWriter Create(string path, GgufLayout layout)
    {
        SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        RandomAccess.SetLength(file, layout.ByteCount);
        RandomAccess.Write(file, layout.Header, 0);
        return new GgufWriter(file, layout);
    }

    /// <summary>Writes part of a tensor.</summary>
    /// <param name="name">A declared tensor.</param>
    /// <param name="bytes">As its type has them.</param>
    /// <param name="start">Where in the tensor's bytes they go.</param>
    public void Write(string name, ReadOnlySpan<byte> bytes, long start = 0)
    {
        TensorEntry entry = _layout.Tensors[name];
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + bytes.Length, entry.ByteCount, nameof(bytes));
        RandomAccess.Write(_file, bytes, entry.Offset + start);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

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
