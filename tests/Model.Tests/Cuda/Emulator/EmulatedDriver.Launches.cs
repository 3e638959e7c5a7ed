using Llama.Model.Cuda;

namespace Llama.Model.Tests.Cuda.Emulator;

/// <summary>Modules, launches and graphs.</summary>
internal sealed unsafe partial class EmulatedDriver
{
    public nint LoadModule(ReadOnlySpan<byte> image)
    {
        RequireNoRecording("loading a module");
        return Add(new EmulatedModule(image));
    }

    public void UnloadModule(nint module)
    {
        RequireNothingUnderWay("unloading a module");
        EmulatedModule unloaded = Remove<EmulatedModule>(module);
        foreach (nint kernel in _objects.Where(made => made.Value is EmulatedKernel kernel && kernel.Module == unloaded).Select(made => made.Key).ToList()) _objects.Remove(kernel);
        unloaded.Dispose();
    }

    public nint GetFunction(nint module, string name) => Add(Find<EmulatedModule>(module).Kernel(name));

    public void AllowSharedMemory(nint function, int bytes)
    {
        EmulatedKernel kernel = Find<EmulatedKernel>(function);
        if (bytes > Device.SharedMemoryPerBlock) throw new CudaException($"{bytes} bytes of shared memory for {kernel.Name}, at most {Device.SharedMemoryPerBlock} can be had: CUDA_ERROR_INVALID_VALUE");
        kernel.SharedBytes = bytes;
    }

    public void Launch(nint function, LaunchShape shape, nint stream, void** arguments)
    {
        RequireContext();
        EmulatedKernel kernel = Find<EmulatedKernel>(function);
        OnLaunch?.Invoke(kernel.Name);
        RequireShape(kernel, shape);
        string parameters = kernel.Parameters;
        Span<ulong> values = stackalloc ulong[parameters.Length];
        for (int i = 0; i < values.Length; i++)
        {
            if (arguments[i] == null) throw new CudaException($"{kernel.Name} has {values.Length} parameters, {i} arguments were given");
            values[i] = parameters[i] == 'i' ? *(uint*)arguments[i] : *(ulong*)arguments[i];
        }
        if (arguments[values.Length] != null) throw new CudaException($"{kernel.Name} has {values.Length} parameters, more arguments were given");
        EmulatedStream target = Find<EmulatedStream>(stream);
        target.Target.Add(new() { Kernel = kernel, Shape = shape, Overlaps = _overlaps && !_awaits, Anew = _overlaps && (_awaits || _isFirst) }, values);
        (_awaits, _isFirst) = (shape.IsAwaited, false);
        LetSomeHappen(target);
    }

    /// <summary>Runs a kernel now.</summary>
    public void Run(EmulatedKernel kernel, LaunchShape shape, ReadOnlySpan<ulong> arguments, bool overlaps, bool anew)
    {
        RequirePointers(kernel, arguments);
        fixed (ulong* values = arguments)
        {
            void** addresses = stackalloc void*[arguments.Length];
            for (int i = 0; i < arguments.Length; i++) addresses[i] = values + i;
            EmulatedRuntime.Launch launch = new()
            {
                Module = kernel.Module.Address,
                Kernel = kernel.Entry,
                Arguments = addresses,
                GridX = (uint)shape.GridX,
                GridY = (uint)shape.GridY,
                GridZ = (uint)shape.GridZ,
                Threads = (uint)shape.Threads,
                SharedBytes = (uint)shape.SharedBytes,
                Seed = (uint)_chance.Next(),
                StaticShared = kernel.Module.StaticShared,
                StaticSharedBytes = kernel.Module.StaticSharedBytes,
                Overlaps = overlaps ? 1u : 0,
                Anew = anew ? 1u : 0,
                IsFollowed = overlaps || anew ? 1u : 0,
            };
            try
            {
                EmulatedRuntime.Run(launch, kernel.Module, _whereabouts);
            }
            catch (CudaException fault)
            {
                _fault = fault; // a real context is lost after this, too
                throw;
            }
        }
    }

    public void BeginCapture(nint stream, bool overlaps = false)
    {
        RequireNoRecording("recording a graph");
        (_overlaps, _awaits, _isFirst) = (overlaps, false, true);
        _recording = Find<EmulatedStream>(stream);
        _recording.Recording = new EmulatedWork();
    }

    public nint EndCapture(nint stream)
    {
        EmulatedStream recorded = Find<EmulatedStream>(stream);
        EmulatedGraph graph = new(recorded.Recording ?? throw new CudaException("the end of a recording that was not begun: CUDA_ERROR_ILLEGAL_STATE"));
        recorded.Recording = null;
        _recording = null;
        _overlaps = false;
        return Add(graph);
    }

    /// <summary>Forgets a recording that a failed test left behind, which would be all that its end complains of.</summary>
    public void DropRecording()
    {
        _overlaps = false;
        _recording?.Recording = null;
        _recording = null;
    }

    public void LaunchGraph(nint graph, nint stream)
    {
        RequireNoRecording("launching a graph");
        EmulatedStream target = Find<EmulatedStream>(stream);
        target.Target.Add(Find<EmulatedGraph>(graph).Work);
        LetSomeHappen(target);
    }

    public void DestroyGraph(nint graph) => Remove<EmulatedGraph>(graph);

    private static void RequireShape(EmulatedKernel kernel, LaunchShape shape)
    {
        const int MostInYOrZ = 65_535;
        string? fault =
            shape.GridX < 1 || shape.GridY is < 1 or > MostInYOrZ || shape.GridZ is < 1 or > MostInYOrZ ? $"a grid of {shape.GridX} × {shape.GridY} × {shape.GridZ} blocks, in y and z at most {MostInYOrZ}"
            : shape.Threads < 1 || shape.Threads > Math.Min(1024, kernel.Entry->MostThreads) ? $"blocks of {shape.Threads} threads, at most {Math.Min(1024, kernel.Entry->MostThreads)}"
            : shape.SharedBytes < 0 || shape.SharedBytes > kernel.SharedBytes ? $"{shape.SharedBytes} bytes of dynamic shared memory, {kernel.SharedBytes} are allowed"
            : null;
        if (fault != null) throw new CudaException($"launching {kernel.Name}: {fault}: CUDA_ERROR_INVALID_VALUE");
    }

    // What a pointer may be is where the device can reach, one behind its end, or null.
    private void RequirePointers(EmulatedKernel kernel, ReadOnlySpan<ulong> arguments)
    {
        for (int i = 0; i < arguments.Length; i++)
        {
            nint address = (nint)arguments[i];
            if (kernel.Parameters[i] != 'p' || address == 0 || _device.Holds(address, 0) || _pinned.Holds(address, 0)) continue;
            throw _fault = new CudaException($"{kernel.Name}: argument {i}, {address:x} ({Whereabouts(address)}), is no address that the device can reach: CUDA_ERROR_ILLEGAL_ADDRESS");
        }
    }

    private sealed record EmulatedGraph(EmulatedWork Work);
}
