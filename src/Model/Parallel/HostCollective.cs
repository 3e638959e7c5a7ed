using System.Numerics;
using System.Runtime.InteropServices;
using Llama.Model.Kernels;
using Llama.Model.Threads;
using static TorchSharp.torch;

namespace Llama.Model.Parallel;

/// <summary>
/// Sums and gathers through host memory, for devices of any kind: logical devices of one processor find each other's numbers in a cache, others copy them. Every device adds for itself, in the same order.
/// </summary>
/// <param name="exchange">Of the group; stays the caller's.</param>
/// <param name="device">Which of the group this is.</param>
/// <param name="memory">Where its matrices lie.</param>
internal sealed unsafe class HostCollective(HostExchange exchange, int device, DeviceMemory memory) : ICollective
{
    private const long ElementsPerThread = 16 << 10;

    private Matrix? _staged; // results on their way to a device that cannot read the host

    private struct Job
    {
        public float** Parts;
        public float* Sum;
        public int Count;
    }

    public void Sum(Matrix matrix)
    {
        int turn = exchange.Meet(device, memory, matrix);
        float** parts = stackalloc float*[exchange.Count];
        for (int other = 0; other < exchange.Count; other++) parts[other] = exchange.Of(other, turn);
        Matrix sum = OnHost(matrix);
        Job job = new() { Parts = parts, Sum = sum.Floats, Count = exchange.Count };
        ParallelFor.Run((long)matrix.Rows * matrix.Columns, ElementsPerThread, &Add, &job);
        if (sum != matrix) memory.Upload(sum, matrix);
    }

    public void Gather(Matrix part, Matrix? whole)
    {
        int turn = exchange.Meet(device, memory, part);
        if (whole is null) return;
        Matrix gathered = OnHost(whole);
        for (int other = 0, start = 0; other < exchange.Count; other++)
        {
            int columns = exchange.ColumnsOf(other, turn);
            for (int row = 0; row < whole.Rows; row++)
                NativeMemory.Copy(exchange.Of(other, turn) + (long)row * columns, gathered.Floats + (long)row * whole.Columns + start, (nuint)columns * sizeof(float));
            start += columns;
        }
        if (gathered != whole) memory.Upload(gathered, whole);
    }

    public void Dispose() => _staged?.Dispose();

    // Where the processor can write the result: the matrix itself, or memory of its shape that is kept between calls.
    private Matrix OnHost(Matrix matrix)
    {
        if (memory.IsHost) return matrix;
        if (_staged is null || _staged.Rows < matrix.Rows || _staged.Columns != matrix.Columns)
        {
            _staged?.Dispose();
            _staged = HostMemory.Instance.Empty(matrix.Rows, matrix.Columns, ScalarType.Float32);
        }
        return _staged.Take(matrix.Rows);
    }

    private static void Add(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        long i = begin;
        for (; i + Vector<float>.Count <= end; i += Vector<float>.Count)
        {
            Vector<float> sum = Vector.Load(job.Parts[0] + i);
            for (int part = 1; part < job.Count; part++) sum += Vector.Load(job.Parts[part] + i);
            Vector.Store(sum, job.Sum + i);
        }
        for (; i < end; i++)
        {
            float sum = job.Parts[0][i];
            for (int part = 1; part < job.Count; part++) sum += job.Parts[part][i];
            job.Sum[i] = sum;
        }
    }
}
