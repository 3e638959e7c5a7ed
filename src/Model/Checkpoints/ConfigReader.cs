using System.Text;
using System.Text.Json;

namespace Llama.Model.Checkpoints;

/// <summary>Reads config.json and refuses, all at once, what is malformed and what would need other arithmetic than Llama's.</summary>
internal static class ConfigReader
{
    private const string Window = "sliding_window";
    private const int MostLayers = 10_000; // each is looked for by name before anything is loaded; the largest of Llama's have 126

    private static readonly Architecture Llama = new("LlamaForCausalLM", "llama", KvHeads: null, Positions: 2048, Window: null);
    private static readonly Architecture Mistral = new("MistralForCausalLM", "mistral", KvHeads: 8, Positions: 131_072, Window: 4096);

    private static readonly ShapeKeys Sizes = new("hidden_size", "num_attention_heads", "num_key_value_heads", "head_dim");

    public static LlamaConfig Read(string text, string source)
    {
        using JsonDocument document = ParseObject(text, source);
        var faults = new List<string>();
        var keys = new JsonKeys(document.RootElement, faults);
        Architecture architecture = ArchitectureOf(keys);
        CheckArithmetic(keys, architecture);
        int others = faults.Count;
        LlamaConfig config = Shape(keys, architecture);
        if (faults.Count == others) CheckShape(config, keys); // whether sizes fit each other means something only when each is sound
        return faults.Count == 0 ? config : throw new CheckpointException(source, faults);
    }

    /// <summary>The end tokens of generation_config.json are the ones Hugging Face's <c>generate</c> obeys; chat checkpoints list their end of turn only there.</summary>
    public static LlamaConfig AddEndTokens(LlamaConfig config, string text, string source)
    {
        using JsonDocument document = ParseObject(text, source);
        var keys = new JsonKeys(document.RootElement, []);
        IReadOnlyList<int> added = TokenIds(keys, "eos_token_id", []);
        CheckTokenIds(added, config.VocabSize, keys);
        return keys.Faults.Count == 0
            ? config with { EosTokenIds = [.. config.EosTokenIds.Union(added)] }
            : throw new CheckpointException(source, keys.Faults);
    }

    private static JsonDocument ParseObject(string text, string source)
    {
        JsonDocument document;
        try
        {
            document = WholeJson.Parse(Encoding.UTF8.GetBytes(text));
        }
        catch (JsonException e)
        {
            throw new CheckpointException(source, $"not JSON: {e.Message}");
        }
        if (document.RootElement.ValueKind == JsonValueKind.Object) return document;
        document.Dispose();
        throw new CheckpointException(source, "expected a JSON object");
    }

    private static LlamaConfig Shape(JsonKeys keys, Architecture architecture)
    {
        int hidden = keys.Int("hidden_size"), heads = keys.Int("num_attention_heads");
        int positions = keys.Int("max_position_embeddings", architecture.Positions);
        JsonKeys? scaling = keys.Object("rope_scaling"), parameters = keys.Object("rope_parameters");
        return new LlamaConfig
        {
            HiddenSize = hidden,
            IntermediateSize = keys.Int("intermediate_size"),
            LayerCount = keys.Int("num_hidden_layers"),
            HeadCount = heads,
            KvHeadCount = keys.Int("num_key_value_heads", keys.IsNull("num_key_value_heads") ? heads : architecture.KvHeads ?? heads),
            HeadDim = keys.Int("head_dim", Math.Max(hidden / heads, 1)),
            VocabSize = keys.Int("vocab_size"),
            RmsNormEpsilon = keys.Positive("rms_norm_eps", 1e-6),
            RopeTheta = parameters?.OptionalPositive("rope_theta") ?? scaling?.OptionalPositive("rope_theta") ?? keys.Positive("rope_theta", 10000),
            RopeScaling = RopeScalingReader.Read([scaling, parameters], keys, positions),
            ContextLength = Math.Min(positions, WindowOf(keys, architecture) ?? positions),
            TieWordEmbeddings = keys.Flag("tie_word_embeddings", false),
            BosTokenId = TokenIds(keys, "bos_token_id", [1]) is [int bos, ..] ? bos : null,
            EosTokenIds = TokenIds(keys, "eos_token_id", [2]),
            Quantization = QuantizationConfig.Read(keys),
        };
    }

