using System.Security.Cryptography;
using Llama.Server.Generating;

namespace Llama.Server.Tools.Reading;

/// <summary>
/// Reads calls character by character, so that how tokens cut the text does not matter. A character is held until it is known to be text or part of a call; where
/// what is held turns out to begin no call, its first character is text and the rest is read anew.
/// </summary>
internal abstract class HoldingReader(CallRules rules) : ToolCallReader
{
    private const string IdCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    private readonly TextBuffer _content = new(), _held = new(), _arguments = new();
    private int _read;
    private int _callCount;
    private bool _isFinished;

    public sealed override ReadOnlySpan<char> Content => _content.Text;

    public sealed override List<ToolCallPiece> Pieces { get; } = [];

    public sealed override int HeldLength => _held.Text.Length;

    public sealed override bool IsFinished => _isFinished;

    /// <summary>The text that begins calls; empty where a format has none.</summary>
    protected virtual string Marker => "";

    /// <summary>Whether the answer calls a tool so far.</summary>
    protected bool HasCalls => _callCount > 0;

    /// <summary>Whether the answer is calls and nothing else.</summary>
    protected bool IsForced => rules.IsForced;

    /// <summary>Whether the answer is still empty, so that a format without a marker may begin a call.</summary>
    protected bool IsAtStart { get; private set; } = true;

    /// <summary>Whether the answer's end is not its own.</summary>
    protected bool IsCutOff { get; private set; }

    /// <summary>What is held and has been read.</summary>
    protected ReadOnlySpan<char> Held => _held.Text[.._read];

    public sealed override void Read(ReadOnlySpan<char> text, bool isEnd, bool isCutOff = false)
    {
        IsCutOff = isCutOff;
        _content.Clear();
        Pieces.Clear();
        _held.Append(text);
        ReadHeld();
        while (isEnd && _held.Text.Length > 0)
        {
            Apply(_isFinished ? Verdict.Syntax : AtEnd());
            ReadHeld();
        }
        FlushArguments();
    }

    /// <summary>Judges what is held, the last character of it being new.</summary>
    protected abstract Verdict Take(char c);

    /// <summary>Judges what is held when nothing follows.</summary>
    protected abstract Verdict AtEnd();

    /// <summary>Goes back to where text is expected.</summary>
    protected abstract void Reset();

    protected bool IsCallable(string name) => rules.Callable.Contains(name);

    protected void BeginCall(string name, ReadOnlySpan<char> arguments)
    {
        FlushArguments();
        string id = "call_" + RandomNumberGenerator.GetString(IdCharacters, 24);
        Pieces.Add(new ToolCallPiece(_callCount++, id, name, ""));
        AddArguments(arguments);
    }

    protected void AddArguments(ReadOnlySpan<char> json) => _arguments.Append(json);

    protected void EndCall() => _isFinished = !rules.IsParallel;

    private void ReadHeld()
    {
        while (_read < _held.Text.Length && !_isFinished)
            Apply(Take(_held.Text[_read++]));
    }

    private void Apply(Verdict verdict)
    {
        switch (verdict)
        {
            case Verdict.Text:
                Release(_read);
                break;
            case Verdict.Syntax:
                Forget(_isFinished ? _held.Text.Length : _read);
                break;
            case Verdict.NoCall:
                Release(1);
                break;
            case Verdict.Again:
                _read = 0;
                break;
        }
    }

    private void Release(int count)
    {
        int marker = rules.HidesMarker && Marker.Length > 0 && _held.Text.StartsWith(Marker) ? Marker.Length : 0;
        if (marker == 0)
            _content.Append(_held.Text[..count]);
        IsAtStart = false;
        Reset();
        Forget(Math.Max(marker, count));
    }

    private void Forget(int count)
    {
        _held.RemoveStart(count);
        _read = 0;
    }

    private void FlushArguments()
    {
        if (_arguments.Text.Length > 0)
            Pieces.Add(new ToolCallPiece(_callCount - 1, Id: null, Name: null, _arguments.Text.ToString()));
        _arguments.Clear();
    }
}
