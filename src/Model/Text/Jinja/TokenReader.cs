namespace Llama.Model.Text.Jinja;

/// <summary>A position in the tokens of a template.</summary>
internal sealed class TokenReader(IReadOnlyList<TemplateToken> tokens)
{
    private int _position;

    public TemplateToken Current => tokens[_position];

    public Place Place => Current.Place;

    public TemplateToken Peek => tokens[Math.Min(_position + 1, tokens.Count - 1)];

    public TemplateToken Take()
    {
        TemplateToken token = Current;
        if (_position < tokens.Count - 1) _position++;
        return token;
    }

    public bool IsOperator(string text) => Current.Is(TokenType.Operator, text);

    public bool IsName(string text) => Current.Is(TokenType.Name, text);

    public bool TryTakeOperator(string text) => TryTake(TokenType.Operator, text);

    public bool TryTakeName(string text) => TryTake(TokenType.Name, text);

    public void ExpectOperator(string text)
    {
        if (!TryTakeOperator(text)) throw Unexpected($"'{text}'");
    }

    public string ExpectName() => Current.Type == TokenType.Name ? Take().Text : throw Unexpected("a name");

    public void Expect(TokenType type, string wanted)
    {
        if (Current.Type != type) throw Unexpected(wanted);
        Take();
    }

    /// <summary>Takes items with commas between them, and one behind the last if there is one, up to what closes them.</summary>
    public List<T> TakeList<T>(string close, Func<T> takeItem)
    {
        var items = new List<T>();
        while (!IsOperator(close))
        {
            items.Add(takeItem());
            if (!TryTakeOperator(",")) break;
        }
        ExpectOperator(close);
        return items;
    }

    /// <summary>Takes the beginning of a tag of this name, if one comes next.</summary>
    public bool TryTakeTag(string name)
    {
        if (Current.Type != TokenType.TagStart || !Peek.Is(TokenType.Name, name)) return false;
        Take();
        Take();
        return true;
    }

    /// <summary>Takes a whole tag that is nothing but its name.</summary>
    public void CloseTag(string name)
    {
        if (!TryTakeTag(name)) throw Unexpected($"'{name}'");
        EndTag();
    }

    public void EndTag() => Expect(TokenType.TagEnd, "'%}'");

    public InvalidDataException Unexpected(string wanted) => Place.Malformed($"{wanted} was expected, not {Current.Description}");

    private bool TryTake(TokenType type, string text)
    {
        if (!Current.Is(type, text)) return false;
        Take();
        return true;
    }
}
