using System.Text.Json;
using Llama.Model.Checkpoints;
using Llama.Model.Text;

namespace Llama.Server.Hosting;

/// <summary>How the checkpoint's authors want it sampled (<c>generation_config.json</c>), for requests that do not say.</summary>
internal sealed record GenerationDefaults
{
    public float Temperature { get; init; } = 1;

    public float TopP { get; init; } = 1;

    public int TopK { get; init; }

    public float MinP { get; init; }

    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Tokens that end an answer; several in some checkpoints.</summary>
    public required IReadOnlyList<int> EosIds { get; init; }

    /// <summary>Reads what the checkpoint says; where it says nothing, OpenAI's defaults and the tokenizer's end of sequence.</summary>
    /// <exception cref="InvalidDataException">The file is not what it should be.</exception>
    public static GenerationDefaults Load(string checkpoint, Tokenizer tokenizer)
    {
        var fallback = new GenerationDefaults { EosIds = tokenizer.EosId is { } eos ? [eos] : [] };
        if (GenerationConfig.Read(checkpoint, out string source) is not { } json)
            return fallback;
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return Read(document.RootElement, fallback);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"{source} cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>For the start-up lines.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"temperature {Temperature}, top_p {TopP}, top_k {TopK}, min_p {MinP}, repetition_penalty {RepetitionPenalty}, ends at token {string.Join(", ", EosIds)}");

    private static GenerationDefaults Read(JsonElement config, GenerationDefaults fallback)
    {
        // Only a spoken do_sample: false is greedy. Hugging Face's own default is greedy too, but a file that gives a temperature means it to be used.
        bool isGreedy = TryGet(config, "do_sample", out JsonElement sample) && sample.ValueKind == JsonValueKind.False;
        return new GenerationDefaults
        {
            Temperature = isGreedy ? 0 : TryGet(config, "temperature", out JsonElement temperature) ? temperature.GetSingle() : fallback.Temperature,
            TopP = TryGet(config, "top_p", out JsonElement topP) ? topP.GetSingle() : fallback.TopP,
            TopK = TryGet(config, "top_k", out JsonElement topK) ? topK.GetInt32() : fallback.TopK,
            MinP = TryGet(config, "min_p", out JsonElement minP) ? minP.GetSingle() : fallback.MinP,
            RepetitionPenalty = TryGet(config, "repetition_penalty", out JsonElement penalty) ? penalty.GetSingle() : fallback.RepetitionPenalty,
            EosIds = TryGet(config, "eos_token_id", out JsonElement eos) ? ReadIds(eos) : fallback.EosIds,
        };
    }

    private static bool TryGet(JsonElement config, string name, out JsonElement value) => config.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    private static int[] ReadIds(JsonElement ids) =>
        ids.ValueKind == JsonValueKind.Array ? [.. ids.EnumerateArray().Select(id => id.GetInt32())] : [ids.GetInt32()];
}
