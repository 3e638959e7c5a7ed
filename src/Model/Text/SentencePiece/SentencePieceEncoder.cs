using System.Text;
using Llama.Model.Text.Bpe;
using Llama.Model.Text.HuggingFace;

namespace Llama.Model.Text.SentencePiece;

/// <summary>
/// Encodes as SentencePiece's BPE model does (bpe_model.cc and sentencepiece_processor.cc): normalise, split into characters and user-defined pieces, merge,
/// divide unused pieces again, and spell what is unknown in bytes. Works in UTF-8 throughout, as the reference does.
/// </summary>
internal sealed class SentencePieceEncoder : ITextEncoder
{
    private readonly Vocabulary _vocabulary;
    private readonly SentencePieceNormalizer _normalizer;
    private readonly PrefixMatcher _userDefined;
    private readonly ScoredPieces _pieces;
    private readonly bool[] _isUnused; // [ids]
    private readonly int[] _byteIds; // [256], or empty without byte fallback
    private readonly int _unknownId;

    /// <param name="model">The model file.</param>
    /// <param name="vocabulary">The same pieces, where some may have been declared special; text never becomes those.</param>
    /// <param name="spaces">Where the dummy prefix is put, if the model has one; SentencePiece itself, which knows no special tokens in text, puts it before all that it is given.</param>
    public SentencePieceEncoder(SentencePieceModel model, Vocabulary vocabulary, Metaspace? spaces = null)
    {
        (Model, _vocabulary, Spaces) = (model, vocabulary, spaces ?? Metaspace.Llama);
        _userDefined = new PrefixMatcher(Ids(model, vocabulary, TokenKind.UserDefined).Select(id => Encoding.UTF8.GetBytes(model.Pieces[id].Piece)));
        _normalizer = new SentencePieceNormalizer(model.Normalizer, model.Trainer.TreatWhitespaceAsSuffix, _userDefined);
        _pieces = new ScoredPieces(Ids(model, vocabulary, TokenKind.Normal, TokenKind.UserDefined, TokenKind.Unused).Select(id => (model.Pieces[id], id)));
        _isUnused = [.. model.Pieces.Select(piece => piece.Kind == TokenKind.Unused)];
        _unknownId = model.Pieces.FindIndex(piece => piece.Kind == TokenKind.Unknown);
        _byteIds = model.Trainer.ByteFallback ? ByteIds(model) : [];
    }

    public SentencePieceModel Model { get; }

    public Metaspace Spaces { get; }

    /// <summary>The same, but with the prefix behind every special token.</summary>
    public SentencePieceEncoder PrefixingAll() => new(Model, _vocabulary);

    public void Encode(ReadOnlySpan<char> text, bool atStart, ref PooledList<int> ids)
    {
        var utf8 = new PooledList<byte>(Encoding.UTF8.GetMaxByteCount(text.Length));
        var normalized = new PooledList<byte>(text.Length * 2);
        utf8.Truncate(Encoding.UTF8.GetBytes(text, utf8.Extend(Encoding.UTF8.GetMaxByteCount(text.Length))));
        _normalizer.Normalize(utf8.Items, Spaces.HasPrefix(atStart, text.Length > 0 && text[0] is ' ' or SentencePieceModel.EscapedSpace), ref normalized);
        EncodeNormalized(normalized.Items, ref ids);
        utf8.Dispose();
        normalized.Dispose();
    }

    private void EncodeNormalized(ReadOnlySpan<byte> text, ref PooledList<int> ids)
    {
        var symbols = new PooledList<Symbol>(text.Length);
        Split(text, ref symbols);
        var rules = new SentencePieceMergeRules(text, _pieces, _isUnused);
        BpeMerger.Merge(symbols.Items, ref rules);
        int first = ids.Count;
        for (int i = symbols.Count > 0 ? 0 : -1; i >= 0; i = symbols.Items[i].Next)
            Emit(text.Slice(symbols.Items[i].Start, symbols.Items[i].Length), symbols.Items[i].Id, ref rules, first, ref ids);
        symbols.Dispose();
    }

    private void Split(ReadOnlySpan<byte> text, ref PooledList<Symbol> symbols)
    {
        for (int start = 0, length; start < text.Length; start += length)
        {
            length = _userDefined.Match(text[start..]);
            bool isFrozen = length > 0;
            if (!isFrozen) length = Math.Min(SentencePieceNormalizer.CharacterLength(text[start]), text.Length - start);
            Symbol.Append(ref symbols, start, length, _pieces.IdOf(text.Slice(start, length)), isFrozen);
        }
    }

    private void Emit(ReadOnlySpan<byte> piece, int id, ref SentencePieceMergeRules rules, int first, ref PooledList<int> ids)
    {
        if (id >= 0 && _isUnused[id] && rules.TrySplit(id, out int leftLength))
        {
            Emit(piece[..leftLength], _pieces.IdOf(piece[..leftLength]), ref rules, first, ref ids);
            Emit(piece[leftLength..], _pieces.IdOf(piece[leftLength..]), ref rules, first, ref ids);
        }
        else if (id >= 0) ids.Add(id);
        else EmitUnknown(piece, first, ref ids);
    }

    // Without byte fallback a run of unknown characters is one unknown token.
    private void EmitUnknown(ReadOnlySpan<byte> piece, int first, ref PooledList<int> ids)
    {
        if (_byteIds.Length > 0)
        {
            foreach (byte b in piece) ids.Add(_byteIds[b]);
        }
        else if (ids.Count == first || ids.Items[^1] != _unknownId) ids.Add(_unknownId);
    }

    private static IEnumerable<int> Ids(SentencePieceModel model, Vocabulary vocabulary, params TokenKind[] kinds) =>
        Enumerable.Range(0, model.Pieces.Count).Where(id => kinds.Contains(model.Pieces[id].Kind) && kinds.Contains(vocabulary.KindOf(id)));

    private int[] ByteIds(SentencePieceModel model)
    {
        int[] ids = new int[256];
        Array.Fill(ids, _unknownId);
        for (int id = 0; id < model.Pieces.Count; id++)
        {
            if (model.Pieces[id].Kind == TokenKind.Byte && Vocabulary.TryParseByte(model.Pieces[id].Piece, out byte value)) ids[value] = id;
        }
        return ids;
    }
}
