using System.Text.Json;

namespace Llama.Server.Tools.Reading;

/// <summary>
/// Reads calls written as a Python list, <c>[f(a=1, b="x"), g()]</c>, with which an answer begins, and turns their arguments into JSON. <c>f(**{"a": 1})</c> is read
/// too: calls that are forced are written so.
/// </summary>
internal sealed class PythonicReader(CallRules rules) : HoldingReader(rules)
{
    private Place _place = Place.Text;
    private int _start; // of what is being read, in what is held
    private PythonValue _value = new();
    private bool _hasArguments;
    private bool _isUnpacked;

    private enum Place
    {
        /// <summary>Text, which can be a call at its beginning only.</summary>
        Text,

        /// <summary>Before and in a function's name.</summary>
        Name,

        /// <summary>Before and in an argument's name.</summary>
        Argument,

        /// <summary>In an argument's value.</summary>
        Value,

        /// <summary>Behind a call.</summary>
        After,
    }

    public override bool IsInArguments => _place is Place.Argument or Place.Value;

    protected override Verdict Take(char c) => _place switch
    {
        Place.Text => TakeText(c),
        Place.Name => TakeName(c),
        Place.Argument => TakeArgument(c),
        Place.Value => TakeValue(c),
        _ => TakeAfter(c),
    };

    protected override Verdict AtEnd() =>
        _place != Place.Text ? (HasCalls || IsForced ? Verdict.Syntax : Verdict.NoCall) : HasCalls && Held.IsWhiteSpace() ? Verdict.Syntax : Verdict.NoCall;

    protected override void Reset() => (_place, _start) = (Place.Text, 0);

    private Verdict TakeText(char c)
    {
        if (char.IsWhiteSpace(c))
            return Verdict.Hold;
        return c == '[' && IsAtStart && !HasCalls ? Go(Place.Name, Verdict.Hold) : Verdict.Text;
    }

    private Verdict TakeName(char c)
    {
        ReadOnlySpan<char> name = Held[_start..].Trim();
        if (c == '(' && name[..^1].ToString() is var callee && IsCallable(callee))
            return Begin(callee);
        return name.IsEmpty || char.IsAsciiLetterOrDigit(c) || c is '_' or '-' ? Verdict.Hold : Verdict.NoCall;
    }

    private Verdict Begin(string name)
    {
        BeginCall(name, []);
        (_hasArguments, _isUnpacked) = (false, false);
        return Go(Place.Argument, Verdict.Syntax);
    }

    private Verdict TakeArgument(char c)
    {
        ReadOnlySpan<char> name = Held[_start..].Trim();
        if (c == ')')
            return End();
        if (name is "," || name.IsEmpty)
            return Go(Place.Argument, Verdict.Syntax);
        _isUnpacked = name is "**" && !_hasArguments;
        if (!_isUnpacked && c != '=')
            return Verdict.Hold;
        if (!_isUnpacked)
            AddArguments($"{(_hasArguments ? "," : "{")}\"{Escaped(name[..^1].TrimEnd())}\":");
        _hasArguments = true;
        _value = new PythonValue();
        return Go(Place.Value, Verdict.Syntax);
    }

    private Verdict TakeValue(char c)
    {
        if (!_value.IsOutermost || c is not (',' or ')'))
        {
            AddArguments(_value.Take(c));
            return Verdict.Syntax;
        }
        AddArguments(_value.End());
        return c == ')' ? End() : Go(Place.Argument, Verdict.Syntax);
    }

    private Verdict End()
    {
        AddArguments(!_hasArguments ? "{}" : _isUnpacked ? "" : "}");
        EndCall();
        return Go(Place.After, Verdict.Syntax);
    }

    private Verdict TakeAfter(char c)
    {
        if (c == ',')
            return Go(Place.Name, Verdict.Hold);
        if (c == ']' || char.IsWhiteSpace(c))
            return Go(c == ']' ? Place.Text : Place.After, Verdict.Syntax);
        Reset();
        return Verdict.Text;
    }

    private Verdict Go(Place place, Verdict verdict)
    {
        (_place, _start) = (place, verdict == Verdict.Hold ? Held.Length : 0);
        return verdict;
    }

    private static string Escaped(ReadOnlySpan<char> name) => JsonEncodedText.Encode(name).ToString();
}
