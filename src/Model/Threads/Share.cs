using System.Diagnostics;

namespace Llama.Model.Threads;

/// <summary>
/// The items of a loop that one thread shall do: [begin, end) in one word, so that a claim is one compare-and-swap. Its thread takes pieces from the front and
/// helpers from the back; pieces shrink with what is left, down to the grain. Only its loop's caller fills it, when it is empty.
/// </summary>
internal struct Share
{
    /// <summary>How far a range may reach: its ends have half a word each.</summary>
    public const long MostItems = uint.MaxValue;

    private const int PiecesPerShare = 4; // of what is left

    private PaddedLong _range; // begin in the upper half, end in the lower

    public void Set(long begin, long end)
    {
        Debug.Assert(end <= MostItems);
        Volatile.Write(ref _range.Value, Pack(begin, end));
    }

    public bool TryTakeFirst(long grain, out long begin, out long end)
    {
        while (true)
        {
            long range = Volatile.Read(ref _range.Value), last = Unpack(range, out begin);
            end = begin + PieceOf(last - begin, grain);
            if (begin == end) return false;
            if (Interlocked.CompareExchange(ref _range.Value, Pack(end, last), range) == range) return true;
        }
    }

    public bool TryTakeLast(long grain, out long begin, out long end)
    {
        while (true)
        {
            long range = Volatile.Read(ref _range.Value);
            end = Unpack(range, out long first);
            begin = end - PieceOf(end - first, grain);
            if (begin == end) return false;
            if (Interlocked.CompareExchange(ref _range.Value, Pack(first, begin), range) == range) return true;
        }
    }

    private static long PieceOf(long count, long grain) => Math.Min(count, Math.Max(grain, count / PiecesPerShare));

    private static long Pack(long begin, long end) => begin << 32 | end;

    private static long Unpack(long range, out long begin)
    {
        begin = (long)((ulong)range >> 32);
        return (uint)range;
    }
}
