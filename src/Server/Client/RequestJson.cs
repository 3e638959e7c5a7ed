using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Llama.Server.Web.Errors;
using Microsoft.Extensions.AI;

namespace Llama.Server.Client;

/// <summary>
/// Writes what a caller in this process asks for as the body of a chat request. The routes' own table then reads it, so that every option is honoured or refused by the
/// same rules and in the same words as over HTTP.
/// </summary>
internal static class RequestJson
{
    /// <summary>Fields that change how HTTP answers look: an answer here has no place for what they ask.</summary>
    private static readonly string[] OfHttp = ["stream", "stream_options", "n", "logprobs", "top_logprobs", "prompt_logprobs", "return_token_ids", "encoding_format"];

    /// <summary>Values as Microsoft.Extensions.AI writes them, without its white space: the model would read that too.</summary>
    private static readonly JsonSerializerOptions Compact = new(AIJsonUtilities.DefaultOptions) { WriteIndented = false, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <exception cref="NotSupportedException">A content, tool or option that nothing here could hold to.</exception>
    /// <exception cref="LlamaException">An additional property that is not a field of its own.</exception>
    public static JsonElement Write(IEnumerable<ChatMessage> messages, ChatOptions? options, string model)
    {
        var body = new JsonObject { ["model"] = options?.ModelId ?? model, ["messages"] = MessageJson.Write(messages, options?.Instructions) };
        if (options is not null)
            Write(body, options);
        return ToElement(body);
    }

    private static void Write(JsonObject body, ChatOptions options)
    {
        Refuse(options);
        body["temperature"] = options.Temperature;
        body["top_p"] = options.TopP;
        body["top_k"] = options.TopK;
        body["max_completion_tokens"] = options.MaxOutputTokens;
        body["seed"] = options.Seed;
        body["frequency_penalty"] = options.FrequencyPenalty;
        body["presence_penalty"] = options.PresencePenalty;
        body["stop"] = options.StopSequences is { Count: > 0 } stop ? new JsonArray([.. stop.Select(text => (JsonNode?)text)]) : null;
        body["response_format"] = Format(options.ResponseFormat, options.AdditionalProperties);
        body["reasoning_effort"] = options.Reasoning?.Effort?.ToString().ToLowerInvariant();
        ToolJson.Write(body, options);
        foreach ((string name, object? value) in options.AdditionalProperties ?? [])
        {
            if (name != ToolJson.StrictKey)
                Add(body, name, value);
            else if (options.ResponseFormat is not ChatResponseFormatJson { Schema: not null }) // else read with it
                throw new LlamaException(ApiError.InvalidValue(name, $"'{name}' as an additional property of the options says how strictly to keep to their response format's schema; there is none. A tool has additional properties of its own."));
        }
    }

    private static void Refuse(ChatOptions options)
    {
        if (options.ConversationId is not null)
            throw new NotSupportedException("ChatOptions.ConversationId is not supported: no conversation is kept here. Give all of its messages.");
        if (options.RawRepresentationFactory is not null)
            throw new NotSupportedException("ChatOptions.RawRepresentationFactory is not supported. Give further request fields as AdditionalProperties, by their HTTP names.");
        if (options.ContinuationToken is not null || options.AllowBackgroundResponses == true)
            throw new NotSupportedException("ChatOptions.AllowBackgroundResponses and ContinuationToken are not supported: an answer is made while its caller waits.");
        Finite(options.Temperature, "temperature");
        Finite(options.TopP, "top_p");
        Finite(options.FrequencyPenalty, "frequency_penalty");
        Finite(options.PresencePenalty, "presence_penalty");
        if (options.Reasoning?.Output is not (null or ReasoningOutput.None))
            throw new NotSupportedException("ChatOptions.Reasoning.Output is not supported: the model does not reason apart from its answer.");
    }

    /// <summary>JSON has no such numbers.</summary>
    private static void Finite(float? value, string name)
    {
        if (value is { } number && !float.IsFinite(number))
            throw new LlamaException(ApiError.InvalidValue(name, FormattableString.Invariant($"Invalid value for '{name}': expected a number, but got {number}.")));
    }

    private static JsonObject? Format(ChatResponseFormat? format, AdditionalPropertiesDictionary? properties) => format switch
    {
        null => null,
        ChatResponseFormatText => new JsonObject { ["type"] = "text" },
        ChatResponseFormatJson { Schema: null } => new JsonObject { ["type"] = "json_object" },
        ChatResponseFormatJson { Schema: { } schema } json => new JsonObject
        {
            ["type"] = "json_schema",
            ["json_schema"] = new JsonObject
            {
                ["name"] = json.SchemaName ?? "answer",
                ["description"] = json.SchemaDescription,
                ["schema"] = ToNode(schema),
                ["strict"] = ToolJson.Strict(properties),
            },
        },
        _ => throw new NotSupportedException($"A response format of type {format.GetType()} is not supported; there are text and JSON, with or without a schema."),
    };

    /// <summary>Adds a caller's additional property as the field that it names.</summary>
    /// <exception cref="LlamaException">Its place is taken, or an answer here has none for what it asks.</exception>
    public static void Add(JsonObject body, string name, object? value)
    {
        if (OfHttp.Contains(name))
            throw new LlamaException(ApiError.UnsupportedParameter(name, "An answer within the process has no place for it."));
        if (body[name] is not null)
            throw new LlamaException(ApiError.InvalidValue(name, $"'{name}' is an additional property and an option of its own too; give one."));
        body[name] = ToNode(value);
    }

    public static JsonElement ToElement(JsonObject body) => JsonSerializer.SerializeToElement<JsonNode>(body, Compact);

    public static JsonNode? ToNode(object? value) => JsonSerializer.SerializeToNode(value, Compact);

    public static string ToText(object? value) => JsonSerializer.Serialize(value, Compact);
}
