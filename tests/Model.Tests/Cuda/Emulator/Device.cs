using Llama.Model.Cuda;

namespace Llama.Model.Tests.Cuda.Emulator;

/// <summary>An emulated device with a stream, for tests: memory from arrays and back, and kernels from text. Asserts at its end that what it did not make itself was given back.</summary>
internal sealed unsafe class Device : IDisposable
{
    private readonly EmulatedCompiler _compiler = new();
    private readonly List<nint> _memories = [];

    /// <param name="bytes">Of its memory.</param>
    /// <param name="seed">Of the order of threads.</param>
    /// <param name="multiprocessors">Of it. Where there are few, blocks that go on until all is done go on for longer.</param>
    /// <param name="sharedBytes">That a block can have.</param>
    public Device(long bytes = 1L << 30, int seed = 0, int multiprocessors = EmulatedDriver.Multiprocessors, int sharedBytes = EmulatedDriver.MostSharedBytes)
    {
        Driver = new EmulatedDriver(bytes, seed, multiprocessors, sharedBytes);
        Stream = new CudaStream(Driver, _compiler);
        Products = new EmulatedProducts(_compiler, Stream);
    }

    public EmulatedDriver Driver { get; }

    public CudaStream Stream { get; }

    public ICudaProducts Products { get; }

    /// <summary>Device memory, given back at the end.</summary>
    public nint New(long bytes)
    {
        nint memory = Driver.Allocate(bytes);
        _memories.Add(memory);
        return memory;
    }

    /// <summary>Device memory with these values.</summary>
    public nint Of<T>(ReadOnlySpan<T> values) where T : unmanaged
    {
        nint memory = New((long)values.Length * sizeof(T));
        fixed (T* source = values) Driver.Copy(memory, (nint)source, (long)values.Length * sizeof(T));
        return memory;
    }

    public nint Of<T>(T[] values) where T : unmanaged => Of((ReadOnlySpan<T>)values);

    /// <summary>What the memory holds after all that was enqueued.</summary>
    public T[] Read<T>(nint memory, int count) where T : unmanaged
    {
        T[] values = new T[count];
        Stream.Synchronize();
        fixed (T* target = values) Driver.Copy((nint)target, memory, (long)count * sizeof(T));
        return values;
    }

    /// <summary>A kernel of a source that is not embedded.</summary>
    public CudaKernel Kernel(string text, string name, params string[] constants)
    {
        CudaKernel kernel = Stream.Load(_compiler.Compile("test.cu", text, constants)).Kernel(name);
        kernel.Resolve();
        return kernel;
    }

    public void Dispose()
    {
        Driver.DropRecording();
        Products.Dispose();
        foreach (nint memory in _memories) Driver.Free(memory);
        Stream.Dispose();
        string leaks = Driver.Leaks;
        Driver.Dispose();
        Assert.Equal("", leaks);
    }
}
