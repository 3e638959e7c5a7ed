using System.Buffers;
using System.Text.Json;

namespace Llama.Server.Bench.Load;

/// <summary>Writes requests that vLLM, llama.cpp's server and this one understand alike: streamed, greedy unless told otherwise, with token counts at the end.</summary>
internal static class RequestBody
{
    public static byte[] Write(LoadRequest request, string model, ServePlan plan)
    {
        ArrayBufferWriter<byte> bytes = new();
        using (Utf8JsonWriter json = new(bytes))
        {
            json.WriteStartObject();
            json.WriteString("model", model);
            if (plan.Endpoint == ServePlan.Chat) WriteMessages(json, request.Prompt);
            else json.WriteString("prompt", request.Prompt);
            json.WriteNumber("max_tokens", request.MaxTokens);
            json.WriteNumber("temperature", plan.Temperature);
            if (plan.IgnoreEos) json.WriteBoolean("ignore_eos", true);
            json.WriteBoolean("stream", true);
            json.WriteStartObject("stream_options");
            json.WriteBoolean("include_usage", true);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return bytes.WrittenSpan.ToArray();
    }

    private static void WriteMessages(Utf8JsonWriter json, string prompt)
    {
        json.WriteStartArray("messages");
        json.WriteStartObject();
        json.WriteString("role", "user");
        json.WriteString("content", prompt);
        json.WriteEndObject();
        json.WriteEndArray();
    }
}
