using System.Text;

namespace Llama.Server.Tools.Reading;

/// <summary>
/// Reads one call as a JSON object, <c>{"name": …, "arguments": {…}}</c>, character by character. Some models say <c>parameters</c>, some put the arguments first, some
/// add members such as <c>type</c>.
/// </summary>
internal sealed class CallObject
{
    private readonly StringBuilder _key = new(), _name = new(), _arguments = new();
    private Place _place = Place.Member;
    private JsonExtent _value;
    private bool _hasBegun;
    private bool _hasArguments;

    private enum Place
    {
        Member,
        Key,
        Colon,
        Value,
        Name,
        Arguments,
        Other,
        Scalar,
        Next,
    }

    /// <summary>The tool, once its name is whole.</summary>
    public string? Name { get; private set; }

    /// <summary>The arguments that came before the call could begin.</summary>
    public string Arguments => _hasArguments ? _arguments.ToString() : "{}";

    /// <summary>Whether they have begun and not ended.</summary>
    public bool IsInArguments => _place == Place.Arguments;

    /// <summary>Reads what follows the opening brace.</summary>
    public CallStep Take(char c)
    {
        switch (_place)
        {
            case Place.Member when c == '"':
                return Go(Place.Key);
            case Place.Member or Place.Next when c == '}':
                return Close();
            case Place.Key when c == '"':
                return Go(Place.Colon);
            case Place.Key:
                _key.Append(c);
                return CallStep.Undecided;
            case Place.Colon when c == ':':
                return Go(Place.Value);
            case Place.Next when c == ',':
                _key.Clear();
                return Go(Place.Member);
            case Place.Member or Place.Colon or Place.Next or Place.Value when char.IsWhiteSpace(c):
                return CallStep.Undecided;
            case Place.Value:
                return BeginValue(c);
            case Place.Name or Place.Arguments or Place.Other:
                return TakeValue(c);
            case Place.Scalar:
                return TakeScalar(c);
            default:
                return CallStep.Failed;
        }
    }

    private CallStep BeginValue(char c)
    {
        _value = default;
        bool isArguments = _key.ToString() is "arguments" or "parameters";
        _place = c switch
        {
            '"' when Name is null && _key.Equals("name") => Place.Name,
            '{' when isArguments && !_hasArguments => Place.Arguments,
            '"' or '{' or '[' => Place.Other,
            _ => Place.Scalar,
        };
        if (_place == Place.Scalar)
            return CallStep.Undecided;
        bool isStrange = _place == Place.Other && (isArguments || c != '"');
        return isStrange && !_hasBegun ? CallStep.Failed : TakeValue(c);
    }

    private CallStep TakeValue(char c)
    {
        Place place = _place;
        if (_value.Take(c))
            _place = Place.Next;
        if (place == Place.Name && c != '"')
            _name.Append(c);
        if (place == Place.Name && _place == Place.Next)
            Name = _name.ToString();
        return place == Place.Arguments ? TakeArgument(c) : MayBegin();
    }

    private CallStep TakeArgument(char c)
    {
        _hasArguments = true;
        if (_hasBegun)
            return CallStep.Argument;
        _arguments.Append(c);
        return MayBegin();
    }

    /// <summary>A call begins when both its name and its arguments' beginning are there: until then it may be something else.</summary>
    private CallStep MayBegin()
    {
        if (_hasBegun || Name is null || !_hasArguments)
            return CallStep.Undecided;
        _hasBegun = true;
        return CallStep.Begun;
    }

    /// <summary>A number, true, false or null ends where something else begins.</summary>
    private CallStep TakeScalar(char c)
    {
        if (char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.')
            return CallStep.Undecided;
        _place = Place.Next;
        return Take(c);
    }

    private CallStep Close() => _hasBegun ? CallStep.Closed : Name is null ? CallStep.Failed : CallStep.BegunAndClosed;

    private CallStep Go(Place place)
    {
        _place = place;
        return CallStep.Undecided;
    }
}
