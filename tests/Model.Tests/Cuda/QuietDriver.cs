using System.Runtime.InteropServices;
using Llama.Model.Cuda;

namespace Llama.Model.Tests.Cuda;

/// <summary>A device that takes everything and does nothing, for what a launcher itself costs. Page-locked memory is there, and zeros at first.</summary>
internal sealed unsafe class QuietDriver : ICudaDriver, ICudaCompiler
{
    private bool _overlaps;
    private nint _newest;

    /// <summary>Kernels that were enqueued.</summary>
    public int LaunchCount { get; private set; }

    /// <summary>Graphs that are there, and whether their kernels overlap.</summary>
    public Dictionary<nint, bool> Graphs { get; } = [];

    /// <summary>The graph that was launched last.</summary>
    public nint Launched { get; private set; }

    /// <summary>How often a recording of kernels that overlap was asked for.</summary>
    public int OverlapCount { get; private set; }

    /// <summary>Whether such a recording fails.</summary>
    public bool RefusesToOverlap { get; init; }

    /// <summary>Milliseconds of a graph, by whether its kernels overlap.</summary>
    public Func<bool, float> TimeOf { get; init; } = _ => 0;

    public CudaDevice Device { get; } = new(0, "Quiet", 9, 0, 132, 227 << 10);

    public byte[] Compile(CudaUnit unit, string architecture) => [];

    public (long Free, long Total) MemoryInfo() => (1L << 36, 1L << 36);

    public nint Allocate(long bytes) => 256;

    public void Free(nint memory) { }

    public nint AllocatePinned(long bytes) => (nint)NativeMemory.AllocZeroed((nuint)bytes);

    public void FreePinned(nint memory) => NativeMemory.Free((void*)memory);

    public void Copy(nint target, nint source, long bytes) { }

    public void CopyAsync(nint target, nint source, long bytes, nint stream) { }

    public void FillAsync(nint target, byte value, long bytes, nint stream) { }

    public nint LoadModule(ReadOnlySpan<byte> image) => 1;

    public void UnloadModule(nint module) { }

    public nint GetFunction(nint module, string name) => 1;

    public void AllowSharedMemory(nint function, int bytes) { }

    public void Launch(nint function, LaunchShape shape, nint stream, void** arguments) => LaunchCount++;

    public nint CreateStream() => 1;

    public void DestroyStream(nint stream) { }

    public void Synchronize(nint stream) { }

    public bool CanOverlap { get; init; }

    public void BeginCapture(nint stream, bool overlaps = false)
    {
        _overlaps = overlaps;
        if (overlaps) OverlapCount++;
    }

    public nint EndCapture(nint stream)
    {
        if (_overlaps && RefusesToOverlap) throw new CudaException("cuStreamEndCapture failed");
        Graphs[++_newest] = _overlaps;
        return _newest;
    }

    public void LaunchGraph(nint graph, nint stream) => Launched = graph;

    public void DestroyGraph(nint graph) => Graphs.Remove(graph);

    public nint CreateEvent() => 1;

    public void DestroyEvent(nint handle) { }

    public void Record(nint handle, nint stream) { }

    public void WaitOn(nint stream, nint handle) { }

    public void WaitFor(nint handle) { }

    public float MillisecondsBetween(nint start, nint end) => TimeOf(Graphs[Launched]);

    public void Dispose() { }
}
