using System.Text.Json.Nodes;

namespace Llama.Server.Responses;

/// <summary>Bodies to press in the API's description.</summary>
internal static class ResponseExamples
{
    public static JsonObject Create => With(new JsonObject { ["max_output_tokens"] = 64, ["temperature"] = 0, ["stream"] = true });

    public static JsonObject Count => With([]);

    public static JsonObject Tools => With(new JsonObject
    {
        ["tools"] = new JsonArray(new JsonObject
        {
            ["type"] = "function",
            ["name"] = "look_up",
            ["description"] = "Looks a word up in the dictionary.",
            ["parameters"] = ObjectOf("word"),
        }),
        ["tool_choice"] = "required",
        ["parallel_tool_calls"] = false,
    });

    public static JsonObject Format => With(new JsonObject
    {
        ["text"] = new JsonObject
        {
            ["format"] = new JsonObject { ["type"] = "json_schema", ["name"] = "entry", ["schema"] = ObjectOf("gloss") },
        },
    });

    private static JsonObject With(JsonObject fields)
    {
        fields.Insert(0, "input", "What is a giraffe?");
        return fields;
    }

    private static JsonObject ObjectOf(string property) => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject { [property] = new JsonObject { ["type"] = "string", ["maxLength"] = 20 } },
        ["required"] = new JsonArray(property),
        ["additionalProperties"] = false,
    };
}
