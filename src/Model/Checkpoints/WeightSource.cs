using Llama.Model.Checkpoints.Gguf;
using Llama.Model.Kernels;
using Llama.Model.Quantization;

namespace Llama.Model.Checkpoints;

/// <summary>Opens checkpoints of either layout.</summary>
internal static class WeightSource
{
    /// <param name="path">A folder in Hugging Face layout or a GGUF model.</param>
    /// <param name="format">Which form the weights are to have.</param>
    /// <param name="memory">Where they are to lie; stays the caller's.</param>
    /// <exception cref="CheckpointException">The checkpoint is not there or not whole; with every fault.</exception>
    /// <exception cref="InsufficientMemoryException">The device has not so much memory; nothing was brought to it.</exception>
    /// <exception cref="ArgumentException">The device cannot work with the form.</exception>
    public static IWeightSource Open(string path, WeightFormat format, DeviceMemory memory)
    {
        if (format.Plan is not null && !memory.HoldsCodes)
            throw new ArgumentException("Model:Dtype asks for codes, which plain kernels cannot multiply on this device; use auto or bfloat16, or set Model:Kernels=fused or Model:Device=cpu.");
        IWeightSource source = OpenStored(path, format, memory);
        if (format.Plan is not null) source = new QuantizingWeights(source, format.Plan, format.OutlierThreshold);
        WeightDemand.Check(source, memory, format.Dtype);
        return new PlacedWeights(source, memory, format.Dtype);
    }

    private static IWeightSource OpenStored(string path, WeightFormat format, DeviceMemory memory)
    {
        if (GgufPath.Find(path) is { } model)
        {
            GgufCheckpoint gguf = GgufCheckpoint.Open(model);
            format.Check(stored: null, GgufWeights.CodesOf(gguf.Tensors), memory.IsHost);
            return new GgufWeights(gguf, keepsQuantised: format.IsAuto && memory.HoldsCodes, format.Dtype);
        }
        Checkpoint checkpoint = Checkpoint.Open(path);
        checkpoint.Verify();
        QuantizationPlan? stored = checkpoint.Config.Quantization;
        format.Check(stored, stored?.CodesAlone, memory.IsHost);
        return new SafetensorsWeights(checkpoint, keepsQuantised: format.Keeps(stored) && memory.HoldsCodes, format.Dtype, format.OutlierThreshold);
    }
}
