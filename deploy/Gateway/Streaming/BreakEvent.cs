using System.Buffers.Text;
using System.Text.Json;
using Llama.Server.Web.Errors;

namespace Llama.Gateway.Streaming;

/// <summary>The last event of a stream whose replica has gone, in the words of the route: the caller is told that the answer is not whole.</summary>
internal abstract class BreakEvent
{
    private static readonly ApiError Error = ApiError.Unavailable("The answer breaks off here: the replica that made it is gone, or the gateway stops. Send the request again.", retryAfter: null);

    private static readonly BreakEvent Plain = new PlainBreak();

    private static readonly BreakEvent None = new NoBreak();

    public static BreakEvent For(PathString path) => path.StartsWithSegments("/v1/responses") ? new NumberedBreak() : EngineEvents.AreAt(path) ? None : Plain;

    /// <summary>Sees the whole events that go by.</summary>
    public virtual void Watch(ReadOnlySpan<byte> events)
    {
    }

    /// <summary>The event as it is sent; empty where the stream just ends.</summary>
    public abstract byte[] Write();

    /// <summary>An error where a chunk would be.</summary>
    private sealed class PlainBreak : BreakEvent
    {
        public override byte[] Write() => [.. "data: "u8, .. JsonSerializer.SerializeToUtf8Bytes(Error.ToBody(), ErrorJson.Web.ErrorBody), .. "\n\n"u8];
    }

    private sealed class NoBreak : BreakEvent
    {
        public override byte[] Write() => [];
    }

    /// <summary>An event with a name, and the number after the last.</summary>
    private sealed class NumberedBreak : BreakEvent
    {
        private static ReadOnlySpan<byte> Number => "\"sequence_number\":"u8;

        private int _last = -1;

        public override void Watch(ReadOnlySpan<byte> events)
        {
            int at = events.LastIndexOf(Number);
            if (at >= 0 && Utf8Parser.TryParse(events[(at + Number.Length)..], out int number, out _))
                _last = number;
        }

        public override byte[] Write()
        {
            using var text = new MemoryStream();
            text.Write("event: error\ndata: "u8);
            using (var json = new Utf8JsonWriter(text))
            {
                json.WriteStartObject();
                json.WriteString("type"u8, "error"u8);
                json.WriteNumber("sequence_number"u8, _last + 1);
                json.WriteString("code"u8, Error.Code);
                json.WriteString("message"u8, Error.Message);
                json.WriteNull("param"u8);
                json.WriteEndObject();
            }
            text.Write("\n\n"u8);
            return text.ToArray();
        }
    }
}
