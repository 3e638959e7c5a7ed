using System.Text.Json;
using Llama.Model.Checkpoints;

namespace Llama.Server.Hosting;

/// <summary>How the checkpoint's authors want it sampled (<c>generation_config.json</c>), for requests that do not say.</summary>
internal sealed record GenerationDefaults
{
    /// <summary>A smaller repetition penalty would carry logits beyond what a float holds.</summary>
    public const double LeastPenalty = 0.01;

    public float Temperature { get; init; } = 1;

    public float TopP { get; init; } = 1;

    public int TopK { get; init; }

    public float MinP { get; init; }

    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Tokens that end an answer; several in some checkpoints.</summary>
    public required IReadOnlyList<int> EosIds { get; init; }

    /// <summary>Reads what the checkpoint says; where it says nothing, OpenAI's defaults.</summary>
    /// <param name="checkpoint">Its folder.</param>
    /// <param name="eosId">The tokenizer's, which ends an answer whatever else does: fine-tuned checkpoints often keep the file of the model that they were made from.</param>
    /// <param name="configured">Tokens that end an answer too where the file says nothing of them.</param>
    /// <exception cref="InvalidDataException">The file is not what it should be.</exception>
    public static GenerationDefaults Load(string checkpoint, int? eosId, IReadOnlyList<int> configured)
    {
        int[] own = eosId is { } eos ? [eos] : [];
        var fallback = new GenerationDefaults { EosIds = [.. own.Union(configured)] };
        if (GenerationConfig.Read(checkpoint, out string source) is not { } json)
            return fallback;
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object ? Read(document.RootElement, fallback, own) : throw new FormatException("expected a JSON object");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"{source} cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>For the start-up lines.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"temperature {Temperature}, top_p {TopP}, top_k {TopK}, min_p {MinP}, repetition_penalty {RepetitionPenalty}, ends at token {string.Join(", ", EosIds)}");

    private static GenerationDefaults Read(JsonElement config, GenerationDefaults fallback, int[] own)
    {
        // Only a spoken do_sample: false is greedy. Hugging Face's own default is greedy too, but a file that gives a temperature means it to be used.
        bool isGreedy = TryGet(config, "do_sample", out JsonElement sample) && sample.ValueKind == JsonValueKind.False;
        return new GenerationDefaults
        {
            Temperature = isGreedy ? 0 : Number(config, "temperature", fallback.Temperature, 0, 100),
            TopP = Number(config, "top_p", fallback.TopP, float.Epsilon, 1),
            TopK = (int)Math.Max(0, Number(config, "top_k", fallback.TopK, -1, 1 << 24)),
            MinP = Number(config, "min_p", fallback.MinP, 0, 1),
            RepetitionPenalty = Number(config, "repetition_penalty", fallback.RepetitionPenalty, (float)LeastPenalty, 100),
            EosIds = TryGet(config, "eos_token_id", out JsonElement eos) ? [.. own.Union(ReadIds(eos))] : fallback.EosIds,
        };
    }

    private static bool TryGet(JsonElement config, string name, out JsonElement value) => config.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    private static float Number(JsonElement config, string name, float absent, float least, float most)
    {
        if (!TryGet(config, name, out JsonElement value))
            return absent;
        return value.ValueKind == JsonValueKind.Number && value.GetSingle() is var number && number >= least && number <= most
            ? number
            : throw new FormatException(FormattableString.Invariant($"{name} is {value.GetRawText()}; expected a number {(least == float.Epsilon ? "above 0, up" : FormattableString.Invariant($"from {least}"))} to {most}"));
    }

    private static int[] ReadIds(JsonElement ids)
    {
        JsonElement[] all = ids.ValueKind == JsonValueKind.Array ? [.. ids.EnumerateArray()] : [ids];
        return all.All(id => id.ValueKind == JsonValueKind.Number)
            ? [.. all.Select(id => id.GetInt32())]
            : throw new FormatException($"eos_token_id is {ids.GetRawText()}; expected the id of a token or a list of them");
    }
}
