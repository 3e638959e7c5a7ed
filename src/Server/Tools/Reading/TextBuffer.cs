namespace Llama.Server.Tools.Reading;

/// <summary>Characters that are appended at the end and taken from the start.</summary>
internal sealed class TextBuffer
{
    private char[] _characters = new char[64];
    private int _start;
    private int _end;

    /// <summary>Valid until the next change.</summary>
    public ReadOnlySpan<char> Text => _characters.AsSpan(_start.._end);

    public void Clear() => _start = _end = 0;

    public void Append(ReadOnlySpan<char> text)
    {
        if (_end + text.Length > _characters.Length)
            MakeRoom(text.Length);
        text.CopyTo(_characters.AsSpan(_end));
        _end += text.Length;
    }

    public void RemoveStart(int count) => _start += count;

    private void MakeRoom(int count)
    {
        char[] target = Text.Length + count <= _characters.Length / 2 ? _characters : new char[2 * (Text.Length + count)];
        int length = Text.Length;
        Text.CopyTo(target);
        (_characters, _start, _end) = (target, 0, length);
    }
}
