using Llama.Model.Cuda;

namespace Llama.Model.Tests.Cuda.Emulator;

/// <summary>
/// A device of the processor: kernels of <see cref="EmulatedCompiler"/> run thread by thread in an order drawn from a seed. Refuses what a real driver would, and what would go wrong on one:
/// calls from another thread, memory that is not the device's, whatever may not be done while a graph is recorded.
/// </summary>
internal sealed unsafe partial class EmulatedDriver : ICudaDriver
{
    private readonly Thread _thread = Thread.CurrentThread;
    private readonly long _bytes;
    private readonly EmulatedMemory _device = new("device"), _pinned = new("page-locked");
    private readonly Dictionary<nint, object> _objects = [];
    private readonly Random _chance;
    private readonly Func<nint, string> _whereabouts;
    private nint _lastHandle = 0x1000;
    private CudaException? _fault;
    private EmulatedStream? _recording; // the stream of which a graph is recorded
    private bool _overlaps; // kernels in it
    private bool _awaits, _isFirst; // the next of them

    /// <summary>Of a device when nothing else is said: few, so that each has as much to do as those of a real one with a real model.</summary>
    public const int Multiprocessors = 12;

    /// <summary>Shared memory of a block when nothing else is said, as of compute capability 9.0.</summary>
    public const int MostSharedBytes = 227 << 10;

    /// <param name="bytes">Memory of the device.</param>
    /// <param name="seed">Of every order that is left to chance; 0 takes that of <c>LLAMA_EMULATOR_SEED</c>, or 1.</param>
    /// <param name="multiprocessors">Of the device.</param>
    /// <param name="sharedBytes">Shared memory that a block can have.</param>
    public EmulatedDriver(long bytes = 1L << 30, int seed = 0, int multiprocessors = Multiprocessors, int sharedBytes = MostSharedBytes)
    {
        Device = new CudaDevice(0, "Emulated", 9, 0, multiprocessors, sharedBytes);
        _bytes = bytes;
        _whereabouts = Whereabouts;
        _chance = new Random(seed != 0 ? seed : int.TryParse(Environment.GetEnvironmentVariable("LLAMA_EMULATOR_SEED"), out int set) ? set : 1);
    }

    public CudaDevice Device { get; }

    public bool CanOverlap { get; init; }

    /// <inheritdoc cref="EmulatedDevice.OnLaunch"/>
    public Action<string>? OnLaunch { get; init; }

    /// <summary>Things done so far, but for kernels that overlapped.</summary>
    public long Clock { get; set; }

    /// <summary>What was made and not destroyed, in words; empty when nothing was.</summary>
    public string Leaks => string.Join(", ", _objects.Values.Select(made => made.GetType().Name[8..].ToLowerInvariant())
        .Concat(_device.Live.Select(bytes => $"{bytes} bytes of device memory")).Concat(_pinned.Live.Select(bytes => $"{bytes} bytes of page-locked memory")));

    public (long Free, long Total) MemoryInfo()
    {
        RequireThread();
        return (_bytes - _device.Used, _bytes);
    }

    public nint Allocate(long bytes)
    {
        RequireNoRecording("allocating");
        if (bytes > _bytes - _device.Used) throw new InsufficientMemoryException($"{bytes:N0} bytes of device memory were asked for, {_bytes - _device.Used:N0} of {_bytes:N0} are free.");
        return _device.Allocate(bytes);
    }

    public void Free(nint memory)
    {
        RequireNothingUnderWay("freeing");
        _device.Free(memory);
    }

    public nint AllocatePinned(long bytes)
    {
        RequireNoRecording("allocating");
        return _pinned.Allocate(bytes);
    }

    public void FreePinned(nint memory)
    {
        RequireNothingUnderWay("freeing");
        _pinned.Free(memory);
    }

    public void Copy(nint target, nint source, long bytes)
    {
        RequireNoRecording("a copy that waits");
        foreach (nint address in new ReadOnlySpan<nint>([target, source]))
            if (_device.Knows(address) || _pinned.Knows(address)) _ = Reach(address, bytes);
        Buffer.MemoryCopy((void*)source, (void*)target, bytes, bytes);
    }

    public void CopyAsync(nint target, nint source, long bytes, nint stream)
    {
        _ = Reach(target, bytes);
        _ = Reach(source, bytes);
        if (bytes > 0) Enqueue(stream, new() { Target = target, Source = source, Bytes = bytes });
    }

    public void FillAsync(nint target, byte value, long bytes, nint stream)
    {
        _ = Reach(target, bytes);
        if (bytes > 0) Enqueue(stream, new() { Target = target, Value = value, Bytes = bytes });
    }

    /// <summary>Memory that the device can reach.</summary>
    public Span<byte> Reach(nint address, long bytes)
    {
        if (!_device.Holds(address, bytes) && !_pinned.Holds(address, bytes)) throw new CudaException($"{bytes} bytes at {address:x} ({Whereabouts(address)}) are not memory that the device can reach: CUDA_ERROR_INVALID_VALUE");
        return new Span<byte>((void*)address, checked((int)bytes));
    }

