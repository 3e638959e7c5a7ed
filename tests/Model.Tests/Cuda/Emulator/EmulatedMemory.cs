using System.Runtime.InteropServices;
using Llama.Model.Cuda;

namespace Llama.Model.Tests.Cuda.Emulator;

/// <summary>
/// Memory between stretches that nothing may touch, aligned to 256 bytes at its end, filled with 0xFF: not numbers, or −1. What is freed cannot be touched any more, and its addresses are not given
/// out again.
/// </summary>
internal sealed unsafe partial class EmulatedMemory(string kind) : IDisposable
{
    private const int Page = 4096, Alignment = 256, Guard = 1 << 20;
    private const int None = 0, ReadWrite = 3, PrivateAnonymous = 0x22, DontNeed = 4;

    private static long _next = 0x1000_0000_0000; // thread.h knows it: where no system puts anything of itself

    private readonly List<Area> _areas = []; // by address
    private readonly List<nint> _starts = [];

    /// <summary>Bytes that are allocated now, each allocation to whole units of alignment.</summary>
    public long Used { get; private set; }

    /// <summary>How many allocations were not freed.</summary>
    public int LiveCount { get; private set; }

    public nint Allocate(long bytes)
    {
        long room = Round(Math.Max(bytes, 1), Alignment), pages = Round(room, Page);
        nint hint = (nint)(Interlocked.Add(ref _next, pages + 2 * Guard) - (pages + 2 * Guard)), mapping = Map(hint, (nuint)(pages + 2 * Guard), None, PrivateAnonymous, -1, 0);
        if (mapping == -1 || Protect(mapping + Guard, (nuint)pages, ReadWrite) != 0) throw new InsufficientMemoryException($"mapping {bytes} bytes failed");
        nint start = mapping + Guard + (nint)(pages - room);
        Insert(new Area(start, bytes, mapping, pages));
        new Span<byte>((void*)(mapping + Guard), checked((int)pages)).Fill(0xff);
        (Used, LiveCount) = (Used + room, LiveCount + 1);
        return start;
    }

    public void Free(nint memory)
    {
        int index = Find(memory);
        if (index < 0 || _areas[index].Start != memory || _areas[index].Freed) throw new CudaException($"freeing {memory:x}, which is not {kind} memory that is allocated: CUDA_ERROR_INVALID_VALUE");
        Area area = _areas[index];
        string? overrun = Overrun(area);
        if (Protect(area.Mapping + Guard, (nuint)area.Pages, None) != 0 || Advise(area.Mapping + Guard, (nuint)area.Pages, DontNeed) != 0) throw new InvalidOperationException("taking memory away failed");
        _areas[index] = area with { Freed = true };
        (Used, LiveCount) = (Used - Round(area.Bytes, Alignment), LiveCount - 1);
        if (overrun != null) throw new CudaException(overrun);
    }

    /// <summary>True if all of these bytes are allocated together.</summary>
    public bool Holds(nint address, long bytes)
    {
        int index = Find(address);
        return index >= 0 && !_areas[index].Freed && address + bytes <= _areas[index].Start + _areas[index].Bytes;
    }

    /// <summary>True if any of it was ever given out here.</summary>
    public bool Knows(nint address) => Find(address) >= 0;

    /// <summary>Where an address is, in words.</summary>
    public string? Whereabouts(nint address)
    {
        int index = Find(address);
        if (index < 0) return null;
        Area area = _areas[index];
        long offset = address - area.Start;
        string place = offset < 0 ? $"{-offset} bytes before" : offset < area.Bytes ? $"at byte {offset} of" : $"{offset - area.Bytes} bytes behind";
        return $"{place} {kind} memory of {area.Bytes} bytes{(area.Freed ? ", which was freed" : "")}";
    }

    /// <summary>The size of every allocation that was not freed.</summary>
    public IEnumerable<long> Live => _areas.Where(area => !area.Freed).Select(area => area.Bytes);

    public void Dispose()
    {
        foreach (Area area in _areas) _ = Unmap(area.Mapping, (nuint)(area.Pages + 2 * Guard));
        _areas.Clear();
        _starts.Clear();
    }

    // The few bytes up to the alignment are not guarded, but nobody may write there either.
    private string? Overrun(Area area)
    {
        ReadOnlySpan<byte> behind = new((void*)(area.Start + (nint)area.Bytes), (int)(Round(area.Bytes, Alignment) - area.Bytes));
        int written = behind.IndexOfAnyExcept((byte)0xff);
        return written < 0 ? null : $"something wrote {written} bytes behind {kind} memory of {area.Bytes} bytes";
    }

    private void Insert(Area area)
    {
        int index = ~_starts.BinarySearch(area.Mapping);
        _starts.Insert(index, area.Mapping);
        _areas.Insert(index, area);
    }

    private int Find(nint address)
    {
        int index = _starts.BinarySearch(address);
        if (index < 0) index = ~index - 1;
        return index >= 0 && address < _areas[index].Mapping + _areas[index].Pages + 2 * Guard ? index : -1;
    }

    private static long Round(long bytes, long unit) => (bytes + unit - 1) / unit * unit;

    private readonly record struct Area(nint Start, long Bytes, nint Mapping, long Pages)
    {
        public bool Freed { get; init; }
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint bytes, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint bytes);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint bytes, int protection);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint bytes, int advice);
}
