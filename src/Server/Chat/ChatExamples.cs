using System.Text.Json.Nodes;

namespace Llama.Server.Chat;

/// <summary>Bodies to press in the API's description.</summary>
internal static class ChatExamples
{
    public static JsonObject Request => new()
    {
        ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "What is a giraffe?" }),
        ["max_tokens"] = 64,
        ["temperature"] = 0,
        ["stream"] = true,
        ["stream_options"] = new JsonObject { ["include_usage"] = true },
    };

    public static JsonObject Count => new()
    {
        ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "What is a giraffe?" }),
    };
}
