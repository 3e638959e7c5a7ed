namespace Llama.Model.Checkpoints.Gguf;

/// <summary>One GGUF file. Opening it reads and checks the header; metadata values and tensors are read when somebody asks for them.</summary>
internal sealed unsafe class GgufFile : TensorFile
{
    private readonly MappedFile _file;
    private readonly GgufHeader _header;

    private GgufFile(string path, MappedFile file, GgufHeader header) : base(path, file, header.Tensors) => (_file, _header) = (file, header);

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
}
