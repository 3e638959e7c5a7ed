using Llama.Trainer.Plain;
using static TorchSharp.torch;

namespace Llama.Trainer.Training;

/// <summary>Random weights to start from.</summary>
internal static class InitialWeights
{
    public static Dictionary<string, Tensor> Of(PlainConfig config) =>
        WeightShapes.Of(config).ToDictionary(pair => pair.Key, pair => Initial(pair.Key, pair.Value).requires_grad_(true));

    // What a layer adds starts at zero, so that the untrained depth does no harm.
    private static Tensor Initial(string name, long[] shape) => name switch
    {
        _ when name.Contains("norm") => ones(shape),
        _ when name.Contains("o_proj") || name.Contains("down_proj") => zeros(shape),
        _ when name.Contains("_proj") => randn(shape) * (0.6 / Math.Sqrt(shape[1])),
        _ when name.Contains("lm_head") => randn(shape) * 0.02,
        _ => randn(shape) * 0.1,
    };
}
