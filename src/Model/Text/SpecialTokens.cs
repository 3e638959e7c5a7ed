using System.Buffers;
using Llama.Model.Text.HuggingFace;

namespace Llama.Model.Text;

/// <summary>Finds the spellings of special tokens in text that may hold them: the leftmost first, and the longest of those that begin there.</summary>
internal sealed class SpecialTokens
{
    private readonly AddedToken[] _tokens; // longest first
    private readonly SearchValues<string> _spellings;

    public SpecialTokens(Vocabulary vocabulary, IReadOnlyList<AddedToken> added)
    {
        Dictionary<int, AddedToken> flags = added.GroupBy(token => token.Id).ToDictionary(group => group.Key, group => group.Last());
        _tokens = [.. Enumerable.Range(0, vocabulary.Count)
            .Where(id => (vocabulary[id].Kind is TokenKind.Control or TokenKind.Unknown or TokenKind.Added || flags.ContainsKey(id)) && vocabulary[id].Piece.Length > 0)
            .Select(id => flags.GetValueOrDefault(id) ?? new AddedToken(id, vocabulary[id].Piece, IsSpecial: true))
            .OrderByDescending(token => token.Content.Length)];
        _spellings = SearchValues.Create([.. _tokens.Select(token => token.Content)], StringComparison.Ordinal);
    }

    /// <summary>Those that swallow white space beside them.</summary>
    public IEnumerable<AddedToken> Stripping => _tokens.Where(token => token.StripsLeft || token.StripsRight);

    /// <summary>Finds the first special token in a stretch of the text.</summary>
    public bool TryFind(ReadOnlySpan<char> text, out int position, out AddedToken? token)
    {
        token = null;
        position = text.IndexOfAny(_spellings);
        if (position < 0) return false;
        foreach (AddedToken candidate in _tokens)
        {
            if (!text[position..].StartsWith(candidate.Content, StringComparison.Ordinal)) continue;
            token = candidate;
            return true;
        }
        return false;
    }
}
