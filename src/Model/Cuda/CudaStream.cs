namespace Llama.Model.Cuda;

/// <summary>A device with its compiler and the one stream on which everything is enqueued in order. Belongs to the engine's thread.</summary>
internal sealed class CudaStream(ICudaDriver driver, ICudaCompiler compiler) : IDisposable
{
    private readonly List<CudaModule> _modules = [];
    private CudaKernel? _transfer;

    public ICudaDriver Driver { get; } = driver;

    /// <summary>The driver's handle.</summary>
    public nint Handle { get; } = driver.CreateStream();

    /// <summary>Whether kernels of a recording can overlap, by device, driver and compiler.</summary>
    public bool CanOverlap => Driver.CanOverlap && compiler.CanOverlap(Driver.Device.Architecture);

    /// <summary>The kernel of <c>transfer.cu</c>.</summary>
    public CudaKernel Transfer => _transfer ??= Load(new CudaUnit("transfer.cu", [])).Kernel("transfer");

    /// <summary>Begins to compile a source for this device. A unit takes a second or so, so all that are asked for compile side by side, and each is waited for when it is first needed.</summary>
    public CudaModule Load(CudaUnit unit)
    {
        string architecture = Driver.Device.Architecture;
        return Load(Task.Run(() => compiler.Compile(unit, architecture))); // touches nothing of this thread's
    }

    /// <summary>A module that is compiled already.</summary>
    public CudaModule Load(byte[] image) => Load(Task.FromResult(image));

    /// <summary>Waits for all that was begun, so that what does not compile or load is known now.</summary>
    /// <exception cref="CudaException">Something does not.</exception>
    public void FinishLoading()
    {
        foreach (CudaModule module in _modules) module.Resolve();
    }

    /// <summary>Waits for all that was enqueued.</summary>
    public void Synchronize() => Driver.Synchronize(Handle);

    /// <summary>The same where it must not throw: what is lost to this process does nothing any more.</summary>
    /// <returns>Whether the device is still there.</returns>
    public bool SynchronizeOrLose() => SynchronizeOrLose(Handle);

    /// <inheritdoc cref="SynchronizeOrLose()"/>
    /// <param name="stream">The driver's handle of another stream of the device.</param>
    public bool SynchronizeOrLose(nint stream)
    {
        try
        {
            Driver.Synchronize(stream);
            return true;
        }
        catch (CudaException) // what failed first says more
        {
            return false;
        }
    }

    public void Dispose()
    {
        foreach (CudaModule module in _modules) module.Unload();
        Driver.DestroyStream(Handle);
    }

    private CudaModule Load(Task<byte[]> image)
    {
        CudaModule module = new(this, image);
        _modules.Add(module);
        return module;
    }
}
