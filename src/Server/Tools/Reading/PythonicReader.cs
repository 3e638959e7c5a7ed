using System.Buffers;
using System.Text.Json;

namespace Llama.Server.Tools.Reading;

/// <summary>
/// Reads calls written as a Python list, <c>[f(a=1, b="x"), g()]</c>, with which an answer begins, and turns their arguments into JSON. <c>f(**{"a": 1})</c> is read
/// too: calls that are forced are written so. An argument without a name has no place in JSON: where it is the first, nothing is called; a later one ends the call, and is text.
/// </summary>
internal sealed class PythonicReader(CallRules rules) : ToolCallReader(rules)
{
    private static readonly SearchValues<char> NotInNames = SearchValues.Create(" \t\r\n\"'()[]{}=,:*");

    private Place _place = Place.Text;
    private int _start; // of what is being read, in what is held
    private string? _callee; // until its first argument, or that it has none, shows that it is called
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

    public override bool IsInArguments => _callee is null && _place is Place.Argument or Place.Value;

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
        {
            (_callee, _hasArguments, _isUnpacked) = (callee, false, false);
            return Go(Place.Argument, Verdict.Hold);
        }
        return name.IsEmpty || char.IsAsciiLetterOrDigit(c) || c is '_' or '-' ? Verdict.Hold : Verdict.NoCall;
    }

    private Verdict TakeArgument(char c)
    {
        ReadOnlySpan<char> name = Held[_start..].Trim(), before = name.IsEmpty ? name : name[..^1].TrimEnd();
        if (name is ")")
            return End();
        if (c == '=' && IsName(before))
            return BeginValue($"{(_hasArguments ? "," : "{")}\"{JsonEncodedText.Encode(before)}\":");
        if (c == '{' && before is "**" && !_hasArguments)
            return Unpack(c);
        if (name is "" or "*" or "**" || IsName(name))
            return Verdict.Hold;
        return _callee is null ? BreakOff() : Verdict.NoCall;
    }

    private Verdict Unpack(char brace)
    {
        _isUnpacked = true;
        Verdict verdict = BeginValue("");
        AddArguments(_value.Take(brace));
        return verdict;
    }

    private Verdict BeginValue(string before)
    {
        Begin();
        AddArguments(before);
        (_hasArguments, _value) = (true, new PythonValue());
        return Go(Place.Value, Verdict.Syntax);
    }

    private Verdict TakeValue(char c)
    {
        bool isBehind = _value.IsOutermost && (_isUnpacked ? !char.IsWhiteSpace(c) : c is ',' or ')' or ']' or '}');
        AddArguments(isBehind ? _value.End() : _value.Take(c));
        if (!isBehind)
            return Verdict.Syntax;
        return c == ')' ? End() : c == ',' && !_isUnpacked ? Go(Place.Argument, Verdict.Syntax) : BreakOff();
    }

    private void Begin()
    {
        if (_callee is not null)
            BeginCall(_callee, []);
        _callee = null;
    }

    private Verdict End()
    {
        Begin();
        AddArguments(!_hasArguments ? "{}" : _isUnpacked ? "" : "}");
        EndCall();
        return Go(Place.After, Verdict.Syntax);
    }

    /// <summary>Ends a call in which something stands that cannot be read; that and what follows is judged as what stands behind a call.</summary>
    private Verdict BreakOff()
    {
        End();
        return Verdict.Again;
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

    private static bool IsName(ReadOnlySpan<char> name) => !name.IsEmpty && !name.ContainsAny(NotInNames);
}
