using System.Buffers;
using System.Text;

namespace Llama.Model.Text;

/// <summary>Joins bytes that arrive in pieces into characters, keeping an unfinished one back until it is whole or cannot become so.</summary>
/// <param name="replaceEachByte">Whether every byte of a broken character becomes U+FFFD, as in SentencePiece, rather than the longest beginning of one (Unicode 3.9, U+FFFD
/// Substitution of Maximal Subparts), as elsewhere.</param>
internal sealed class Utf8Assembler(bool replaceEachByte)
{
    private readonly byte[] _pending = new byte[4];
    private int _pendingCount;
    private int _earlierBytes; // of the pending ones, those from before Clear
    private char[] _text = new char[64];
    private int _length;

    /// <summary>What was finished since <see cref="Clear"/>.</summary>
    public ReadOnlySpan<char> Text => _text.AsSpan(0, _length);

    /// <summary>Whether a character is unfinished.</summary>
    public bool IsPending => _pendingCount > 0;

    /// <summary>How much of it stands for bytes from before that alone, which became no character.</summary>
    public int EarlierLength { get; private set; }

    /// <summary>Begins a new piece of text; the unfinished character stays.</summary>
    public void Clear() => (_length, EarlierLength, _earlierBytes) = (0, 0, _pendingCount);

    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (_text.Length < _length + bytes.Length + 4) Array.Resize(ref _text, 2 * (_length + bytes.Length + 4));
        foreach (byte b in bytes)
        {
            _pending[_pendingCount++] = b;
            Drain(isEnd: false);
        }
    }

    /// <summary>Gives up on an unfinished character.</summary>
    public void Finish() => Drain(isEnd: true);

    private void Drain(bool isEnd)
    {
        while (_pendingCount > 0)
        {
            OperationStatus status = Rune.DecodeFromUtf8(_pending.AsSpan(0, _pendingCount), out Rune rune, out int consumed);
            if (status == OperationStatus.NeedMoreData && !isEnd) return;
            if (status != OperationStatus.Done && replaceEachByte) consumed = 1;
            _length += rune.EncodeToUtf16(_text.AsSpan(_length)); // U+FFFD unless done
            _pendingCount -= consumed;
            _pending.AsSpan(consumed, _pendingCount).CopyTo(_pending);
            if (consumed <= _earlierBytes) EarlierLength = _length;
            _earlierBytes = Math.Max(_earlierBytes - consumed, 0);
        }
    }
}
