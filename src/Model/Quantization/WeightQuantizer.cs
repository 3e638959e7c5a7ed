using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Threads;
using static TorchSharp.torch;

namespace Llama.Model.Quantization;

/// <summary>Quantises a weight, its rows spread over threads. Works through it in blocks, so that it never stands in memory in full width.</summary>
internal static unsafe class WeightQuantizer
{
    private const int BlockElements = 4 << 20;
    private const long ElementsPerThread = 16 << 10;

    private struct Job
    {
        public float* Values; // [rows of the block, inputs]
        public byte* Codes; // [rows of the block, rowBytes]
        public float* Scales, Minima; // [rows of the block, groups]; no minima when symmetric
        public int Inputs, RowBytes, GroupCount, Bits, GroupSize, FaultyRow;
        public bool IsSymmetric;
    }

    /// <summary>The weight in codes.</summary>
    /// <param name="source">[outputs, inputs] of any floating type, on the CPU.</param>
    /// <param name="type">How.</param>
    /// <param name="name">Of the tensor, for the message.</param>
    /// <exception cref="CheckpointException">It holds a NaN or an infinity.</exception>
    public static QuantizedWeight Run(Tensor source, QuantizationType type, string name)
    {
        int outputs = (int)source.shape[0], inputs = (int)source.shape[1];
        QuantizedWeight weight = Allocate(outputs, inputs, type);
        try
        {
            int blockRows = Math.Max(1, BlockElements / inputs);
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
    private static int? Block(Tensor source, QuantizedWeight weight, QuantizationType type, int row, int count)
    {
        using Tensor rows = source.narrow(0, row, count), floats = rows.to(ScalarType.Float32), values = floats.contiguous();
        Job job = new()
        {
            Values = (float*)TensorMemory.Data(values),
            Codes = (byte*)weight.Codes.Data + (long)row * weight.Codes.Columns,
            Scales = weight.Scales.Floats + (long)row * weight.GroupCount,
            Minima = weight.Minima is null ? null : weight.Minima.Floats + (long)row * weight.GroupCount,
            Inputs = weight.Inputs,
            RowBytes = weight.Codes.Columns,
            GroupCount = weight.GroupCount,
            Bits = type.Bits,
            GroupSize = type.GroupSize ?? 0,
            IsSymmetric = type.IsSymmetric,
            FaultyRow = -1,
        };
        ParallelFor.Run(count, Math.Max(1, ElementsPerThread / weight.Inputs), &Rows, &job);
        return job.FaultyRow >= 0 ? row + job.FaultyRow : null;
    }

    private static void Rows(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        RowQuantizer quantizer = new(job.Inputs, new QuantizationType(job.Bits, job.GroupSize == 0 ? null : job.GroupSize, job.IsSymmetric));
        for (long row = begin; row < end; row++)
        {
            bool isFinite = quantizer.TryQuantize(
                new ReadOnlySpan<float>(job.Values + row * job.Inputs, job.Inputs),
                new Span<byte>(job.Codes + row * job.RowBytes, job.RowBytes),
                new Span<float>(job.Scales + row * job.GroupCount, job.GroupCount),
                job.IsSymmetric ? default : new Span<float>(job.Minima + row * job.GroupCount, job.GroupCount));
            if (!isFinite) job.FaultyRow = (int)row; // any one of several will do for the message
        }
    }
}
