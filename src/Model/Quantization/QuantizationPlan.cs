using Llama.Model.Checkpoints;

namespace Llama.Model.Quantization;

/// <summary>Which weights of a model are quantised, and how. Norms never are, nor is an embedding of its own: a step reads a few of its rows.</summary>
/// <param name="Layers">All matrices of the layers.</param>
/// <param name="Head">The output head, which is the embedding as well when they are tied.</param>
public sealed record QuantizationPlan(QuantizationType Layers, QuantizationType Head)
{
    /// <summary>The plan that a type asks for. The head keeps 8 bits: its errors go straight into the logits (tests/Bench/NOTES.md).</summary>
    public static QuantizationPlan Of(QuantizationType type) => new(type, type.Bits == 8 ? type : QuantizationType.Int8);

    /// <summary>What a checkpoint holds that was quantised so, for people; null where it holds the columns in 16 bits too.</summary>
    internal string? CodesAlone => Layers.SplitsOutliers ? null : Layers.ToString();

    /// <summary>What becomes of a tensor, by its name in Hugging Face layout; null leaves it as it is.</summary>
    /// <param name="name">Of the tensor.</param>
    /// <param name="isTied">Whether the head is the embedding.</param>
    public QuantizationType? TypeOf(string name, bool isTied) => name switch
    {
        CheckpointLayout.OwnHead => Head,
        CheckpointLayout.Embedding => isTied ? Head : null,
        _ => name.EndsWith("_proj.weight", StringComparison.Ordinal) ? Layers : null,
    };
}
