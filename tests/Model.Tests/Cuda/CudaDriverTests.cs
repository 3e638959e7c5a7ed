using System.Text;
using Llama.Model.Cuda;
using Llama.Model.Tests.Cuda.Fake;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Cuda;

public sealed unsafe class CudaDriverTests
{
    [GccFact]
    public void Devices_OfADriver_AreAsItTells()
    {
        using FakeDriver fake = new();
        CudaDevices devices = fake.Devices;
        Assert.Equal(new Version(12, 4), devices.DriverVersion);
        CudaDevice first = new(0, "Fake GPU 40", 9, 0, 132, 232448) { MemoryBytes = 85L << 30 };
        Assert.Equal([first, first with { Index = 1, Name = "Fake GPU 41" }], devices);
        Assert.Equal(0, fake.Live); // to look takes nothing
    }

    [GccFact]
    public void Launch_PassesShapeAndEveryKindOfArgument()
    {
        using FakeDriver fake = new();
        using Session session = new(fake);
        session.Scale(new LaunchShape(2, 3, 4, 64, 100), factor: 0.5f, shift: -7);
        Assert.Equal([-6.5f, -6f, -5.5f], session.Output());
        Assert.Contains("cuLaunchKernel 2 3 4 64 1 1 100 1", fake.Calls);
        session.Scale(new LaunchShape(2, 0, 4, 64), factor: 9, shift: 9); // no blocks: no launch, which the driver would refuse
        Assert.Equal([-6.5f, -6f, -5.5f], session.Output());
    }

    [GccTheory]
    [InlineData("cuGraphInstantiateWithFlags 0")]
    [InlineData("cuGraphInstantiate_v2 1 1 0", "-DOLD_DRIVER")]
    public void Graph_LaunchedTwice_DoesAllThatWasRecordedTwice(string instantiation, params string[] options)
    {
        using FakeDriver fake = new(options);
        using Session session = new(fake);
        ICudaDriver driver = session.Driver;
        driver.BeginCapture(session.Stream.Handle);
        session.Scale(new LaunchShape(1, 1, 1, 32), factor: 2, shift: 1);
        driver.CopyAsync(session.Source, session.Target, 3 * sizeof(float), session.Stream.Handle);
        nint graph = driver.EndCapture(session.Stream.Handle);
        Assert.Equal([0, 0, 0], session.Output());
        driver.LaunchGraph(graph, session.Stream.Handle);
        driver.LaunchGraph(graph, session.Stream.Handle);
        session.Stream.Synchronize();
        Assert.Equal([7, 11, 15], session.Output()); // 1, 2, 3 → 3, 5, 7 → 7, 11, 15
        driver.DestroyGraph(graph);
        Assert.Contains(instantiation, fake.Calls);
        Assert.Contains("cuStreamBeginCapture_v2 1", fake.Calls); // what other threads allocate does not break it
    }

    [GccTheory]
    [InlineData("cuLaunchKernelEx 2 3 4 64 1 1 100 1, 1 attribute 6 = 1")]
    [InlineData("cuLaunchKernel 2 3 4 64 1 1 100 1", "-DOLD_DRIVER")]
    public void Graph_OfKernelsThatOverlap_SaysSoToTheDriversThatKnow(string launch, params string[] options)
    {
        using FakeDriver fake = new(options);
        using Session session = new(fake);
        ICudaDriver driver = session.Driver;
        Assert.Equal(options.Length == 0, driver.CanOverlap);
        session.Scale(new LaunchShape(1, 1, 1, 1), factor: 1, shift: 0); // loads it
        driver.BeginCapture(session.Stream.Handle, overlaps: true);
        session.Scale(new LaunchShape(2, 3, 4, 64, 100), factor: 2, shift: 1);
        Assert.Equal(launch, fake.Calls[^1]);
        nint graph = driver.EndCapture(session.Stream.Handle);
        driver.LaunchGraph(graph, session.Stream.Handle);
        Assert.Equal([3, 5, 7], session.Output());
        session.Scale(new LaunchShape(1, 1, 1, 32), factor: 2, shift: 1); // not recorded, so not overlapping
        Assert.Equal("cuLaunchKernel 1 1 1 32 1 1 0 1", fake.Calls[^1]);
        driver.DestroyGraph(graph);
    }

