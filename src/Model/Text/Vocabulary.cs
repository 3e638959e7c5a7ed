using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Llama.Model.Text;

/// <summary>The tokens by id: spelling, kind, and the bytes each stands for inside a text.</summary>
internal sealed class Vocabulary
{
    private readonly Token[] _tokens;
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);

    public Vocabulary(IReadOnlyList<Token> tokens)
    {
        _tokens = [.. tokens];
        for (int id = 0; id < _tokens.Length; id++)
        {
            if (_tokens[id].Piece.Length > 0) _ids.TryAdd(_tokens[id].Piece, id);
        }
    }

    public int Count => _tokens.Length;

    public Token this[int id] => _tokens[id];

    public bool Contains(int id) => (uint)id < (uint)_tokens.Length;

    public TokenKind KindOf(int id) => Contains(id) ? _tokens[id].Kind : TokenKind.Unused;

    /// <summary>The bytes of a token; none for an id beyond the vocabulary, since models pad their embedding to round sizes.</summary>
    public ReadOnlySpan<byte> BytesOf(int id) => Contains(id) ? _tokens[id].Bytes : default;

    public bool TryGetId(string piece, [NotNullWhen(true)] out int id) => _ids.TryGetValue(piece, out id);

    /// <summary>By id, the tokens that users' text must never become.</summary>
    public bool[] SpecialFlags() => [.. _tokens.Select(token => token.Kind is TokenKind.Control or TokenKind.Added)];

    /// <summary>The byte that a spelling such as <c>&lt;0x0A&gt;</c> stands for.</summary>
    public static bool TryParseByte(string piece, out byte value)
    {
        value = 0;
        return piece.Length == 6 && piece.StartsWith("<0x", StringComparison.Ordinal) && piece[5] == '>'
            && byte.TryParse(piece.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}

/// <summary>One entry of a <see cref="Vocabulary"/>.</summary>
internal readonly record struct Token(string Piece, TokenKind Kind, byte[] Bytes)
{
    /// <summary>An id that the files skip.</summary>
    public static Token Gap => new("", TokenKind.Unused, []);

    /// <summary>A token that prints exactly as it is spelled.</summary>
    public static Token Literal(string piece, TokenKind kind) => new(piece, kind, Encoding.UTF8.GetBytes(piece));
}
