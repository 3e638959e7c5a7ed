namespace Llama.Model.Guidance;

/// <summary>How a JSON Schema becomes a grammar.</summary>
public sealed record JsonSchemaOptions
{
    public JsonWhitespace Whitespace { get; init; } = JsonWhitespace.Compact;

    /// <summary>
    /// Holds the schema to the rules of OpenAI's strict mode: the root is an object, every object forbids other properties and requires each of its own, and every
    /// schema says what it is. What breaks a rule is refused.
    /// </summary>
    public bool Strict { get; init; }
}
