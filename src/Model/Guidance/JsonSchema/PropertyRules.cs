namespace Llama.Model.Guidance.JsonSchema;

/// <summary>What objects ask of a property by its name alone.</summary>
/// <param name="shapesOf">The shapes that satisfy a conjunction.</param>
/// <param name="texts">Holds names to rules.</param>
internal sealed class PropertyRules(Func<Conjunction, IReadOnlyList<Shape>> shapesOf, TextMatcher texts)
{
    private readonly Dictionary<string, NameSet> _names = [];

    /// <summary>The names that a schema of names allows.</summary>
    public NameSet NamesOf(Conjunction names)
    {
        if (!_names.TryGetValue(names.Key, out NameSet? known)) _names[names.Key] = known = new NameSet(shapesOf(names));
        return known;
    }

    /// <summary>What a property that an object does not declare must satisfy: nothing does where its name is not allowed.</summary>
    /// <param name="shape">The object.</param>
    /// <param name="name">The property's name.</param>
    /// <param name="otherwise">What is asked where no pattern matches.</param>
    /// <exception cref="GrammarException">Whether the name goes by a rule cannot be told.</exception>
    public Conjunction Asked(ObjectShape shape, string name, Conjunction otherwise)
    {
        if (shape.Names.Nodes.Count > 0 && !Allows(NamesOf(shape.Names), name)) return Conjunction.Nothing;
        Conjunction[] asked = [.. shape.Patterns.Where(pattern => Matches(name, pattern.Names)).Select(pattern => pattern.Value)];
        return asked.Length == 0 ? otherwise : asked.Aggregate((all, one) => all.And(one));
    }

    private bool Allows(NameSet names, string name) => names.Lists(name) || names.Texts.Any(text => texts.Has(name, text));

    private bool Matches(string name, TextRule rule) => texts.Matches(name, rule)
        ?? throw new GrammarException(rule.Path, $"Whether the name {JsonText.Spell(name)} matches the {rule.Name} cannot be told; use a name in ASCII beside it.");
}
