namespace Llama.Model.Kernels.Machine;

/// <summary>Input rows as the tiles of few rows read them.</summary>
internal unsafe struct RowInput
{
    /// <summary>The rows: float32, bfloat16 or integers.</summary>
    public byte* Data;

    /// <summary>Bytes from one row to the next.</summary>
    public int Stride;

    public int Rows, Inputs;

    /// <summary>Of floating point: 2 or 4.</summary>
    public int ElementBytes;

    /// <summary>[rows] of integers: what they are to be multiplied with.</summary>
    public float* Scales;

    /// <summary>[rows, groups] of integers: their sums by the weights' groups, times what a tile wants; integers themselves where its own begin with them.</summary>
    public float* GroupSums;

    /// <summary>Bytes from one row of <see cref="GroupSums"/> to the next.</summary>
    public int SumStride;
}
