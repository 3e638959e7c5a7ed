using System.Text.Json.Nodes;

namespace Llama.Server.CommandLine.Terminal;

/// <summary>How <c>chat</c> was called.</summary>
/// <param name="Url">The server.</param>
/// <param name="ApiKey">Its key; null for none.</param>
/// <param name="Model">Null takes the server's first.</param>
/// <param name="SystemPrompt">The system prompt; null for none.</param>
/// <param name="Parameters">Fields of each request, by name.</param>
/// <param name="IsStreamed">Whether answers are shown as they are made.</param>
/// <param name="Question">The only one; null to read them.</param>
/// <param name="IsWhole">Whether all of standard input is one question.</param>
internal sealed record ChatSettings(Uri Url, string? ApiKey, string? Model, string? SystemPrompt, IReadOnlyDictionary<string, JsonNode> Parameters, bool IsStreamed, string? Question, bool IsWhole);
