namespace Llama.Model.Guidance.JsonSchema;

/// <summary>A <c>oneOf</c> as it was read.</summary>
/// <param name="Node">The schema it is part of.</param>
/// <param name="Branches">The shapes of each branch together with what stands beside the choice.</param>
internal sealed record Choice(SchemaNode Node, IReadOnlyList<IReadOnlyList<Shape>> Branches);
