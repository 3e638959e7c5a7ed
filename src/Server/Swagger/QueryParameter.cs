using Llama.Server.Parsing;

namespace Llama.Server.Swagger;

/// <summary>What a route reads from its query, for its description.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">What it takes.</param>
/// <param name="Note">What it does, or why it is refused.</param>
/// <param name="IsRefused">Whether it is known by name only.</param>
internal sealed record QueryParameter(string Name, FieldShape Shape, string Note, bool IsRefused = false);
