using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Llama.Server.Web.Errors;

/// <summary>How errors are written, as all other JSON: snake_case, text as UTF-8 rather than escapes.</summary>
[JsonSourceGenerationOptions]
[JsonSerializable(typeof(ErrorBody))]
internal sealed partial class ErrorJson : JsonSerializerContext
{
    /// <summary>The context that errors are written with.</summary>
    public static ErrorJson Web { get; } =
        new(new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
