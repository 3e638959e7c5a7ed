using System.Text.Json;
using System.Text.Json.Serialization;

namespace Llama.Server.Responses;

/// <summary>The answer of <c>/v1/responses</c>: what the model made, beside the parameters it was made with.</summary>
public sealed record Response
{
    /// <summary>Names the response, e.g. <c>resp_…</c>.</summary>
    public required string Id { get; init; }

    /// <summary><c>response</c>.</summary>
    public string Object => "response";

    /// <summary>Always null: there are none.</summary>
    public string? AccessPrograms => null;

    /// <summary>Unix seconds.</summary>
    public required long CreatedAt { get; init; }

    /// <summary><c>in_progress</c>, <c>completed</c>, <c>incomplete</c>, <c>failed</c>, or <c>cancelled</c> where the caller left in the middle of the stream.</summary>
    public required string Status { get; init; }

    /// <summary>Always false: every response is made while its caller waits.</summary>
    public bool Background => false;

    /// <summary>Unix seconds; null unless completed.</summary>
    public long? CompletedAt { get; init; }

    /// <summary>What went wrong; null unless failed.</summary>
    public ResponseError? Error { get; init; }

    /// <summary>Why it is incomplete, or null.</summary>
    public IncompleteDetails? IncompleteDetails { get; init; }

    /// <summary>The system message that was sent, or null.</summary>
    public required string? Instructions { get; init; }

    /// <summary>The token limit that was sent; null where the context was the limit.</summary>
    public required int? MaxOutputTokens { get; init; }

    /// <summary>The limit that was sent, or null: it counts calls of built-in tools, of which there are none.</summary>
    public required int? MaxToolCalls { get; init; }

    /// <summary>The served model's id.</summary>
    public required string Model { get; init; }

    /// <summary>What the model made: a message, calls of tools, or both.</summary>
    public IReadOnlyList<ResponseItem> Output { get; init; } = [];

    /// <summary>Whether the answer might hold several calls.</summary>
    public required bool ParallelToolCalls { get; init; }

    /// <summary>The response that this one goes on from, or null.</summary>
    public required string? PreviousResponseId { get; init; }

    /// <summary>What was sent, or null.</summary>
    public required string? PromptCacheKey { get; init; }

    /// <summary>Both parts null: the model does not reason apart from its answer.</summary>
    public ReasoningEcho Reasoning { get; } = new(Effort: null, Summary: null);

    /// <summary>What was sent, or null.</summary>
    public required string? SafetyIdentifier { get; init; }

    /// <summary><c>default</c>: there is one tier.</summary>
    public string ServiceTier => "default";

    /// <summary>Whether it is kept for <c>previous_response_id</c> and <c>GET /v1/responses/{id}</c>.</summary>
    public required bool Store { get; init; }

    /// <summary>The temperature used.</summary>
    public required float Temperature { get; init; }

    /// <summary>What the text had to look like.</summary>
    public required TextEcho Text { get; init; }

    /// <summary><c>none</c>, <c>auto</c>, <c>required</c> or the object that was sent.</summary>
    public required JsonElement ToolChoice { get; init; }

    /// <summary>The functions that the model might call.</summary>
    public required IReadOnlyList<ToolEcho> Tools { get; init; }

    /// <summary>Alternatives per token that were asked for; 0 for none.</summary>
    public required int TopLogprobs { get; init; }

    /// <summary>The nucleus used.</summary>
    public required float TopP { get; init; }

    /// <summary><c>auto</c> where the oldest turns might be dropped, else <c>disabled</c>.</summary>
    public required string Truncation { get; init; }

    /// <summary>Token counts; null while it is made, and where it failed.</summary>
    public ResponseUsage? Usage { get; init; }

    /// <summary>What was sent, or null.</summary>
    public required string? User { get; init; }

    /// <summary>The texts by name that were sent.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }
}

/// <summary>Why a response failed.</summary>
/// <param name="Code"><c>server_error</c>.</param>
/// <param name="Message">What went wrong.</param>
public sealed record ResponseError(string Code, string Message);

/// <summary>Why a response is incomplete.</summary>
/// <param name="Reason"><c>max_output_tokens</c>.</param>
public sealed record IncompleteDetails(string Reason);

/// <summary>The <c>reasoning</c> of a response.</summary>
/// <param name="Effort">Always null.</param>
/// <param name="Summary">Always null.</param>
public sealed record ReasoningEcho(string? Effort, string? Summary);

/// <summary>The <c>text</c> of a response.</summary>
/// <param name="Format">What the text had to look like.</param>
/// <param name="Verbosity">Always <c>medium</c>.</param>
public sealed record TextEcho(FormatEcho Format, string Verbosity);

/// <summary>What the text had to look like.</summary>
/// <param name="Type"><c>text</c>, <c>json_object</c> or <c>json_schema</c>; the rest is there with the last.</param>
/// <param name="Name">The schema's name.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Schema">The schema.</param>
/// <param name="Strict">Whether it keeps to OpenAI's strict subset.</param>
public sealed record FormatEcho(
    string Type,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Name = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Description = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Schema = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Strict = null);

/// <summary>A tool that the model may call.</summary>
/// <param name="Type"><c>function</c>.</param>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does.</param>
/// <param name="Parameters">JSON schema of its arguments.</param>
/// <param name="Strict">Whether calls keep to the schema.</param>
public sealed record ToolEcho(string Type, string Name, string? Description, JsonElement? Parameters, bool Strict);

/// <summary>Token counts of one response.</summary>
/// <param name="InputTokens">Tokens of the prompt: the whole conversation, BOS and chat format included.</param>
/// <param name="InputTokensDetails">Where they came from.</param>
/// <param name="OutputTokens">Tokens drawn.</param>
/// <param name="OutputTokensDetails">What they were drawn for.</param>
/// <param name="TotalTokens">Both together.</param>
public sealed record ResponseUsage(
    int InputTokens, InputTokensDetails InputTokensDetails, int OutputTokens, OutputTokensDetails OutputTokensDetails, int TotalTokens);

/// <summary>Where a prompt's tokens came from.</summary>
/// <param name="CachedTokens">Tokens that needed no computing: an earlier request began alike.</param>
/// <param name="CacheWriteTokens">Always 0: keeping tokens is free and not counted.</param>
public sealed record InputTokensDetails(int CachedTokens, int CacheWriteTokens);

/// <summary>What tokens were drawn for.</summary>
/// <param name="ReasoningTokens">Always 0.</param>
public sealed record OutputTokensDetails(int ReasoningTokens);
