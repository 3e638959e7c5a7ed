using System.Runtime.InteropServices;
using Llama.Model.Kernels;
using Llama.Model.Offload;
using static TorchSharp.torch;

namespace Llama.Model.Checkpoints;

/// <summary>
/// A folder in Hugging Face layout: config.json and one or more safetensors files, mapped into memory. Opening checks the files' own consistency,
/// <see cref="Verify"/> that they hold the model which the configuration describes.
/// </summary>
public sealed unsafe class Checkpoint : IDisposable
{
    private readonly Dictionary<string, (SafetensorsFile File, TensorEntry Entry)> _tensors = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<SafetensorsFile> _files;

    private Checkpoint(string folder, LlamaConfig config, IReadOnlyList<SafetensorsFile> files)
    {
        (Folder, Config, _files) = (folder, config, files);
        foreach (SafetensorsFile file in files)
            foreach (TensorEntry entry in file.Entries) _tensors.TryAdd(entry.Name, (file, entry));
    }

    /// <summary>Where it lies.</summary>
    public string Folder { get; }

    /// <summary>The model's shape.</summary>
    public LlamaConfig Config { get; }

    /// <summary>All tensors, whether the model uses them or not.</summary>
    public IEnumerable<TensorEntry> Tensors => _tensors.Values.Select(tensor => tensor.Entry);

    /// <summary>Bytes of all tensors on disk.</summary>
    public long ByteCount => Tensors.Sum(tensor => tensor.ByteCount);

    /// <summary>Maps the checkpoint of a folder.</summary>
    /// <exception cref="CheckpointException">With every fault of the first of these that has any: configuration, list of files, headers.</exception>
    public static Checkpoint Open(string folder)
    {
        if (!Directory.Exists(folder)) throw new CheckpointException(folder, "no such folder");
        LlamaConfig config = LlamaConfig.Load(folder);
        return new Checkpoint(folder, config, CheckpointFiles.Open(folder));
    }

    /// <summary>Compares the tensors with what the configuration demands.</summary>
    /// <exception cref="CheckpointException">With everything that is missing, misshapen, of a type that cannot be loaded, or unexpected.</exception>
    public void Verify()
    {
        IReadOnlyList<string> faults = CheckpointCheck.Faults(Config, Tensors);
        if (faults.Count > 0) throw new CheckpointException(Folder, faults);
    }

    /// <summary>What the checkpoint says of a tensor.</summary>
    /// <exception cref="CheckpointException">When there is none of that name.</exception>
    public TensorEntry Entry(string name) => Find(name).Entry;

    /// <summary>Address of a tensor's bytes, read-only, good until disposal; aligned to its elements only if the file's writer saw to it.</summary>
    internal void* Data(string name)
    {
        (SafetensorsFile file, TensorEntry entry) = Find(name);
        return file.Data(entry);
    }

    /// <summary>
    /// A tensor of one or two dimensions on the mapped memory itself: no copy, never to be written to (the pages are read-only), to be disposed before the checkpoint is.
    /// Only data that its file left unaligned to the element size is copied. A vector is one row.
    /// </summary>
    internal Matrix Map(string name)
    {
        (SafetensorsFile file, TensorEntry entry) = Find(name);
        if (TensorDtypes.Parse(entry.Dtype) is not TensorDtype dtype)
            throw new CheckpointException(file.Path, $"{name} is {entry.Dtype}; expected F32, F16, BF16 or U8");
        byte* data = file.Data(entry);
        int columns = checked((int)entry.Shape[^1]), rows = entry.Shape.Length == 1 ? 1 : checked((int)entry.Shape[0]);
        return (nuint)data % (nuint)dtype.Size() == 0 ? HostMemory.Wrap(data, rows, columns, dtype.ToTorch()) : Copy(data, rows, columns, dtype.ToTorch());
    }

    /// <summary>Where a tensor lies, for who reads it without mapping it.</summary>
    internal FileRange Range(string name)
    {
        (SafetensorsFile file, TensorEntry entry) = Find(name);
        return file.Range(entry);
    }

    /// <summary>Lets the process go of a tensor's pages, which it will hardly read again.</summary>
    internal void Release(string name)
    {
        (SafetensorsFile file, TensorEntry entry) = Find(name);
        file.Release(entry);
    }

    /// <summary>Unmaps the files.</summary>
    public void Dispose()
    {
        foreach (SafetensorsFile file in _files) file.Dispose();
    }

    private (SafetensorsFile File, TensorEntry Entry) Find(string name) =>
        _tensors.TryGetValue(name, out (SafetensorsFile, TensorEntry) found) ? found : throw new CheckpointException(Folder, $"has no tensor {name}");

    private static Matrix Copy(byte* data, int rows, int columns, ScalarType dtype)
    {
        Matrix copy = HostMemory.EmptyForReading(rows, columns, dtype);
        NativeMemory.Copy(data, copy.Data, (nuint)copy.ByteCount);
        return copy;
    }
}
