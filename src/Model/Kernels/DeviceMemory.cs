using static TorchSharp.torch;

namespace Llama.Model.Kernels;

/// <summary>Where the matrices of a model lie: weights, cache, intermediate results. Checkpoints are read on the host; what is placed moves here.</summary>
internal abstract class DeviceMemory : IDisposable
{
    /// <summary>Whether the processor reads it, so that nothing need be copied to look at a result.</summary>
    public virtual bool IsHost => false;

    /// <summary>Whether the kernels that work here can multiply weights in codes. If not, codes are widened before they are placed.</summary>
    public virtual bool HoldsCodes => true;

    /// <summary>Bytes that it could still give.</summary>
    public abstract long FreeBytes();

    /// <summary>A matrix, not cleared; on the host its pages are not even touched.</summary>
    /// <exception cref="InsufficientMemoryException">There is not so much.</exception>
    public abstract Matrix Empty(int rows, int columns, ScalarType dtype);

    /// <summary>Takes over a matrix on the host and hands out one with the same values here; the same where it need not move.</summary>
    /// <param name="onHost">float32, float16 or bfloat16, to become float32 or bfloat16; of any other type if that is to stay.</param>
    /// <param name="dtype">Of the result.</param>
    public abstract Matrix Place(Matrix onHost, ScalarType dtype);

    /// <summary>Takes over a weight in codes on the host and hands it out here, in whatever arrangement of codes the kernels that work here want.</summary>
    public virtual Weight Place(QuantizedWeight onHost) => new QuantizedWeight(onHost.Inputs, onHost.Bits, onHost.GroupSize, Place(onHost.Codes, ScalarType.Byte),
        Place(onHost.Scales, ScalarType.Float32), onHost.Minima is null ? null : Place(onHost.Minima, ScalarType.Float32));

    /// <summary>Copies a float32 matrix on the host over one of the same shape here, before anything that is asked for later; the host's may be changed when it returns.</summary>
    public abstract void Upload(Matrix onHost, Matrix target);

    /// <summary>Copies a matrix that lies here to the host, once all that was asked of it before is done.</summary>
    /// <param name="matrix">Which.</param>
    /// <param name="target">Room for its bytes.</param>
    public abstract unsafe void Download(Matrix matrix, void* target);

    public virtual void Dispose() { }
}
