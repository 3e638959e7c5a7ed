using System.Diagnostics;
using System.Runtime.InteropServices;
using Llama.Model.Kernels;
using Llama.Model.Threads;

namespace Llama.Model.Offload;

/// <summary>A little memory for each thread of the creating thread's team, which has the rows that it multiplies with at the moment.</summary>
internal sealed unsafe class PieceMemory : IDisposable
{
    private const int LeastRows = 16, MostRows = 128; // of the longest

    private readonly PerThread<Room> _rooms;
    private readonly long _bytes;
    private readonly byte* _memory; // [threads][bytes]

    /// <param name="rowBytes">Of the longest row.</param>
    /// <param name="most">Bytes for all threads, if so few will do.</param>
    public PieceMemory(long rowBytes, long most)
    {
        _rooms = new PerThread<Room>(() => new Room());
        _bytes = FileRange.Pages(Math.Clamp(most / ThreadCount, LeastRows * rowBytes, MostRows * rowBytes));
        _memory = (byte*)HostUnits.Allocate(ThreadCount * _bytes);
        NativeMemory.Clear(_memory, (nuint)(ThreadCount * _bytes)); // takes its memory now
    }

    public int ThreadCount => _rooms.Count;

    /// <summary>How many rows of a weight a thread's part holds.</summary>
    public int RowsOf(StoredWeight stored) => (int)(_bytes / stored.PieceBytes(1));

    /// <summary>Reads rows into the calling thread's part.</summary>
    public WeightRows Read(StoredWeight stored, int first, int count)
    {
        Room mine = _rooms.Mine;
        long start = Stopwatch.GetTimestamp();
        WeightRows rows = stored.Piece(_memory + ParallelFor.Slot * _bytes, first, count);
        stored.Read(rows, first, count, mine.Stage);
        mine.Ticks += Stopwatch.GetTimestamp() - start;
        return rows;
    }

    /// <summary>For how long a thread has read since this was asked for last, in ticks of <see cref="Stopwatch"/>: the mean of all. While none reads.</summary>
    public long TakeTicks()
    {
        long ticks = 0;
        for (int slot = 0; slot < _rooms.Count; slot++)
        {
            ticks += _rooms[slot].Ticks;
            _rooms[slot].Ticks = 0;
        }
        return ticks / _rooms.Count;
    }

    public void Dispose() => NativeMemory.AlignedFree(_memory);

    private sealed class Room
    {
        public StageMemory Stage { get; } = new();

        public long Ticks { get; set; }
    }
}
