using System.Diagnostics;
using System.Runtime.CompilerServices;
using Llama.Model;
using Llama.Model.Kernels;

namespace Llama.Bench;

/// <summary>Other kernels, with the time that each takes.</summary>
internal sealed class TimedKernels(IKernels kernels) : IKernels
{
    private readonly Dictionary<string, TimeSpan> _times = [];

    /// <summary>By kernel, since the last clearing.</summary>
    public IReadOnlyDictionary<string, TimeSpan> Times => _times;

    public void Clear() => _times.Clear();

    public void Calibrate(LlamaWeights weights) => kernels.Calibrate(weights);

    public string Describe(LlamaWeights? weights = null) => kernels.Describe(weights);

    public void Begin(ForwardBatch batch) => kernels.Begin(batch);

    public void CopyBlocks(ForwardBatch batch, AttentionShape shape, KvLayer cache) => Add(Now, () => kernels.CopyBlocks(batch, shape, cache));

    public void Embed(Weight table, ForwardBatch batch, Matrix output, int firstToken) => Add(Now, () => kernels.Embed(table, batch, output, firstToken));

    public void RmsNorm(Matrix input, Matrix weight, float epsilon, Matrix output) => Add(Now, () => kernels.RmsNorm(input, weight, epsilon, output));

    public void Linear(Matrix input, ReadOnlySpan<Projection> projections)
    {
        Projection[] copy = [.. projections];
        Add(Now, () => kernels.Linear(input, copy));
    }

    public void LinearAdd(Matrix input, Weight weight, Matrix residual) => Add(Now, () => kernels.LinearAdd(input, weight, residual));

    public void RotateAndStore(Matrix queries, Matrix keys, Matrix values, RopeTable rope, ForwardBatch batch, AttentionShape shape, KvLayer cache) =>
        Add(Now, () => kernels.RotateAndStore(queries, keys, values, rope, batch, shape, cache));

    public void Attend(Matrix queries, ForwardBatch batch, AttentionShape shape, KvLayer cache, Matrix output) => Add(Now, () => kernels.Attend(queries, batch, shape, cache, output));

    public void SiluMultiply(Matrix gate, Matrix up) => Add(Now, () => kernels.SiluMultiply(gate, up));

    public void TakeRows(Matrix input, ReadOnlySpan<int> rows, Matrix output)
    {
        int[] copy = [.. rows];
        Add(Now, () => kernels.TakeRows(input, copy, output));
    }

    private static long Now => Stopwatch.GetTimestamp();

    private void Add(long start, Action call, [CallerMemberName] string kernel = "")
    {
        call();
        _times[kernel] = _times.GetValueOrDefault(kernel) + Stopwatch.GetElapsedTime(start);
    }
}
