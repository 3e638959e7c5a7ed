namespace Llama.Server.Auth;

/// <summary>Says that a request came with the admin key, on a route that takes others too: a feature of the request.</summary>
internal sealed record Operator;
