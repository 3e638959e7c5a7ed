using Llama.Model;
using Llama.Model.Kernels;

namespace Llama.Bench;

/// <summary>Other kernels, of which only those that are wanted do something: what a step takes without the rest, and the rest without them.</summary>
internal sealed class PartialKernels(IKernels kernels, LlamaConfig config) : IKernels
{
    /// <summary>What a step consists of.</summary>
    public static readonly string[] Names = ["embedding", "norms", "queries, keys, values", "rope and store", "attention", "output", "gate and up", "silu", "down", "head"];

    /// <summary>Which of <see cref="Names"/> do something.</summary>
    public Func<string, bool> IsWanted { get; set; } = _ => true;

    public void Calibrate(LlamaWeights weights) => kernels.Calibrate(weights);

    public string Describe(LlamaWeights? weights = null) => kernels.Describe(weights);

    public void Begin(ForwardBatch batch) => kernels.Begin(batch);

    public void CopyBlocks(ForwardBatch batch, AttentionShape shape, KvLayer cache) => kernels.CopyBlocks(batch, shape, cache);

    public void Embed(Weight table, ForwardBatch batch, Matrix output, int firstToken)
    {
        if (IsWanted("embedding")) kernels.Embed(table, batch, output, firstToken);
    }

    public void RmsNorm(Matrix input, Matrix weight, float epsilon, Matrix output)
    {
        if (IsWanted("norms")) kernels.RmsNorm(input, weight, epsilon, output);
    }

    public void Linear(Matrix input, ReadOnlySpan<Projection> projections)
    {
        if (IsWanted(NameOf(projections))) kernels.Linear(input, projections);
    }

    public void LinearAdd(Matrix input, Weight weight, Matrix residual)
    {
        if (IsWanted(weight.Inputs == config.IntermediateSize ? "down" : "output")) kernels.LinearAdd(input, weight, residual);
    }

    public void NormLinear(Matrix input, Matrix weight, float epsilon, Matrix normed, ReadOnlySpan<Projection> projections)
    {
        bool norms = IsWanted("norms"), products = IsWanted(NameOf(projections));
        if (norms && products) kernels.NormLinear(input, weight, epsilon, normed, projections);
        else if (norms) kernels.RmsNorm(input, weight, epsilon, normed);
        else if (products) kernels.Linear(normed, projections);
    }

    public void NormGated(Matrix input, Matrix weight, float epsilon, Matrix normed, Projection gate, Projection up)
    {
        if (IsWanted("norms") && IsWanted("gate and up") && IsWanted("silu")) kernels.NormGated(input, weight, epsilon, normed, gate, up);
        else this.NormGatedInSteps(input, weight, epsilon, normed, gate, up);
    }

    public void NormRotated(Matrix input, Matrix weight, float epsilon, Matrix normed, ReadOnlySpan<Projection> projections, RopeTable rope, ForwardBatch batch, AttentionShape shape, KvLayer cache)
    {
        if (IsWanted("norms") && IsWanted("queries, keys, values") && IsWanted("rope and store")) kernels.NormRotated(input, weight, epsilon, normed, projections, rope, batch, shape, cache);
        else this.NormRotatedInSteps(input, weight, epsilon, normed, projections, rope, batch, shape, cache);
    }

    public void RotateAndStore(Matrix queries, Matrix keys, Matrix values, RopeTable rope, ForwardBatch batch, AttentionShape shape, KvLayer cache)
    {
        if (IsWanted("rope and store")) kernels.RotateAndStore(queries, keys, values, rope, batch, shape, cache);
    }

    public void Attend(Matrix queries, ForwardBatch batch, AttentionShape shape, KvLayer cache, Matrix output)
    {
        if (IsWanted("attention")) kernels.Attend(queries, batch, shape, cache, output);
    }

    public void SiluMultiply(Matrix gate, Matrix up)
    {
        if (IsWanted("silu")) kernels.SiluMultiply(gate, up);
    }

    public void TakeRows(Matrix input, ReadOnlySpan<int> rows, Matrix output) => kernels.TakeRows(input, rows, output);

    private static string NameOf(ReadOnlySpan<Projection> projections) => projections.Length switch { 3 => "queries, keys, values", 2 => "gate and up", _ => "head" };
}
