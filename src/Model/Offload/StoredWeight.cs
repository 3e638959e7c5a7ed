using Llama.Model.Kernels;

namespace Llama.Model.Offload;

/// <summary>A weight as its files hold it, for who reads it again and again into memory of his own, by rows, and in the form in which kernels take it.</summary>
/// <param name="outputs">Rows.</param>
/// <param name="inputs">Columns.</param>
internal abstract unsafe class StoredWeight(int outputs, int inputs)
{
    /// <summary>Rows.</summary>
    public int Outputs { get; } = outputs;

    /// <summary>Columns.</summary>
    public int Inputs { get; } = inputs;

    /// <summary>What it consists of in the files.</summary>
    public abstract IReadOnlyList<FileRange> Ranges { get; }

    /// <summary>Bytes of memory for <see cref="On"/>: whole pages.</summary>
    public abstract long MemoryBytes { get; }

    /// <summary>The weight on some memory, which is not filled and must live longer.</summary>
    /// <param name="memory">At a page's beginning.</param>
    public abstract Weight On(byte* memory);

    /// <summary>Reads some rows, as the file counts them, to where they belong.</summary>
    /// <param name="target">What <see cref="On"/> made.</param>
    /// <param name="first">The first row.</param>
    /// <param name="count">Rows.</param>
    /// <param name="stage">The calling thread's.</param>
    /// <exception cref="Checkpoints.CheckpointException">A file ends before.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public abstract void Read(Weight target, int first, int count, StageMemory stage);
}
