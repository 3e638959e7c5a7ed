using System.Text;

namespace Llama.Trainer.Tokens;

/// <summary>A plain SentencePiece BPE encoder for Llama's settings: identity normalisation, a dummy space in front, bytes for unknown characters.</summary>
internal sealed class Tokenizer
{
    public const int Bos = 1, Eos = 2, FirstByte = 3;

    private readonly Dictionary<string, int> _ids = [];
    private readonly List<SentencePiece> _pieces;
    private readonly Dictionary<string, int[]> _cache = [];

    public Tokenizer(string modelPath)
    {
        _pieces = SentencePiece.LoadAll(modelPath);
        for (int id = 0; id < _pieces.Count; id++) if (_pieces[id].IsNormal) _ids[_pieces[id].Text] = id;
    }

    /// <summary>Ids of a text, without BOS or EOS.</summary>
    public List<int> Encode(string text)
    {
        List<int> ids = [];
        // No piece spans the start of a word, so words can be merged apart and remembered.
        string spaced = "▁" + text.Replace(' ', '▁');
        for (int start = 0, end; start < spaced.Length; start = end)
        {
            end = spaced.IndexOf('▁', start + 1) is > 0 and int next ? next : spaced.Length;
            ids.AddRange(EncodeWord(spaced[start..end]));
        }
        return ids;
    }

    public string Decode(IEnumerable<int> ids)
    {
        List<byte> bytes = [];
        foreach (int id in ids)
        {
            if (id is >= FirstByte and < FirstByte + 256) bytes.Add((byte)(id - FirstByte));
            else if (_pieces[id].IsNormal) bytes.AddRange(Encoding.UTF8.GetBytes(_pieces[id].Text.Replace('▁', ' ')));
        }
        string text = Encoding.UTF8.GetString([.. bytes]);
        return text.StartsWith(' ') ? text[1..] : text;
    }

    private int[] EncodeWord(string word)
    {
        if (_cache.TryGetValue(word, out int[]? known)) return known;
        List<string> symbols = [.. word.EnumerateRunes().Select(rune => rune.ToString())];
        while (BestPair(symbols) is >= 0 and int left)
        {
            symbols[left] += symbols[left + 1];
            symbols.RemoveAt(left + 1);
        }
        int[] ids = [.. symbols.SelectMany(Ids)];
        if (_cache.Count < 200_000) _cache[word] = ids;
        return ids;
    }

    // The adjoining pair whose merged piece scores highest, the leftmost of equals; -1 when none merges.
    private int BestPair(List<string> symbols)
    {
        (int best, float score) = (-1, float.NegativeInfinity);
        for (int i = 0; i + 1 < symbols.Count; i++)
            if (_ids.TryGetValue(symbols[i] + symbols[i + 1], out int id) && _pieces[id].Score > score) (best, score) = (i, _pieces[id].Score);
        return best;
    }

    private IEnumerable<int> Ids(string symbol) =>
        _ids.TryGetValue(symbol, out int id) ? [id] : Encoding.UTF8.GetBytes(symbol).Select(value => FirstByte + value);
}
