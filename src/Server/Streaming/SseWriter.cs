using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Llama.Server.Generating;
using Llama.Server.Json;

namespace Llama.Server.Streaming;

/// <summary>
/// Writes server-sent events straight into the response's pipe, one JSON value each, from any of several writers at once. They leave when a writer that has nothing more to send flushes, or
/// when many bytes have come together: what is there at the same time travels together. After a time of silence it sends a comment, so that proxies do not take the
/// connection for dead.
/// </summary>
internal sealed class SseWriter : IAsyncDisposable
{
    private const int MostUnflushed = 16 << 10; // bytes

    private static readonly JsonWriterOptions Json = ApiJson.WriterOptions with { SkipValidation = true };

    private readonly PipeWriter _pipe;
    private readonly Utf8JsonWriter _json;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly TimeSpan _silence;
    private readonly TimeProvider _clock;
    private readonly PeriodicTimer _timer;
    private readonly Task _keepAlive;
    private long _unflushedCount; // bytes
    private long _flushedAt; // timestamp
    private bool _isEnded;

    public SseWriter(PipeWriter pipe, TimeSpan silence, TimeProvider clock)
    {
        _pipe = pipe;
        _json = new Utf8JsonWriter(pipe, Json);
        (_silence, _clock, _flushedAt) = (silence, clock, clock.GetTimestamp());
        _timer = new PeriodicTimer(silence, clock);
        _keepAlive = KeepAliveAsync();
    }

    /// <summary>Announces a stream of events; before the first byte of it.</summary>
    public static void SetHeaders(HttpResponse response)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no"; // nginx would hold events back
    }

    /// <summary>Sends one event whose data <paramref name="write"/> makes; allocates nothing when it is static.</summary>
    public ValueTask SendAsync<TState>(Action<Utf8JsonWriter, TState> write, TState state) => SendAsync(name: default, write, state);

    /// <summary>The same for an event with a name of its own.</summary>
    /// <param name="name">What follows <c>event:</c>, in UTF-8; empty for none.</param>
    public ValueTask SendAsync<TState>(ReadOnlyMemory<byte> name, Action<Utf8JsonWriter, TState> write, TState state) =>
        WriteAsync(static (events, s) => events.Write(s.name.Span, s.write, s.state), (name, write, state));

    /// <summary>Sends one event with a stream's current text; allocates nothing.</summary>
    public ValueTask SendAsync(EventTemplate template, TextStream stream) =>
        WriteAsync(static (events, s) => events._unflushedCount += s.template.Write(events._pipe, s.stream.Text), (template, stream));

    /// <summary>Sends the event that tells clients that all is there.</summary>
    public ValueTask SendDoneAsync() => WriteAsync(static (events, _) => events.Write("data: [DONE]\n\n"u8), 0);

    /// <summary>Sends a comment at once, which clients pass over.</summary>
    public async ValueTask SendCommentAsync()
    {
        await WriteAsync(static (events, _) => events.WriteComment(), 0);
        await FlushAsync();
    }

    /// <summary>Hands what was sent to the connection, and waits while that has too much already.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask FlushAsync()
    {
        await _turn.WaitAsync();
        try
        {
            if (_unflushedCount > 0)
                await FlushPipeAsync();
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync(); // a keep-alive under way sets the timer anew
        _isEnded = true;
        _timer.Dispose();
        _turn.Release();
        await _keepAlive.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // what one fails of, whoever sends or leaves next learns as well
        await _json.DisposeAsync();
        _turn.Dispose();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WriteAsync<TState>(Action<SseWriter, TState> write, TState state)
    {
        await _turn.WaitAsync();
        try
        {
            write(this, state);
            if (_unflushedCount > MostUnflushed)
                await FlushPipeAsync();
        }
        finally
        {
            _turn.Release();
        }
    }

    private ValueTask<FlushResult> FlushPipeAsync()
    {
        _unflushedCount = 0;
        _flushedAt = _clock.GetTimestamp();
        return _pipe.FlushAsync();
    }

    private void Write<TState>(ReadOnlySpan<byte> name, Action<Utf8JsonWriter, TState> write, TState state)
    {
        if (!name.IsEmpty)
        {
            Write("event: "u8);
            Write(name);
            Write("\n"u8);
        }
        Write("data: "u8);
        _json.Reset(_pipe);
        write(_json, state);
        _json.Flush();
        _unflushedCount += _json.BytesCommitted;
        Write("\n\n"u8);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        _pipe.Write(bytes);
        _unflushedCount += bytes.Length;
    }

    private void WriteComment() => Write(": keep-alive\n\n"u8);

    private async Task KeepAliveAsync()
    {
        while (await _timer.WaitForNextTickAsync())
        {
            await _turn.WaitAsync(); // for as long as a slow client's connection has too much already
            try
            {
                if (!_isEnded)
                    await BreakSilenceAsync();
            }
            finally
            {
                _turn.Release();
            }
        }
    }

    private async ValueTask BreakSilenceAsync()
    {
        TimeSpan silence = _clock.GetElapsedTime(_flushedAt);
        bool isLong = silence > _silence - TimeSpan.FromMilliseconds(1); // the least that a timer takes
        if (isLong)
        {
            WriteComment();
            await FlushPipeAsync();
        }
        _timer.Period = isLong ? _silence : _silence - silence; // at the end of the silence that has begun, rather than anew for each event
    }
}
