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

/// <summary>Where in a template, counted from 1.</summary>
internal readonly record struct Place(int Line, int Column)
{
    public static Place Of(string source, int index)
    {
        ReadOnlySpan<char> before = source.AsSpan(0, index);
        return new Place(before.Count('\n') + 1, index - before.LastIndexOf('\n'));
    }

    public NotSupportedException Unsupported(string construct) => new($"chat_template line {Line}, column {Column}: {construct} is not supported.");

    public InvalidDataException Malformed(string fault) => new($"chat_template line {Line}, column {Column}: {fault}.");
}
