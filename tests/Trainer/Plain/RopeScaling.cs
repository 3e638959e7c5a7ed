using System.Text.Json;

namespace Llama.Trainer.Plain;

/// <summary>The <c>rope_scaling</c> object of a <c>config.json</c>; what is absent is null.</summary>
public sealed record RopeScaling
{
    /// <summary>linear, dynamic, llama3 or yarn.</summary>
    public required string Type { get; init; }
    public double Factor { get; init; } = 1;
    public double LowFreqFactor { get; init; } = 1;
    public double HighFreqFactor { get; init; } = 4;
    public double BetaFast { get; init; } = 32;
    public double BetaSlow { get; init; } = 1;
    public double? OriginalMaxPosition { get; init; }
    public double? AttentionFactor { get; init; }
    public double? Mscale { get; init; }
    public double? MscaleAllDim { get; init; }
    public bool Truncate { get; init; } = true;

    /// <summary>Null for <c>null</c>, no object, or the type "default".</summary>
    public static RopeScaling? Parse(JsonElement root)
    {
        if (!root.TryGetProperty("rope_scaling", out JsonElement json) || json.ValueKind != JsonValueKind.Object) return null;
        string type = (json.TryGetProperty("rope_type", out JsonElement named) || json.TryGetProperty("type", out named)) ? named.GetString()! : "default";
        return type == "default" ? null : new RopeScaling
        {
            Type = type,
            Factor = Number(json, "factor") ?? 1,
            LowFreqFactor = Number(json, "low_freq_factor") ?? 1,
            HighFreqFactor = Number(json, "high_freq_factor") ?? 4,
            BetaFast = Number(json, "beta_fast") ?? 32,
            BetaSlow = Number(json, "beta_slow") ?? 1,
            OriginalMaxPosition = Number(json, "original_max_position_embeddings"),
            AttentionFactor = Number(json, "attention_factor"),
            Mscale = Number(json, "mscale"),
            MscaleAllDim = Number(json, "mscale_all_dim"),
            Truncate = !json.TryGetProperty("truncate", out JsonElement truncate) || truncate.ValueKind != JsonValueKind.False,
        };
    }

    private static double? Number(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
}
