using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Llama.Server.Client;

/// <summary>Writes messages as the <c>messages</c> of a chat request. What a caller notes down beside them (ids, times, token counts, properties of its own) is not for the model.</summary>
internal static class MessageJson
{
    public static JsonArray Write(IEnumerable<ChatMessage> messages, string? instructions)
    {
        var written = new JsonArray();
        if (!string.IsNullOrEmpty(instructions))
            written.Add(new JsonObject { ["role"] = "system", ["content"] = instructions });
        foreach (ChatMessage message in messages)
        {
            foreach (JsonObject one in message.Role == ChatRole.Tool ? Results(message) : [Write(message)])
                written.Add(one);
        }
        return written;
    }

    private static JsonObject Write(ChatMessage message)
    {
        JsonNode?[] calls = [.. message.Contents.OfType<FunctionCallContent>().Select(Call)];
        if (message.Contents.FirstOrDefault(content => !IsTaken(content, message.Role)) is { } other)
            throw Unsupported(other, message.Role);
        return new JsonObject
        {
            ["role"] = message.Role.Value.ToLowerInvariant(), // in which roles do not differ
            ["name"] = message.AuthorName,
            ["content"] = message.Text.Length == 0 && calls.Length > 0 ? null : message.Text,
            ["tool_calls"] = calls.Length > 0 ? new JsonArray(calls) : null,
        };
    }

    private static bool IsTaken(AIContent content, ChatRole role) => content is TextContent or UsageContent || (content is FunctionCallContent && role == ChatRole.Assistant);

    private static JsonObject Call(FunctionCallContent call) => new()
    {
        ["id"] = call.CallId,
        ["type"] = "function",
        ["function"] = new JsonObject
        {
            ["name"] = call.Name,
            ["arguments"] = RequestJson.ToText(call.Arguments ?? new Dictionary<string, object?>()),
        },
    };

    /// <summary>One message per result: HTTP knows no other way.</summary>
    private static IEnumerable<JsonObject> Results(ChatMessage message) => message.Contents.Select(content => content is FunctionResultContent result
        ? new JsonObject { ["role"] = "tool", ["tool_call_id"] = result.CallId, ["content"] = Text(result.Result) }
        : throw Unsupported(content, message.Role));

    private static string Text(object? result) => result switch
    {
        null => "",
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } text => text.GetString()!,
        AIContent content => Text(content),
        IEnumerable<AIContent> contents => string.Join('\n', contents.Select(Text)),
        _ => RequestJson.ToText(result),
    };

    /// <summary>What a function gives in these types, as tools of the Model Context Protocol do, is what it says; the model is to read no JSON around it.</summary>
    private static string Text(AIContent content) => content is TextContent text ? text.Text : throw Unsupported(content, ChatRole.Tool);

    private static NotSupportedException Unsupported(AIContent content, ChatRole role) =>
        new($"{content.GetType().Name} is not supported in a message of role '{role}': the model reads text, function calls of the assistant and function results of tools.");
}
