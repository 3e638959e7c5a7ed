namespace Llama.Model.Cuda;

/// <summary>
/// What is used of the CUDA driver on one device, whose context is current on the thread that made this and that makes every call. Addresses and handles are as the driver gives them;
/// nothing is checked twice: a call that the driver refuses throws.
/// </summary>
/// <exception cref="CudaException">Any call: with the driver's name of the error and what was tried.</exception>
internal unsafe interface ICudaDriver : IDisposable
{
    /// <summary>What the device is.</summary>
    CudaDevice Device { get; }

    /// <summary>Bytes of the device's memory: free now and in all (<c>cuMemGetInfo</c>).</summary>
    (long Free, long Total) MemoryInfo();

    /// <summary>Device memory, not cleared, aligned to 256 bytes at least.</summary>
    /// <exception cref="InsufficientMemoryException">There is not so much; with the numbers.</exception>
    nint Allocate(long bytes);

    void Free(nint memory);

    /// <summary>Page-locked host memory: asynchronous copies need it, and kernels reach it at the same address (CUDA Driver API, "Unified Addressing").</summary>
    nint AllocatePinned(long bytes);

    void FreePinned(nint memory);

    /// <summary>Copies between any two memories, host or device, and waits until it is done; but not for what was enqueued on a stream before: that is <see cref="Synchronize"/>.</summary>
    void Copy(nint target, nint source, long bytes);

    /// <summary>Enqueues a copy between device memory and page-locked host memory, or within the device.</summary>
    void CopyAsync(nint target, nint source, long bytes, nint stream);

    /// <summary>Enqueues the filling of device memory with a byte.</summary>
    void FillAsync(nint target, byte value, long bytes, nint stream);

    /// <summary>Loads a compiled module.</summary>
    /// <param name="image">What an <see cref="ICudaCompiler"/> made for this device.</param>
    nint LoadModule(ReadOnlySpan<byte> image);

    void UnloadModule(nint module);

    /// <summary>Finds a kernel by its unmangled name.</summary>
    nint GetFunction(nint module, string name);

    /// <summary>Lets a kernel have more dynamic shared memory than the 48 KiB that need no asking.</summary>
    void AllowSharedMemory(nint function, int bytes);

    /// <summary>Enqueues a kernel.</summary>
    /// <param name="arguments">One address for each parameter of the kernel, of its value.</param>
    void Launch(nint function, LaunchShape shape, nint stream, void** arguments);

    nint CreateStream();

    void DestroyStream(nint stream);

    /// <summary>Waits for all that was enqueued on it.</summary>
    void Synchronize(nint stream);

    /// <summary>Whether kernels of a recording can overlap, as far as device and driver go.</summary>
    bool CanOverlap { get; }

    /// <summary>From now on what this thread enqueues on the stream is recorded, not done.</summary>
    /// <param name="stream">Which.</param>
    /// <param name="overlaps">Whether each of our kernels may take its places while the one before still runs, for which it must be made (<c>overlap.cuh</c>).</param>
    void BeginCapture(nint stream, bool overlaps = false);

    /// <summary>Ends the recording and makes it a graph that can be launched again and again.</summary>
    nint EndCapture(nint stream);

    /// <summary>Enqueues all that was recorded.</summary>
    void LaunchGraph(nint graph, nint stream);

    void DestroyGraph(nint graph);

    nint CreateEvent();

    void DestroyEvent(nint handle);

    /// <summary>Marks this place of a stream.</summary>
    void Record(nint handle, nint stream);

    /// <summary>Has what is enqueued on a stream from now on wait until the place that was marked last was reached, on whichever stream.</summary>
    void WaitOn(nint stream, nint handle);

    /// <summary>Waits until the place was reached.</summary>
    void WaitFor(nint handle);

    /// <summary>Time on the device between two places that were reached.</summary>
    float MillisecondsBetween(nint start, nint end);
}
