using static Llama.Model.Offload.MemorySize;

namespace Llama.Model.Parallel;

/// <summary>What a device says of its part once all of it is there, on its own thread.</summary>
/// <param name="Line">For the start-up lines.</param>
/// <param name="Memory">How it lies within its limit; null without one.</param>
/// <param name="Share">What lies there.</param>
internal readonly record struct PartReport(string Line, string? Memory, DeviceShare Share)
{
    /// <param name="part">With its cache.</param>
    /// <param name="blockCount">Of the cache.</param>
    public static PartReport Of(PartRunner part, int blockCount) => new(Describe(part, blockCount), part.Model!.DescribeMemory(), part.Model.Share(blockCount));

    private static string Describe(PartRunner part, int blockCount)
    {
        LlamaWeights weights = part.Model!.Weights;
        string holds = weights.Part.Describe(part.Model.Config), threads = ModelDescription.Threads(part.Choice.Device.IsCuda ? 0 : part.ThreadCount);
        string takes = $"{Mebibytes(weights.ByteCount)} weights, of which a step reads {Mebibytes(weights.StepByteCount)}; {Mebibytes(blockCount * part.Model.BytesPerBlock)} KV cache";
        return $"{part.Choice.Device.Name}: {holds}; {takes}{threads}, {part.Model.Description.Kernels}";
    }
}
