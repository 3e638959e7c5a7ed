using System.Globalization;
using Llama.Model.Offload;
using static TorchSharp.torch;

namespace Llama.Model;

/// <summary>What was loaded and why it is so: each pair is shown as one start-up line.</summary>
/// <param name="Model">Shape and size of the weights.</param>
/// <param name="Device">Where it runs and how that was chosen.</param>
/// <param name="Dtype">Types of weights and cache.</param>
/// <param name="KvCache">Number and size of the blocks and how they were derived.</param>
public sealed record ModelDescription(string Model, string Device, string Dtype, string KvCache)
{
    /// <summary>What stays in memory under <see cref="ModelOptions.MemoryLimit"/>, what streams and how fast; null without a limit.</summary>
    public string? Memory { get; init; }

    /// <summary>What a step was to read of the weights that stream, and how long that took at start; null if nothing streamed then.</summary>
    public StreamRate? Stream { get; init; }

    /// <summary>
    /// All that may change an answer by more than its last bits, beside the weights themselves: shape, types, kernels and how products are cut for devices. Nothing that is measured anew at each start: from
    /// how many rows on products go to libtorch, say, which matters no more than what else is in a batch, and not at all to deterministic mode.
    /// </summary>
    public string Computation { get; init; } = "";

    /// <summary>Bytes of the weights, those included that stream.</summary>
    public long WeightBytes { get; init; }

    /// <summary>Of them, what every step reads.</summary>
    public long StepBytes { get; init; }

    /// <summary>What lies on each device, in the order of the layers.</summary>
    public IReadOnlyList<DeviceShare> Devices { get; init; } = [];

    /// <summary>What the operator had better know.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Threads that compute; 0 where that is not a CPU's affair.</summary>
    public int ThreadCount { get; init; }

    /// <summary>Ends when all weights have the form in which they stay: those of a large model are packed while it is served already. Fails where they cannot be; the model is served all the same.</summary>
    public Task Packed { get; init; } = Task.CompletedTask;

    /// <summary>A model's shape in words.</summary>
    public static string Shape(LlamaConfig config) => string.Create(CultureInfo.InvariantCulture,
        $"{config.LayerCount} layers × {config.HiddenSize:N0}, {config.HeadCount} heads over {config.KvHeadCount} KV heads, vocabulary {config.VocabSize:N0}, {config.ParameterCount / 1e6:N1} M parameters");

    /// <summary>Threads in words, to follow a device's name; none for 0.</summary>
    internal static string Threads(int count) => count == 0 ? "" : count == 1 ? ", 1 thread" : $", {count} threads";

    /// <summary>Types in words.</summary>
    internal static string Types(ModelOptions options, string weights, ScalarType cache, ScalarType activations) =>
        $"{weights}, {cache.ToString().ToLowerInvariant()} KV cache ({(options.KvDtype == "auto" ? "auto" : "as set")}), {activations.ToString().ToLowerInvariant()} activations";

    /// <summary>The blocks in words.</summary>
    internal static string Pool(KvPoolSize pool, int blockSize, long bytesPerBlock) => string.Create(CultureInfo.InvariantCulture,
        $"{pool.BlockCount:N0} blocks × {blockSize} tokens = {(long)pool.BlockCount * blockSize:N0} tokens, {MemorySize.Mebibytes(pool.BlockCount * bytesPerBlock)} ({pool.Reason})");
}
