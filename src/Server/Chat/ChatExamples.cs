using System.Text.Json.Nodes;

namespace Llama.Server.Chat;

/// <summary>Bodies to press in the API's description.</summary>
internal static class ChatExamples
{
    public static JsonObject Request => With(new JsonObject { ["max_tokens"] = 64, ["temperature"] = 0 });

    public static JsonObject Stream => With(new JsonObject
    {
        ["max_tokens"] = 64,
        ["temperature"] = 0,
        ["stream"] = true,
        ["stream_options"] = new JsonObject { ["include_usage"] = true },
    });

    public static JsonObject Logprobs => With(new JsonObject { ["max_tokens"] = 8, ["n"] = 2, ["seed"] = 1, ["logprobs"] = true, ["top_logprobs"] = 3 });

    public static JsonObject Structured => With(new JsonObject
    {
        ["max_tokens"] = 64,
        ["response_format"] = JsonNode.Parse("""
            {
              "type": "json_schema",
              "json_schema": {
                "name": "animal",
                "strict": true,
                "schema": {
                  "type": "object",
                  "properties": { "name": { "type": "string", "maxLength": 20 }, "legs": { "enum": [0, 2, 4, 6, 8] } },
                  "required": ["name", "legs"],
                  "additionalProperties": false
                }
              }
            }
            """),
    });

    public static JsonObject Tools => With(new JsonObject
    {
        ["max_tokens"] = 64,
        ["tools"] = JsonNode.Parse("""
            [{
              "type": "function",
              "function": {
                "name": "look_up",
                "description": "Finds a word in the dictionary",
                "parameters": { "type": "object", "properties": { "word": { "type": "string", "maxLength": 20 } }, "required": ["word"] }
              }
            }]
            """),
        ["tool_choice"] = "required",
    });

    public static JsonObject Count => With([]);

    private static JsonObject With(JsonObject fields)
    {
        fields.Insert(0, "messages", new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "What is a giraffe?" }));
        return fields;
    }
}
