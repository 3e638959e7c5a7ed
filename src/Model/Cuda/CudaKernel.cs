using System.Diagnostics;

namespace Llama.Model.Cuda;

/// <summary>A kernel of a module.</summary>
internal sealed unsafe class CudaKernel(CudaStream stream, CudaModule module, string name, int sharedBytes)
{
    private const int MostArguments = 32;

    private nint _function; // 0 until it was needed

    /// <summary>Enqueues it.</summary>
    /// <param name="shape">Blocks and threads; nothing happens if a dimension is 0.</param>
    /// <param name="arguments">In the order of the kernel's parameters, which are pointers, int, unsigned, float or 64-bit integers and nothing else.</param>
    public void Launch(LaunchShape shape, params ReadOnlySpan<CudaArgument> arguments)
    {
        if (shape.GridX == 0 || shape.GridY == 0 || shape.GridZ == 0) return;
        if (_function == 0) Resolve();
        Debug.Assert(arguments.Length <= MostArguments);
        void** addresses = stackalloc void*[MostArguments];
        fixed (CudaArgument* first = arguments)
        {
            for (int i = 0; i < arguments.Length; i++) addresses[i] = first + i;
            stream.Driver.Launch(_function, shape, stream.Handle, addresses);
        }
    }

    /// <summary>Finds it in its module, which is waited for and loaded.</summary>
    public void Resolve() => _function = module.Find(name, sharedBytes);
}
