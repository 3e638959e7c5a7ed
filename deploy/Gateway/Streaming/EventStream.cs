using System.Buffers;

namespace Llama.Gateway.Streaming;

/// <summary>
/// Passes on whole events as they come; when the replica breaks off, ends with an event that says so. An event is held back until its end is there, which no reader notices: so the last
/// event never follows half of another. Reads ahead by no more than the event it is in.
/// </summary>
/// <param name="inner">What the replica sends.</param>
/// <param name="broken">The event to end with when it breaks off.</param>
/// <param name="limits">When it is taken for broken off although it is not.</param>
/// <param name="onBreak">Called when it breaks off.</param>
internal sealed class EventStream(Stream inner, BreakEvent broken, StreamLimits limits, Action onBreak) : Stream
{
    /// <summary>Bytes of the largest event that is held. A larger one is passed on in pieces, and breaking off in the midst of it cannot be told in an event.</summary>
    public const int MostHeld = 4 << 20;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(8 << 10);
    private int _start, _ready, _end; // bytes [start, ready) may go out, [ready, end) are the beginning of an event
    private readonly CancellationTokenSource _silent = new(Timeout.InfiniteTimeSpan, limits.Clock);
    private CancellationTokenSource? _cut;
    private bool _isEnded, _isInPieces;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_start == _ready && !_isEnded)
            await FillAsync(cancellationToken);
        int count = Math.Min(buffer.Length, _ready - _start);
        _buffer.AsSpan(_start, count).CopyTo(buffer.Span);
        _start += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && _buffer.Length > 0)
        {
            inner.Dispose();
            _cut?.Dispose();
            _silent.Dispose();
            ArrayPool<byte>.Shared.Return(_buffer);
            (_buffer, _start, _ready, _end, _isEnded) = ([], 0, 0, 0, true);
        }
        base.Dispose(disposing);
    }

    private async ValueTask FillAsync(CancellationToken cancellation)
    {
        MakeRoom();
        _cut ??= CancellationTokenSource.CreateLinkedTokenSource(cancellation, limits.Stop, _silent.Token); // one caller reads, with one token
        _silent.CancelAfter(limits.Silence);
        int count;
        try
        {
            count = await inner.ReadAsync(_buffer.AsMemory(_end), _cut.Token);
            _silent.CancelAfter(Timeout.InfiniteTimeSpan); // a caller that takes its time is no silence of the replica
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException && !cancellation.IsCancellationRequested && !_isInPieces)
        {
            End(broken.Write());
            onBreak();
            return;
        }
        if (count == 0)
            End([]);
        else
            Take(count);
    }

    /// <summary>Moves what is held to the front, and into a larger buffer where it fills this one.</summary>
    private void MakeRoom()
    {
        int held = _end - _ready;
        byte[] old = _buffer;
        if (held == _buffer.Length)
            _buffer = ArrayPool<byte>.Shared.Rent(2 * held);
        old.AsSpan(_ready, held).CopyTo(_buffer);
        if (old != _buffer)
            ArrayPool<byte>.Shared.Return(old);
        (_start, _ready, _end) = (0, 0, held);
    }

    private void Take(int count)
    {
        _end += count;
        int whole = WholeEvents(_buffer.AsSpan(0, _end));
        broken.Watch(_buffer.AsSpan(0, whole));
        _isInPieces = whole == 0 && (_isInPieces || _end > MostHeld);
        _ready = _isInPieces ? _end : whole;
    }

    /// <summary>The last bytes: what came of an event goes on where the stream ended by itself, and is dropped where another event is to follow.</summary>
    private void End(byte[] last)
    {
        _isEnded = true;
        if (last.Length == 0)
        {
            _ready = _end;
            return;
        }
        if (_buffer.Length < last.Length)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = ArrayPool<byte>.Shared.Rent(last.Length);
        }
        last.CopyTo(_buffer, 0);
        (_start, _ready, _end) = (0, last.Length, last.Length);
    }

    /// <summary>Bytes up to the last empty line.</summary>
    private static int WholeEvents(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.LastIndexOf("\n\n"u8) is >= 0 and var unix ? unix + 2 : 0;
        return Math.Max(end, bytes.LastIndexOf("\r\n\r\n"u8) is >= 0 and var dos ? dos + 4 : 0);
    }
}
