using System.Security.Cryptography;
using Llama.Server.Generating;

namespace Llama.Server.Tools.Reading;

/// <summary>
/// Takes one answer's text apart, as it comes, into what is said and which tools are called; so character by character that how tokens cut the text does not matter. A character is held until it is
/// known to be text or part of a call, so that no half call is shown as text; where what is held turns out to begin no call, its first character is text and the rest is read anew.
/// </summary>
internal abstract class ToolCallReader(CallRules rules)
{
    private const string IdCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    private readonly TextBuffer _content = new(), _held = new(), _arguments = new();
    private int _read;
    private int _callCount;
    private bool _isFinished;

    /// <summary>What is said in the last piece read; valid until the next.</summary>
    public ReadOnlySpan<char> Content => _content.Text;

    /// <summary>The parts of calls in the last piece read, behind its <see cref="Content"/>.</summary>
    public List<ToolCallPiece> Pieces { get; } = [];

    /// <summary>Whether the last call is known and its arguments are not whole yet.</summary>
    public abstract bool IsInArguments { get; }

    /// <summary>UTF-16 units at the end of what was read that are held back.</summary>
    public int HeldLength => _held.Text.Length;

    /// <summary>Whether the answer is over, whatever the model would go on to say: it may call once only, and has.</summary>
    public bool IsFinished => _isFinished;

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

    /// <summary>Reads on.</summary>
    /// <param name="text">The next piece of the answer; may be empty.</param>
    /// <param name="isEnd">Whether nothing follows: what was held back is decided now.</param>
    /// <param name="isCutOff">Whether that end is not the answer's own: what looks like half a call is one, and no text.</param>
    public void Read(ReadOnlySpan<char> text, bool isEnd, bool isCutOff = false)
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
