namespace Llama.Server.Generating;

/// <summary>
/// Looks for stop texts in a text that comes in pieces. What could begin one is held back until decided. The match that ends first wins, as if the text came
/// character by character, so how tokens cut the text does not matter.
/// </summary>
internal sealed class StopStrings(IReadOnlyList<string> stops, bool includeStop)
{
    private char[] _buffer = new char[64];
    private int _count;
    private int _ready;
    private int _cutLength;

    /// <summary>What may be shown; valid until the next call.</summary>
    public ReadOnlySpan<char> Ready => _buffer.AsSpan(0, _ready);

    public bool IsMatched { get; private set; }

    /// <summary>UTF-16 units behind <see cref="Ready"/>: held back, or cut off by the match.</summary>
    public int BehindLength => _count - _ready + _cutLength;

    /// <summary>Forgets <see cref="Ready"/>, which the caller has shown.</summary>
    public void Clear()
    {
        _buffer.AsSpan(_ready, _count - _ready).CopyTo(_buffer);
        _count -= _ready;
        _ready = 0;
    }

    /// <summary>Adds a piece in which stop texts count.</summary>
    public void Append(ReadOnlySpan<char> piece)
    {
        Add(piece);
        ReadOnlySpan<char> text = _buffer.AsSpan(_ready, _count - _ready);
        if (FindFirst(text, out int start, out int end))
        {
            IsMatched = true;
            _ready += includeStop ? end : start;
            _cutLength = _count - _ready;
            _count = _ready;
        }
        else
        {
            _ready = _count - HeldLength(text);
        }
    }

    /// <summary>Adds a piece that is shown whatever it says.</summary>
    public void AppendFree(ReadOnlySpan<char> piece)
    {
        Add(piece);
        Release();
    }

    /// <summary>Nothing more will come: what was held back is text after all.</summary>
    public void Release() => _ready = _count;

    private void Add(ReadOnlySpan<char> piece)
    {
        if (_count + piece.Length > _buffer.Length)
            Array.Resize(ref _buffer, Math.Max(2 * _buffer.Length, _count + piece.Length));
        piece.CopyTo(_buffer.AsSpan(_count));
        _count += piece.Length;
    }

    private bool FindFirst(ReadOnlySpan<char> text, out int start, out int end)
    {
        (start, end) = (0, int.MaxValue);
        for (int i = 0; i < stops.Count; i++)
        {
            int at = text.IndexOf(stops[i], StringComparison.Ordinal);
            int ends = at + stops[i].Length;
            if (at >= 0 && (ends < end || (ends == end && at < start)))
                (start, end) = (at, ends);
        }
        return end != int.MaxValue;
    }

    /// <summary>Length of the longest end of the text that begins a stop text.</summary>
    private int HeldLength(ReadOnlySpan<char> text)
    {
        int held = 0;
        for (int i = 0; i < stops.Count; i++)
        {
            ReadOnlySpan<char> stop = stops[i];
            for (int length = Math.Min(stop.Length - 1, text.Length); length > held; length--)
            {
                if (text.EndsWith(stop[..length], StringComparison.Ordinal))
                    held = length;
            }
        }
        return held;
    }
}
