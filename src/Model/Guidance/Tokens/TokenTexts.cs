using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;
using Llama.Model.Text;
using Llama.Model.Text.SentencePiece;

namespace Llama.Model.Guidance.Tokens;

/// <summary>
/// What the tokens of a vocabulary print, inside a text and as its first token (see <see cref="IncrementalDecoder"/>). Made once for each tokenizer;
/// immutable and safe to share.
/// </summary>
internal sealed class TokenTexts
{
    private static readonly ConditionalWeakTable<Tokenizer, TokenTexts> OfGrammars = [], OfExclusions = [];

    private readonly TokenizerParts _parts;

    private TokenTexts(Tokenizer tokenizer, bool forGrammars)
    {
        _parts = tokenizer.Parts;
        List<TokenText> texts = [.. Enumerable.Range(0, tokenizer.VocabSize).Where(Prints).Select(id => new TokenText(id, _parts.Vocabulary[id].Bytes))];
        if (forGrammars) texts = WithAlphabet(texts);
        Inside = new TokenTrie(texts);
        AtStart = _parts.DropsLeadingSpace ? new TokenTrie(texts.Select(text => new TokenText(text.Id, BytesAtStart(text.Id).ToArray())).Where(text => text.Bytes.Length > 0)) : Inside;
    }

    public TokenTrie Inside { get; }

    public TokenTrie AtStart { get; }

    /// <summary>The characters that texts can be written with; null where all can.</summary>
    public CodePointSet? Alphabet { get; private set; }

    /// <summary>Whether a first token that prints nothing leaves the text's start where it is.</summary>
    public bool StaysAtStart => _parts.DropsEveryLeadingSpace;

    /// <summary>The tokens that a grammar may use: all that print what they say.</summary>
    public static TokenTexts ForGrammars(Tokenizer tokenizer) => OfGrammars.GetValue(tokenizer, key => new TokenTexts(key, forGrammars: true));

    /// <summary>All tokens that print something, the unknown one included.</summary>
    public static TokenTexts ForExclusions(Tokenizer tokenizer) => OfExclusions.GetValue(tokenizer, key => new TokenTexts(key, forGrammars: false));

    /// <summary>What a token prints inside a text; nothing for a control token.</summary>
    public ReadOnlySpan<byte> Bytes(int id) => Prints(id) ? _parts.Vocabulary.BytesOf(id) : default;

    /// <summary>What a token prints as the first of a text: the decoder drops the space that stands for the dummy prefix, and only a piece's own.</summary>
    public ReadOnlySpan<byte> BytesAtStart(int id)
    {
        ReadOnlySpan<byte> bytes = Bytes(id);
        return _parts.DropsLeadingSpace && bytes.Length > 0 && _parts.Vocabulary[id].Piece[0] == SentencePieceModel.EscapedSpace ? bytes[1..] : bytes;
    }

    private bool Prints(int id) => _parts.Vocabulary.KindOf(id) != TokenKind.Control && !_parts.Vocabulary.BytesOf(id).IsEmpty;

    // A vocabulary that lacks some bytes could leave a text standing in the middle of a character: such a one writes whole characters only, those that it has.
    private List<TokenText> WithAlphabet(List<TokenText> texts)
    {
        texts = texts.FindAll(text => _parts.Vocabulary.KindOf(text.Id) != TokenKind.Unknown);
        var single = texts.Where(text => text.Bytes.Length == 1).Select(text => text.Bytes[0]).ToHashSet();
        if (Enumerable.Range(0, 0xF5).Where(value => value is not (0xC0 or 0xC1)).All(value => single.Contains((byte)value))) return texts;
        texts = texts.FindAll(text => Utf8.IsValid(text.Bytes));
        Alphabet = CodePointSet.Of(texts.Select(text => Encoding.UTF8.GetString(text.Bytes).EnumerateRunes().ToArray()).Where(runes => runes.Length == 1)
            .Select(runes => new CodePointRange(runes[0].Value, runes[0].Value)));
        return texts;
    }
}
