namespace Llama.Server.Limits;

/// <summary>How much one caller may ask for; null is no limit.</summary>
/// <param name="RequestsPerMinute">Requests that generate, in any 60 seconds.</param>
/// <param name="TokensPerMinute">Tokens of prompts and answers, in any 60 seconds.</param>
/// <param name="MaxConcurrent">Requests that generate at the same time.</param>
internal sealed record LimitRules(int? RequestsPerMinute, int? TokensPerMinute, int? MaxConcurrent)
{
    public static LimitRules None { get; } = new(null, null, null);

    public bool IsEmpty => this == None;

    /// <summary>A replica's part of the limits, at least 1 of each.</summary>
    public LimitRules Share(int replicas)
    {
        return replicas == 1 ? this : new LimitRules(Part(RequestsPerMinute), Part(TokensPerMinute), Part(MaxConcurrent));
        int? Part(int? limit) => limit is { } whole ? Math.Max(1, whole / replicas) : null;
    }
}
