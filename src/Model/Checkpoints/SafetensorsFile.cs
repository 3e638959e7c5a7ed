using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Llama.Model.Checkpoints;

/// <summary>One safetensors file, mapped into memory read-only: opening it reads the header alone, and pages come in as they are used.</summary>
internal sealed unsafe class SafetensorsFile : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;

    private SafetensorsFile(string path, IReadOnlyList<TensorEntry> entries)
    {
        (Path, Entries) = (path, entries);
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
    }

    public string Path { get; }

    /// <summary>The tensors in the order of the header.</summary>
    public IReadOnlyList<TensorEntry> Entries { get; }

    public static SafetensorsFile Open(string path)
    {
        if (!File.Exists(path)) throw new CheckpointException(path, "not found");
        return new SafetensorsFile(path, ReadHeader(path));
    }

    /// <summary>Address of a tensor's first byte, good until disposal. Of no particular alignment.</summary>
    public byte* Data(TensorEntry entry) => _start + entry.Offset;

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    private static IReadOnlyList<TensorEntry> ReadHeader(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        long fileSize = RandomAccess.GetLength(file);
        Span<byte> prefix = stackalloc byte[SafetensorsHeader.PrefixSize];
        if (RandomAccess.Read(file, prefix, 0) < prefix.Length)
            throw new CheckpointException(path, $"is {fileSize} bytes: not a safetensors file");
        byte[] json = new byte[SafetensorsHeader.CheckSize(BinaryPrimitives.ReadUInt64LittleEndian(prefix), fileSize, path)];
        RandomAccess.Read(file, json, prefix.Length);
        return SafetensorsHeader.Parse(json, fileSize, path);
    }
}
