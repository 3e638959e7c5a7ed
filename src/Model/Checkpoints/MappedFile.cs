using System.IO.MemoryMappedFiles;
using Llama.Model.Offload;

namespace Llama.Model.Checkpoints;

/// <summary>A file mapped into memory read-only: pages come in as they are used.</summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;

    public MappedFile(string path)
    {
        Length = new FileInfo(path).Length;
        Stored = new StoredFile(path);
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
    }

    /// <summary>Bytes of the file.</summary>
    public long Length { get; }

    /// <summary>The same file, for callers that read it without mapping it.</summary>
    public StoredFile Stored { get; }

    /// <summary>Address of the first byte, good until disposal; at a page's beginning.</summary>
    public byte* Start => _start;

    /// <summary>Gives up the process's hold on all pages of a range that it will hardly read again. They stay in the system's cache, where whatever else lies on the first and the last page is found again.</summary>
    public void Release(long offset, long count)
    {
        long page = Environment.SystemPageSize, first = offset / page * page, end = (offset + count + page - 1) / page * page;
        PageAdvice.LetGo(_start + first, end - first);
    }

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
        Stored.Dispose();
    }
}
