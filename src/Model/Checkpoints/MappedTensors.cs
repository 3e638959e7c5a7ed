using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Llama.Model.Kernels;
using Llama.Model.Offload;
using static TorchSharp.torch;

namespace Llama.Model.Checkpoints;

/// <summary>All tensors of a checkpoint by name, whether the model uses them or not, in files that are mapped into memory.</summary>
internal sealed unsafe class MappedTensors : IReadOnlyCollection<TensorEntry>, IDisposable
{
    private readonly string _source;
    private readonly IReadOnlyList<TensorFile> _files;
    private readonly Dictionary<string, (TensorFile File, TensorEntry Entry)> _tensors = new(StringComparer.Ordinal);

    /// <param name="source">What faults call the checkpoint.</param>
    /// <param name="files">Taken over. No two of them have a tensor of the same name.</param>
    public MappedTensors(string source, IReadOnlyList<TensorFile> files)
    {
        (_source, _files) = (source, files);
        foreach (TensorFile file in files)
            foreach (TensorEntry entry in file.Tensors) _tensors.Add(entry.Name, (file, entry));
    }

    public int Count => _tensors.Count;

    /// <summary>Whether there is a tensor of that name, and what its file says of it.</summary>
    public bool TryFind(string name, [NotNullWhen(true)] out TensorEntry? entry)
    {
        entry = _tensors.TryGetValue(name, out (TensorFile, TensorEntry Entry) found) ? found.Entry : null;
        return entry is not null;
    }

    /// <summary>What its file says of a tensor.</summary>
    /// <exception cref="CheckpointException">When there is none of that name; so of all that follow.</exception>
    public TensorEntry Entry(string name) => Find(name).Entry;

    /// <summary>Address of a tensor's bytes, read-only, good until disposal; aligned to its elements only if the file's writer saw to it.</summary>
    public byte* Data(string name)
    {
        (TensorFile file, TensorEntry entry) = Find(name);
        return file.Data(entry);
    }

    /// <summary>
    /// A tensor of one or two dimensions on the mapped memory itself: no copy, never to be written to (the pages are read-only), to be disposed before the files are.
    /// Only data that its file left unaligned to the element size is copied. A vector is one row.
    /// </summary>
    public Matrix Map(string name)
    {
        (TensorFile file, TensorEntry entry) = Find(name);
        if (TensorDtypes.Parse(entry.Dtype) is not TensorDtype dtype)
            throw new CheckpointException(file.Path, $"{name} is {entry.Dtype}; expected F32, F16, BF16 or U8");
        byte* data = file.Data(entry);
        int columns = checked((int)entry.Shape[^1]), rows = entry.Shape.Length == 1 ? 1 : checked((int)entry.Shape[0]);
        return (nuint)data % (nuint)dtype.Size() == 0 ? HostMemory.Wrap(data, rows, columns, dtype.ToTorch()) : Copy(data, rows, columns, dtype.ToTorch());
    }

    /// <summary>Where a tensor lies, for callers that read it without mapping it.</summary>
    public FileRange Range(string name)
    {
        (TensorFile file, TensorEntry entry) = Find(name);
        return file.Range(entry);
    }

    /// <summary>Gives up the process's hold on a tensor's pages, which it will hardly read again.</summary>
    public void Release(string name)
    {
        (TensorFile file, TensorEntry entry) = Find(name);
        file.Release(entry);
    }

    public IEnumerator<TensorEntry> GetEnumerator() => _tensors.Values.Select(tensor => tensor.Entry).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Unmaps the files.</summary>
    public void Dispose()
    {
        foreach (TensorFile file in _files) file.Dispose();
    }

    private (TensorFile File, TensorEntry Entry) Find(string name) =>
        _tensors.TryGetValue(name, out (TensorFile, TensorEntry) found) ? found : throw new CheckpointException(_source, $"has no tensor {name}");

    private static Matrix Copy(byte* data, int rows, int columns, ScalarType dtype)
    {
        Matrix copy = HostMemory.EmptyForReading(rows, columns, dtype);
        NativeMemory.Copy(data, copy.Data, (nuint)copy.ByteCount);
        return copy;
    }
}
