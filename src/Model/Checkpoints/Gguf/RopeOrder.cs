using System.Runtime.InteropServices;
using Llama.Model.Kernels;
using Llama.Model.Threads;

namespace Llama.Model.Checkpoints.Gguf;

/// <summary>
/// The order of the rows of query and key projections. GGUF files lay the two numbers that a rotation turns side by side (Meta's order), Hugging Face's, and this
/// program's, half a head apart; the rows of each head are shuffled accordingly.
/// </summary>
/// <param name="HeadDim">Rows of a head; 0 for matrices whose rows are not shuffled.</param>
internal readonly record struct RopeOrder(int HeadDim)
{
    /// <summary>Of a tensor, by its name in Hugging Face layout.</summary>
    public static RopeOrder Of(string name, LlamaConfig config) =>
        new(name.EndsWith("q_proj.weight", StringComparison.Ordinal) || name.EndsWith("k_proj.weight", StringComparison.Ordinal) ? config.HeadDim : 0);

    public bool IsPlain => HeadDim == 0;

    /// <summary>The row in a GGUF file of a row in Hugging Face layout.</summary>
    public long InFile(long row)
    {
        if (IsPlain) return row;
        long half = HeadDim / 2, inHead = row % HeadDim;
        return row - inHead + inHead % half * 2 + inHead / half;
    }

    /// <summary>The row in Hugging Face layout of a row in a GGUF file.</summary>
    public long InModel(long row)
    {
        if (IsPlain) return row;
        long half = HeadDim / 2, inHead = row % HeadDim;
        return row - inHead + inHead % 2 * half + inHead / 2;
    }

    /// <summary>A copy in this program's order of a matrix whose heads lie in a file's.</summary>
    public unsafe Matrix FromFile(Matrix matrix)
    {
        const long bytesPerThread = 1 << 18;
        Matrix ordered = HostMemory.EmptyForReading(matrix.Rows, matrix.Columns, matrix.Dtype);
        long rowBytes = Matrix.BytesOf(1, matrix.Columns, matrix.Dtype);
        RopeOrder order = this;
        ParallelFor.Each(matrix.Rows, Math.Max(1, bytesPerThread / rowBytes), row =>
            NativeMemory.Copy((byte*)matrix.Data + order.InFile(row) * rowBytes, (byte*)ordered.Data + row * rowBytes, (nuint)rowBytes));
        return ordered;
    }
}
