namespace Llama.Server.Tools.Reading;

/// <summary>Reads calls that are JSON objects.</summary>
internal sealed class JsonCallReader(JsonCallSyntax syntax, CallRules rules) : ToolCallReader(rules)
{
    private Place _place = Place.Text;
    private int _start; // of what is being read, in what is held
    private bool _hasMarker;
    private bool _isCalling;
    private CallObject _call = new();

    private enum Place
    {
        /// <summary>Text, where a marker may come.</summary>
        Text,

        /// <summary>Before the text that opens calls.</summary>
        Open,

        /// <summary>Before an object.</summary>
        Object,

        /// <summary>In an object.</summary>
        Call,

        /// <summary>Behind an object.</summary>
        After,
    }

    public override bool IsInArguments => _isCalling && _call.IsInArguments;

    protected override string Marker => syntax.Marker;

    protected override Verdict Take(char c) => _place switch
    {
        Place.Text => TakeText(),
        Place.Open => TakeOpen(),
        Place.Object => TakeObject(c),
        Place.Call => TakeCall(c),
        _ => TakeAfter(c),
    };

    /// <summary>White space around calls is no text; an unfinished call is none either where it was cut off, while an answer that ends so by itself only speaks of one.</summary>
    protected override Verdict AtEnd() => _place switch
    {
        Place.Text => IsForced || (HasCalls && Held.IsWhiteSpace()) ? Verdict.Syntax : Verdict.NoCall,
        Place.After => Verdict.Syntax,
        _ => (_hasMarker && IsCutOff) || IsForced || HasCalls ? Verdict.Syntax : Verdict.NoCall,
    };

    protected override void Reset() => (_place, _start, _hasMarker) = (Place.Text, 0, false);

    private ReadOnlySpan<char> Current => Held[_start..].TrimStart();

    private Verdict TakeText()
    {
        ReadOnlySpan<char> text = Current;
        if (text.SequenceEqual(syntax.Marker))
            return Mark();
        if (syntax.Marker.AsSpan().StartsWith(text)) // the empty text too
            return Verdict.Hold;
        if (!syntax.MayBeBare || !IsAtStart || HasCalls || text[0] != syntax.FirstBare)
            return text.Length == 1 ? Verdict.Text : Verdict.NoCall;
        _place = Place.Open;
        return Verdict.Again;
    }

    private Verdict Mark()
    {
        _hasMarker = true;
        return Go(Place.Open);
    }

    private Verdict TakeOpen()
    {
        ReadOnlySpan<char> text = Current;
        if (syntax.Open.Length == 0)
            return text.IsEmpty ? Verdict.Hold : TakeObject(text[^1]);
        if (text.SequenceEqual(syntax.Open))
            return Go(Place.Object);
        return syntax.Open.AsSpan().StartsWith(text) ? Verdict.Hold : Verdict.NoCall;
    }

    private Verdict TakeObject(char c)
    {
        if (c != '{')
            return char.IsWhiteSpace(c) ? Verdict.Hold : Verdict.NoCall;
        _call = new CallObject();
        return Go(Place.Call);
    }

    private Verdict TakeCall(char c)
    {
        CallStep step = _call.Take(c);
        if (_call.Name is { } name && !IsCallable(name))
            return Verdict.NoCall;
        if (step is CallStep.Begun or CallStep.BegunAndClosed)
            BeginCall(_call.Name!, _call.Arguments);
        else if (step is CallStep.Argument)
            AddArguments([c]);
        _isCalling |= step is CallStep.Begun;
        return step switch
        {
            CallStep.Begun or CallStep.Argument => Syntax(Place.Call),
            CallStep.Undecided => Verdict.Hold,
            CallStep.Failed when !_isCalling => Verdict.NoCall,
            _ => End(step),
        };
    }

    private Verdict End(CallStep step)
    {
        _isCalling = false;
        EndCall();
        return IsFinished || step != CallStep.Failed ? Syntax(Place.After) : Verdict.NoCall;
    }

    private Verdict TakeAfter(char c)
    {
        ReadOnlySpan<char> text = Current;
        if (syntax.Close.Length > 0 && text.SequenceEqual(syntax.Close))
            return Syntax(Place.Text);
        if (syntax.Separator.Length > 0 && text.SequenceEqual(syntax.Separator))
            return Go(Place.Object);
        if (text.SequenceEqual(syntax.Marker))
            return Mark();
        if (text.IsEmpty || syntax.Close.AsSpan().StartsWith(text) || syntax.Marker.AsSpan().StartsWith(text))
            return Verdict.Hold;
        if (syntax.Close.Length == 0 && c == '{' && text.Length == 1)
            return TakeObject(c);
        Reset();
        return text.Length == 1 ? Verdict.Text : Verdict.NoCall;
    }

    private Verdict Go(Place place)
    {
        (_place, _start) = (place, Held.Length);
        return Verdict.Hold;
    }

    private Verdict Syntax(Place place)
    {
        (_place, _start) = (place, 0);
        return Verdict.Syntax;
    }
}
