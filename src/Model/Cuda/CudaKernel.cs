namespace Llama.Model.Cuda;

/// <summary>A kernel of a loaded module.</summary>
internal sealed unsafe class CudaKernel(CudaStream stream, nint function)
{
    private const int MostArguments = 24;

    /// <summary>Enqueues it.</summary>
    /// <param name="shape">Blocks and threads; nothing happens if a dimension is 0.</param>
    /// <param name="arguments">In the order of the kernel's parameters, which are pointers, int, unsigned, float or 64-bit integers and nothing else.</param>
    public void Launch(LaunchShape shape, params ReadOnlySpan<CudaArgument> arguments)
    {
        if (shape.GridX == 0 || shape.GridY == 0 || shape.GridZ == 0) return;
        void** addresses = stackalloc void*[MostArguments];
        fixed (CudaArgument* first = arguments)
        {
            for (int i = 0; i < arguments.Length; i++) addresses[i] = first + i;
            stream.Driver.Launch(function, shape, stream.Handle, addresses);
        }
    }
}
