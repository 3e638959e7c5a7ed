using System.Globalization;
using System.Text.Json.Serialization;

namespace Llama.Server.Bench.Load;

/// <summary>How requests follow each other: so many streams, each sending when its last answer has ended (closed loop), or at a rate whatever the answers (open loop).</summary>
/// <param name="Concurrency">Streams; null in an open loop.</param>
/// <param name="Rate">Requests per second, perhaps infinite; null in a closed loop.</param>
internal sealed record LoadShape(int? Concurrency, [property: JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)] double? Rate)
{
    public override string ToString() =>
        Concurrency is { } streams ? $"{streams} stream{(streams == 1 ? "" : "s")}" : Rate is double.PositiveInfinity ? "all at once" : string.Create(CultureInfo.InvariantCulture, $"{Rate} requests/s");
}
