namespace Llama.Server.Health;

/// <summary>The answer of the health routes.</summary>
/// <param name="Status"><c>ok</c>, or what is the matter: <c>loading</c>, <c>draining</c>, <c>failed</c> or <c>stalled</c>.</param>
public sealed record HealthStatus(string Status);
