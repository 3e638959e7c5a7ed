using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Threads;
using static TorchSharp.torch;

namespace Llama.Model.Quantization;

/// <summary>Quantises a weight, its rows spread over threads.</summary>
internal static unsafe class WeightQuantizer
{
    private const int ElementsPerPiece = 64 << 10;

    /// <summary>The weight in codes.</summary>
    /// <param name="source">[outputs, inputs] float32, float16 or bfloat16, on the host.</param>
    /// <param name="type">How.</param>
    /// <param name="name">Of the tensor, for the message.</param>
    /// <exception cref="CheckpointException">It holds a NaN or an infinity.</exception>
    public static QuantizedWeight Run(Matrix source, QuantizationType type, string name)
    {
        int outputs = source.Rows, inputs = source.Columns;
        QuantizedWeight weight = QuantizedWeight.Allocate(outputs, inputs, type.Bits, type.GroupSizeOf(inputs), hasMinima: !type.IsSymmetric);
        if (Quantize(source, type, weight) is not int faulty) return weight;
        weight.Dispose();
        throw new CheckpointException(name, $"row {faulty} holds a NaN or an infinity, so it cannot be quantised; use Model:Dtype=bfloat16, or a checkpoint that is whole");
    }

    /// <summary>Fills the weight; gives a row that cannot be quantised, if there is any.</summary>
    private static int? Quantize(Matrix source, QuantizationType type, QuantizedWeight weight)
    {
        byte* values = (byte*)source.Data;
        long rowBytes = Matrix.BytesOf(1, weight.Inputs, source.Dtype);
        ScalarType dtype = source.Dtype;
        int? faulty = null;
        ParallelFor.Run(weight.Outputs, Math.Max(1, ElementsPerPiece / weight.Inputs), (begin, end) =>
        {
            RowQuantizer quantizer = new(weight.Inputs, type);
            for (long row = begin; row < end; row++)
                if (!quantizer.TryQuantize(values + row * rowBytes, dtype, weight, (int)row)) faulty = (int)row; // of several any will do
        });
        return faulty;
    }
}
