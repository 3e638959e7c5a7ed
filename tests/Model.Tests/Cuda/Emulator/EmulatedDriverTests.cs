using Llama.Model.Cuda;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Cuda.Emulator;

/// <summary>That the emulated driver keeps the order of a stream, records graphs as the real one does, and refuses what that refuses.</summary>
public sealed unsafe class EmulatedDriverTests
{
    private const string Add = "extern \"C\" __global__ void add(int* target, const int* source, int value, int count) { int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < count) target[i] = source[i] + value; }";

    [CudaEmulatorFact]
    public void Stream_MixedWork_IsDoneInOrderForEverySeed()
    {
        for (int seed = 1; seed <= 8; seed++)
        {
            using Device device = new(seed: seed);
            CudaKernel add = device.Kernel(Add, "add");
            (nint a, nint b, nint host) = (device.Of([1, 2, 3]), device.New(12), device.Driver.AllocatePinned(12));
            device.Driver.FillAsync(b, 0, 12, device.Stream.Handle);
            for (int i = 0; i < 5; i++)
            {
                add.Launch(new(1, 1, 1, 32), b, a, 10, 3);
                device.Driver.CopyAsync(a, b, 12, device.Stream.Handle);
            }
            device.Driver.CopyAsync(host, a, 12, device.Stream.Handle);
            device.Stream.Synchronize();
            Assert.Equal([51, 52, 53], new Span<int>((int*)host, 3).ToArray());
            device.Driver.FreePinned(host);
        }
    }

    [CudaEmulatorFact]
    public void Streams_ThatWaitForEachOther_HandABufferToAndFroForEverySeed()
    {
        for (int seed = 1; seed <= 8; seed++)
        {
            using Device device = new(seed: seed);
            (ICudaDriver driver, nint compute, nint copies) = (device.Driver, device.Stream.Handle, device.Driver.CreateStream());
            CudaKernel add = device.Kernel(Add, "add");
            (nint sum, nint buffer, nint host) = (device.Of([0]), device.New(4), driver.AllocatePinned(40));
            (nint loaded, nint free) = (driver.CreateEvent(), driver.CreateEvent());
            for (int i = 0; i < 10; i++) ((int*)host)[i] = 1 << i;
            for (int i = 0; i < 10; i++)
            {
                driver.WaitOn(copies, free); // of a place that was never marked: at once
                driver.CopyAsync(buffer, host + 4 * i, 4, copies);
                driver.Record(loaded, copies);
                driver.WaitOn(compute, loaded);
                add.Launch(new(1, 1, 1, 32), sum, buffer, i == 0 ? 0 : 1 << i, 1);
                driver.Record(free, compute);
            }
            Assert.Equal([(1 << 9) + (1 << 9)], device.Read<int>(sum, 1));
            driver.DestroyStream(copies);
            foreach (nint place in new[] { loaded, free }) driver.DestroyEvent(place);
            driver.FreePinned(host);
        }
    }

    [CudaEmulatorFact]
    public void Graph_Launched_RepeatsTheValuesOfItsRecordingOnTheMemoryOfNow()
    {
        using Device device = new();
        (ICudaDriver driver, nint stream) = (device.Driver, device.Stream.Handle);
        CudaKernel add = device.Kernel(Add, "add");
        nint a = device.Of([1, 2]);
        driver.BeginCapture(stream);
        for (int value = 1; value <= 2; value++) add.Launch(new(1, 1, 1, 32), a, a, value, 2);
        nint graph = driver.EndCapture(stream);
        Assert.Equal([1, 2], device.Read<int>(a, 2));
        driver.LaunchGraph(graph, stream);
        driver.LaunchGraph(graph, stream);
        Assert.Equal([7, 8], device.Read<int>(a, 2));
        driver.FillAsync(a, 0, 8, stream);
        driver.LaunchGraph(graph, stream);
        Assert.Equal([3, 3], device.Read<int>(a, 2));
        driver.DestroyGraph(graph);
    }

    [CudaEmulatorFact]
    public void Recording_WhatWaitsOrAllocates_IsRefused()
    {
        using Device device = new();
        (ICudaDriver driver, nint stream) = (device.Driver, device.Stream.Handle);
        (nint a, nint place) = (device.New(8), driver.CreateEvent());
        driver.BeginCapture(stream);
        foreach (Action call in new Action[] { () => driver.Allocate(8), () => driver.AllocatePinned(8), () => driver.Free(a), () => driver.Copy(a, a, 8), () => driver.Synchronize(stream), () => driver.WaitFor(place), () => driver.BeginCapture(stream), () => driver.LoadModule([]) })
            Assert.Contains("CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", Refused(call));
        driver.DestroyGraph(driver.EndCapture(stream));
        driver.DestroyEvent(place);
    }

    [CudaEmulatorFact]
    public void Launch_BeyondWhatADeviceCan_IsRefused()
    {
        using Device device = new();
        CudaKernel add = device.Kernel(Add, "add"), bounded = device.Kernel("#define MOST (2 * 32)\nextern \"C\" __global__ void __launch_bounds__(MOST, 2) bounded() {}", "bounded");
        nint a = device.New(8);
        void Try(CudaKernel kernel, LaunchShape shape, string expected, params CudaArgument[] arguments) => Assert.Contains(expected, Refused(() => kernel.Launch(shape, arguments)));
        Try(add, new(1, 65_536, 1, 32), "in y and z at most 65535", a, a, 0, 0);
        Try(add, new(1, 1, 65_536, 32), "in y and z at most 65535", a, a, 0, 0);
        Try(add, new(1, 1, 1, 1025), "blocks of 1025 threads", a, a, 0, 0);
        Try(bounded, new(1, 1, 1, 65), "blocks of 65 threads, at most 64");
        Try(add, new(1, 1, 1, 32, (48 << 10) + 1), "49153 bytes of dynamic shared memory", a, a, 0, 0);
        Try(add, new(1, 1, 1, 32), "has 4 parameters, 3 arguments were given", a, a, 0);
        Try(add, new(1, 1, 1, 32), "has 4 parameters, more arguments were given", a, a, 0, 0, 0);
        bounded.Launch(new(1, 1, 1, 64));
    }

