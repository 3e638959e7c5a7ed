using System.Runtime.InteropServices;
using Llama.Model.Kernels.Simd;
using Llama.Model.Torch;

namespace Llama.Model.Kernels.Machine;

/// <summary>The rows of a product's input in bfloat16, padded with zeros to whole registers.</summary>
internal sealed unsafe class PackedInput : IDisposable
{
    private const int Alignment = 64, Page = 4096;
    private const long ElementsPerThread = 16 << 10;

    private byte* _data;
    private long _capacity;

    /// <summary>First row.</summary>
    public byte* Data => _data;

    /// <summary>Rows.</summary>
    public int Rows { get; private set; }

    /// <summary>Elements of a row.</summary>
    public int Inputs { get; private set; }

    /// <summary>Bytes from one row to the next: no multiple of a page, lest all rows of a tile meet in one set of the first cache.</summary>
    public int Stride { get; private set; }

    private struct Job
    {
        public float* Input;
        public byte* Target;
        public int Inputs, Stride;
    }

    /// <summary>Rounds the rows to nearest even.</summary>
    /// <param name="input">[rows, inputs] float32</param>
    public void Pack(Matrix input)
    {
        (Rows, Inputs, Stride) = (input.Rows, input.Columns, StrideOf(input.Columns));
        Job job = new() { Input = input.Floats, Inputs = Inputs, Stride = Stride };
        Reserve((long)input.Rows * job.Stride);
        job.Target = _data;
        ParallelFor.Run(input.Rows, Math.Max(1, ElementsPerThread / input.Columns), &Narrow, &job);
    }

    public void Dispose() => NativeMemory.AlignedFree(_data);

    private static int StrideOf(int inputs)
    {
        int bytes = (inputs * sizeof(ushort) + Alignment - 1) / Alignment * Alignment;
        return bytes % Page == 0 ? bytes + Alignment : bytes;
    }

    private void Reserve(long bytes)
    {
        if (bytes <= _capacity) return;
        NativeMemory.AlignedFree(_data);
        _data = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
        _capacity = bytes;
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
