using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Llama.Server.Admin;
using Llama.Server.Chat;
using Llama.Server.Completions;
using Llama.Server.Embeddings;
using Llama.Server.Generating;
using Llama.Server.Health;
using Llama.Server.Models;
using Llama.Server.Pages;
using Llama.Server.Responses;
using Llama.Server.Tokenization;
using Llama.Server.Watching;

namespace Llama.Server.Json;

/// <summary>How answers are written: snake_case, text as UTF-8 rather than escapes.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Usage))]
[JsonSerializable(typeof(ChatCompletion))]
[JsonSerializable(typeof(ChatLogprobs))]
[JsonSerializable(typeof(Completion))]
[JsonSerializable(typeof(CompletionLogprobs))]
[JsonSerializable(typeof(EmbeddingUsage))]
[JsonSerializable(typeof(InputTokens))]
[JsonSerializable(typeof(Response))]
[JsonSerializable(typeof(ResponseItemList))]
[JsonSerializable(typeof(ResponseDeletion))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(TokenizeResult))]
[JsonSerializable(typeof(DetokenizeResult))]
[JsonSerializable(typeof(HealthStatus))]
[JsonSerializable(typeof(EngineView))]
[JsonSerializable(typeof(EngineAbout))]
[JsonSerializable(typeof(ServerCard))]
[JsonSerializable(typeof(AdminAnswer))]
[JsonSerializable(typeof(EffectiveSettingList))]
[JsonSerializable(typeof(RequestList))]
[JsonSerializable(typeof(ServerDescription))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    private static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    /// <summary>For what is written by hand.</summary>
    public static JsonWriterOptions WriterOptions { get; } = new() { Encoder = Encoder };

    /// <summary>The context that endpoints write with.</summary>
    public static ApiJson Web { get; } = new(new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = Encoder });
}
