using Llama.Model.Checkpoints.Gguf;
using Llama.Model.Quantization;
using static TorchSharp.torch;

namespace Llama.Model.Checkpoints;

/// <summary>Opens checkpoints of either layout.</summary>
internal static class WeightSource
{
    /// <param name="path">A folder in Hugging Face layout or a GGUF model.</param>
    /// <param name="format">Which form the weights are to have.</param>
    /// <param name="device">Where they are to lie.</param>
    /// <exception cref="CheckpointException">The checkpoint is not there or not whole; with every fault.</exception>
    /// <exception cref="ArgumentException">The device cannot work with the form.</exception>
    public static IWeightSource Open(string path, WeightFormat format, Device device)
    {
        bool onCpu = device.type == TorchSharp.DeviceType.CPU;
        if (format.Plan is not null && !onCpu) throw new ArgumentException("Model:Dtype asks for codes, which can be multiplied on a CPU only; use auto or bfloat16, or set Model:Device=cpu.");
        IWeightSource weights = OpenStored(path, format, device, onCpu);
        return format.Plan is null ? weights : new QuantizingWeights(weights, format.Plan);
    }

    private static IWeightSource OpenStored(string path, WeightFormat format, Device device, bool onCpu)
    {
        if (GgufPath.Find(path) is { } model) return new GgufWeights(GgufCheckpoint.Open(model), keepsQuantised: format.IsAuto && onCpu, format.Dtype, device);
        Checkpoint checkpoint = Checkpoint.Open(path);
        checkpoint.Verify();
        return new SafetensorsWeights(checkpoint, keepsQuantised: format.Keeps(checkpoint.Config.Quantization) && onCpu, format.Dtype, device);
    }
}
