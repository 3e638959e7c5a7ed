using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Outliers;
using Llama.Model.Offload;
using static TorchSharp.torch;

namespace Llama.Model.Quantization;

/// <summary>Quantises the weights of another source as they are asked for. Each is let go of there once it is in codes, so that only one at a time is in memory in full width.</summary>
/// <param name="source">Taken over; hands out what lies on the host. Weights are quantised from the type in which it hands them out.</param>
/// <param name="plan">Which weights, and how. What the source hands out in codes stays as it is.</param>
/// <param name="outlierThreshold">Of weights whose outliers are split off: these read single columns of the source as long as they live.</param>
internal sealed class QuantizingWeights(IWeightSource source, QuantizationPlan plan, float outlierThreshold = OutlierWeight.DefaultThreshold) : DerivedWeights(source)
{
    private readonly Dictionary<string, long[]> _shapes = CheckpointLayout.Expected(source.Config).ToDictionary(tensor => tensor.Name, tensor => tensor.Shape);

    public override Weight Weight(string name)
    {
        Weight weight = Source.Weight(name);
        if (weight is not DenseWeight dense || plan.TypeOf(name, Config.TieWordEmbeddings) is not { } type) return weight;
        using (dense)
        {
            QuantizedWeight quantized = WeightQuantizer.Run(dense.Values, type, name);
            Source.Release(name);
            return type.SplitsOutliers ? new OutlierWeight(quantized, new GatheredColumns(Source, name, weight.Outputs, weight.Inputs), outlierThreshold) : quantized;
        }
    }

    public override Weight Table(string name) => Weight(name);

    public override long? CodeBytes(string name, bool isHost) => Source.CodeBytes(name, isHost) ?? plan.TypeOf(name, Config.TieWordEmbeddings)?.BytesOf(_shapes[name], isHost);

    public override long? PackedBytes(string name) => Source.PackedBytes(name) ?? plan.TypeOf(name, Config.TieWordEmbeddings)?.PackedBytesOf(_shapes[name]);

    public override StoredWeight Stored(string name, ScalarType dtype) => Source.CodeBytes(name, isHost: true) is not null || plan.TypeOf(name, Config.TieWordEmbeddings) is null
        ? Source.Stored(name, dtype)
        : throw new ArgumentException($"Model:Dtype={plan.Layers} quantises while loading, which weights cannot be that stream from their file: each step would do it again. Quantise ahead "
            + $"(the verb quantize with --type {plan.Layers}) and serve what it wrote, or raise Model:MemoryLimit.");
}
