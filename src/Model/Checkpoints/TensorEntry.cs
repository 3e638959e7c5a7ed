namespace Llama.Model.Checkpoints;

/// <summary>One tensor as a safetensors header declares it.</summary>
/// <param name="Name">Its name, unique in the checkpoint.</param>
/// <param name="Dtype">The format's name of the element type; <see cref="TensorDtype"/> lists those that can be loaded.</param>
/// <param name="Shape">Sizes, row-major; empty for a scalar.</param>
/// <param name="Offset">First byte, counted from the start of the file.</param>
/// <param name="ByteCount">Length in bytes.</param>
public sealed record TensorEntry(string Name, string Dtype, long[] Shape, long Offset, long ByteCount)
{
    /// <summary>Type and sizes as people write them: <c>BF16 [4096, 11008]</c>.</summary>
    public override string ToString() => $"{Dtype} [{string.Join(", ", Shape)}]";
}
