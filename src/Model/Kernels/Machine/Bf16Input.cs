using Llama.Model.Kernels.Simd;
using Llama.Model.Threads;

namespace Llama.Model.Kernels.Machine;

/// <summary>The rows of a product's input in bfloat16, padded with zeros to whole registers.</summary>
internal sealed unsafe class Bf16Input
{
    private const long ElementsPerThread = 16 << 10;

    private readonly Scratch _scratch = new();

    private struct Job
    {
        public float* Input;
        public byte* Target;
        public int Inputs, Stride;
    }

    /// <summary>Rounds the rows to nearest even. The result is good until the next call.</summary>
    /// <param name="input">[rows, inputs] float32</param>
    public RowInput Pack(Matrix input)
    {
        Job job = new() { Input = input.Floats, Inputs = input.Columns, Stride = InputStride.Of(input.Columns * sizeof(ushort)) };
        job.Target = _scratch.Reserve((long)input.Rows * job.Stride);
        ParallelFor.Run(input.Rows, Math.Max(1, ElementsPerThread / input.Columns), &Narrow, &job);
        return new RowInput { Data = job.Target, Stride = job.Stride, Rows = input.Rows, Inputs = input.Columns };
    }

    private static void Narrow(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        for (long row = begin; row < end; row++)
        {
            Bf16* target = (Bf16*)(job.Target + row * job.Stride);
            SimdVector<Lanes512, Bf16>.Narrow(job.Input + row * job.Inputs, target, job.Inputs);
            new Span<byte>(target + job.Inputs, job.Stride - job.Inputs * sizeof(ushort)).Clear();
        }
    }
}
