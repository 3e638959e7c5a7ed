using System.Buffers.Binary;
using Llama.Model.Offload;

namespace Llama.Model.Checkpoints;

/// <summary>One safetensors file, mapped into memory read-only: opening it reads the header alone, and pages come in as they are used.</summary>
internal sealed unsafe class SafetensorsFile : IDisposable
{
    private readonly MappedFile _file;

    private SafetensorsFile(string path, IReadOnlyList<TensorEntry> entries) => (Path, Entries, _file) = (path, entries, new MappedFile(path));

    public string Path { get; }

    /// <summary>The tensors in the order of the header.</summary>
    public IReadOnlyList<TensorEntry> Entries { get; }

    public static SafetensorsFile Open(string path)
    {
        if (!File.Exists(path)) throw new CheckpointException(path, "not found");
        return new SafetensorsFile(path, ReadHeader(path));
    }

    /// <summary>Address of a tensor's first byte, good until disposal. Of no particular alignment.</summary>
    public byte* Data(TensorEntry entry) => _file.Start + entry.Offset;

    /// <summary>Where a tensor lies, for who reads it without mapping it.</summary>
    public FileRange Range(TensorEntry entry) => new(_file.Stored, entry.Offset, entry.ByteCount);

    /// <summary>Lets the process go of a tensor's pages, which it will hardly read again.</summary>
    public void Release(TensorEntry entry) => _file.Release(entry.Offset, entry.ByteCount);

    public void Dispose() => _file.Dispose();

    private static IReadOnlyList<TensorEntry> ReadHeader(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        long fileSize = file.Length;
        Span<byte> prefix = stackalloc byte[SafetensorsHeader.PrefixSize];
        if (file.ReadAtLeast(prefix, prefix.Length, throwOnEndOfStream: false) < prefix.Length)
            throw new CheckpointException(path, $"is {fileSize} bytes: not a safetensors file");
        byte[] json = new byte[SafetensorsHeader.CheckSize(BinaryPrimitives.ReadUInt64LittleEndian(prefix), fileSize, path)];
        file.ReadExactly(json);
        return SafetensorsHeader.Parse(json, fileSize, path);
    }
}
