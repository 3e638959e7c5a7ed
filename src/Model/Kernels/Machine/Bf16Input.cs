using Llama.Model.Kernels.Simd;
using Llama.Model.Threads;

namespace Llama.Model.Kernels.Machine;

/// <summary>The rows of a product's input in bfloat16, padded with zeros to whole registers.</summary>
internal sealed unsafe class Bf16Input
{
    private const long ElementsPerThread = 16 << 10;

    private readonly ScratchMemory _scratch = new();

    private struct Job
    {
        public float* Input;
        public byte* Target;
        public int Inputs, Stride, GroupSize;
    }

    /// <summary>Rounds the rows to nearest even. The result is good until the next call.</summary>
    /// <param name="input">[rows, inputs] float32</param>
    /// <param name="weight">Whose order it is for, where that is not the natural one.</param>
    public RowInput Pack(Matrix input, Weight weight)
    {
        int groupSize = weight is QuantizedWeight codes ? Math.Min(codes.GroupSize, QuantizedWeight.Chunk) : QuantizedWeight.Chunk;
        Job job = new() { Input = input.Floats, Inputs = input.Columns, Stride = InputStride.Of(input.Columns * sizeof(ushort)), GroupSize = groupSize };
        job.Target = (byte*)_scratch.Get((long)input.Rows * job.Stride);
        ParallelFor.Run(input.Rows, Math.Max(1, ElementsPerThread / input.Columns), &Narrow, &job);
        return new RowInput { Data = job.Target, Stride = job.Stride, Rows = input.Rows, Inputs = input.Columns, ElementBytes = sizeof(ushort) };
    }

    private static void Narrow(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        for (long row = begin; row < end; row++)
        {
            Bf16* target = (Bf16*)(job.Target + row * job.Stride);
            SimdVector<Lanes512, Bf16>.Narrow(job.Input + row * job.Inputs, target, job.Inputs);
            if (job.GroupSize < QuantizedWeight.Chunk) Interleave(target, job.Inputs, job.GroupSize);
            new Span<byte>(target + job.Inputs, job.Stride - job.Inputs * sizeof(ushort)).Clear();
        }
    }

    private static void Interleave(Bf16* row, int inputs, int groupSize)
    {
        for (Bf16* chunk = row; chunk < row + inputs; chunk += QuantizedWeight.Chunk) CodeOrder.Interleave(new Span<ulong>(chunk, QuantizedWeight.Chunk / 4), groupSize);
    }
}
