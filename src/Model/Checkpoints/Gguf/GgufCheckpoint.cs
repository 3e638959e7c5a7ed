using Llama.Model.Kernels;
using Llama.Model.Offload;

namespace Llama.Model.Checkpoints.Gguf;

/// <summary>A model in one GGUF file or in several parts, mapped into memory and found whole: opening checks files, metadata and tensors.</summary>
internal sealed unsafe class GgufCheckpoint : IDisposable
{
    private readonly List<GgufFile> _files = [];
    private readonly Dictionary<string, TensorEntry> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, GgufFile> _fileOf = new(StringComparer.Ordinal);

    private GgufCheckpoint(string path) => Path = path;

    /// <summary>The first file, which holds the metadata.</summary>
    public string Path { get; }

    /// <summary>The model's shape.</summary>
    public LlamaConfig Config { get; private set; } = null!;

    public IReadOnlyCollection<TensorEntry> Tensors => _tensors.Values;

    /// <exception cref="CheckpointException">With every fault of the first of these that has any: files, architecture, metadata and tensors.</exception>
    public static GgufCheckpoint Open(string path)
    {
        var checkpoint = new GgufCheckpoint(path);
        try
        {
            checkpoint.OpenParts();
            checkpoint.ReadConfig();
            return checkpoint;
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>What the file says of a tensor, by its GGUF name.</summary>
    public TensorEntry Entry(string name) => _tensors.TryGetValue(name, out TensorEntry? entry) ? entry : throw new CheckpointException(Path, $"has no tensor {name}");

    /// <summary>Address of a tensor's first byte, good until disposal.</summary>
    public byte* Data(TensorEntry entry) => _fileOf[entry.Name].Data(entry);

    /// <summary>A tensor of a floating-point type on the mapped memory itself: never to be written to, to be disposed before the checkpoint is. A vector is one row.</summary>
    public Matrix Map(TensorEntry entry) => HostMemory.Wrap(Data(entry), entry.Shape.Length == 1 ? 1 : checked((int)entry.Shape[0]), checked((int)entry.Shape[^1]),
        TensorDtypes.Parse(entry.Dtype)!.Value.ToTorch());

    /// <summary>Where a tensor lies, for who reads it without mapping it.</summary>
    public FileRange Range(TensorEntry entry) => _fileOf[entry.Name].Range(entry);

    /// <summary>Lets the process go of the pages of a tensor that has been copied.</summary>
    public void Release(TensorEntry entry) => _fileOf[entry.Name].Release(entry);

    public void Dispose() => _files.ForEach(file => file.Dispose());

    private void OpenParts()
    {
        var faults = new List<string>();
        string[] parts = GgufPath.Parts(Path);
        foreach (string part in parts)
        {
            try
            {
                _files.Add(GgufFile.Open(part));
            }
            catch (CheckpointException e) when (parts.Length > 1)
            {
                faults.Add(e.Message);
            }
        }
        foreach (GgufFile file in _files)
        {
            foreach (TensorEntry tensor in file.Tensors)
            {
                if (_tensors.TryAdd(tensor.Name, tensor)) _fileOf[tensor.Name] = file;
                else faults.Add($"{tensor.Name}: is in more than one part");
            }
        }
        if (faults.Count > 0) throw new CheckpointException(Path, faults);
    }

    private void ReadConfig()
    {
        var faults = new List<string>();
        GgufKeys keys = _files[0].Keys(faults);
        if (keys.OptionalInt("split.count", 0) is int count && count > _files.Count)
            throw new CheckpointException(Path, $"is one of {count} parts; name it as they were made, …-00001-of-{count:D5}.gguf, with the others beside it");
        GgufConfig.CheckArchitecture(keys, Path);
        Config = GgufConfig.Read(keys, _tensors, RopeFactors(faults));
        if (faults.Count == 0) faults.AddRange(GgufCheck.Faults(Config, _tensors)); // tensors are measured by a configuration that is sound
        if (faults.Count > 0) throw new CheckpointException(Path, faults);
    }

    private double[]? RopeFactors(List<string> faults)
    {
        if (!_tensors.TryGetValue(GgufNames.RopeFactors, out TensorEntry? entry)) return null;
        if (entry.Dtype != "F32" || entry.Shape.Length != 1)
        {
            faults.Add($"{entry.Name} is {entry}; expected a row of F32");
            return null;
        }
        float[] factors = new ReadOnlySpan<float>(Data(entry), (int)entry.Shape[0]).ToArray();
        if (Array.Exists(factors, factor => !(factor > 0) || !float.IsFinite(factor))) faults.Add($"{entry.Name} holds {Array.Find(factors, f => !(f > 0))}; expected numbers above 0");
        return Array.ConvertAll(factors, factor => (double)factor);
    }
}
