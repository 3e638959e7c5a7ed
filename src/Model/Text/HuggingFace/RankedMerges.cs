using System.Text.Json;
using Llama.Model.Text.Bpe;

namespace Llama.Model.Text.HuggingFace;

/// <summary>The merges of a tokenizer.json: pairs of tokens in their order of preference.</summary>
internal sealed class RankedMerges
{
    private readonly Dictionary<(int Left, int Right), Merge> _merges;

    private RankedMerges(Dictionary<(int, int), Merge> merges) => _merges = merges;

    /// <summary>Reads <c>merges</c>, written as <c>"a b"</c> or, since tokenizers 0.20, as <c>["a", "b"]</c>.</summary>
    public static RankedMerges Read(JsonElement merges, IReadOnlyDictionary<string, int> vocabulary)
    {
        var table = new Dictionary<(int, int), Merge>(merges.GetArrayLength());
        foreach ((JsonElement merge, int rank) in merges.EnumerateArray().Select((merge, rank) => (merge, rank)))
        {
            string[] pair = merge.ValueKind == JsonValueKind.Array ? [.. merge.EnumerateArray().Select(part => part.GetString()!)] : merge.GetString()!.Split(' ', 2);
            if (pair.Length != 2 || !vocabulary.TryGetValue(pair[0], out int left) || !vocabulary.TryGetValue(pair[1], out int right)
                || !vocabulary.TryGetValue(pair[0] + pair[1], out int joined))
                throw new InvalidDataException($"merge {rank}, '{string.Join(' ', pair)}', names tokens that the vocabulary lacks");
            table[(left, right)] = new Merge(rank, joined);
        }
        return new RankedMerges(table);
    }

    /// <summary>Merges symbols and appends the ids that result.</summary>
    /// <param name="symbols">The symbols; an id of -1 merges with nothing.</param>
    /// <param name="isSpecial">Tokens that text must never become, by id.</param>
    /// <param name="ids">Where the ids are appended.</param>
    public void Encode(Span<Symbol> symbols, bool[] isSpecial, ref PooledList<int> ids)
    {
        var rules = new Rules(_merges, isSpecial);
        BpeMerger.Merge(symbols, ref rules);
        for (int i = symbols.Length > 0 ? 0 : -1; i >= 0; i = symbols[i].Next)
        {
            if (symbols[i].Id >= 0) ids.Add(symbols[i].Id);
        }
    }

    private readonly struct Rules(Dictionary<(int, int), Merge> merges, bool[] isSpecial) : IMergeRules
    {
        public bool TryMerge(in Symbol left, in Symbol right, out Merge merge) => merges.TryGetValue((left.Id, right.Id), out merge) && !isSpecial[merge.Id];
    }
}
