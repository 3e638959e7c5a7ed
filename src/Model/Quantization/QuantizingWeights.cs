using Llama.Model.Checkpoints;
using Llama.Model.Kernels;

namespace Llama.Model.Quantization;

/// <summary>Quantises the weights of another source as they are asked for. Each is let go of there once it is in codes, so that only one at a time is in memory in full width.</summary>
/// <param name="source">Taken over; on the CPU. Weights are quantised from the type in which it hands them out.</param>
/// <param name="plan">Which weights, and how. What the source hands out in codes stays as it is.</param>
internal sealed class QuantizingWeights(IWeightSource source, QuantizationPlan plan) : IWeightSource
{
    public LlamaConfig Config => source.Config;

    public Matrix Norm(string name) => source.Norm(name);

    public Weight Weight(string name)
    {
        Weight weight = source.Weight(name);
        if (weight is not DenseWeight dense || plan.TypeOf(name, Config.TieWordEmbeddings) is not { } type) return weight;
        using (dense)
        {
            QuantizedWeight quantized = WeightQuantizer.Run(dense.Values.Tensor, type, name);
            source.Release(name);
            return quantized;
        }
    }

    public void Dispose() => source.Dispose();
}
