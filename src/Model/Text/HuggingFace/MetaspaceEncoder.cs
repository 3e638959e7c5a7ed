using System.Text;
using Llama.Model.Text.Bpe;
using Llama.Model.Text.SentencePiece;

namespace Llama.Model.Text.HuggingFace;

/// <summary>How a tokenizer.json marks spaces with U+2581.</summary>
/// <param name="Prefix">Where a space is put before the text.</param>
/// <param name="EvenBeforeSpace">Whether also before text that begins with one (a Prepend normaliser does, Metaspace does not).</param>
/// <param name="SplitsWords">Whether each space begins a word that merges apart.</param>
internal sealed record Metaspace(PrefixScheme Prefix, bool EvenBeforeSpace, bool SplitsWords)
{
    /// <summary>As Llama 2's tokenizer.model has it.</summary>
    public static Metaspace Llama { get; } = new(PrefixScheme.Always, EvenBeforeSpace: true, SplitsWords: false);

    /// <summary>Whether a space is put before a text.</summary>
    /// <param name="atStart">Whether the whole text begins with it, rather than behind a special token.</param>
    /// <param name="hasSpace">Whether it begins with a space itself.</param>
    public bool HasPrefix(bool atStart, bool hasSpace) => (Prefix == PrefixScheme.Always || (Prefix == PrefixScheme.First && atStart)) && (EvenBeforeSpace || !hasSpace);
}

internal enum PrefixScheme
{
    Never,

    /// <summary>Only where the whole text begins.</summary>
    First,

    /// <summary>Behind every special token too.</summary>
    Always,
}

/// <summary>Hugging Face's form of SentencePiece BPE (Llama 2 and TinyLlama converted): characters with byte fallback, merged by rank.</summary>
internal sealed class MetaspaceEncoder(BpeModel model, Vocabulary vocabulary, Metaspace metaspace) : ITextEncoder
{
    private const char Space = SentencePieceModel.EscapedSpace;
    private readonly bool[] _isSpecial = vocabulary.SpecialFlags();
    private readonly int[] _byteIds = model.HasByteFallback ? ByteIds(model.Vocabulary) : [];
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _pieces = model.Vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();

    public void Encode(ReadOnlySpan<char> text, bool atStart, ref PooledList<int> ids)
    {
        ReadOnlySpan<char> rest = Normalize(text, atStart);
        while (!rest.IsEmpty)
        {
            int next = metaspace.SplitsWords ? rest[1..].IndexOf(Space) : -1;
            int length = next < 0 ? rest.Length : next + 1;
            EncodeWord(rest[..length], ref ids);
            rest = rest[length..];
        }
    }

    private string Normalize(ReadOnlySpan<char> text, bool atStart)
    {
        string spaced = text.ToString().Replace(' ', Space);
        return metaspace.HasPrefix(atStart, spaced.StartsWith(Space)) ? Space + spaced : spaced;
    }

    private void EncodeWord(ReadOnlySpan<char> word, ref PooledList<int> ids)
    {
        if (model.IgnoresMerges && _pieces.TryGetValue(word, out int whole) && !_isSpecial[whole])
        {
            ids.Add(whole);
            return;
        }
        var symbols = new PooledList<Symbol>(word.Length);
        int start = 0; // counts symbols: merging by rank asks for ids alone
        Span<char> characters = stackalloc char[2];
        foreach (Rune rune in word.EnumerateRunes())
        {
            ReadOnlySpan<char> character = characters[..rune.EncodeToUtf16(characters)];
            if (_pieces.TryGetValue(character, out int id) && !_isSpecial[id]) Symbol.Append(ref symbols, start, 1, id);
            else AppendUnknown(ref symbols, start, rune);
            start++;
        }
        model.Merges.Encode(symbols.Items, _isSpecial, ref ids);
        symbols.Dispose();
    }

    private void AppendUnknown(ref PooledList<Symbol> symbols, int start, Rune rune)
    {
        Span<byte> utf8 = stackalloc byte[4];
        utf8 = utf8[..rune.EncodeToUtf8(utf8)];
        if (_byteIds.Length > 0)
        {
            foreach (byte b in utf8) Symbol.Append(ref symbols, start, 1, _byteIds[b]);
        }
        else model.AppendUnknown(ref symbols, start);
    }

    private static int[] ByteIds(Dictionary<string, int> vocabulary) => [.. Enumerable.Range(0, 256).Select(value =>
        vocabulary.TryGetValue($"<0x{value:X2}>", out int id) ? id : throw new InvalidDataException($"byte_fallback needs the token <0x{value:X2}>, which the vocabulary lacks"))];
}
