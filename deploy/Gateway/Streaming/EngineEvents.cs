namespace Llama.Gateway.Streaming;

/// <summary>The stream by which people watch an engine: it has no end of its own and no answer in it, so nobody waits for it and nobody is told that it is not whole.</summary>
internal static class EngineEvents
{
    public static bool AreAt(PathString path) => path.StartsWithSegments("/engine/events", out PathString rest) && rest.Value is "" or "/"; // the server takes both
}
