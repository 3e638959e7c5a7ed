using Llama.Model.Cuda;

namespace Llama.Bench;

/// <summary>A driver whose calls in a step are marked: each at its beginning, and the waiting also at its end.</summary>
/// <param name="inner">Does the work.</param>
/// <param name="marks">Takes the marks.</param>
/// <param name="wait">What is waited for besides.</param>
internal sealed unsafe class MarkedDriver(ICudaDriver inner, HostMarks marks, Action wait) : ICudaDriver
{
    public CudaDevice Device => inner.Device;

    public bool CanOverlap => inner.CanOverlap;

    public (long Free, long Total) MemoryInfo() => inner.MemoryInfo();

    public nint Allocate(long bytes) => inner.Allocate(bytes);

    public void Free(nint memory) => inner.Free(memory);

    public nint AllocatePinned(long bytes) => inner.AllocatePinned(bytes);

    public void FreePinned(nint memory) => inner.FreePinned(memory);

    public void Copy(nint target, nint source, long bytes) => inner.Copy(target, source, bytes);

    public void CopyAsync(nint target, nint source, long bytes, nint stream)
    {
        marks.Pass("copy");
        inner.CopyAsync(target, source, bytes, stream);
        marks.Pass("copied");
    }

    public void FillAsync(nint target, byte value, long bytes, nint stream) => inner.FillAsync(target, value, bytes, stream);

    public nint LoadModule(ReadOnlySpan<byte> image) => inner.LoadModule(image);

    public void UnloadModule(nint module) => inner.UnloadModule(module);

    public nint GetFunction(nint module, string name) => inner.GetFunction(module, name);

    public void AllowSharedMemory(nint function, int bytes) => inner.AllowSharedMemory(function, bytes);

    public void Launch(nint function, LaunchShape shape, nint stream, void** arguments)
    {
        marks.Pass("launch");
        inner.Launch(function, shape, stream, arguments);
        marks.Pass("launched");
    }

    public nint CreateStream() => inner.CreateStream();

    public void DestroyStream(nint stream) => inner.DestroyStream(stream);

    public void Synchronize(nint stream) => inner.Synchronize(stream);

    public void BeginCapture(nint stream, bool overlaps = false) => inner.BeginCapture(stream, overlaps);

    public nint EndCapture(nint stream) => inner.EndCapture(stream);

    public void LaunchGraph(nint graph, nint stream)
    {
        marks.Pass("launch graph");
        inner.LaunchGraph(graph, stream);
        marks.Pass("launched graph");
    }

    public void DestroyGraph(nint graph) => inner.DestroyGraph(graph);

    public nint CreateEvent() => inner.CreateEvent();

    public void DestroyEvent(nint handle) => inner.DestroyEvent(handle);

    public void Record(nint handle, nint stream)
    {
        marks.Pass("record");
        inner.Record(handle, stream);
        marks.Pass("recorded");
    }

    public void WaitOn(nint stream, nint handle) => inner.WaitOn(stream, handle);

    public void WaitFor(nint handle)
    {
        marks.Pass(HostMarks.Waiting);
        inner.WaitFor(handle);
        wait();
        marks.Pass("waited");
    }

    public float MillisecondsBetween(nint start, nint end) => inner.MillisecondsBetween(start, end);

    public void Dispose() => inner.Dispose();
}
