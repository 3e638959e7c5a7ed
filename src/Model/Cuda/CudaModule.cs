namespace Llama.Model.Cuda;

/// <summary>A module that is compiled or about to be. It is loaded when a kernel of it is first needed; its kernels go with the stream that loaded it.</summary>
internal sealed class CudaModule(CudaStream stream, Task<byte[]> image)
{
    private readonly List<CudaKernel> _kernels = [];
    private nint _handle;

    /// <summary>A kernel by name.</summary>
    /// <param name="name">As <c>extern "C"</c> has it.</param>
    /// <param name="sharedBytes">Most dynamic shared memory that it will be launched with.</param>
    public CudaKernel Kernel(string name, int sharedBytes = 0)
    {
        CudaKernel kernel = new(stream, this, name, sharedBytes);
        _kernels.Add(kernel);
        return kernel;
    }

    /// <summary>The driver's handle of a kernel.</summary>
    public nint Find(string name, int sharedBytes)
    {
        if (_handle == 0) _handle = stream.Driver.LoadModule(image.GetAwaiter().GetResult());
        nint function = stream.Driver.GetFunction(_handle, name);
        // Less than 48 KiB may need asking too: the kernel's own static memory counts.
        if (sharedBytes > 0) stream.Driver.AllowSharedMemory(function, sharedBytes);
        return function;
    }

    /// <summary>Loads it and finds its kernels.</summary>
    public void Resolve()
    {
        foreach (CudaKernel kernel in _kernels) kernel.Resolve();
    }

    /// <summary>Gives back what was loaded; nothing of it may be under way.</summary>
    public void Unload()
    {
        if (_handle != 0) stream.Driver.UnloadModule(_handle);
        _handle = 0;
    }
}
