namespace Llama.Model.Cuda;

/// <summary>A loaded module. Its kernels go with the stream that loaded it.</summary>
internal sealed class CudaModule(CudaStream stream, nint handle)
{
    /// <summary>A kernel by name.</summary>
    /// <param name="name">As <c>extern "C"</c> has it.</param>
    /// <param name="sharedBytes">Most dynamic shared memory that it will be launched with.</param>
    public CudaKernel Kernel(string name, int sharedBytes = 0)
    {
        nint function = stream.Driver.GetFunction(handle, name);
        // Less than 48 KiB may need asking too: the kernel's own static memory counts.
        if (sharedBytes > 0) stream.Driver.AllowSharedMemory(function, sharedBytes);
        return new CudaKernel(stream, function);
    }
}
