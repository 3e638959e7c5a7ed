namespace Llama.Server.Routing;

/// <summary>Marks a route that is answered without a key.</summary>
internal record KeyFree;

/// <summary>Marks what answers where there is no route.</summary>
internal sealed record Unmatched : KeyFree;

/// <summary>Marks a route that machines ask every few seconds: without a key, and logged only at Debug.</summary>
internal sealed record Probe : KeyFree;
