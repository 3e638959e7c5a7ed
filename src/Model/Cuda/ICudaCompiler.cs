namespace Llama.Model.Cuda;

/// <summary>Compiles CUDA C++ to a module that a driver can load.</summary>
internal interface ICudaCompiler
{
    /// <summary>Compiles one source.</summary>
    /// <param name="unit">Source and constants.</param>
    /// <param name="architecture">As <see cref="CudaDevice.Architecture"/> has it.</param>
    /// <returns>The module's image.</returns>
    /// <exception cref="CudaException">With the compiler's own messages.</exception>
    byte[] Compile(CudaUnit unit, string architecture);

    /// <summary>Whether what it compiles for a device waits for the kernel before, as <c>overlap.cuh</c> has it: an old compiler makes code for older devices, which newer ones take.</summary>
    bool CanOverlap(string architecture) => true;
}
