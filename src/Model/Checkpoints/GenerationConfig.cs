using System.Text.Json.Nodes;
using Llama.Model.Checkpoints.Gguf;

namespace Llama.Model.Checkpoints;

/// <summary>How a checkpoint's authors want it sampled: a folder's generation_config.json, or what a GGUF file's metadata says of the same.</summary>
public static class GenerationConfig
{
    /// <summary>Names in JSON and in metadata.</summary>
    internal static readonly (string Json, string Gguf)[] Numbers =
    [
        ("temperature", "general.sampling.temp"),
        ("top_k", "general.sampling.top_k"),
        ("top_p", "general.sampling.top_p"),
        ("min_p", "general.sampling.min_p"),
        ("repetition_penalty", "general.sampling.penalty_repeat"),
    ];

    /// <summary>The JSON, and where it stands for messages; null when the checkpoint says nothing.</summary>
    /// <exception cref="CheckpointException">The GGUF file is damaged.</exception>
    public static string? Read(string checkpoint, out string source)
    {
        if (GgufPath.Find(checkpoint) is { } model) return OfGguf(source = model);
        source = Path.Combine(checkpoint, "generation_config.json");
        return File.Exists(source) ? File.ReadAllText(source) : null;
    }

    private static string OfGguf(string model)
    {
        using GgufFile file = GgufFile.Open(model);
        var faults = new List<string>();
        GgufKeys keys = file.Keys(faults);
        var json = new JsonObject { ["eos_token_id"] = new JsonArray([.. GgufConfig.EndTokens(keys).Select(id => (JsonNode)id)]) };
        foreach ((string name, string key) in Numbers)
        {
            if (keys.Has(key)) json[name] = name == "top_k" ? keys.Int(key, least: 0) : keys.Number(key);
        }
        return faults.Count == 0 ? json.ToJsonString() : throw new CheckpointException(model, faults);
    }
}
