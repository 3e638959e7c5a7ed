using Llama.Model.Checkpoints.Gguf;
using static TorchSharp.torch;

namespace Llama.Model.Checkpoints;

/// <summary>Opens checkpoints of either layout.</summary>
internal static class WeightSource
{
    /// <param name="path">A folder in Hugging Face layout or a GGUF model.</param>
    /// <param name="keepsQuantised">Whether what a GGUF file holds in codes stays so.</param>
    /// <param name="dtype">Type of all other matrices.</param>
    /// <param name="device">Where they are to lie.</param>
    /// <exception cref="CheckpointException">The checkpoint is not there or not whole; with every fault.</exception>
    public static IWeightSource Open(string path, bool keepsQuantised, ScalarType dtype, Device device)
    {
        if (GgufPath.Find(path) is { } model) return new GgufWeights(GgufCheckpoint.Open(model), keepsQuantised, dtype, device);
        Checkpoint checkpoint = Checkpoint.Open(path);
        checkpoint.Verify();
        return new SafetensorsWeights(checkpoint, dtype, device);
    }
}