    [GccFact]
    public void Dispose_GivesAllBack()
    {
        using FakeDriver fake = new();
        new Session(fake).Dispose();
        Assert.Equal(0, fake.Live);
        Assert.Equal("cuDevicePrimaryCtxRelease_v2 41", fake.Calls[^1]);
    }

    // Whichever call fails, with whatever error: it is named in what is thrown, or it was one that gives back, and nothing stays behind.
    [GccTheory]
    [InlineData(700, "CUDA_ERROR_ILLEGAL_ADDRESS (700)", true)]
    [InlineData(809, "error 809", true)]
    [InlineData(12345, "error 12345", false)]
    public void AnyCall_ThatFails_IsNamedAndLeaksNothing(int error, string name, bool isContextLost)
    {
        using FakeDriver fake = new();
        CudaDevices devices = fake.Devices;
        for (int call = 0; ; call++)
        {
            int before = fake.Calls.Length;
            fake.Fail(call, error);
            CudaException? thrown = (CudaException?)Record.Exception(() => Everything(devices));
            string[] calls = fake.Calls[before..];
            fake.Fail(-1, 0);
            Assert.Equal(0, fake.Live);
            if (calls.Length <= call) break;
            string failed = calls[call].Split(' ')[0].Replace("_v2", "", StringComparison.Ordinal).Replace("WithFlags", "", StringComparison.Ordinal);
            Assert.Equal(thrown is null, new[] { "Destroy", "Release", "Free", "Unload" }.Any(word => failed.Contains(word, StringComparison.Ordinal)));
            if (thrown is null) continue;
            Assert.Contains(failed, thrown.Message, StringComparison.Ordinal);
            Assert.Contains(name, thrown.Message, StringComparison.Ordinal);
            Assert.Equal(isContextLost, thrown.IsContextLost);
        }
    }

    [GccFact]
    public void Free_OfWhatWasNotAllocated_Throws()
    {
        using FakeDriver fake = new();
        using CudaDriver driver = fake.Devices.Open(0);
        nint memory = driver.Allocate(1);
        fake.Fail(0, 1);
        Assert.Contains("cuMemFree failed: CUDA_ERROR_INVALID_VALUE (1)", Assert.Throws<CudaException>(() => driver.Free(memory)).Message, StringComparison.Ordinal);
    }

    [GccFact]
    public void Load_OfSeveralSources_LoadsThemWhenTheyAreNeeded()
    {
        using FakeDriver fake = new();
        using CudaDriver driver = fake.Devices.Open(0);
        using CudaStream stream = new(driver, new Images());
        CudaKernel[] kernels = [.. "defghijk".Select(letter => stream.Load(new CudaUnit($"{letter}.cu", [])).Kernel("scale"))];
        kernels[3].Resolve();
        stream.FinishLoading();
        Assert.Equal("gdefhijk", string.Concat(fake.Calls.Where(c => c.StartsWith("cuModuleLoad", StringComparison.Ordinal)).Select(c => c.Split(' ')[1][0])));
    }

    [GccFact]
    public void Calls_FromAnotherThread_HaveTheContextToo()
    {
        using FakeDriver fake = new();
        using CudaDriver driver = fake.Devices.Open(0), other = fake.Devices.Open(1);
        Exception? thrown = null;
        Thread thread = new(() => thrown = Record.Exception(() => driver.Free(driver.Allocate(1))));
        thread.Start();
        thread.Join();
        Assert.Null(thrown);
        driver.MemoryInfo(); // after the other device on this thread: its own context again
        Assert.Equal(["cuCtxSetCurrent 1040", "cuMemGetInfo_v2"], fake.Calls[^2..]);
    }