    private static Architecture ArchitectureOf(JsonKeys keys)
    {
        List<JsonElement>? declared = keys.OneOrMany("architectures", JsonValueKind.String);
        if (declared is { Count: > 0 })
        {
            if (declared.Exists(name => name.ValueEquals(Mistral.Name))) return Mistral;
            if (!declared.Exists(name => name.ValueEquals(Llama.Name))) keys.Refuse("architectures", $"{Llama.Name} or {Mistral.Name}");
            return Llama;
        }
        string? type = keys.Text("model_type");
        if (type == Mistral.Type) return Mistral;
        if (type != Llama.Type) keys.Add("architectures", $"names neither {Llama.Name} nor {Mistral.Name}, nor is model_type \"{Llama.Type}\" or \"{Mistral.Type}\"");
        return Llama;
    }

    // How many tokens back attention sees. Of texts that are no longer it sees all, as Llama's does: more are not served.
    private static int? WindowOf(JsonKeys keys, Architecture architecture) =>
        architecture.Window is not { } absent || keys.IsNull(Window) ? null : keys.Int(Window, absent);

    // Keys that Llama checkpoints may carry and that, set so, change the maths. (pretraining_tp only splits a product in parts and is harmless.)
    private static void CheckArithmetic(JsonKeys keys, Architecture architecture)
    {
        keys.Refuse("hidden_act", "\"silu\"", value => value.ValueEqualsText("silu"));
        keys.Refuse("attention_bias", "false: biases are not supported", IsFalse);
        keys.Refuse("mlp_bias", "false: biases are not supported", IsFalse);
        if (architecture.Window is null) keys.Refuse(Window, "none: windowed attention is not supported");
        keys.Refuse("partial_rotary_factor", "1", value => value.ValueKind == JsonValueKind.Number && value.GetDouble() == 1);
        keys.Refuse("num_local_experts", "none: mixtures of experts are not supported");
        keys.Refuse("quantization_config", "none, or what this program's verb quantize writes: use the unquantised checkpoint (float32, float16 or bfloat16 weights)", QuantizationConfig.IsOwn);
    }

    private static void CheckShape(LlamaConfig config, JsonKeys keys)
    {
        if (config.LayerCount > MostLayers)
            keys.Add("num_hidden_layers", $"is {config.LayerCount}; expected at most {MostLayers}");
        Sizes.Check(config, keys);
        if (config.RopeScaling is RopeScaling.Divided divided && (divided.Divisors.Count != config.HeadDim / 2 || divided.Divisors.Any(divisor => !(divisor > 0))))
            keys.Add("rope_scaling", $"has {divided.Divisors.Count} factors; expected half of head_dim, {config.HeadDim / 2}, all above 0");
        CheckTokenIds(config.EosTokenIds.Append(config.BosTokenId ?? 0), config.VocabSize, keys);
    }

    private static void CheckTokenIds(IEnumerable<int> ids, int vocabSize, JsonKeys keys)
    {
        foreach (int id in ids.Where(id => id >= vocabSize)) keys.Add("bos_token_id or eos_token_id", $"holds {id}; expected less than vocab_size, {vocabSize}");
    }

    private static IReadOnlyList<int> TokenIds(JsonKeys keys, string key, IReadOnlyList<int> absent)
    {
        if (keys.IsNull(key)) return []; // a null says that the model has none; an absent key leaves Hugging Face's default
        List<JsonElement>? items = keys.OneOrMany(key, JsonValueKind.Number);
        if (items is null) return absent;
        if (items.TrueForAll(item => item.TryGetInt32(out int id) && id >= 0)) return items.ConvertAll(item => item.GetInt32());
        keys.Refuse(key, "token ids of at least 0");
        return [];
    }

    private static bool IsFalse(JsonElement value) => value.ValueKind == JsonValueKind.False;

    /// <summary>A family whose arithmetic is Llama's, and what transformers takes keys for that are absent.</summary>
    /// <param name="Name">In <c>architectures</c>.</param>
    /// <param name="Type">In <c>model_type</c>.</param>
    /// <param name="KvHeads"><c>num_key_value_heads</c>; null for as many as there are heads.</param>
    /// <param name="Positions"><c>max_position_embeddings</c></param>
    /// <param name="Window"><c>sliding_window</c>; null where there is no such key.</param>
    private sealed record Architecture(string Name, string Type, int? KvHeads, int Positions, int? Window);

    private static bool ValueEqualsText(this JsonElement value, string text) => value.ValueKind == JsonValueKind.String && value.ValueEquals(text);
}
