namespace Llama.Server.Tools.Reading;

/// <summary>Finds the end of a JSON string, object or array by its quotes and brackets; what stands inside is not checked.</summary>
internal struct JsonExtent
{
    private int _depth;
    private bool _isInString;
    private bool _isEscaped;

    /// <summary>Takes the next character; true when the value ends with it.</summary>
    public bool Take(char c)
    {
        if (_isInString)
            TakeInString(c);
        else if (c == '"')
            _isInString = true;
        else if (c is '{' or '[')
            _depth++;
        else if (c is '}' or ']')
            _depth--;
        return _depth == 0 && !_isInString && c is '"' or '}' or ']';
    }

    private void TakeInString(char c)
    {
        if (_isEscaped)
            _isEscaped = false;
        else if (c == '\\')
            _isEscaped = true;
        else if (c == '"')
            _isInString = false;
    }
}
