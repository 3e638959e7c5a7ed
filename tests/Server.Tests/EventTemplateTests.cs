using System.Buffers;
using System.Text;
using System.Text.Json;
using Llama.Server.Json;
using Llama.Server.Streaming;

namespace Llama.Server.Tests;

public sealed class EventTemplateTests
{
    /// <summary>Whatever the text, the event is what the plain writer makes of it.</summary>
    [Fact]
    public void Write_AnyText_IsWhatThePlainWriterWrites()
    {
        var random = new Random(1);
        EventTemplate template = EventTemplate.Of(WriteChunk);
        for (int i = 0; i < 2000; i++)
        {
            string text = RandomText(random);
            var output = new ArrayBufferWriter<byte>();

            int length = template.Write(output, text);

            Assert.Equal(Plain(text), Encoding.UTF8.GetString(output.WrittenSpan));
            Assert.Equal(output.WrittenCount, length);
        }
    }

    private static string Plain(string text)
    {
        var data = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(data, ApiJson.WriterOptions))
            WriteChunk(json, text);
        return $"data: {Encoding.UTF8.GetString(data.WrittenSpan)}\n\n";
    }

    /// <summary>The name of the model has what stands for the text.</summary>
    private static void WriteChunk(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("model"u8, "a … model");
        json.WriteString("text"u8, text);
        json.WriteNull("logprobs"u8);
        json.WriteEndObject();
    }

    /// <summary>Mostly short, as tokens are; of letters, what JSON escapes, and characters of each length in UTF-8, the last one a surrogate pair.</summary>
    private static string RandomText(Random random)
    {
        string[] parts = ["a", "tall", " ", "\"", "\\", "\n", "\t", "\0", "\u001f", "\u007f", "\u0085", "</script>", "&", "é", "…", "日本", "\u2028", "\ufffd", "🦒"];
        int count = random.Next(20) == 0 ? random.Next(400) : random.Next(4);
        return string.Concat(Enumerable.Range(0, count).Select(_ => parts[random.Next(parts.Length)]));
    }
}