    [GccFact]
    public void Copy_IsDoneWhenItComesBack()
    {
        using FakeDriver fake = new();
        using Session session = new(fake);
        session.Driver.Copy(session.Target, session.Source, sizeof(float));
        Assert.Equal(["cuMemcpy 4", "cuStreamSynchronize 1"], fake.Calls[^2..]); // of the default stream, on which it runs
        Assert.Equal([1, 0, 0], session.Output());
    }

    [GccFact]
    public void Allocate_OfMoreThanThereIs_SaysHowMuchThereIs()
    {
        using FakeDriver fake = new();
        using CudaDriver driver = fake.Devices.Open(0);
        var e = Assert.Throws<InsufficientMemoryException>(() => driver.Allocate(6L << 30));
        Assert.StartsWith("Fake GPU 40 has not enough memory: 6144 MiB were asked for, 5120 MiB of 87040 MiB are free. Lower Model:MemoryUtilization", e.Message, StringComparison.Ordinal);
    }

    [GccFact]
    public void AllocatePinned_OfMoreThanThereIs_SpeaksOfTheHostsMemoryAndNotOfTheGpus()
    {
        using FakeDriver fake = new();
        using CudaDriver driver = fake.Devices.Open(0);
        var e = Assert.Throws<InsufficientMemoryException>(() => driver.AllocatePinned(6L << 30));
        Assert.StartsWith("The system has not enough memory for a GPU to reach: 6144 MiB of page-locked memory were asked for. Free memory,", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Utilization", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("nvidia-smi", e.Message, StringComparison.Ordinal);
    }

    [GccFact]
    public void Backend_ThatCannotBeMadeWhole_GivesTheDeviceBack()
    {
        using FakeDriver fake = new();
        CudaDriver driver = fake.Devices.Open(0);
        Assert.Throws<CudaException>(() => new CudaBackend(driver, new Images(), _ => throw new CudaException("cublasCreate failed"), ScalarType.BFloat16, deterministic: false));
        Assert.Equal(0, fake.Live);
    }

    [GccFact]
    public void LoadModule_OfAnImageThatDoesNotFit_SaysWhatTheDriversCompilerSaid()
    {
        using FakeDriver fake = new();
        using CudaDriver driver = fake.Devices.Open(0);
        fake.Fail(0, 209);
        var e = Assert.Throws<CudaException>(() => driver.LoadModule("\u007fELF"u8));
        string expected = "cuModuleLoadDataEx (ptxas fatal: line 1) failed: CUDA_ERROR_NO_BINARY_FOR_GPU (209), text of the error. The driver is made for CUDA 12.4;";
        Assert.StartsWith(expected, e.Message, StringComparison.Ordinal);
        Assert.Equal("cuModuleLoadDataEx \u007fEL 2 5 6 16384", fake.Calls[^1]);
    }

    [GccTheory]
    [InlineData(100, "CUDA_ERROR_NO_DEVICE", "--gpus all")]
    [InlineData(802, "CUDA_ERROR_SYSTEM_NOT_READY", "nvidia-fabricmanager")]
    public void TryFind_WhenTheDriverDoesNotStart_SaysWhyAndWhatToDo(int error, string name, string remedy)
    {
        using FakeDriver fake = new();
        fake.Fail(0, error);
        Assert.False(CudaDevices.TryFind([fake.File], out _, out string? reason));
        Assert.Contains(name, reason, StringComparison.Ordinal);
        Assert.Contains(remedy, reason, StringComparison.Ordinal);
    }

    [Fact]
    public void TryFind_WithoutDriver_SaysSo()
    {
        Assert.False(CudaDevices.TryFind(["libcuda-which-nobody-has.so.1", "/nowhere/libcuda.so.1"], out _, out string? reason));
        Assert.Equal("no NVIDIA driver: libcuda-which-nobody-has.so.1 was not found", reason);
    }

    [GccFact]
    public void TryFind_OfADriverThatTheLoaderDoesNotKnow_FindsTheFile()
    {
        using FakeDriver fake = new();
        Assert.True(CudaDevices.TryFind(["libcuda-which-nobody-has.so.1", "/nowhere/libcuda.so.1", fake.File], out CudaDevices? devices, out _));
        Assert.Equal(2, devices.Count);
    }

    [GccFact]
    public void TryFind_WithALibraryThatLacksAFunction_NamesIt()
    {
        using FakeDriver fake = new("-DcuMemcpy=missing");
        Assert.False(CudaDevices.TryFind([fake.File], out _, out string? reason));
        Assert.Equal($"{fake.File} has no function cuMemcpy: it is too old. Update it (CUDA 11.4 or newer).", reason);
    }

    // One of each thing, as the engine has them.
    private static void Everything(CudaDevices devices)
    {
        using CudaDriver driver = devices.Open(1);
        List<Action> cleaning = [];
        try
        {
            driver.MemoryInfo();
            nint memory = Keep(driver.Allocate(64), driver.Free), pinned = Keep(driver.AllocatePinned(64), driver.FreePinned);
            nint module = Keep(driver.LoadModule("PTX"u8), driver.UnloadModule), stream = Keep(driver.CreateStream(), driver.DestroyStream);
            driver.AllowSharedMemory(driver.GetFunction(module, "scale"), 100_000);
            driver.Copy(memory, pinned, 64);
            driver.FillAsync(memory, 7, 64, stream);
            driver.BeginCapture(stream);
            try
            {
                driver.CopyAsync(memory, pinned, 64, stream);
            }
            finally
            {
                Keep(driver.EndCapture(stream), driver.DestroyGraph);
            }
            nint start = Keep(driver.CreateEvent(), driver.DestroyEvent);
            driver.Record(start, stream);
            driver.WaitOn(stream, start);
            driver.WaitFor(start);
            driver.Synchronize(stream);
            driver.MillisecondsBetween(start, start);
        }
        finally
        {
            foreach (Action clean in cleaning.AsEnumerable().Reverse()) clean();
        }

        nint Keep(nint handle, Action<nint> clean)
        {
            cleaning.Add(() => clean(handle));
            return handle;
        }
    }

    /// <summary>A stream on the second device with three numbers of input and of output.</summary>
    private sealed class Session : IDisposable
    {
        private const int Count = 3;
        private readonly CudaKernel _kernel;

        public Session(FakeDriver fake)
        {
            Driver = fake.Devices.Open(1);
            Stream = new CudaStream(Driver, new Images());
            _kernel = Stream.Load(new CudaUnit("common.cuh", [])).Kernel("scale", sharedBytes: 100 << 10);
            Source = Driver.Allocate(Count * sizeof(float));
            Target = Driver.Allocate(Count * sizeof(float));
            Driver.FillAsync(Target, 0, Count * sizeof(float), Stream.Handle);
            float* values = stackalloc float[Count] { 1, 2, 3 };
            Driver.Copy(Source, (nint)values, Count * sizeof(float));
        }

        public ICudaDriver Driver { get; }

        public CudaStream Stream { get; }

        public nint Source { get; }

        public nint Target { get; }

        public void Scale(LaunchShape shape, float factor, long shift) => _kernel.Launch(shape, Target, Source, Count, factor, shift);

        public float[] Output()
        {
            float[] values = new float[Count];
            fixed (float* first = values) Driver.Copy((nint)first, Target, Count * sizeof(float));
            return values;
        }

        public void Dispose()
        {
            Driver.Free(Target);
            Driver.Free(Source);
            Stream.Dispose();
            Driver.Dispose();
        }
    }

    private sealed class Images : ICudaCompiler
    {
        public byte[] Compile(CudaUnit unit, string architecture) => Encoding.UTF8.GetBytes(unit.Name);
    }
}