    [CudaEmulatorFact]
    public void SharedMemory_MoreThanWithoutAsking_NeedsAsking()
    {
        const string text = "extern \"C\" __global__ void last(int* result, int count) { DYNAMIC_SHARED(int, shared); shared[count - 1] = 7; result[0] = shared[count - 1]; }";
        using Device device = new();
        nint result = device.New(4);
        CudaModule module = device.Stream.Load(new EmulatedCompiler().Compile("test.cu", "#include \"common.cuh\"\n" + text, []));
        CudaKernel last = module.Kernel("last", 227 << 10), much = module.Kernel("last", (227 << 10) + 16);
        last.Launch(new(1, 1, 1, 1, 227 << 10), result, (227 << 10) / 4);
        Assert.Equal([7], device.Read<int>(result, 1));
        Assert.Contains("at most 232448", Refused(much.Resolve));
        Assert.Contains("writes memory that is not there", Refused(() =>
        {
            last.Launch(new(1, 1, 1, 1, 1024), result, 257);
            device.Stream.Synchronize();
        }));
    }

    [CudaEmulatorFact]
    public void Memory_NotTheDevices_IsRefused()
    {
        using Device device = new();
        CudaKernel add = device.Kernel(Add, "add");
        (nint a, nint freed, nint stream) = (device.New(8), device.Driver.Allocate(8), device.Stream.Handle);
        device.Driver.Free(freed);
        int local = 0;
        nint host = (nint)(&local);
        Assert.Contains("are not memory that the device can reach", Refused(() => device.Driver.CopyAsync(a, host, 4, stream)));
        Assert.Contains("9 bytes at", Refused(() => device.Driver.CopyAsync(a, a, 9, stream)));
        Assert.Contains("which was freed", Refused(() => device.Driver.FillAsync(freed, 0, 4, stream)));
        Assert.Contains("is not device memory that is allocated", Refused(() => device.Driver.Free(a + 1)));
        Assert.Contains("argument 1", Refused(() =>
        {
            add.Launch(new(1, 1, 1, 1), a, host, 0, 1);
            device.Stream.Synchronize();
        }));
        Assert.Contains("CUDA_ERROR_LAUNCH_FAILED before: add: argument 1", Refused(() => device.Driver.Allocate(8)));
    }

    [CudaEmulatorFact]
    public void Memory_MoreThanThereIs_IsRefusedWithTheNumbers()
    {
        using Device device = new(bytes: 4096);
        nint half = device.Driver.Allocate(2048);
        Assert.Equal((2048, 4096), device.Driver.MemoryInfo());
        Assert.Contains("2,049 bytes of device memory were asked for, 2,048 of 4,096 are free", Assert.Throws<InsufficientMemoryException>(() => device.Driver.Allocate(2049)).Message);
        device.Driver.Free(half);
        Assert.Equal((4096, 4096), device.Driver.MemoryInfo());
    }

    [CudaEmulatorFact]
    public void Driver_CalledFromAnotherThread_Refuses()
    {
        using Device device = new();
        Exception? refused = null;
        Thread other = new(() => refused = Record.Exception(() => device.Driver.Allocate(8)));
        other.Start();
        other.Join();
        Assert.Contains("CUDA_ERROR_INVALID_CONTEXT", Assert.IsType<CudaException>(refused).Message);
    }

    [CudaEmulatorFact]
    public void Events_Reached_TellTheTimeBetween()
    {
        using Device device = new();
        (ICudaDriver driver, nint stream) = (device.Driver, device.Stream.Handle);
        (nint start, nint end) = (driver.CreateEvent(), driver.CreateEvent());
        driver.Record(start, stream);
        driver.FillAsync(device.New(8), 0, 8, stream);
        driver.Record(end, stream);
        driver.WaitFor(end);
        Assert.True(driver.MillisecondsBetween(start, end) > 0);
        driver.DestroyEvent(start);
        driver.DestroyEvent(end);
    }

    [CudaEmulatorFact]
    public void Leaks_WhatWasNotGivenBack_IsNamed()
    {
        using EmulatedDriver driver = new();
        _ = (driver.Allocate(10), driver.AllocatePinned(20), driver.CreateEvent(), driver.CreateStream());
        Assert.Equal("event, stream, 10 bytes of device memory, 20 bytes of page-locked memory", driver.Leaks);
    }

    [CudaEmulatorFact]
    public void Step_OnceWarm_DoesNotAllocate()
    {
        using Device device = new();
        CudaKernel add = device.Kernel(Add, "add");
        nint a = device.Of([1]);
        void Step()
        {
            for (int i = 0; i < 20; i++) add.Launch(new(1, 1, 1, 32), a, a, 1, 1);
            device.Stream.Synchronize();
        }
        for (int i = 0; i < 10; i++) Step();
        Assert.Equal(0, Allocated.InStretch(Step));
    }

    private static string Refused(Action call) => Assert.Throws<CudaException>(call).Message;
}
