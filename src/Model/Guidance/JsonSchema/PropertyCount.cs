namespace Llama.Model.Guidance.JsonSchema;

/// <summary>How many properties objects of a shape have, by what can be counted while one is written: a name that is not declared may come twice, so of those only the first counts.</summary>
/// <param name="Declared">The declared ones that may be written, in the schema's order.</param>
/// <param name="ForbidsEmpty">Whether there must be one, whichever.</param>
/// <param name="FewestOthers">Fewest that are not declared.</param>
/// <param name="MostOthers">Most of these; null for any number.</param>
internal sealed record PropertyCount(IReadOnlyList<PropertyShape> Declared, bool ForbidsEmpty, int FewestOthers, int? MostOthers)
{
    /// <returns>Null where no number will do.</returns>
    /// <exception cref="GrammarException">The number cannot be held to.</exception>
    public static PropertyCount? Of(ObjectShape shape, string path)
    {
        PropertyShape[] required = [.. shape.Properties.Where(property => property.IsRequired)];
        if (Math.Max(shape.MinCount, required.Length) > shape.MaxCount) return null;
        IReadOnlyList<PropertyShape> declared = shape.MaxCount == required.Length ? required : shape.Properties;
        if (declared.Count > shape.MaxCount)
            throw new GrammarException(SchemaPath.Append(path, "maxProperties"), $"Fewer properties than are declared cannot be counted; declare at most {shape.MaxCount}, or use anyOf with one branch for each case.");
        int missing = shape.MinCount - required.Length;
        if (missing > 1 || (missing == 1 && required.Length > 0 && declared.Count > required.Length))
            throw new GrammarException(SchemaPath.Append(path, "minProperties"), "That names differ cannot be held to while they are written, so no more than one beyond the required ones can be counted; list as many under 'required'.");
        int fewest = missing > 0 && declared.Count == required.Length ? 1 : 0;
        bool asksForMore = fewest == 0 || shape.SpeaksOfOthers || shape.Patterns.Count > 0;
        return new PropertyCount(declared, ForbidsEmpty: missing > 0, fewest, asksForMore ? shape.MaxCount - declared.Count : fewest);
    }
}
