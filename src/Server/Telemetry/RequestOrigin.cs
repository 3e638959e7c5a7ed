using Llama.Server.Auth;

namespace Llama.Server.Telemetry;

/// <summary>Where a generation came from, as those who watch the engine are shown it. The engine carries it along without looking.</summary>
/// <param name="RequestId">The id that caller, log and answer share; null within this process.</param>
/// <param name="Key">Name of the key that it came with; null on a server without keys.</param>
internal sealed record RequestOrigin(string? RequestId, string? Key)
{
    public static RequestOrigin InProcess { get; } = new(null, "in process");

    public static RequestOrigin Of(HttpContext context) => new(context.TraceIdentifier, Caller.Of(context)?.Key?.Name);
}
