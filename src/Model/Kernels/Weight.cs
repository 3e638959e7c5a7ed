using static TorchSharp.torch;

namespace Llama.Model.Kernels;

/// <summary>The matrix of a linear layer or of the embedding, [outputs, inputs], in the form in which it lies in memory.</summary>
internal abstract class Weight(int outputs, int inputs) : IDisposable
{
    /// <summary>Rows.</summary>
    public int Outputs { get; } = outputs;

    /// <summary>Columns.</summary>
    public int Inputs { get; } = inputs;

    /// <summary>Brings its rows where they are not in memory: then its addresses are none, and kernels that do not know of this cannot take it. Else null.</summary>
    public RowReader? Reader { get; init; }

    /// <summary>Memory that it takes, and that a product with it reads.</summary>
    public abstract long ByteCount { get; }

    /// <summary>Whether it has memory of its own, rather than a mapped file's or someone else's.</summary>
    public virtual bool OwnsMemory => true;

    /// <summary>Some rows in float32, in torch operations: [rows, inputs]. For the plain kernels; the caller disposes it.</summary>
    public abstract Tensor Widen(Tensor? rows = null);

    /// <summary>Whether one preparation of the input serves both.</summary>
    public virtual bool HasFormatOf(Weight other) => other.GetType() == GetType() && other.Reader is null == Reader is null;

    /// <summary>The memory that it consists of, part by part, for callers that keep a copy elsewhere.</summary>
    public virtual IReadOnlyList<MemoryPart> Parts => throw new InvalidOperationException($"A {GetType().Name} has no parts that could be kept elsewhere.");

    /// <summary>A weight of the same form on someone else's memory, good also when this one is disposed.</summary>
    /// <param name="parts">Addresses of what <see cref="Parts"/> lists.</param>
    public virtual Weight On(ReadOnlySpan<nint> parts) => throw new InvalidOperationException($"A {GetType().Name} has no parts that could be kept elsewhere.");

    public abstract void Dispose();
}
