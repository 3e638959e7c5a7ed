using System.Buffers.Binary;
using System.Text.Json;
using Llama.Server.Json;

namespace Llama.Server.Embeddings;

/// <summary>Writes an <see cref="EmbeddingList"/> vector by vector: a large batch has tens of megabytes of numbers, which are never held as text together.</summary>
internal static class EmbeddingWriter
{
    public static async Task WriteAsync(HttpContext context, IEnumerable<float[]> vectors, bool asBase64, string model, EmbeddingUsage usage)
    {
        context.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter, ApiJson.WriterOptions);
        json.WriteStartObject();
        json.WriteString("object"u8, "list"u8);
        json.WriteStartArray("data"u8);
        int index = 0;
        foreach (float[] vector in vectors)
        {
            Write(json, index++, vector, asBase64);
            await json.FlushAsync();
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        }
        json.WriteEndArray();
        json.WriteString("model"u8, model);
        json.WritePropertyName("usage"u8);
        JsonSerializer.Serialize(json, usage, ApiJson.Web.EmbeddingUsage);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, int index, float[] vector, bool asBase64)
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "embedding"u8);
        json.WriteNumber("index"u8, index);
        json.WritePropertyName("embedding"u8);
        if (asBase64)
            json.WriteBase64StringValue(Bytes(vector));
        else
            WriteNumbers(json, vector);
        json.WriteEndObject();
    }

    private static void WriteNumbers(Utf8JsonWriter json, float[] vector)
    {
        json.WriteStartArray();
        foreach (float value in vector)
            json.WriteNumberValue(value);
        json.WriteEndArray();
    }

    private static byte[] Bytes(float[] vector)
    {
        byte[] bytes = new byte[sizeof(float) * vector.Length];
        for (int i = 0; i < vector.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(sizeof(float) * i), vector[i]);
        return bytes;
    }
}
