using System.Text.Json.Nodes;

namespace Llama.Server.Tokenization;

/// <summary>Bodies to press in the API's description.</summary>
internal static class TokenizationExamples
{
    public static JsonObject Tokenize => new() { ["prompt"] = "A giraffe is tall.", ["return_token_strs"] = true };

    public static JsonObject Detokenize => new() { ["tokens"] = new JsonArray(1, 35, 36) };
}
