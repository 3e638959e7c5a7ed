using System.Buffers;

namespace Llama.Server.Remote;

/// <summary>Cuts a stream of server-sent events into the data of its lines, in one buffer that is used again and again. Lines may be cut anywhere between two reads.</summary>
internal sealed class SseLines : IDisposable
{
    private const int FirstSize = 16 << 10;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstSize);
    private int _start, _end; // what was read and not yet taken

    /// <summary>Where the next read may write; never empty.</summary>
    public Memory<byte> Free
    {
        get
        {
            MakeRoom();
            return _buffer.AsMemory(_end);
        }
    }

    /// <summary>So many bytes were read into <see cref="Free"/>.</summary>
    public void Advance(int count) => _end += count;

    /// <summary>The data of the next whole line that has any; valid until the next read.</summary>
    public bool TryTake(out ReadOnlySpan<byte> data)
    {
        while (_buffer.AsSpan(_start, _end - _start) is var rest && rest.IndexOf((byte)'\n') is >= 0 and var length)
        {
            _start += length + 1;
            if (!rest.StartsWith("data:"u8)) continue; // comments, event names, the empty line between events
            data = rest[5..length].Trim((byte)' ').TrimEnd((byte)'\r');
            return true;
        }
        data = default;
        return false;
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    private void MakeRoom()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        if (_end < _buffer.Length) return;
        byte[] larger = ArrayPool<byte>.Shared.Rent(2 * _buffer.Length);
        _buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
