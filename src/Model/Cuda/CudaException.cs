namespace Llama.Model.Cuda;

/// <summary>The CUDA driver, compiler or cuBLAS refused something; the message says what, with which error, and what to do where that is known.</summary>
public sealed class CudaException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether every further call will fail too, so that only a new process helps.</summary>
    public bool IsContextLost { get; init; }
}
