using Llama.Model.Kernels;

namespace Llama.Model.Cuda;

/// <summary>What the input of a product with few rows is made of, [rows, inputs] bfloat16 in the end.</summary>
internal readonly unsafe struct CudaFewRowsInput
{
    private CudaFewRowsInput(CudaFewRowsMaking making, Matrix first, nint second = 0, float epsilon = 0) => (Making, First, Second, Epsilon, Rows) = (making, (nint)first.Data, second, epsilon, first.Rows);

    /// <summary>How it is made.</summary>
    public CudaFewRowsMaking Making { get; }

    /// <summary>Address of [rows, inputs].</summary>
    public nint First { get; }

    /// <summary>Address of what else it takes, or 0.</summary>
    public nint Second { get; }

    /// <summary>Of the norm.</summary>
    public float Epsilon { get; }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>A matrix as it is.</summary>
    /// <param name="input">[rows, inputs] bfloat16</param>
    public static CudaFewRowsInput Of(Matrix input) => new(CudaFewRowsMaking.AsItIs, input);

    /// <summary>input / √(mean(input²) + epsilon) · weight</summary>
    /// <param name="input">[rows, inputs] float32</param>
    /// <param name="weight">[1, inputs] float32</param>
    /// <param name="epsilon">Keeps a row of zeros from being divided by 0.</param>
    public static CudaFewRowsInput Normed(Matrix input, Matrix weight, float epsilon) => new(CudaFewRowsMaking.Normed, input, (nint)weight.Data, epsilon);

    /// <summary>silu(gate) · up</summary>
    /// <param name="gate">[rows, inputs] bfloat16</param>
    /// <param name="up">The same.</param>
    public static CudaFewRowsInput Gated(Matrix gate, Matrix up) => new(CudaFewRowsMaking.Gated, gate, (nint)up.Data);
}

/// <summary><c>Making</c> in <c>few_rows.cuh</c>.</summary>
internal enum CudaFewRowsMaking
{
    AsItIs,
    Normed,
    Gated,
}
