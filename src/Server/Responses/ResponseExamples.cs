using System.Text.Json.Nodes;

namespace Llama.Server.Responses;

/// <summary>Bodies to press in the API's description.</summary>
internal static class ResponseExamples
{
    public static JsonObject Create => new()
    {
        ["input"] = "What is a giraffe?",
        ["max_output_tokens"] = 64,
        ["temperature"] = 0,
        ["stream"] = true,
    };

    public static JsonObject Count => new() { ["input"] = "What is a giraffe?" };
}
