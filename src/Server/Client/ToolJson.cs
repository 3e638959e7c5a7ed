using System.Text.Json;
using System.Text.Json.Nodes;
using Llama.Server.Web.Errors;
using Microsoft.Extensions.AI;

namespace Llama.Server.Client;

/// <summary>Writes tools as the <c>tools</c> of a chat request, and how they are to be used.</summary>
internal static class ToolJson
{
    /// <summary>Where callers of Microsoft.Extensions.AI say that a schema is to be kept to strictly: there is no option for it.</summary>
    public const string StrictKey = "strict";

    /// <summary>A mode without tools is the table's to judge: it takes those that ask for nothing.</summary>
    public static void Write(JsonObject body, ChatOptions options)
    {
        if (options.Tools is { Count: > 0 } tools)
        {
            body["tools"] = new JsonArray([.. tools.Select(Write)]);
            body["parallel_tool_calls"] = options.AllowMultipleToolCalls;
        }
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

    /// <exception cref="LlamaException">It says neither yes nor no.</exception>
    public static bool? Strict(IReadOnlyDictionary<string, object?>? properties) => properties?.GetValueOrDefault(StrictKey) switch
    {
        null => null,
        bool strict => strict,
        JsonElement { ValueKind: JsonValueKind.True or JsonValueKind.False } strict => strict.GetBoolean(),
        { } other => throw new LlamaException(ApiError.InvalidType(StrictKey, "a boolean", other is JsonElement json ? json.GetRawText() : other.GetType().Name)),
    };

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
