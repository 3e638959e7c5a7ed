using System.Buffers;
using System.Text;
using System.Text.Json;
using Llama.Server.Json;

namespace Llama.Server.Streaming;

/// <summary>An event whose data is the same each time but for one text in it. What stays is written once, by what would write it each time; then a token costs two copies and its own text.</summary>
internal sealed class EventTemplate
{
    private const string Place = "…"; // no member's name has it, and none of the caller's strings stands behind the text
    private const int LongestEscape = 6; // \uXXXX for one UTF-16 unit; no unit takes more than three bytes of UTF-8
    private const int StackLimit = 512;

    private readonly byte[] _before;
    private readonly byte[] _after;

    private EventTemplate(byte[] before, byte[] after) => (_before, _after) = (before, after);

    /// <summary>Takes the event apart around its text.</summary>
    /// <param name="write">Writes the data with a given text, after which no other string of the caller's may come.</param>
    public static EventTemplate Of(Action<Utf8JsonWriter, string> write)
    {
        var data = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(data, ApiJson.WriterOptions))
            write(json, Place);
        ReadOnlySpan<byte> place = Encoding.UTF8.GetBytes(Place);
        int at = data.WrittenSpan.LastIndexOf(place);
        return new EventTemplate([.. "data: "u8, .. data.WrittenSpan[..at]], [.. data.WrittenSpan[(at + place.Length)..], .. "\n\n"u8]);
    }

    /// <summary>Writes the event with a text; returns its length in bytes.</summary>
    public int Write(IBufferWriter<byte> output, ReadOnlySpan<char> text)
    {
        Span<byte> span = output.GetSpan(_before.Length + (LongestEscape * text.Length) + _after.Length);
        _before.CopyTo(span);
        int length = _before.Length;
        length += Escape(text, span[length..]);
        _after.CopyTo(span[length..]);
        length += _after.Length;
        output.Advance(length);
        return length;
    }

    private static int Escape(ReadOnlySpan<char> text, Span<byte> escaped)
    {
        int most = Encoding.UTF8.GetMaxByteCount(text.Length);
        byte[]? rented = most > StackLimit ? ArrayPool<byte>.Shared.Rent(most) : null;
        Span<byte> plain = rented ?? stackalloc byte[StackLimit];
        int count = Encoding.UTF8.GetBytes(text, plain);
        ApiJson.WriterOptions.Encoder!.EncodeUtf8(plain[..count], escaped, out _, out int written);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return written;
    }
}
