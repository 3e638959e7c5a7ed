namespace Llama.Server.Routing;

/// <summary>Marks a route that is answered without a key.</summary>
internal record KeyFree;

/// <summary>Marks a route for those who run the server.</summary>
internal sealed record AdminRoute;

/// <summary>Marks a route for whoever may call; the admin key opens it too.</summary>
internal sealed record WatchRoute;

/// <summary>Marks a route that is scraped.</summary>
internal sealed record MetricsRoute;

/// <summary>Marks what answers where there is no route.</summary>
internal sealed record Unmatched : KeyFree;

/// <summary>Marks a route that machines ask every few seconds: without a key, and logged only at Debug.</summary>
internal sealed record Probe : KeyFree;
