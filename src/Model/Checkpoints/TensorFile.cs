using Llama.Model.Offload;

namespace Llama.Model.Checkpoints;

/// <summary>A file of tensors, mapped into memory read-only: pages come in as they are used.</summary>
/// <param name="path">Where it lies.</param>
/// <param name="file">Taken over.</param>
/// <param name="tensors">In the order of the header, which has been checked: all of them lie within the file.</param>
internal abstract unsafe class TensorFile(string path, MappedFile file, IReadOnlyList<TensorEntry> tensors) : IDisposable
{
    public string Path { get; } = path;

    /// <summary>The tensors in the order of the header.</summary>
    public IReadOnlyList<TensorEntry> Tensors { get; } = tensors;

    /// <summary>Address of a tensor's first byte, good until disposal; aligned only as the file is.</summary>
    public byte* Data(TensorEntry entry) => file.Start + entry.Offset;

    /// <summary>Where a tensor lies, for callers that read it without mapping it.</summary>
    public FileRange Range(TensorEntry entry) => new(file.Stored, entry.Offset, entry.ByteCount);

    /// <summary>Gives up the process's hold on a tensor's pages, which it will hardly read again.</summary>
    public void Release(TensorEntry entry) => file.Release(entry.Offset, entry.ByteCount);

    public void Dispose() => file.Dispose();
}
