using Llama.Model.Offload;

namespace Llama.Model.Checkpoints.Gguf;

/// <summary>One GGUF file, mapped into memory read-only. Opening it reads and checks the header; metadata values and tensors are read when somebody asks for them.</summary>
internal sealed unsafe class GgufFile : IDisposable
{
    private readonly MappedFile _file;
    private readonly GgufHeader _header;

    private GgufFile(string path, MappedFile file, GgufHeader header) => (Path, _file, _header) = (path, file, header);

    public string Path { get; }

    /// <summary>The tensors in the order of the header.</summary>
    public IReadOnlyList<TensorEntry> Tensors => _header.Tensors;

    /// <exception cref="CheckpointException">The file is not there or not whole; with every fault that can be told.</exception>
    public static GgufFile Open(string path)
    {
        if (!File.Exists(path)) throw new CheckpointException(path, "not found");
        if (new FileInfo(path).Length == 0) throw new CheckpointException(path, "is empty; download it again");
        var file = new MappedFile(path);
        try
        {
            return new GgufFile(path, file, GgufHeader.Parse(file.Start, file.Length, path));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The metadata, what is wrong with it going into <paramref name="faults"/>; good until disposal.</summary>
    public GgufKeys Keys(List<string> faults) => new(_file.Start, _file.Length, Path, _header.Metadata, faults);

    /// <summary>Address of a tensor's first byte, good until disposal.</summary>
    public byte* Data(TensorEntry entry) => _file.Start + entry.Offset;

    /// <summary>Where a tensor lies, for who reads it without mapping it.</summary>
    public FileRange Range(TensorEntry entry) => new(_file.Stored, entry.Offset, entry.ByteCount);

    /// <summary>Lets the process go of a tensor's pages.</summary>
    public void Release(TensorEntry entry) => _file.Release(entry.Offset, entry.ByteCount);

    public void Dispose() => _file.Dispose();
}
