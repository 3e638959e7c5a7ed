namespace Llama.Server.Auth;

/// <summary>Who calls, once a key has said so: a feature of the request.</summary>
/// <param name="ShareKey">Number of the key; callers share the engine fairly by it.</param>
internal sealed record Caller(int ShareKey)
{
    /// <summary>Whoever calls from within this process: one share beside those of the keys and that of callers without one.</summary>
    public static Caller InProcess { get; } = new(-1);

    /// <summary>Number of the key that a request came with; 0 on a server without keys.</summary>
    public static int ShareKeyOf(HttpContext context) => context.Features.Get<Caller>()?.ShareKey ?? 0;
}
