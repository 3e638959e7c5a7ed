using Llama.Model.Cuda;

namespace Llama.Model.Tests.Cuda;

/// <summary>A device that takes everything and does nothing, for what a launcher itself costs.</summary>
internal sealed unsafe class QuietDriver : ICudaDriver, ICudaCompiler
{
    /// <summary>Kernels that were enqueued.</summary>
    public int LaunchCount { get; private set; }

    public CudaDevice Device { get; } = new(0, "Quiet", 9, 0, 132, 227 << 10);

    public byte[] Compile(CudaUnit unit, string architecture) => [];

    public (long Free, long Total) MemoryInfo() => (1L << 36, 1L << 36);

    public nint Allocate(long bytes) => 256;

    public void Free(nint memory) { }

    public nint AllocatePinned(long bytes) => 256;

    public void FreePinned(nint memory) { }

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

    public bool CanOverlap => false;

    public void BeginCapture(nint stream, bool overlaps = false) { }

    public nint EndCapture(nint stream) => 1;

    public void LaunchGraph(nint graph, nint stream) { }

    public void DestroyGraph(nint graph) { }

    public nint CreateEvent() => 1;

    public void DestroyEvent(nint handle) { }

    public void Record(nint handle, nint stream) { }

    public void WaitOn(nint stream, nint handle) { }

    public void WaitFor(nint handle) { }

    public float MillisecondsBetween(nint start, nint end) => 0;

    public void Dispose() { }
}
