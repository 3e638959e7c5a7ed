using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Threads;
using static TorchSharp.torch;

namespace Llama.Model.Quantization;

/// <summary>Quantises a weight, its rows spread over threads. Works through it in blocks, so that it never stands in memory in full width.</summary>
internal static unsafe class WeightQuantizer
{
    private const int BlockElements = 4 << 20, ElementsPerPiece = 64 << 10;

    /// <summary>The weight in codes.</summary>
    /// <param name="source">[outputs, inputs] of any floating type, on the CPU.</param>
    /// <param name="type">How.</param>
    /// <param name="name">Of the tensor, for the message.</param>
    /// <exception cref="CheckpointException">It holds a NaN or an infinity.</exception>
    public static QuantizedWeight Run(Tensor source, QuantizationType type, string name)
    {
        int outputs = (int)source.shape[0], inputs = (int)source.shape[1], blockRows = Math.Max(1, BlockElements / inputs);
        QuantizedWeight weight = Allocate(outputs, inputs, type);
        try
        {
            for (int row = 0; row < outputs; row += blockRows)
                if (Block(source, weight, type, row, Math.Min(blockRows, outputs - row)) is int faulty)
                    throw new CheckpointException(name, $"row {faulty} holds a NaN or an infinity, so it cannot be quantised; use Model:Dtype=bfloat16, or a checkpoint that is whole");
            return weight;
        }
        catch
        {
            weight.Dispose();
            throw;
        }
    }

    private static QuantizedWeight Allocate(int outputs, int inputs, QuantizationType type)
    {
        int groupSize = type.GroupSizeOf(inputs), groups = (inputs + groupSize - 1) / groupSize;
        return new QuantizedWeight(inputs, type.Bits, groupSize, Matrix.Empty(outputs, QuantizedWeight.RowBytes(inputs, type.Bits), ScalarType.Byte, CPU),
            Matrix.Empty(outputs, groups, ScalarType.Float32, CPU), type.IsSymmetric ? null : Matrix.Empty(outputs, groups, ScalarType.Float32, CPU));
    }

    /// <summary>Quantises some rows; gives one that cannot be, if there is any.</summary>
    private static int? Block(Tensor source, QuantizedWeight weight, QuantizationType type, int first, int count)
    {
        using Tensor rows = source.narrow(0, first, count), floats = rows.to(ScalarType.Float32), contiguous = floats.contiguous();
        float* values = (float*)TensorMemory.Data(contiguous);
        int? faulty = null;
        ParallelFor.Run(count, Math.Max(1, ElementsPerPiece / weight.Inputs), (begin, end) =>
        {
            RowQuantizer quantizer = new(weight.Inputs, type);
            for (long row = begin; row < end; row++)
                if (!quantizer.TryQuantize(new ReadOnlySpan<float>(values + row * weight.Inputs, weight.Inputs), weight, first + (int)row))
                    faulty = first + (int)row; // of several any will do
        });
        return faulty;
    }
}
