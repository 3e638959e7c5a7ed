using System.Text;
using Llama.Model.Text.Bpe;

namespace Llama.Model.Text.HuggingFace;

/// <summary>Byte-level BPE, as Llama 3 has it: the text is divided into words, and the bytes of each are merged.</summary>
internal sealed class ByteLevelEncoder : ITextEncoder
{
    private readonly bool[] _isSpecial;
    private readonly int[] _byteIds; // [256]
    private readonly Dictionary<byte[], int>.AlternateLookup<ReadOnlySpan<byte>> _words; // all ordinary tokens, by their bytes

    public ByteLevelEncoder(BpeModel model, Vocabulary vocabulary, WordPattern pattern)
    {
        (Model, Pattern) = (model, pattern);
        _isSpecial = vocabulary.SpecialFlags();
        _byteIds = [.. Enumerable.Range(0, 256).Select(value => model.Vocabulary.GetValueOrDefault(ByteAlphabet.LetterOf(value), -1))];
        var words = new Dictionary<byte[], int>(PieceComparer.Instance);
        foreach (int id in model.Vocabulary.Values.Where(id => !_isSpecial[id])) words.TryAdd(vocabulary[id].Bytes, id);
        _words = words.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    public BpeModel Model { get; }

    public WordPattern Pattern { get; }

    public void Encode(ReadOnlySpan<char> text, bool atStart, ref PooledList<int> ids)
    {
        var utf8 = new PooledList<byte>(256);
        string whole = text.ToString();
        foreach (Range word in Pattern.Split(whole))
        {
            utf8.Truncate(0);
            Span<byte> room = utf8.Extend(Encoding.UTF8.GetMaxByteCount(whole.AsSpan(word).Length));
            EncodeWord(room[..Encoding.UTF8.GetBytes(whole.AsSpan(word), room)], ref ids);
        }
        utf8.Dispose();
    }

    private void EncodeWord(ReadOnlySpan<byte> word, ref PooledList<int> ids)
    {
        if (Model.IgnoresMerges && _words.TryGetValue(word, out int id))
        {
            ids.Add(id);
            return;
        }
        var symbols = new PooledList<Symbol>(word.Length);
        for (int i = 0; i < word.Length; i++)
        {
            if (_byteIds[word[i]] is >= 0 and int known) Symbol.Append(ref symbols, i, 1, known);
            else Model.AppendUnknown(ref symbols, i);
        }
        Model.Merges.Encode(symbols.Items, _isSpecial, ref ids);
        symbols.Dispose();
    }
}
