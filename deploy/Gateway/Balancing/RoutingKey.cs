namespace Llama.Gateway.Balancing;

/// <summary>What a request says about where it belongs.</summary>
/// <param name="Prefix">Hash of the beginning that its conversation keeps as it grows; null where it has none.</param>
/// <param name="StoredId">The stored response or item that it names, which one replica alone has; null for none.</param>
internal sealed record RoutingKey(ulong? Prefix, string? StoredId)
{
    public static RoutingKey None { get; } = new(null, null);
}
