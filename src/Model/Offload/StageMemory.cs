using Llama.Model.Kernels;

namespace Llama.Model.Offload;

/// <summary>Where a reader keeps what it has read of a file and still must convert.</summary>
internal sealed unsafe class StageMemory
{
    private readonly ScratchMemory _memory = new();

    /// <summary>Reads part of a tensor.</summary>
    /// <returns>Its bytes, good until the next call.</returns>
    public byte* Read(FileRange tensor, long start, long bytes)
    {
        long offset = tensor.Offset + start;
        nint room = (nint)_memory.Get(bytes + 3 * StoredFile.PageBytes), page = (room + StoredFile.PageBytes - 1) & -StoredFile.PageBytes;
        byte* target = (byte*)page + offset % StoredFile.PageBytes;
        tensor.File.Read(offset, bytes, target);
        return target;
    }
}
