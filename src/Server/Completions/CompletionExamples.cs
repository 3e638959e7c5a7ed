using System.Text.Json.Nodes;

namespace Llama.Server.Completions;

/// <summary>Bodies to press in the API's description.</summary>
internal static class CompletionExamples
{
    public static JsonObject Request => new() { ["prompt"] = "A giraffe is", ["max_tokens"] = 32, ["temperature"] = 0 };

    public static JsonObject Stream => new()
    {
        ["prompt"] = "A giraffe is",
        ["max_tokens"] = 32,
        ["temperature"] = 0,
        ["stream"] = true,
        ["stream_options"] = new JsonObject { ["include_usage"] = true },
    };

    public static JsonObject Score => new() { ["prompt"] = "A giraffe is tall.", ["max_tokens"] = 0, ["echo"] = true, ["logprobs"] = 1 };
}
