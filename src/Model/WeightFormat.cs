using System.Globalization;
using Llama.Model.Kernels.Outliers;
using Llama.Model.Quantization;
using static TorchSharp.torch;

namespace Llama.Model;

/// <summary>What the settings <c>Model:Dtype</c> and <c>Model:OutlierThreshold</c> ask of weights.</summary>
/// <param name="Dtype">Type of those that are not in codes.</param>
/// <param name="Plan">Which are to be in codes; null for none that are not so in the files.</param>
/// <param name="IsAuto">Whether what the files hold in codes stays as it is.</param>
internal sealed record WeightFormat(ScalarType Dtype, QuantizationPlan? Plan, bool IsAuto)
{
    /// <summary>From what size on an input is an outlier; null where no setting says so.</summary>
    public float? AskedThreshold { get; init; }

    /// <summary>From what size on an input is an outlier, for weights whose outliers are split off.</summary>
    public float OutlierThreshold => AskedThreshold ?? OutlierWeight.DefaultThreshold;

    /// <summary>Reads the settings that a model is loaded with.</summary>
    /// <exception cref="ArgumentException">An unknown spelling, or a threshold that is none.</exception>
    public static WeightFormat Of(ModelOptions options)
    {
        if (options.OutlierThreshold is not { } threshold) return Parse(options.Dtype);
        if (!(threshold > 0)) throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"Model:OutlierThreshold is {threshold}; give a number above 0."));
        return Parse(options.Dtype) with { AskedThreshold = (float)threshold };
    }

    /// <summary>Reads a spelling of the type.</summary>
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
        if (PlanFor(stored) is not { } plan) return $"{type} weights ({reason})";
        string outliers = plan.Layers.SplitsOutliers ? string.Create(CultureInfo.InvariantCulture, $", inputs from {OutlierThreshold} on in 16 bits") : "";
        return $"{plan.Layers} weights ({reason}), {plan.Head} head{outliers}";
    }

    /// <summary>Refuses what does not go together.</summary>
    /// <param name="stored">How the files hold the weights.</param>
    /// <param name="codes">The types in which they hold codes alone; null for none.</param>
    /// <exception cref="ArgumentException">With the remedy.</exception>
    public void Check(QuantizationPlan? stored, string? codes)
    {
        bool splits = SplitsOutliers(stored);
        if (splits && codes is not null) throw new ArgumentException($"Model:Dtype=int8-outliers needs the weights in 16 bits too, and this model holds them in {codes} alone; use the model that it was made from, or Model:Dtype=auto.");
        if (!splits && AskedThreshold is not null) throw new ArgumentException("Model:OutlierThreshold is for weights in int8-outliers, which these are not; set Model:Dtype=int8-outliers, or leave it out.");
    }

    /// <summary>Whether weights that the files hold in codes are to stay so.</summary>
    /// <param name="stored">How the files hold them.</param>
    public bool Keeps(QuantizationPlan? stored) => IsAuto || (Plan is not null && Plan == stored);

    /// <summary>Refuses what a device cannot multiply with.</summary>
    /// <param name="stored">How the files hold the weights.</param>
    /// <param name="isHost">Whether it is the processor.</param>
    /// <param name="holdsCodes">As <see cref="Kernels.DeviceMemory.HoldsCodes"/>.</param>
    /// <exception cref="ArgumentException">With the remedy.</exception>
    public void CheckDevice(QuantizationPlan? stored, bool isHost, bool holdsCodes)
    {
        if (FaultOn(stored, isHost, holdsCodes) is { } fault) throw new ArgumentException(fault);
    }

    /// <summary>Why a device cannot multiply with it, with the remedy; null if it can.</summary>
    /// <inheritdoc cref="CheckDevice" />
    public string? FaultOn(QuantizationPlan? stored, bool isHost, bool holdsCodes)
    {
        if (Plan is not null && !holdsCodes) return "Model:Dtype asks for codes, which plain kernels cannot multiply on this device; use auto or bfloat16, or set Model:Kernels=fused or Model:Device=cpu.";
        return !isHost && SplitsOutliers(stored) ? "Weights in int8-outliers are multiplied on a CPU only; use Model:Device=cpu, or Model:Dtype=int8." : null;
    }

    private bool SplitsOutliers(QuantizationPlan? stored) => PlanFor(stored) is { Layers.SplitsOutliers: true };

    private QuantizationPlan? PlanFor(QuantizationPlan? stored) => Plan ?? (IsAuto ? stored : null);
}
