namespace Llama.Model.Cuda;

/// <summary>A device with its compiler and the one stream on which everything is enqueued in order. Belongs to the engine's thread.</summary>
internal sealed class CudaStream(ICudaDriver driver, ICudaCompiler compiler) : IDisposable
{
    private readonly List<nint> _modules = [];

    public ICudaDriver Driver { get; } = driver;

    /// <summary>The driver's handle.</summary>
    public nint Handle { get; } = driver.CreateStream();

    /// <summary>Compiles a source for this device and loads it.</summary>
    public CudaModule Load(CudaUnit unit)
    {
        nint module = Driver.LoadModule(compiler.Compile(unit, Driver.Device.Architecture));
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
