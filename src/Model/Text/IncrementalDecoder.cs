using Llama.Model.Text.SentencePiece;

namespace Llama.Model.Text;

/// <summary>Decodes one sequence token by token: the pieces concatenate to the whole text and none ends inside a character.</summary>
/// <remarks>
/// Follows sentencepiece_processor.cc, <c>Decode</c>: only neighbouring byte tokens join into characters, and a space that merely stands for the dummy prefix goes.
/// </remarks>
public sealed class IncrementalDecoder
{
    private readonly TokenizerParts _parts;
    private readonly bool _skipSpecialTokens;
    private readonly int? _visibleTokenId;
    private readonly Utf8Assembler _assembler;
    private bool _dropsSpace;

    /// <summary>Starts a sequence.</summary>
    /// <param name="tokenizer">The vocabulary.</param>
    /// <param name="skipSpecialTokens">Whether control tokens print nothing.</param>
    /// <param name="atSequenceStart">Whether the text starts here, so that one leading space (SentencePiece's dummy prefix) is dropped.</param>
    /// <param name="visibleTokenId">A control token that prints its spelling all the same: one that begins a tool call, for what reads calls.</param>
    public IncrementalDecoder(Tokenizer tokenizer, bool skipSpecialTokens = true, bool atSequenceStart = true, int? visibleTokenId = null)
    {
        _parts = tokenizer.Parts;
        _skipSpecialTokens = skipSpecialTokens;
        _visibleTokenId = visibleTokenId;
        _assembler = new Utf8Assembler(replaceEachByte: !_parts.IsByteLevel);
        _dropsSpace = atSequenceStart && _parts.DropsLeadingSpace;
    }

    /// <summary>Whether the text starts with the next token, so that a space which its piece begins with is not printed: it stands for the dummy prefix.</summary>
    public bool IsAtStart => _dropsSpace && !_assembler.IsPending;

    /// <summary>How much of what the last token gave are characters that tokens before it had left broken off: its own text begins behind them.</summary>
    public int EarlierLength => _assembler.EarlierLength;

    /// <summary>The characters that this token completes; empty while a character is unfinished. Valid until the next call.</summary>
    public ReadOnlySpan<char> Append(int id)
    {
        _assembler.Clear();
        TokenKind kind = _parts.Vocabulary.KindOf(id);
        if (kind != TokenKind.Byte && !_parts.IsByteLevel) _assembler.Finish();
        if (_assembler.Text.Length > 0) _dropsSpace = false;
        if (kind != TokenKind.Control || !_skipSpecialTokens || id == _visibleTokenId) _assembler.Add(WithoutPrefix(id));
        if (_assembler.Text.Length > 0) _dropsSpace = false;
        return _assembler.Text;
    }

    /// <summary>What is left at the end: U+FFFD for an unfinished character, else nothing.</summary>
    public ReadOnlySpan<char> Flush()
    {
        _assembler.Clear();
        _assembler.Finish();
        return _assembler.Text;
    }

    // Only a piece's own space goes: a space spelled as a byte token was not put there by the dummy prefix.
    private ReadOnlySpan<byte> WithoutPrefix(int id)
    {
        ReadOnlySpan<byte> bytes = _parts.Vocabulary.BytesOf(id);
        if (!_dropsSpace || bytes.IsEmpty || _parts.Vocabulary[id].Piece[0] != SentencePieceModel.EscapedSpace) return bytes;
        _dropsSpace = _parts.DropsEveryLeadingSpace;
        return bytes[1..];
    }
}
