namespace Llama.Server.Auth;

/// <summary>Who calls, once a key has said so: a feature of the request.</summary>
/// <param name="ShareKey">Number of the key; callers share the engine fairly by it.</param>
internal sealed record Caller(int ShareKey);
