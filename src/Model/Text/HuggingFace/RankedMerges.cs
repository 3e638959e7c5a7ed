using System.Text.Json;
using Llama.Model.Text.Bpe;

namespace Llama.Model.Text.HuggingFace;

/// <summary>The merges of a tokenizer: pairs of tokens in their order of preference.</summary>
internal sealed class RankedMerges
{
    private readonly Dictionary<(int Left, int Right), Merge> _merges;

    private RankedMerges(Dictionary<(int, int), Merge> merges) => _merges = merges;

    /// <summary>Reads <c>merges</c>, written as <c>"a b"</c> or, since tokenizers 0.20, as <c>["a", "b"]</c>.</summary>
    public static RankedMerges Read(JsonElement merges, IReadOnlyDictionary<string, int> vocabulary) => Of(merges.EnumerateArray().Select(Pair), vocabulary);

    /// <summary>The two tokens of a merge written as <c>"a b"</c>.</summary>
    public static string[] Pair(string merge) => merge.Split(' ', 2);

    /// <param name="pairs">In their order of preference.</param>
    /// <param name="vocabulary">Ids by spelling.</param>
    public static RankedMerges Of(IEnumerable<string[]> pairs, IReadOnlyDictionary<string, int> vocabulary)
    {
        var table = new Dictionary<(int, int), Merge>();
        foreach ((string[] pair, int rank) in pairs.Select((pair, rank) => (pair, rank)))
        {
            if (pair.Length != 2 || !vocabulary.TryGetValue(pair[0], out int left) || !vocabulary.TryGetValue(pair[1], out int right)
                || !vocabulary.TryGetValue(pair[0] + pair[1], out int joined))
                throw new InvalidDataException($"merge {rank}, '{string.Join(' ', pair)}', names tokens that the vocabulary lacks");
            table[(left, right)] = new Merge(rank, joined);
        }
        return new RankedMerges(table);
    }

    /// <summary>The pairs of ids in their order of preference.</summary>
    public IEnumerable<(int Left, int Right)> Pairs => _merges.OrderBy(merge => merge.Value.Rank).Select(merge => merge.Key);

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

    private static string[] Pair(JsonElement merge, int rank) => merge.ValueKind switch
    {
        JsonValueKind.String => Pair(merge.GetString()!),
        JsonValueKind.Array when merge.EnumerateArray().All(part => part.ValueKind == JsonValueKind.String) => [.. merge.EnumerateArray().Select(part => part.GetString()!)],
        _ => throw new InvalidDataException($"merge {rank} is no pair of tokens"),
    };

    private readonly struct Rules(Dictionary<(int, int), Merge> merges, bool[] isSpecial) : IMergeRules
    {
        public bool TryMerge(in Symbol left, in Symbol right, out Merge merge) => merges.TryGetValue((left.Id, right.Id), out merge) && !isSpecial[merge.Id];
    }
}
