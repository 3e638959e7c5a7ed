using System.Diagnostics.Metrics;

namespace Llama.Server.Limits;

/// <summary>What each key asks for and gets. Its meter is scraped where the metrics have a key of their own: names of keys are not for everybody.</summary>
internal sealed class KeyMetrics
{
    public const string MeterName = "Llama.Server";

    private readonly Counter<long> _requests, _promptTokens, _completionTokens, _refused;

    public KeyMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create(MeterName);
        _requests = meter.CreateCounter<long>("llama.key_requests_total", description: "Requests that generated, by key.");
        _promptTokens = meter.CreateCounter<long>("llama.key_prompt_tokens_total", description: "Prompt tokens, by key.");
        _completionTokens = meter.CreateCounter<long>("llama.key_completion_tokens_total", description: "Tokens generated, by key.");
        _refused = meter.CreateCounter<long>("llama.key_rate_limited_total", description: "Requests that a limit kept out, by key and limit.");
    }

    public void Served(string? key, long promptTokens, long completionTokens)
    {
        _requests.Add(1, Of(key));
        _promptTokens.Add(promptTokens, Of(key));
        _completionTokens.Add(completionTokens, Of(key));
    }

    public void Refused(string? key, LimitKind limit) => _refused.Add(1, Of(key), new KeyValuePair<string, object?>("limit", limit switch
    {
        LimitKind.Requests => "requests",
        LimitKind.Tokens => "tokens",
        _ => "concurrent",
    }));

    private static KeyValuePair<string, object?> Of(string? key) => new("key", key ?? "");
}
