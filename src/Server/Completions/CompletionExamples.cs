using System.Text.Json.Nodes;

namespace Llama.Server.Completions;

/// <summary>Bodies to press in the API's description.</summary>
internal static class CompletionExamples
{
    public static JsonObject Request => new()
    {
        ["prompt"] = "A giraffe is",
        ["max_tokens"] = 32,
        ["temperature"] = 0,
    };
}
