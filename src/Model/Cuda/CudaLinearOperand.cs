using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Cuda;

/// <summary>What kernels are told of one projection of several; nothing of one that is not there.</summary>
internal readonly unsafe struct CudaLinearOperand
{
    /// <param name="projections">All.</param>
    /// <param name="index">Which.</param>
    /// <param name="row">First row of the output that is made.</param>
    public CudaLinearOperand(ReadOnlySpan<Projection> projections, int index, int row = 0)
    {
        if (index >= projections.Length) return;
        (Weight weight, Matrix output) = projections[index];
        (Weight, Scales) = weight is CudaQuantizedWeight codes ? (codes.Codes, codes.Scales) : ((nint)((DenseWeight)weight).Values.Data, 0);
        int elementBytes = output.Dtype == ScalarType.BFloat16 ? 2 : 4;
        Output = (nint)output.Data + (nint)row * output.Columns * elementBytes;
        Outputs = weight.Outputs;
    }

    /// <summary><c>Mode</c> in <c>operands.cuh</c>: how results are stored.</summary>
    public static int ModeOf(Matrix output, bool add) => (output.Dtype, add) switch
    {
        (ScalarType.BFloat16, false) => 0,
        (ScalarType.Float32, false) => 1,
        (ScalarType.Float32, true) => 2,
        _ => throw new ArgumentException($"A product cannot be {(add ? "added to" : "stored as")} {output.Dtype}."),
    };

    /// <summary>Address of the elements or codes.</summary>
    public nint Weight { get; }

    /// <summary>Address of the scales of codes.</summary>
    public nint Scales { get; }

    /// <summary>Address of the first row that is made.</summary>
    public nint Output { get; }

    /// <summary>Rows of the weight.</summary>
    public int Outputs { get; }
}
