namespace Llama.Model.Planning;

/// <summary>Where a model would lie, worked out from headers alone.</summary>
public sealed record ModelPlan
{
    /// <summary>The model's shape in words.</summary>
    public required string Shape { get; init; }

    /// <summary>What the files hold, every tensor of which has been compared with the configuration.</summary>
    public required string Files { get; init; }

    /// <summary>Types of weights and cache in words.</summary>
    public required string Types { get; init; }

    /// <summary>Most tokens of one sequence.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Most tokens of a step.</summary>
    public required int BatchTokens { get; init; }

    /// <summary>Tokens that the KV cache would hold.</summary>
    public required long CacheTokens { get; init; }

    /// <summary>How that was derived.</summary>
    public required string CacheReason { get; init; }

    /// <summary>In the order of the layers.</summary>
    public required IReadOnlyList<DevicePlan> Devices { get; init; }

    /// <summary>Why it would not be loaded; null when it would.</summary>
    public string? Fault { get; init; }

    /// <summary>With what it would be; only with a <see cref="Fault"/>.</summary>
    public IReadOnlyList<string> Remedies { get; init; } = [];
}
