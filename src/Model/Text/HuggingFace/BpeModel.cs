using System.Text.Json;

namespace Llama.Model.Text.HuggingFace;

/// <summary>The <c>model</c> of a tokenizer.json, when it is BPE.</summary>
internal sealed record BpeModel(Dictionary<string, int> Vocabulary, RankedMerges Merges, string? UnknownToken, bool FusesUnknown, bool HasByteFallback, bool IgnoresMerges)
{
    public static BpeModel Read(JsonElement model)
    {
        string type = model.GetText("type") ?? "of no type";
        if (type != "BPE") throw new NotSupportedException($"the model type '{type}' is not supported, only BPE");
        foreach (string option in (string[])["dropout", "continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (model.Get(option) is { } value && !SaysNothing(value)) throw new NotSupportedException($"the model's {option} is not supported");
        }
        JsonElement vocab = model.Get("vocab") ?? throw new InvalidDataException("the model has no vocab");
        JsonElement merges = model.Get("merges") ?? throw new InvalidDataException("the model has no merges");
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (JsonProperty entry in vocab.EnumerateObject()) vocabulary[entry.Name] = entry.Value.GetInt32(); // the later of two, as Hugging Face reads it
        return new BpeModel(vocabulary, RankedMerges.Read(merges, vocabulary), model.GetText("unk_token"), model.GetFlag("fuse_unk") ?? false,
            model.GetFlag("byte_fallback") ?? false, model.GetFlag("ignore_merges") ?? false);
    }

    private static bool SaysNothing(JsonElement option) => option.ValueKind == JsonValueKind.Number ? option.GetDouble() == 0 : option.ToString().Length == 0;
}
