using System.Text.Json.Nodes;

namespace Llama.Server.Embeddings;

/// <summary>Bodies to press in the API's description.</summary>
internal static class EmbeddingExamples
{
    public static JsonObject Request => new() { ["input"] = new JsonArray("a tall animal with a long neck", "a small insect") };

    public static JsonObject Base64 => new() { ["input"] = "a tall animal with a long neck", ["encoding_format"] = "base64" };
}
