using System.Text.Json;

namespace Llama.Trainer.Plain;

/// <summary>The sizes of a Llama model, as a Hugging Face <c>config.json</c> names them.</summary>
public sealed record PlainConfig
{
    public required int HiddenSize { get; init; }
    public required int IntermediateSize { get; init; }
    public required int LayerCount { get; init; }
    public required int HeadCount { get; init; }
    public required int KvHeadCount { get; init; }
    public required int HeadDim { get; init; }
    public required int VocabSize { get; init; }
    public int MaxPosition { get; init; } = 2048;
    public double NormEpsilon { get; init; } = 1e-5;
    public double RopeTheta { get; init; } = 10000;
    public RopeScaling? RopeScaling { get; init; }
    public bool TiedHead { get; init; }

    public static PlainConfig Load(string path) => Parse(File.ReadAllText(path));

    public static PlainConfig Parse(string json)
    {
        JsonElement root = JsonDocument.Parse(json).RootElement;
        int hidden = root.GetProperty("hidden_size").GetInt32(), heads = root.GetProperty("num_attention_heads").GetInt32();
        return new PlainConfig
        {
            HiddenSize = hidden,
            IntermediateSize = root.GetProperty("intermediate_size").GetInt32(),
            LayerCount = root.GetProperty("num_hidden_layers").GetInt32(),
            HeadCount = heads,
            KvHeadCount = (int)Number(root, "num_key_value_heads", heads),
            HeadDim = (int)Number(root, "head_dim", hidden / heads),
            VocabSize = root.GetProperty("vocab_size").GetInt32(),
            MaxPosition = (int)Number(root, "max_position_embeddings", 2048),
            NormEpsilon = Number(root, "rms_norm_eps", 1e-6),
            RopeTheta = Number(root, "rope_theta", 10000),
            RopeScaling = RopeScaling.Parse(root),
            TiedHead = root.TryGetProperty("tie_word_embeddings", out JsonElement tied) && tied.ValueKind == JsonValueKind.True,
        };
    }

    private static double Number(JsonElement parent, string name, double otherwise) =>
        parent.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : otherwise;
}
