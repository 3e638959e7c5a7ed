using Llama.Model.Kernels;
using Llama.Model.Kernels.Machine;
using Llama.Model.Quantization;

namespace Llama.Model;

/// <summary>What a model, or a part of one, is on its device, in the words of the start-up lines.</summary>
/// <param name="device">Where it lies.</param>
/// <param name="stored">How its checkpoint is quantised; null if it is not.</param>
/// <param name="codes">As <see cref="Checkpoints.IWeightSource.Codes"/>.</param>
/// <param name="weights">What it holds.</param>
/// <param name="kernels">That work with them.</param>
internal sealed class DeviceDescription(ModelDevice device, QuantizationPlan? stored, string? codes, LlamaWeights weights, IKernels kernels)
{
    /// <summary>Types of weights, cache and activations.</summary>
    public string Types => ModelDescription.Types(device.Options, device.Format.Describe(stored, codes), device.KvDtype, device.Backend.ActivationDtype);

    /// <summary>The kernels, with what was measured.</summary>
    public string Kernels => kernels.Describe(weights);

    /// <summary>The kernels without what is measured anew at each start, and what else decides about an answer's last bits.</summary>
    public string Arithmetic => $"{kernels.Describe()}{(IsPacked ? ", packed weights" : "")}{(device.Options.Deterministic ? ", deterministic" : "")}";

    private bool IsPacked => weights.Layers[0].Mlp.Gate is PackedWeight or PackedCodes or PackingWeight;
}
