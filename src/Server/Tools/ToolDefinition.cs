using System.Text.Json;

namespace Llama.Server.Tools;

/// <summary>A function that the model may call.</summary>
/// <param name="Param">Path of the field that defines it.</param>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does, for the model; null when not said.</param>
/// <param name="Parameters">JSON schema of its arguments; null for a function without any.</param>
/// <param name="Strict">Whether the schema must keep to OpenAI's strict subset.</param>
internal sealed record ToolDefinition(string Param, string Name, string? Description, JsonElement? Parameters, bool Strict);
