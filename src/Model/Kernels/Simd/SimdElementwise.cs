using System.Runtime.CompilerServices;
using Llama.Model.Threads;

namespace Llama.Model.Kernels.Simd;

/// <summary>The kernels that go over a row once: RMSNorm and SiLU·up. Rows are spread over threads.</summary>
internal static unsafe class SimdElementwise<TLanes> where TLanes : struct, ILanes<TLanes>
{
    private const long ElementsPerThread = 16 << 10;

    private struct Job
    {
        public float* Input, Weight, Output;
        public int Columns;
        public float Epsilon;
    }

    /// <summary>See <see cref="IKernels.RmsNorm"/>.</summary>
    public static void RmsNorm(Matrix input, Matrix weight, float epsilon, Matrix output)
    {
        Job job = new() { Input = input.Floats, Weight = weight.Floats, Output = output.Floats, Columns = input.Columns, Epsilon = epsilon };
        ParallelFor.Run(input.Rows, Math.Max(1, ElementsPerThread / input.Columns), &NormRows, &job);
    }

    /// <summary>See <see cref="IKernels.SiluMultiply"/>.</summary>
    public static void SiluMultiply(Matrix gate, Matrix up)
    {
        Job job = new() { Input = up.Floats, Output = gate.Floats, Columns = gate.Columns };
        ParallelFor.Run(gate.Rows, Math.Max(1, ElementsPerThread / gate.Columns), &SiluRows, &job);
    }

    private static void NormRows(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        for (long row = begin; row < end; row++) NormRow(ref job, job.Input + row * job.Columns, job.Output + row * job.Columns);
    }

    [MethodImpl(Compiled.AtOnce)]
    private static void NormRow(ref Job job, float* input, float* output)
    {
        int n = job.Columns, i = 0;
        float meanSquare = SimdVector<TLanes, float>.Dot(input, input, n) / n;
        float scale = 1 / MathF.Sqrt(meanSquare + job.Epsilon);
        TLanes scales = TLanes.All(scale);
        for (; i + TLanes.Count <= n; i += TLanes.Count) TLanes.Store(TLanes.Load(input + i) * scales * TLanes.Load(job.Weight + i), output + i);
        for (; i < n; i++) output[i] = input[i] * scale * job.Weight[i];
    }

    [MethodImpl(Compiled.AtOnce)]
    private static void SiluRows(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        long i = begin * job.Columns, last = end * job.Columns;
        TLanes one = TLanes.All(1);
        for (; i + TLanes.Count <= last; i += TLanes.Count)
        {
            TLanes gate = TLanes.Load(job.Output + i);
            TLanes.Store(gate / (one + Lanes.Exp(TLanes.Zero - gate)) * TLanes.Load(job.Input + i), job.Output + i);
        }
        for (; i < last; i++) job.Output[i] = job.Output[i] / (1 + MathF.Exp(-job.Output[i])) * job.Input[i];
    }
}
