using System.Text.Json.Nodes;
using Llama.Server.Parsing;

namespace Llama.Server.Swagger;

/// <summary>What a route reads, for its description: the parser's own table.</summary>
/// <param name="Fields">Every field.</param>
/// <param name="Example">A body that can be sent as it is, but for its <c>model</c>.</param>
internal sealed record RequestFields(IReadOnlyList<IField> Fields, JsonObject Example);

/// <summary>A further body to press.</summary>
/// <param name="Name">A word for it.</param>
/// <param name="Summary">What it shows.</param>
/// <param name="Body">Can be sent as it is, but for its <c>model</c>.</param>
internal sealed record RequestExample(string Name, string Summary, JsonObject Body);

/// <summary>Marks a route that can answer with server-sent events.</summary>
/// <param name="Chunk">What each event holds.</param>
internal sealed record StreamsAnswers(Type Chunk);
