using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Llama.Server.Client;

/// <summary>Writes tools as the <c>tools</c> of a chat request, and how they are to be used.</summary>
internal static class ToolJson
{
    /// <summary>Where callers of Microsoft.Extensions.AI say that a schema is to be kept to strictly: there is no option for it.</summary>
    public const string StrictKey = "strict";

    public static void Write(JsonObject body, IEnumerable<AITool> tools, ChatOptions options)
    {
        body["tools"] = new JsonArray([.. tools.Select(Write)]);
        body["parallel_tool_calls"] = options.AllowMultipleToolCalls;
        body["tool_choice"] = options.ToolMode switch
        {
            null => null,
            NoneChatToolMode => "none",
            AutoChatToolMode => "auto",
            RequiredChatToolMode { RequiredFunctionName: { } name } => new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = name } },
            RequiredChatToolMode => "required",
            { } other => throw new NotSupportedException($"A tool mode of type {other.GetType()} is not supported; there are none, auto and required."),
        };
    }

    public static bool? Strict(IReadOnlyDictionary<string, object?>? properties) => properties?.GetValueOrDefault(StrictKey) as bool?;

    private static JsonNode? Write(AITool tool) => tool is not AIFunctionDeclaration function
        ? throw new NotSupportedException($"The tool '{tool.Name}' of type {tool.GetType().Name} is not supported: the model calls functions (AIFunctionDeclaration) only.")
        : new JsonObject
        {
            ["type"] = "function",
            ["function"] = new JsonObject
            {
                ["name"] = function.Name,
                ["description"] = function.Description.Length > 0 ? function.Description : null,
                ["parameters"] = RequestJson.ToNode(function.JsonSchema),
                ["strict"] = Strict(function.AdditionalProperties),
            },
        };
}
