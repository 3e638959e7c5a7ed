using Llama.Model.Checkpoints.Gguf;
using Llama.Model.Quantization;
using static TorchSharp.torch;

namespace Llama.Model.Checkpoints;

/// <summary>Opens checkpoints of either layout.</summary>
internal static class WeightSource
{
    /// <param name="path">A folder in Hugging Face layout or a GGUF model.</param>
    /// <param name="format">The form that weights are to have.</param>
    /// <param name="device">Where they are to lie; only on a CPU can they be in codes.</param>
    /// <exception cref="CheckpointException">The checkpoint is not there or not whole; with every fault.</exception>
    public static IWeightSource Open(string path, WeightFormat format, Device device)
    {
        bool isOnCpu = device.type == TorchSharp.DeviceType.CPU;
        IWeightSource source = GgufPath.Find(path) is { } model
            ? new GgufWeights(GgufCheckpoint.Open(model), format.IsAuto && isOnCpu, format.Dtype, device)
            : OpenFolder(path, format, device, isOnCpu);
        return format.Plan is null ? source : new QuantizingWeights(source, format.Plan);
    }

    private static SafetensorsWeights OpenFolder(string folder, WeightFormat format, Device device, bool isOnCpu)
    {
        Checkpoint checkpoint = Checkpoint.Open(folder);
        checkpoint.Verify();
        return new SafetensorsWeights(checkpoint, format.Keeps(checkpoint.Config.Quantization) && isOnCpu, format.Dtype, device);
    }
}
