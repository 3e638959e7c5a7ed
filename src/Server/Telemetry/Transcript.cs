using System.Text;
using System.Text.Json;
using Llama.Model.Text;
using Llama.Server.Chat;
using Llama.Server.Generating;
using Llama.Server.Json;

namespace Llama.Server.Telemetry;

/// <summary>What was asked and what was answered, as text: JSON in the form of <c>gen_ai.input.messages</c> and <c>gen_ai.output.messages</c> (semantic-conventions, gen-ai-spans).</summary>
internal static class Transcript
{
    /// <summary>The conversation as it was rendered; of a plain prompt what the model reads.</summary>
    public static string OfInput(GenerationParameters asked, Answers answers) => Write(asked is IConversation conversation
        ? conversation.Messages
        : answers.Prompts.Select(prompt => new ChatMessage("user", answers.Checkpoint.Tokenizer.Decode(prompt.Tokens, skipSpecialTokens: false))));

    /// <summary>Each answer as the model wrote it, so that calls of tools stand in the model's own format; as far as it had come.</summary>
    public static string OfOutput(Answers answers) => Json(json =>
    {
        foreach (TextStream stream in answers.Streams)
        {
            json.WriteStartObject();
            json.WriteString("role", "assistant");
            json.WriteStartArray("parts");
            WriteText(json, stream.Written);
            json.WriteEndArray();
            json.WriteString("finish_reason", stream.Ending().Spelled());
            json.WriteEndObject();
        }
    });

    private static string Write(IEnumerable<ChatMessage> messages) => Json(json =>
    {
        foreach (ChatMessage message in messages)
        {
            json.WriteStartObject();
            json.WriteString("role", message.Role);
            json.WriteStartArray("parts");
            WriteParts(json, message);
            json.WriteEndArray();
            json.WriteEndObject();
        }
    });

    private static void WriteParts(Utf8JsonWriter json, ChatMessage message)
    {
        if (message.ToolCallId is { } answered)
            WritePart(json, "tool_call_response", ("id", answered), ("response", message.Content));
        else if (message.Content.Length > 0)
            WriteText(json, message.Content);
        foreach (ChatToolCall call in message.ToolCalls)
            WritePart(json, "tool_call", ("id", call.Id), ("name", call.Name), ("arguments", call.Arguments));
    }

    private static void WriteText(Utf8JsonWriter json, string text) => WritePart(json, "text", ("content", text));

    private static void WritePart(Utf8JsonWriter json, string type, params ReadOnlySpan<(string Name, string Value)> fields)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        foreach ((string name, string value) in fields)
            json.WriteString(name, value);
        json.WriteEndObject();
    }

    private static string Json(Action<Utf8JsonWriter> write)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text, ApiJson.WriterOptions))
        {
            json.WriteStartArray();
            write(json);
            json.WriteEndArray();
        }
        return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }
}
