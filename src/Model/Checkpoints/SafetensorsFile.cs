using System.Buffers.Binary;

namespace Llama.Model.Checkpoints;

/// <summary>One safetensors file: opening it reads the header alone.</summary>
internal sealed class SafetensorsFile : TensorFile
{
    private SafetensorsFile(string path, IReadOnlyList<TensorEntry> tensors) : base(path, new MappedFile(path), tensors) { }

    /// <exception cref="CheckpointException">The file is not there or not whole; with every fault that can be told.</exception>
    public static SafetensorsFile Open(string path)
    {
        if (!File.Exists(path)) throw new CheckpointException(path, "not found");
        return new SafetensorsFile(path, ReadHeader(path));
    }

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
