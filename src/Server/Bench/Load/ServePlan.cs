using System.Text.Json.Serialization;
using Llama.Server.Bench.Measuring;

namespace Llama.Server.Bench.Load;

/// <summary>What <c>bench serve</c> is to measure.</summary>
internal sealed record ServePlan
{
    /// <summary><see cref="Endpoint"/>: <c>/v1/completions</c>.</summary>
    public const string Completions = "completions";

    /// <summary><see cref="Endpoint"/>: <c>/v1/chat/completions</c>.</summary>
    public const string Chat = "chat";

    public required Uri Url { get; init; }

    /// <summary>A second server, whose rounds alternate with the first one's.</summary>
    public Uri? CompareUrl { get; init; }

    [JsonIgnore]
    public string? ApiKey { get; init; }

    /// <summary>Null takes each server's first.</summary>
    public string? Model { get; init; }

    public string Endpoint { get; init; } = Completions;

    /// <summary>Measured in turn.</summary>
    public required LoadShape[] Shapes { get; init; }

    /// <summary>In each round; null for four for each stream, 64 in an open loop, or the whole dataset.</summary>
    public int? Requests { get; init; }

    public NumberRange PromptTokens { get; init; } = new(128, 128);

    public NumberRange NewTokens { get; init; } = new(128, 128);

    /// <summary>File of requests; null for random words.</summary>
    public string? Dataset { get; init; }

    /// <summary>Tokens before each random prompt that others of its group have too; 0 for none.</summary>
    public int PrefixTokens { get; init; }

    public int PrefixGroups { get; init; } = 1;

    public bool IgnoreEos { get; init; } = true;

    public double Temperature { get; init; }

    public int WarmUp { get; init; } = 1;

    public int Rounds { get; init; } = 1;

    public Goodput? Goodput { get; init; }

    public int TimeoutSeconds { get; init; } = 600;

    public int Seed { get; init; } = 1;

    /// <summary>Requests of a round.</summary>
    public int RequestsOf(LoadShape shape, IWorkload workload) => Requests ?? (workload as DatasetWorkload)?.Count ?? (4 * shape.Concurrency) ?? 64;
}
