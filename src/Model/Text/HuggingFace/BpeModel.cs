using System.Text.Json;
using Llama.Model.Text.Bpe;

namespace Llama.Model.Text.HuggingFace;

/// <summary>The <c>model</c> of a tokenizer.json, when it is BPE.</summary>
internal sealed record BpeModel(Dictionary<string, int> Vocabulary, RankedMerges Merges, string? UnknownToken, bool FusesUnknown, bool HasByteFallback, bool IgnoresMerges)
{
    private const string Bpe = "BPE";

    /// <summary>What becomes of a character that the vocabulary lacks; -1 where nothing does, so that its neighbours meet.</summary>
    public int UnknownId { get; } = UnknownToken is not null ? Vocabulary.GetValueOrDefault(UnknownToken, -1) : -1;

    public static BpeModel Read(JsonElement model)
    {
        // Files of before 2022 do not say; only a BPE model has merges.
        string type = model.GetText("type") ?? (model.Get("merges") is null ? "of no type" : Bpe);
        if (type != Bpe) throw new NotSupportedException($"the model type '{type}' is not supported, only BPE");
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

    /// <summary>Lays the unknown token, if there is one, behind the others; a run of it is one where the model says so.</summary>
    public void AppendUnknown(ref PooledList<Symbol> symbols, int start)
    {
        if (UnknownId < 0 || (FusesUnknown && symbols.Count > 0 && symbols.Items[^1].Id == UnknownId)) return;
        Symbol.Append(ref symbols, start, 1, UnknownId);
    }

    private static bool SaysNothing(JsonElement option) => option.ValueKind == JsonValueKind.Number ? option.GetDouble() == 0 : option.ToString().Length == 0;
}
