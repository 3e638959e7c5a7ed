namespace Llama.Model.Text.HuggingFace;

/// <summary>A token that a checkpoint's JSON files add to the vocabulary or declare special.</summary>
/// <param name="Id">Its id, inside or beyond the base vocabulary.</param>
/// <param name="Content">Its spelling in text.</param>
/// <param name="IsSpecial">Whether it prints nothing.</param>
/// <param name="StripsLeft">Whether it swallows white space before it.</param>
/// <param name="StripsRight">Whether it swallows white space behind it.</param>
internal sealed record AddedToken(int Id, string Content, bool IsSpecial, bool StripsLeft = false, bool StripsRight = false)
{
    // A vocabulary of more ids than any model has rows is a damaged file, and would only exhaust memory.
    private const int GreatestId = 4_000_000;

    /// <summary>Whether an id can be a token's.</summary>
    public static bool IsPlausible(int id) => id is >= 0 and <= GreatestId;

    /// <summary>Lays added tokens over a base vocabulary, lengthening it where ids lie beyond.</summary>
    public static void Apply(List<Token> tokens, IEnumerable<AddedToken> added, string source)
    {
        foreach (AddedToken token in added)
        {
            if (!IsPlausible(token.Id)) throw new InvalidDataException($"{source} gives token '{token.Content}' the id {token.Id}. Correct or remove it.");
            while (tokens.Count <= token.Id) tokens.Add(Token.Gap);
            tokens[token.Id] = token.Over(tokens[token.Id]);
        }
    }

    private Token Over(Token existing)
    {
        bool isSame = existing.Piece == Content;
        if (!isSame) return Token.Literal(Content, IsSpecial ? TokenKind.Control : TokenKind.Added);
        return IsSpecial && existing.Kind != TokenKind.Unknown ? Token.Literal(Content, TokenKind.Control) : existing;
    }
}
