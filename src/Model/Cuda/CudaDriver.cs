using System.Text;
using Llama.Model.Cuda.Native;

namespace Llama.Model.Cuda;

/// <summary>
/// The driver on one device. Its context is the device's primary one, which torch and cuBLAS use too, so that all see the same memory and streams.
/// </summary>
internal sealed unsafe class CudaDriver : ICudaDriver
{
    private const int LogBytes = 16 << 10;
    private const nint DefaultStream = 0;

    // Whose context this thread has. A context is current on a thread, not in a process; to ask here is cheaper than to say it to the driver before each call.
    [ThreadStatic] private static CudaDriver? _current;

    private readonly DriverApi _api;
    private readonly int _device;
    private readonly nint _context;
    private bool _overlaps; // what is launched: it is recorded so
    private bool _awaits; // what is launched next, as LaunchShape.IsAwaited says of the kernel before

    /// <summary>Takes a device and makes its context current on this thread; use <see cref="CudaDevices.Open"/>.</summary>
    public CudaDriver(DriverApi api, CudaDevice device)
    {
        _api = api;
        Device = device;
        fixed (int* handle = &_device) Check(api.DeviceGet(handle, device.Index), "cuDeviceGet");
        fixed (nint* context = &_context) Check(api.DevicePrimaryCtxRetain(context, _device), $"cuDevicePrimaryCtxRetain ({device.Name})");
        try
        {
            MakeCurrent();
        }
        catch
        {
            _ = api.DevicePrimaryCtxRelease(_device);
            throw;
        }
    }

    public CudaDevice Device { get; }

    public (long Free, long Total) MemoryInfo()
    {
        nuint free, total;
        Check(Api.MemGetInfo(&free, &total), "cuMemGetInfo");
        return ((long)free, (long)total);
    }

    public nint Allocate(long bytes)
    {
        nint memory;
        int error = Api.MemAlloc(&memory, (nuint)Math.Max(bytes, 1)); // 0 is refused
        if (error == (int)DriverError.OutOfMemory) throw NotEnough(bytes);
        Check(error, $"cuMemAlloc of {bytes} bytes");
        return memory;
    }

    public void Free(nint memory) => Release(Api.MemFree(memory), "cuMemFree");

    public nint AllocatePinned(long bytes)
    {
        const uint portable = 1; // page-locked for every context
        nint memory;
        int error = Api.MemHostAlloc(&memory, (nuint)Math.Max(bytes, 1), portable);
        if (error == (int)DriverError.OutOfMemory) throw NotEnoughOnHost(bytes);
        Check(error, $"cuMemHostAlloc of {bytes} bytes of page-locked host memory");
        return memory;
    }

    public void FreePinned(nint memory) => Release(Api.MemFreeHost(memory), "cuMemFreeHost");

    // The call comes back when pageable memory was read into the driver's own, and from a copy within the device at once: the rest happens on the default stream.
    public void Copy(nint target, nint source, long bytes)
    {
        Check(Api.Memcpy(target, source, (nuint)bytes), "cuMemcpy");
        Synchronize(DefaultStream);
    }

    public void CopyAsync(nint target, nint source, long bytes, nint stream) => Check(Api.MemcpyAsync(target, source, (nuint)bytes, stream), "cuMemcpyAsync");

    public void FillAsync(nint target, byte value, long bytes, nint stream) => Check(Api.MemsetD8Async(target, value, (nuint)bytes, stream), "cuMemsetD8Async");

    public nint LoadModule(ReadOnlySpan<byte> image)
    {
        byte* log = stackalloc byte[LogBytes];
        log[0] = 0;
        JitOption* options = stackalloc JitOption[] { JitOption.ErrorLogBuffer, JitOption.ErrorLogBufferSizeBytes };
        void** values = stackalloc void*[] { log, (void*)LogBytes };
        nint module;
        int error;
        fixed (byte* data = image) error = Api.ModuleLoadDataEx(&module, data, 2, options, values);
        if (error == 0) return module;
        string said = Encoding.UTF8.GetString(new ReadOnlySpan<byte>(log, LogBytes)).Split('\0')[0].Trim();
        throw DriverFault.Of(_api, error, said.Length == 0 ? "cuModuleLoadDataEx" : $"cuModuleLoadDataEx ({said})");
    }

    public void UnloadModule(nint module) => Release(Api.ModuleUnload(module), "cuModuleUnload");

    public nint GetFunction(nint module, string name)
    {
        nint function;
        fixed (byte* text = Encoding.UTF8.GetBytes(name + '\0')) Check(Api.ModuleGetFunction(&function, module, text), $"cuModuleGetFunction of {name}");
        return function;
    }

    // What takes much of it copies past the first-level cache, and two blocks are to have room even if the driver would have left them less.
    public void AllowSharedMemory(nint function, int bytes)
    {
        const int much = 48 << 10, all = 100; // percent
        Check(Api.FuncSetAttribute(function, FunctionAttribute.MaxDynamicSharedSizeBytes, bytes), $"cuFuncSetAttribute of {bytes} bytes of shared memory");
        if (bytes > much) Check(Api.FuncSetAttribute(function, FunctionAttribute.PreferredSharedMemoryCarveout, all), "cuFuncSetAttribute of the share of shared memory");
    }