    public nint CreateStream() => Add(new EmulatedStream(this));

    public void DestroyStream(nint stream) => Finish(Remove<EmulatedStream>(stream));

    public void Synchronize(nint stream)
    {
        RequireNoRecording("waiting for a stream");
        Find<EmulatedStream>(stream).Finish();
    }

    public nint CreateEvent() => Add(new EmulatedEvent());

    public void DestroyEvent(nint handle) => Remove<EmulatedEvent>(handle);

    public void Record(nint handle, nint stream)
    {
        RequireNoRecording("marking a place");
        EmulatedEvent place = Find<EmulatedEvent>(handle);
        (place.Stream, place.Marks) = (Find<EmulatedStream>(stream), place.Marks + 1);
        Enqueue(stream, new() { Event = place });
    }

    public void WaitOn(nint stream, nint handle)
    {
        RequireNoRecording("waiting on a stream for a place of another");
        EmulatedEvent place = Find<EmulatedEvent>(handle);
        if (place.Awaited > 0) Enqueue(stream, new() { Event = place, Stream = place.Stream, Marks = place.Marks });
    }

    public void WaitFor(nint handle)
    {
        RequireNoRecording("waiting for a place");
        for (EmulatedEvent place = Find<EmulatedEvent>(handle); place.Awaited > 0;) place.Stream!.GoOn(1);
    }

    public float MillisecondsBetween(nint start, nint end)
    {
        EmulatedEvent first = Find<EmulatedEvent>(start), last = Find<EmulatedEvent>(end);
        if (first.Stream == null || last.Stream == null) throw new CudaException("a time between places that were not marked: CUDA_ERROR_INVALID_HANDLE");
        if (first.Awaited > 0 || last.Awaited > 0) throw new CudaException("a time between places that were not reached: CUDA_ERROR_NOT_READY");
        return (last.Reached - first.Reached) / 1000f;
    }

    /// <summary>Also with work under way, as after a fault; what was not destroyed is <see cref="Leaks"/> until then.</summary>
    public void Dispose()
    {
        RequireThread();
        foreach (EmulatedModule module in _objects.Values.OfType<EmulatedModule>()) module.Dispose();
        _objects.Clear();
        _device.Dispose();
        _pinned.Dispose();
    }

    private IEnumerable<EmulatedStream> Streams => _objects.Values.OfType<EmulatedStream>();

    private string Whereabouts(nint address) => _device.Whereabouts(address) ?? _pinned.Whereabouts(address) ?? "near no memory of the device";

    private void Enqueue(nint handle, EmulatedWork.Piece piece)
    {
        RequireContext();
        EmulatedStream stream = Find<EmulatedStream>(handle);
        stream.Target.Add(piece);
        LetSomeHappen(stream);
    }

    private void LetSomeHappen(EmulatedStream stream)
    {
        if (stream.Recording == null && _chance.Next(2) == 0) stream.GoOn(_chance.Next(4));
    }

    private nint Add(object made)
    {
        RequireContext();
        _objects.Add(++_lastHandle, made);
        return _lastHandle;
    }

    private T Find<T>(nint handle) where T : class
    {
        RequireThread();
        return _objects.GetValueOrDefault(handle) as T ?? throw new CudaException($"{handle:x} is no {typeof(T).Name[8..].ToLowerInvariant()}: CUDA_ERROR_INVALID_HANDLE");
    }

    private T Remove<T>(nint handle) where T : class
    {
        T found = Find<T>(handle);
        _objects.Remove(handle);
        return found;
    }

    /// <inheritdoc cref="EmulatedDevice.Lose"/>
    public void Lose(string fault)
    {
        _fault = new CudaException(fault);
        throw _fault;
    }

    private void RequireThread()
    {
        if (Thread.CurrentThread != _thread) throw new CudaException("a call from another thread than the one whose context it is: CUDA_ERROR_INVALID_CONTEXT");
    }

    private void RequireContext()
    {
        RequireThread();
        if (_fault != null) throw new CudaException($"CUDA_ERROR_LAUNCH_FAILED before: {_fault.Message}", _fault);
    }

    // What takes something away waits for all that may need it. After a fault nothing runs, and all can be taken away.
    private void RequireNothingUnderWay(string what)
    {
        RequireThread();
        if (_fault == null) RequireNoRecording(what);
        foreach (EmulatedStream stream in Streams) Finish(stream);
    }

    private void Finish(EmulatedStream stream)
    {
        if (_fault == null) stream.Finish();
    }

    private void RequireNoRecording(string what)
    {
        RequireContext();
        if (_recording != null) throw new CudaException($"{what} while a graph is recorded: CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED");
    }
}
