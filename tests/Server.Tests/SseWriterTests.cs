using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Llama.Server.Streaming;

namespace Llama.Server.Tests;

public sealed class SseWriterTests
{
    [Theory]
    [InlineData("")]
    [InlineData("response.output_text.delta")]
    public async Task Send_WarmPlainEvent_AllocatesNothing(string name)
    {
        ReadOnlyMemory<byte> nameBytes = Encoding.UTF8.GetBytes(name);
        var pipe = new Pipe();
        await using var events = new SseWriter(pipe.Writer, TimeSpan.FromHours(1), TimeProvider.System);
        char[] text = [.. " giraffe"];
        async Task<long> SendAsync(int count)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < count; i++)
            {
                ValueTask sent = events.SendAsync(nameBytes, Write, text);
                Assert.True(sent.IsCompletedSuccessfully);
                pipe.Reader.TryRead(out ReadResult read);
                pipe.Reader.AdvanceTo(read.Buffer.End);
            }
            await Task.CompletedTask;
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        await SendAsync(200);
        long bytes = await SendAsync(1000);

        Assert.InRange(bytes, 0, 1000); // under a byte per event: nothing is allocated for any one of them
    }

    private static void Write(Utf8JsonWriter json, char[] text)
    {
        json.WriteStartObject();
        json.WriteString("content"u8, text);
        json.WriteEndObject();
    }
}
