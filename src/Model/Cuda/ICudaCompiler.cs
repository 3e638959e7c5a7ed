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
}
