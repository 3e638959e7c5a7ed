using System.Globalization;

namespace Llama.Model;

/// <summary>What was loaded and why it is so: each pair is shown as one start-up line.</summary>
/// <param name="Model">Shape and size of the weights.</param>
/// <param name="Device">Where it runs and how that was chosen.</param>
/// <param name="Dtype">Types of weights and cache.</param>
/// <param name="KvCache">Number and size of the blocks and how they were derived.</param>
public sealed record ModelDescription(string Model, string Device, string Dtype, string KvCache)
{
    /// <summary>Memory that the weights take.</summary>
    public long WeightBytes { get; init; }

    /// <summary>Of them, what every step reads.</summary>
    public long StepBytes { get; init; }

    /// <summary>What the operator had better know.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Threads that compute; 0 where that is not a CPU's affair.</summary>
    public int ThreadCount { get; init; }

    /// <summary>A model's shape in words.</summary>
    public static string Shape(LlamaConfig config) => string.Create(CultureInfo.InvariantCulture,
        $"{config.LayerCount} layers × {config.HiddenSize:N0}, {config.HeadCount} heads over {config.KvHeadCount} KV heads, vocabulary {config.VocabSize:N0}, {config.ParameterCount / 1e6:N1} M parameters");
}
