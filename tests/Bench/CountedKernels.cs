using Llama.Model;
using Llama.Model.Kernels;

namespace Llama.Bench;

/// <summary>Other kernels on the host, with which columns of each weight's input ever held an outlier, and how many elements were.</summary>
/// <param name="kernels">Which.</param>
/// <param name="threshold">From what size on an element is one.</param>
internal sealed unsafe class CountedKernels(IKernels kernels, float threshold) : IKernels
{
    private readonly Dictionary<Weight, bool[]> _columns = [];

    /// <summary>Those that the counted kernels were calibrated for.</summary>
    public LlamaWeights? Weights { get; private set; }

    /// <summary>Elements of all inputs, and the outliers among them.</summary>
    public (long All, long Outliers) Elements { get; private set; }

    /// <summary>Columns of a weight that ever met an outlier.</summary>
    public int ColumnCount(Weight weight) => _columns.TryGetValue(weight, out bool[]? columns) ? columns.Count(isOutlier => isOutlier) : 0;

    public void Calibrate(LlamaWeights weights)
    {
        Weights = weights;
        kernels.Calibrate(weights);
    }

    public string Describe(LlamaWeights? weights = null) => kernels.Describe(weights);

    public void Begin(ForwardBatch batch) => kernels.Begin(batch);

    public void CopyBlocks(ForwardBatch batch, AttentionShape shape, KvLayer cache) => kernels.CopyBlocks(batch, shape, cache);

    public void Embed(Weight table, ForwardBatch batch, Matrix output) => kernels.Embed(table, batch, output);

    public void RmsNorm(Matrix input, Matrix weight, float epsilon, Matrix output) => kernels.RmsNorm(input, weight, epsilon, output);

    public void Linear(Matrix input, ReadOnlySpan<Projection> projections)
    {
        foreach (Projection projection in projections) Count(input, projection.Weight);
        kernels.Linear(input, projections);
    }

    public void LinearAdd(Matrix input, Weight weight, Matrix residual)
    {
        Count(input, weight);
        kernels.LinearAdd(input, weight, residual);
    }

    public void RotateAndStore(Matrix queries, Matrix keys, Matrix values, RopeTable rope, ForwardBatch batch, AttentionShape shape, KvLayer cache) =>
        kernels.RotateAndStore(queries, keys, values, rope, batch, shape, cache);

    public void Attend(Matrix queries, ForwardBatch batch, AttentionShape shape, KvLayer cache, Matrix output) => kernels.Attend(queries, batch, shape, cache, output);

    public void SiluMultiply(Matrix gate, Matrix up) => kernels.SiluMultiply(gate, up);

    public void TakeRows(Matrix input, ReadOnlySpan<int> rows, Matrix output) => kernels.TakeRows(input, rows, output);

    private void Count(Matrix input, Weight weight)
    {
        if (!_columns.TryGetValue(weight, out bool[]? columns)) _columns[weight] = columns = new bool[weight.Inputs];
        long outliers = 0;
        for (int row = 0; row < input.Rows; row++)
            for (int i = 0; i < input.Columns; i++)
            {
                if (!(MathF.Abs(input.Floats[(long)row * input.Columns + i]) >= threshold)) continue;
                columns[i] = true;
                outliers++;
            }
        Elements = (Elements.All + (long)input.Rows * input.Columns, Elements.Outliers + outliers);
    }
}
