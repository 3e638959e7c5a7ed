using Llama.Model.Checkpoints;
using Llama.Model.Quantization;
using static TorchSharp.torch;

namespace Llama.Model;

/// <summary>What the setting <c>Model:Dtype</c> asks of weights.</summary>
/// <param name="Dtype">Type of those that are not in codes.</param>
/// <param name="Plan">Which are to be in codes; null for none that are not so in the files.</param>
/// <param name="IsAuto">Whether what the files hold in codes stays as it is.</param>
internal sealed record WeightFormat(ScalarType Dtype, QuantizationPlan? Plan, bool IsAuto)
{
    /// <summary>Reads the setting.</summary>
    /// <exception cref="ArgumentException">An unknown spelling.</exception>
    public static WeightFormat Parse(string setting) => setting switch
    {
        "auto" => new(ScalarType.BFloat16, null, true),
        "bfloat16" => new(ScalarType.BFloat16, null, false),
        "float32" => new(ScalarType.Float32, null, false),
        _ when QuantizationType.TryParse(setting, out QuantizationType type) => new(ScalarType.BFloat16, QuantizationPlan.Of(type), false),
        _ => throw new ArgumentException($"Model:Dtype is '{setting}'; use auto, bfloat16, float32 or one of {QuantizationType.Spellings}."),
    };

    /// <summary>The form of the weights, for the start-up lines.</summary>
    /// <param name="stored">How the files hold them.</param>
    /// <param name="codes">What those are called that are handed out in codes of the file's own types; null when there are none.</param>
    public string Describe(QuantizationPlan? stored, string? codes)
    {
        string reason = IsAuto ? "auto" : "as set", type = Dtype == ScalarType.Float32 ? "float32" : "bfloat16";
        if (codes is not null) return $"{codes} weights ({reason}: as in the file)";
        return (Plan ?? (IsAuto ? stored : null)) is { } plan ? $"{plan.Layers} weights ({reason}), {plan.Head} head" : $"{type} weights ({reason})";
    }

    /// <summary>Whether weights that the files hold in codes are to stay so.</summary>
    /// <param name="stored">How the files hold them.</param>
    public bool Keeps(QuantizationPlan? stored) => IsAuto || (Plan is not null && Plan == stored);

    /// <summary>Memory of a model's weights in this form.</summary>
    public long BytesOf(LlamaConfig config)
    {
        QuantizationPlan? plan = Plan ?? (IsAuto ? config.Quantization : null);
        return CheckpointLayout.Expected(config).Sum(tensor => plan?.TypeOf(tensor.Name, config.TieWordEmbeddings) is { } type
            ? QuantizedTensors.Of(tensor, type).Sum(part => part.ElementCount * part.Dtype!.Value.Size())
            : tensor.ElementCount * (tensor.Shape.Length == 1 || Dtype == ScalarType.Float32 ? sizeof(float) : sizeof(ushort))); // norms are float32
    }
}
