using Llama.Model.Checkpoints.Gguf;
using Llama.Model.Kernels;
using Llama.Model.Parallel;
using Llama.Model.Quantization;

namespace Llama.Model.Checkpoints;

/// <summary>Opens checkpoints of either layout.</summary>
internal static class WeightSource
{
    /// <param name="path">A folder in Hugging Face layout or a GGUF model.</param>
    /// <param name="format">Which form the weights are to have.</param>
    /// <param name="memory">Where they are to lie; stays the caller's.</param>
    /// <param name="part">What of the model is to lie there; null for all.</param>
    /// <param name="mayStream">Whether what does not fit there will stream.</param>
    /// <exception cref="CheckpointException">The checkpoint is not there or not whole; with every fault.</exception>
    /// <exception cref="InsufficientMemoryException">The device has not so much memory; nothing was brought to it.</exception>
    /// <exception cref="ArgumentException">The device cannot work with the form.</exception>
    public static IWeightSource Open(string path, WeightFormat format, DeviceMemory memory, ModelPart? part = null, bool mayStream = false)
    {
        IWeightSource source = Checked(OpenOnHost(path, format, memory.HoldsCodes, part), opened =>
        {
            format.CheckDevice(opened.Config.Quantization, memory.IsHost, memory.HoldsCodes);
            if (!mayStream) WeightDemand.Check(opened, memory, format.Dtype, part ?? ModelPart.Whole(opened.Config));
        });
        return new PlacedWeights(source, memory, format.Dtype);
    }

    /// <summary>The same before they are placed.</summary>
    /// <param name="path">As above.</param>
    /// <param name="format">As above.</param>
    /// <param name="holdsCodes">As <see cref="DeviceMemory.HoldsCodes"/> of where they are to lie.</param>
    /// <param name="part">As above.</param>
    public static IWeightSource OpenOnHost(string path, WeightFormat format, bool holdsCodes, ModelPart? part = null)
    {
        IWeightSource source = OpenStored(path, format, holdsCodes);
        if (part is { ShardCount: > 1 } shard) source = ShardedWeights.Of(source, shard); // before what quantises, so that each device quantises its own
        return format.Plan is null ? source : new QuantizingWeights(source, format.Plan, format.OutlierThreshold);
    }

    private static IWeightSource OpenStored(string path, WeightFormat format, bool holdsCodes)
    {
        if (GgufPath.Find(path) is { } model)
        {
            GgufCheckpoint gguf = Checked(GgufCheckpoint.Open(model), opened => format.Check(stored: null, GgufWeights.CodesOf(opened.Tensors)));
            return new GgufWeights(gguf, keepsQuantised: format.IsAuto && holdsCodes, format.Dtype);
        }
        Checkpoint checkpoint = Checked(Checkpoint.OpenVerified(path), opened => format.Check(opened.Config.Quantization, opened.Config.Quantization?.CodesAlone));
        return new SafetensorsWeights(checkpoint, keepsQuantised: format.Keeps(checkpoint.Config.Quantization) && holdsCodes, format.Dtype, format.OutlierThreshold);
    }

    // What is refused does not stay open.
    private static T Checked<T>(T opened, Action<T> check) where T : IDisposable
    {
        try
        {
            check(opened);
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }
}
