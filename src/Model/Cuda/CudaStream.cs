namespace Llama.Model.Cuda;

/// <summary>A device with its compiler and the one stream on which everything is enqueued in order. Belongs to the engine's thread.</summary>
internal sealed class CudaStream(ICudaDriver driver, ICudaCompiler compiler) : IDisposable
{
    private readonly List<nint> _modules = [];

    public ICudaDriver Driver { get; } = driver;

    /// <summary>The driver's handle.</summary>
    public nint Handle { get; } = driver.CreateStream();

    /// <summary>Compiles a source for this device and loads it.</summary>
    public CudaModule Load(CudaUnit unit) => Load(compiler.Compile(unit, Driver.Device.Architecture));

    /// <summary>Compiles sources for this device side by side, since each takes a second or so, and loads them in their order.</summary>
    public CudaModule[] Load(IReadOnlyList<CudaUnit> units)
    {
        string architecture = Driver.Device.Architecture;
        byte[][] images = new byte[units.Count][];
        Parallel.For(0, units.Count, i => images[i] = compiler.Compile(units[i], architecture)); // each writes a place of its own, and all are done before anything goes on
        return [.. images.Select(Load)];
    }

    private CudaModule Load(byte[] image)
    {
        nint module = Driver.LoadModule(image);
        _modules.Add(module);
        return new CudaModule(this, module);
    }

    /// <summary>Waits for all that was enqueued.</summary>
    public void Synchronize() => Driver.Synchronize(Handle);

    public void Dispose()
    {
        foreach (nint module in _modules) Driver.UnloadModule(module);
        Driver.DestroyStream(Handle);
    }
}
