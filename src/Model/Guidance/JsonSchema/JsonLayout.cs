using static Llama.Model.Guidance.JsonSchema.Compose;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>The white space of JSON text and the brackets and commas it stands beside.</summary>
internal sealed class JsonLayout
{
    /// <summary>Deepest indentation a new line may have, in spaces: enough for any document a person would read, and no room to ramble.</summary>
    private const int MaxIndent = 40;

    private readonly Expression _within;

    public JsonLayout(JsonWhitespace whitespace)
    {
        bool free = whitespace == JsonWhitespace.Free;
        _within = free ? OneOf(Expression.Empty, Exact(" "), Sequence(Exact("\n"), Repeat(Exact(" "), 0, MaxIndent))) : Expression.Empty;
        Colon = free ? Sequence(Exact(":"), Optional(Exact(" "))) : Exact(":");
        Comma = Sequence(Exact(","), _within);
    }

    /// <summary>Between a name and its value.</summary>
    public Expression Colon { get; }

    /// <summary>Between two members or items.</summary>
    public Expression Comma { get; }

    /// <summary>An object of these members or, when it may be empty, of none.</summary>
    public Expression Object(Expression members, bool canBeEmpty) => Bracket("{", members, "}", canBeEmpty);

    public Expression Array(Expression items, bool canBeEmpty) => Bracket("[", items, "]", canBeEmpty);

    private Expression Bracket(string open, Expression content, string close, bool canBeEmpty)
    {
        Expression filled = Sequence(_within, content, _within);
        return Sequence(Exact(open), canBeEmpty ? Optional(filled) : filled, Exact(close));
    }
}
