using System.Text;
using Llama.Server.Remote;

namespace Llama.Server.Tests.Bench;

public sealed class SseLinesTests
{
    [Fact]
    public void TryTake_StreamCutAnywhere_YieldsTheSameData()
    {
        string huge = new('ä', 40_000);
        byte[] stream = Encoding.UTF8.GetBytes($"event: x\ndata: one\n\n: a comment\n\ndata:two\r\n\r\nid: 3\ndata: {huge}\n\ndata: [DONE]\n\ndata: never ended");
        Random random = new(1);
        for (int run = 0; run < 50; run++) Assert.Equal(["one", "two", huge, "[DONE]"], Read(stream, () => random.Next(1, run < 25 ? 5_000 : 200)));
    }

    private static List<string> Read(byte[] stream, Func<int> nextLength)
    {
        using SseLines lines = new();
        List<string> data = [];
        for (int at = 0; at < stream.Length;)
        {
            Memory<byte> free = lines.Free;
            int length = Math.Min(Math.Min(nextLength(), free.Length), stream.Length - at);
            stream.AsSpan(at, length).CopyTo(free.Span);
            lines.Advance(length);
            at += length;
            while (lines.TryTake(out ReadOnlySpan<byte> line)) data.Add(Encoding.UTF8.GetString(line));
        }
        return data;
    }
}
