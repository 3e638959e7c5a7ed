using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Llama.Model.Threads;

namespace Llama.Server.Bench.Local;

/// <summary>How fast this machine reads memory, by summing a buffer on several threads: what decoding cannot outrun while each token reads all weights.</summary>
internal sealed class MemoryRead
{
    private const long MostBytes = 1L << 30; // more than any cache holds; from there on the rate does not change

    private readonly ulong[][] _parts; // one for each thread

    /// <param name="bytes">About how much the weights take; what fits a cache is compared with a cache.</param>
    /// <param name="threads">As many as compute.</param>
    public MemoryRead(long bytes, int threads)
    {
        int length = (int)(Math.Clamp(bytes, 1 << 16, MostBytes) / threads / sizeof(ulong));
        _parts = [.. Enumerable.Range(0, threads).Select(_ => new ulong[length])];
        for (int i = 0; i < threads; i++) Array.Fill(_parts[i], (ulong)i + 1); // written once: untouched pages would all be the same page of zeros
    }

    /// <summary>Memory that is read, and taken.</summary>
    public long ByteCount => _parts.Sum(part => (long)part.Length * sizeof(ulong));

    /// <summary>Reads it, small buffers many times over; GB/s.</summary>
    public double Measure()
    {
        int passes = (int)Math.Clamp(MostBytes / ByteCount, 1, 64);
        using Barrier together = new(_parts.Length + 1);
        Thread[] threads = [.. _parts.Select(part => new Thread(() => Read(part, passes, together)))];
        foreach (Thread thread in threads) thread.Begin();
        together.SignalAndWait();
        long start = Stopwatch.GetTimestamp();
        together.SignalAndWait();
        return (double)ByteCount * passes / 1e9 / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static void Read(ulong[] part, int passes, Barrier together)
    {
        together.SignalAndWait();
        ulong sum = 0;
        for (int pass = 0; pass < passes; pass++) sum += Sum(part);
        together.SignalAndWait();
        GC.KeepAlive(sum); // boxed, so that the sums are wanted
    }

    /// <summary>Four registers, so that no addition waits for the one before it.</summary>
    internal static ulong Sum(ReadOnlySpan<ulong> values)
    {
        ReadOnlySpan<Vector512<ulong>> vectors = MemoryMarshal.Cast<ulong, Vector512<ulong>>(values);
        Vector512<ulong> a = default, b = default, c = default, d = default;
        int i = 0;
        for (; i + 4 <= vectors.Length; i += 4)
        {
            a += vectors[i];
            b += vectors[i + 1];
            c += vectors[i + 2];
            d += vectors[i + 3];
        }
        for (; i < vectors.Length; i++) a += vectors[i];
        ulong sum = Vector512.Sum(a + b + c + d);
        foreach (ulong rest in values[(vectors.Length * Vector512<ulong>.Count)..]) sum += rest;
        return sum;
    }
}
