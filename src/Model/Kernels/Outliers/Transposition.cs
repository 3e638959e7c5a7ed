using Llama.Model.Threads;
using static TorchSharp.torch;

namespace Llama.Model.Kernels.Outliers;

/// <summary>Columns of a bfloat16 matrix made rows.</summary>
internal static unsafe class Transposition
{
    private const int Block = 32; // a block's lines on both sides stay in the first cache

    /// <summary>A new matrix on the host.</summary>
    /// <param name="source">[rows, columns] bfloat16, on the host. Stays the caller's.</param>
    public static Matrix Of(Matrix source)
    {
        Matrix target = HostMemory.EmptyForReading(source.Columns, source.Rows, ScalarType.BFloat16);
        ParallelFor.Each((source.Columns + Block - 1) / Block, 1, block =>
        {
            for (int row = 0; row < source.Rows; row += Block) Copy(source, target, row, (int)block * Block);
        });
        return target;
    }

    private static void Copy(Matrix source, Matrix target, int firstRow, int firstColumn)
    {
        ushort* from = (ushort*)source.Data, to = (ushort*)target.Data;
        int rows = Math.Min(source.Rows, firstRow + Block), columns = Math.Min(source.Columns, firstColumn + Block);
        for (int column = firstColumn; column < columns; column++)
            for (int row = firstRow; row < rows; row++) to[(long)column * source.Rows + row] = from[(long)row * source.Columns + column];
    }
}
