using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Llama.Server.Json;

namespace Llama.Server.Streaming;

/// <summary>
/// Writes server-sent events straight into the response's pipe, one JSON value each, from any of several writers at once. After a time of silence it sends a comment,
/// so that proxies do not take the connection for dead.
/// </summary>
internal sealed class SseWriter : IAsyncDisposable
{
    private static readonly JsonWriterOptions Json = ApiJson.WriterOptions with { SkipValidation = true };

    private readonly PipeWriter _pipe;
    private readonly Utf8JsonWriter _json;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly TimeSpan _silence;
    private readonly PeriodicTimer _timer;
    private readonly Task _keepAlive;

    public SseWriter(PipeWriter pipe, TimeSpan silence, TimeProvider clock)
    {
        _pipe = pipe;
        _json = new Utf8JsonWriter(pipe, Json);
        _silence = silence;
        _timer = new PeriodicTimer(silence, clock);
        _keepAlive = KeepAliveAsync();
    }

    /// <summary>Sends one event whose data <paramref name="write"/> makes; allocates nothing when both are static.</summary>
    public ValueTask SendAsync<TState>(Action<Utf8JsonWriter, TState> write, TState state) => SendAsync(name: default, write, state);

    /// <summary>The same for an event with a name of its own.</summary>
    /// <param name="name">What follows <c>event:</c>, in UTF-8; empty for none.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask SendAsync<TState>(ReadOnlyMemory<byte> name, Action<Utf8JsonWriter, TState> write, TState state)
    {
        await _turn.WaitAsync();
        try
        {
            WriteName(name.Span);
            _pipe.Write("data: "u8);
            _json.Reset(_pipe);
            write(_json, state);
            _json.Flush();
            _pipe.Write("\n\n"u8);
            await _pipe.FlushAsync();
            _timer.Period = _silence; // counts anew
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Sends the event that tells clients that all is there.</summary>
    public ValueTask SendDoneAsync() => SendRawAsync("data: [DONE]\n\n"u8.ToArray());

    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        await _keepAlive;
        await _json.DisposeAsync();
        _turn.Dispose();
    }

    private void WriteName(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty)
            return;
        _pipe.Write("event: "u8);
        _pipe.Write(name);
        _pipe.Write("\n"u8);
    }

    private async Task KeepAliveAsync()
    {
        byte[] comment = ": keep-alive\n\n"u8.ToArray();
        while (await _timer.WaitForNextTickAsync())
            await SendRawAsync(comment);
    }

    private async ValueTask SendRawAsync(ReadOnlyMemory<byte> bytes)
    {
        await _turn.WaitAsync();
        try
        {
            await _pipe.WriteAsync(bytes);
        }
        finally
        {
            _turn.Release();
        }
    }
}
