using System.Text.Json;
using System.Text.Json.Nodes;
using Llama.Model.Quantization;

namespace Llama.Model.Checkpoints;

/// <summary>The <c>quantization_config</c> of config.json: bits, group size (null for the row), symmetry and whether there are 16-bit columns of the layers' weights and, within <c>lm_head</c>, of the head's.</summary>
internal static class QuantizationConfig
{
    public const string Key = "quantization_config";
    private const string Method = "llama.net", OutlierColumns = "outlier_columns";

    /// <summary>Whether it is of the only method that can be loaded.</summary>
    public static bool IsOwn(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty("quant_method", out JsonElement method) && method.ValueKind == JsonValueKind.String && method.ValueEquals(Method);

    /// <summary>Reads that of the configuration; null when there is none, or none of its own method.</summary>
    public static QuantizationPlan? Read(JsonKeys config)
    {
        if (config.Object(Key) is not { } keys || keys.Text("quant_method") != Method) return null;
        QuantizationType layers = Type(keys);
        return new QuantizationPlan(layers, keys.Object("lm_head") is { } head ? Type(head) : layers);
    }

    public static JsonObject Write(QuantizationPlan plan)
    {
        JsonObject layers = Write(plan.Layers);
        layers.Insert(0, "quant_method", Method);
        layers["lm_head"] = Write(plan.Head);
        return layers;
    }

    private static QuantizationType Type(JsonKeys keys)
    {
        int bits = keys.Int("bits");
        int? group = keys.OptionalInt("group_size");
        string name = new QuantizationType(bits, group, keys.Flag("symmetric", true), keys.Flag(OutlierColumns, false)).ToString();
        if (!QuantizationType.TryParse(name, out QuantizationType type)) keys.Add("bits, group_size and symmetric", $"make {name}; expected one of {QuantizationType.Spellings}");
        return type;
    }

    private static JsonObject Write(QuantizationType type)
    {
        JsonObject keys = new() { ["bits"] = type.Bits, ["group_size"] = type.GroupSize, ["symmetric"] = type.IsSymmetric };
        if (type.SplitsOutliers) keys[OutlierColumns] = true;
        return keys;
    }
}
