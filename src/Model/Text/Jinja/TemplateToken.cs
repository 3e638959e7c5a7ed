namespace Llama.Model.Text.Jinja;

/// <summary>What a template is made of: stretches of text, and the words inside <c>{{ }}</c> and <c>{% %}</c>.</summary>
internal enum TokenType
{
    Text,
    OutputStart,
    OutputEnd,
    TagStart,
    TagEnd,
    Name,
    Integer,
    Float,
    String,
    Operator,
    End,
}

internal readonly record struct TemplateToken(TokenType Type, string Text, Place Place)
{
    public bool Is(TokenType type, string text) => Type == type && Text == text;

    /// <summary>How a fault report calls it.</summary>
    public string Description => Type is TokenType.End ? "the end of the template" : $"'{Text}'";
}

/// <summary>Where in a template. Lines and columns, from 1 on, are counted when somebody asks: every token has a place.</summary>
internal readonly record struct Place(string Source, int Index)
{
    public NotSupportedException Unsupported(string construct) => new($"{this}: {construct} is not supported.");

    public InvalidDataException Malformed(string fault) => new($"{this}: {fault}.");

    public override string ToString()
    {
        ReadOnlySpan<char> before = Source.AsSpan(0, Index);
        return $"chat_template line {before.Count('\n') + 1}, column {Index - before.LastIndexOf('\n')}";
    }
}
