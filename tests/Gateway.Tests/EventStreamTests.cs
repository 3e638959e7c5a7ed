using System.Text;
using CsCheck;
using Llama.Gateway.Streaming;
using Microsoft.Extensions.Time.Testing;

namespace Llama.Gateway.Tests;

public sealed class EventStreamTests
{
    private static readonly StreamLimits NoLimits = new(Timeout.InfiniteTimeSpan, CancellationToken.None, TimeProvider.System);

    private static readonly Gen<string> Event = Gen.OneOf(
        Gen.String[Gen.Char["a{}\":é€"], 0, 40].Select(text => $"data: {text}\n\n"), Gen.Const(": keep-alive\n\n"), Gen.Const("event: x\r\ndata: y\r\n\r\n"));

    [Fact]
    public void Read_StreamEndsByItself_IsTheSameByteForByte() => Gen.Select(Event.Array[0, 30], Gen.Int[1, 60], Gen.Int[1, 60], Gen.Const("half")).Sample((events, chunk, read, half) =>
        Assert.Equal(string.Concat(events) + half, Read(string.Concat(events) + half, chunk, read, breaks: false, out int breakCount) + (breakCount == 0 ? "" : "!")));

    [Fact]
    public void Read_StreamBreaksAnywhere_WholeEventsAndOneThatSaysSo() => Gen.Select(Event.Array[1, 30], Gen.Int[1, 60], Gen.Int[1, 60], Gen.Int[0, 2000]).Sample((events, chunk, read, at) =>
    {
        byte[] all = Encoding.UTF8.GetBytes(string.Concat(events));
        byte[] came = all[..(at % (all.Length + 1))];
        string got = Read(came, chunk, read, breaks: true, out int breakCount);
        string[] ends = [.. events.Select((_, i) => string.Concat(events[..i])), string.Concat(events)];

        Assert.Equal(1, breakCount);
        Assert.EndsWith("\n\n", got);
        string before = got[..got.LastIndexOf("data: {\"error\":", StringComparison.Ordinal)];
        Assert.Equal(ends.Last(end => Encoding.UTF8.GetByteCount(end) <= came.Length), before);
    });

    [Fact]
    public void Read_HugeEvent_IsPassedInPiecesAndItsBreakIsThrown()
    {
        string huge = "data: " + new string('x', EventStream.MostHeld + 1000);

        Assert.Equal(huge + "\n\ndata: y\n\n", Read(huge + "\n\ndata: y\n\n", 100_000, 100_000, breaks: false, out _));
        Assert.Throws<IOException>(() => Read(huge, 100_000, 100_000, breaks: true, out _));
    }

    [Fact]
    public void Read_ResponsesBreak_TheEventHasTheNextNumber()
    {
        string text = "event: a\ndata: {\"type\":\"a\",\"sequence_number\":41}\n\nevent: b\ndata: {\"sequence_number\":42}\n";
        string got = Read(Encoding.UTF8.GetBytes(text), 7, 99, breaks: true, out _, "/v1/responses");

        Assert.EndsWith(",\"param\":null}\n\n", got);
        Assert.Contains("event: error\ndata: {\"type\":\"error\",\"sequence_number\":42,\"code\":\"server_unavailable\",", got);
    }

    [Fact]
    public async Task Read_ReplicaIsSilent_EndsAsIfItBroke()
    {
        var clock = new FakeTimeProvider();
        await using var events = new EventStream(new SilentStream(), BreakEvent.For("/"), NoLimits with { Silence = TimeSpan.FromMinutes(10), Clock = clock }, () => { });
        Task<string> rest = new StreamReader(events).ReadToEndAsync();
        clock.Advance(TimeSpan.FromMinutes(9));
        Assert.False(rest.IsCompleted);
        clock.Advance(TimeSpan.FromMinutes(1));

        Assert.StartsWith("data: {\"error\":", await rest);
    }

    [Fact]
    public async Task Read_CallerTakesItsTime_IsNoSilenceOfTheReplica()
    {
        var clock = new FakeTimeProvider();
        byte[] bytes = Encoding.UTF8.GetBytes(": keep-alive\n\ndata: x\n\n");
        await using var events = new EventStream(
            new ChunkedStream(bytes, 14, breaks: false), BreakEvent.For("/"), NoLimits with { Silence = TimeSpan.FromMinutes(10), Clock = clock }, () => Assert.Fail("nothing broke"));
        byte[] buffer = new byte[100];

        Assert.Equal(14, await events.ReadAsync(buffer));
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(9, await events.ReadAsync(buffer));
        Assert.Equal(0, await events.ReadAsync(buffer));
    }

    [Fact]
    public async Task Read_GatewayStops_EndsAsIfItBroke()
    {
        using var stop = new CancellationTokenSource();
        await using var events = new EventStream(new SilentStream(), BreakEvent.For("/"), NoLimits with { Stop = stop.Token }, () => { });
        Task<string> rest = new StreamReader(events).ReadToEndAsync();
        stop.Cancel();

        Assert.StartsWith("data: {\"error\":", await rest);
    }

    [Fact]
    public async Task Read_CallerLeaves_IsCancelled()
    {
        using var left = new CancellationTokenSource();
        await using var events = new EventStream(new SilentStream(), BreakEvent.For("/"), NoLimits, () => Assert.Fail("nothing broke"));
        ValueTask<int> read = events.ReadAsync(new byte[10], left.Token);
        left.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.AsTask());
    }

    private static string Read(string text, int chunk, int read, bool breaks, out int breakCount) => Read(Encoding.UTF8.GetBytes(text), chunk, read, breaks, out breakCount);

    private static string Read(byte[] bytes, int chunk, int read, bool breaks, out int breakCount, string path = "/v1/chat/completions")
    {
        int count = 0;
        using var events = new EventStream(new ChunkedStream(bytes, chunk, breaks), BreakEvent.For(path), NoLimits, () => count++);
        using var got = new MemoryStream();
        byte[] buffer = new byte[read];
        for (int n; (n = events.Read(buffer, 0, read)) > 0;)
            got.Write(buffer, 0, n);
        breakCount = count;
        return Encoding.UTF8.GetString(got.ToArray());
    }

    /// <summary>Gives bytes in pieces, and ends or breaks off.</summary>
    private sealed class ChunkedStream(byte[] bytes, int chunk, bool breaks) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position == Length && breaks)
                throw new IOException("gone");
            return base.ReadAsync(buffer[..Math.Min(chunk, buffer.Length)], cancellationToken);
        }
    }

    private sealed class SilentStream : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }
    }
}