    public void Launch(nint function, LaunchShape shape, nint stream, void** arguments)
    {
        bool overlaps = _overlaps && !_awaits;
        _awaits = shape.IsAwaited;
        int error = overlaps ? LaunchOverlapping(function, shape, stream, arguments) : Api.LaunchKernel(
            function, (uint)shape.GridX, (uint)shape.GridY, (uint)shape.GridZ, (uint)shape.Threads, 1, 1, (uint)shape.SharedBytes, stream, arguments, null);
        if (error != 0) throw DriverFault.Of(_api, error, $"cuLaunchKernel{(overlaps ? "Ex" : "")} of {shape}");
    }

    public nint CreateStream()
    {
        const uint nonBlocking = 1; // does not wait for the default stream, which others may use
        nint stream;
        Check(Api.StreamCreate(&stream, nonBlocking), "cuStreamCreate");
        return stream;
    }

    public void DestroyStream(nint stream) => Release(Api.StreamDestroy(stream), "cuStreamDestroy");

    public void Synchronize(nint stream) => Check(Api.StreamSynchronize(stream), "cuStreamSynchronize");

    // Graphs have edges for it from CUDA 12.3 on.
    public bool CanOverlap => Device.Major >= 9 && _api.LaunchKernelEx != null && _api.Version >= new Version(12, 3);

    // Of this thread's calls alone: with Global another thread that allocates device memory meanwhile (torch, a second model) would break the recording; with Relaxed our own mistakes
    // would not show.
    public void BeginCapture(nint stream, bool overlaps = false)
    {
        Check(Api.StreamBeginCapture(stream, CaptureMode.ThreadLocal), "cuStreamBeginCapture");
        _overlaps = overlaps && CanOverlap;
        _awaits = false;
    }

    public nint EndCapture(nint stream)
    {
        nint graph, runnable;
        _overlaps = false;
        Check(Api.StreamEndCapture(stream, &graph), "cuStreamEndCapture");
        int error = _api.GraphInstantiateWithFlags != null ? _api.GraphInstantiateWithFlags(&runnable, graph, 0)
            : _api.GraphInstantiate != null ? _api.GraphInstantiate(&runnable, graph, null, null, 0)
            : throw new CudaException($"The driver (CUDA {_api.Version}) cannot make graphs: update it.");
        Release(_api.GraphDestroy(graph), "cuGraphDestroy"); // what can be launched is a copy
        Check(error, "cuGraphInstantiate");
        return runnable;
    }

    public void LaunchGraph(nint graph, nint stream) => Check(Api.GraphLaunch(graph, stream), "cuGraphLaunch");

    public void DestroyGraph(nint graph) => Release(Api.GraphExecDestroy(graph), "cuGraphExecDestroy");

    public nint CreateEvent()
    {
        nint handle;
        Check(Api.EventCreate(&handle, 0), "cuEventCreate");
        return handle;
    }

    public void DestroyEvent(nint handle) => Release(Api.EventDestroy(handle), "cuEventDestroy");

    public void Record(nint handle, nint stream) => Check(Api.EventRecord(handle, stream), "cuEventRecord");

    public void WaitOn(nint stream, nint handle) => Check(Api.StreamWaitEvent(stream, handle, 0), "cuStreamWaitEvent");

    public void WaitFor(nint handle) => Check(Api.EventSynchronize(handle), "cuEventSynchronize");

    public float MillisecondsBetween(nint start, nint end)
    {
        float milliseconds;
        Check(Api.EventElapsedTime(&milliseconds, start, end), "cuEventElapsedTime");
        return milliseconds;
    }

    public void Dispose()
    {
        _current = null;
        Release(_api.DevicePrimaryCtxRelease(_device), "cuDevicePrimaryCtxRelease");
    }

    private DriverApi Api
    {
        get
        {
            if (_current != this) MakeCurrent();
            return _api;
        }
    }

    private int LaunchOverlapping(nint function, LaunchShape shape, nint stream, void** arguments)
    {
        LaunchAttribute overlap = new() { Id = LaunchAttributeId.ProgrammaticStreamSerialization, Value = 1 };
        LaunchConfiguration configuration = new(shape, stream, &overlap, attributeCount: 1);
        return Api.LaunchKernelEx(&configuration, function, arguments, null);
    }

    private void MakeCurrent()
    {
        Check(_api.CtxSetCurrent(_context), "cuCtxSetCurrent");
        _current = this;
    }

    private void Check(int error, string call) => DriverFault.Check(_api, error, call);

    // What is freed after the context was lost, or while the process ends, is refused for that reason: it was said before, and to say it again would hide where. A wrong handle is our bug.
    private void Release(int error, string call)
    {
        if ((DriverError)error is DriverError.InvalidValue or DriverError.InvalidHandle) throw DriverFault.Of(_api, error, call);
    }

    private InsufficientMemoryException NotEnough(long bytes)
    {
        (long free, long total) = MemoryInfo();
        return new InsufficientMemoryException($"{Device.Name} has not enough memory: {MiB(bytes)} were asked for, {MiB(free)} of {MiB(total)} are free. "
            + "Lower Model:MemoryUtilization, Model:BlockCount or Model:MaxBatchTokens; nvidia-smi shows what else holds memory.");
    }

    // Of the machine's memory, whatever the GPU has left.
    private static InsufficientMemoryException NotEnoughOnHost(long bytes) => new($"The system has not enough memory for a GPU to reach: {MiB(bytes)} of page-locked memory were asked for. "
        + "Free memory, let the container or WSL have more, or raise Model:MemoryLimit if it is set: weights that stream are kept there.");

    private static string MiB(long bytes) => $"{(bytes + (1 << 20) - 1) >> 20} MiB";
}
