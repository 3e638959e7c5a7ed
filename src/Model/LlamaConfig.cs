using Llama.Model.Checkpoints;
using Llama.Model.Checkpoints.Gguf;
using Llama.Model.Quantization;

namespace Llama.Model;

/// <summary>The shape of a Llama model, as its config.json (Hugging Face layout) declares it.</summary>
public sealed record LlamaConfig
{
    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the gated MLP.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Number of decoder layers.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Number of query heads.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Number of key/value heads; divides <see cref="HeadCount"/>.</summary>
    public required int KvHeadCount { get; init; }

    /// <summary>Width of one head; even. Usually, not always, <see cref="HiddenSize"/> / <see cref="HeadCount"/>.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Number of token ids.</summary>
    public required int VocabSize { get; init; }

    /// <summary>Added to the mean square under RMSNorm's root.</summary>
    public double RmsNormEpsilon { get; init; } = 1e-6;

    /// <summary>Base of the rotary frequencies.</summary>
    public double RopeTheta { get; init; } = 10000;

    /// <summary>How the rotary frequencies are stretched; null leaves them plain.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>Most tokens of one sequence.</summary>
    public int ContextLength { get; init; } = 2048;

    /// <summary>True when the output head is the embedding matrix.</summary>
    public bool TieWordEmbeddings { get; init; }

    /// <summary>Begins a sequence; null when the model has none.</summary>
    public int? BosTokenId { get; init; } = 1;

    /// <summary>Any of these ends a sequence.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [2];

    /// <summary>How the checkpoint's weights are quantised; null when they are not.</summary>
    public QuantizationPlan? Quantization { get; init; }

    /// <summary>Number of weights, a tied head counted once.</summary>
    public long ParameterCount => CheckpointLayout.Expected(this).Sum(tensor => tensor.Shape.Aggregate(1L, (product, size) => product * size));

    /// <summary>Reads config.json of a checkpoint folder and the end tokens of generation_config.json where there is one, or the metadata of a GGUF model.</summary>
    /// <exception cref="CheckpointException">With every fault of the file.</exception>
    public static LlamaConfig Load(string folder)
    {
        if (GgufPath.Find(folder) is { } model)
        {
            using GgufCheckpoint checkpoint = GgufCheckpoint.Open(model);
            return checkpoint.Config;
        }
        string path = Path.Combine(folder, "config.json");
        if (!File.Exists(path)) throw new CheckpointException(path, "not found; a checkpoint folder in Hugging Face layout has one");
        LlamaConfig config = ConfigReader.Read(File.ReadAllText(path), path);
        string generation = Path.Combine(folder, "generation_config.json");
        return File.Exists(generation) ? ConfigReader.AddEndTokens(config, File.ReadAllText(generation), generation) : config;
    }

    /// <summary>Reads the text of a config.json.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">What faults call it, such as the file's path.</param>
    /// <exception cref="CheckpointException">With every fault of the text.</exception>
    public static LlamaConfig Parse(string json, string source = "config.json") => ConfigReader.Read(json, source);

    /// <summary>The config.json that <see cref="Parse"/> reads back as an equal configuration.</summary>
    public string ToJson() => ConfigWriter.Write(this);

    // Not the compiler's equality: that would compare the list of end tokens by reference.
    /// <inheritdoc />
    public bool Equals(LlamaConfig? other) => other is not null && ToJson() == other.ToJson();

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(HiddenSize, IntermediateSize, LayerCount, HeadCount, KvHeadCount, VocabSize);
}
