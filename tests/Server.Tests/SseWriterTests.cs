using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Llama.Server.Streaming;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Server.Tests;

public sealed class SseWriterTests
{
    private readonly Pipe _pipe = new(new PipeOptions(pauseWriterThreshold: 0));

    [Theory]
    [InlineData("")]
    [InlineData("response.output_text.delta")]
    public async Task Send_WarmPlainEvent_AllocatesNothing(string name)
    {
        ReadOnlyMemory<byte> nameBytes = Encoding.UTF8.GetBytes(name);
        await using var events = new SseWriter(_pipe.Writer, TimeSpan.FromHours(1), TimeProvider.System);
        char[] text = [.. " giraffe"];
        void Send(int count)
        {
            for (int i = 0; i < count; i++)
            {
                ValueTask sent = events.SendAsync(nameBytes, Write, text), flushed = events.FlushAsync();
                Assert.True(sent.IsCompletedSuccessfully && flushed.IsCompletedSuccessfully);
                _pipe.Reader.TryRead(out ReadResult read);
                _pipe.Reader.AdvanceTo(read.Buffer.End);
            }
        }

        Send(200);

        Assert.InRange(Allocated.InStretch(() => Send(1000)), 0, 1000); // under a byte per event: nothing is allocated for any one of them
    }

    [Fact]
    public async Task Send_LeavesWithTheFlush_InOrder()
    {
        await using var events = new SseWriter(_pipe.Writer, TimeSpan.FromHours(1), TimeProvider.System);

        await events.SendAsync(Write, (char[])['a']);
        await events.SendAsync("named"u8.ToArray(), Write, (char[])['b']);
        string before = Sent();
        await events.FlushAsync();

        Assert.Empty(before);
        Assert.Equal("data: {\"content\":\"a\"}\n\nevent: named\ndata: {\"content\":\"b\"}\n\n", Sent());
    }

    [Fact]
    public async Task Send_ManyWithoutAFlush_LeaveByThemselves()
    {
        await using var events = new SseWriter(_pipe.Writer, TimeSpan.FromHours(1), TimeProvider.System);

        for (int i = 0; i < 100; i++) await events.SendAsync(Write, new char[1000]);

        Assert.InRange(Sent().Length, 80_000, int.MaxValue); // all but what the last ones hold back
    }

    [Fact]
    public async Task KeepAlive_OnlyAfterAWholeSilence()
    {
        var clock = new TimerClock();
        await using var events = new SseWriter(_pipe.Writer, TimeSpan.FromSeconds(10), clock);

        clock.Advance(TimeSpan.FromSeconds(6));
        await events.SendAsync(Write, (char[])['a']);
        await events.FlushAsync();
        string first = Sent();
        clock.Advance(TimeSpan.FromSeconds(6)); // the timer's turn, but not yet the silence's
        await Wait.Until(() => clock.Due == TimeSpan.FromSeconds(16));
        string second = Sent();
        clock.Advance(TimeSpan.FromSeconds(4));
        await Wait.Until(() => clock.Due == TimeSpan.FromSeconds(26));

        Assert.StartsWith("data: ", first);
        Assert.Empty(second);
        Assert.Equal(": keep-alive\n\n", Sent());
    }

    [Fact]
    public async Task Dispose_WhileAKeepAliveWaitsForASlowClient_EndsWhenItHasLeft()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        var clock = new TimerClock();
        var events = new SseWriter(pipe.Writer, TimeSpan.FromSeconds(10), clock);
        clock.Advance(TimeSpan.FromSeconds(10));
        ReadResult keepAlive = await pipe.Reader.ReadAsync();

        Task end = events.DisposeAsync().AsTask();
        pipe.Reader.AdvanceTo(keepAlive.Buffer.End);

        await end;
    }

    [Fact]
    public async Task Dispose_AKeepAliveHasFailed_IsNoFailureOfItsOwn()
    {
        var clock = new TimerClock();
        var pipe = new BrokenPipe();
        var events = new SseWriter(pipe, TimeSpan.FromSeconds(10), clock);
        clock.Advance(TimeSpan.FromSeconds(10));
        await pipe.Flushed;

        await events.DisposeAsync();
    }

    private string Sent()
    {
        if (!_pipe.Reader.TryRead(out ReadResult read)) return "";
        string text = Encoding.UTF8.GetString(read.Buffer.ToArray());
        _pipe.Reader.AdvanceTo(read.Buffer.End);
        return text;
    }

    private static void Write(Utf8JsonWriter json, char[] text)
    {
        json.WriteStartObject();
        json.WriteString("content"u8, text);
        json.WriteEndObject();
    }

    /// <summary>Cannot be flushed.</summary>
    private sealed class BrokenPipe : PipeWriter
    {
        private readonly TaskCompletionSource _flushed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Flushed => _flushed.Task;

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellation = default)
        {
            _flushed.SetResult();
            return ValueTask.FromException<FlushResult>(new IOException("broken"));
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => new byte[Math.Max(sizeHint, 1024)];

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override void Advance(int bytes)
        {
        }

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }
    }
}
