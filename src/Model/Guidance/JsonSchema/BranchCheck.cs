namespace Llama.Model.Guidance.JsonSchema;

/// <summary>
/// Proves that no value satisfies two branches of a <c>oneOf</c>, which then means what <c>anyOf</c> does. Shapes exclude each other by kind, by listed values, by range or
/// length, by a property that both require with values that exclude each other, or that one requires and the other forbids.
/// </summary>
internal sealed class BranchCheck(SchemaReader reader)
{
    /// <summary>How deep within values a difference is looked for.</summary>
    private const int MaxDepth = 4;

    public void Run()
    {
        while (reader.Choices.TryDequeue(out Choice? choice)) Check(choice);
    }

    private void Check(Choice choice)
    {
        bool[] isListed = CheckListed(choice);
        for (int second = 1; second < choice.Branches.Count; second++)
        {
            for (int first = 0; first < second; first++)
            {
                if (isListed[first] && isListed[second]) continue;
                if (!Exclude(choice.Branches[first], choice.Branches[second], MaxDepth)) throw Overlap(choice, first, second);
            }
        }
    }

    // Branches that only list scalars are compared by key, since there may be thousands; tells which they are.
    private static bool[] CheckListed(Choice choice)
    {
        bool[] isListed = new bool[choice.Branches.Count];
        var branchOf = new Dictionary<string, int>();
        for (int branch = 0; branch < isListed.Length; branch++)
        {
            if (!choice.Branches[branch].All(shape => shape is Constants constants && constants.Values.All(value => ConstantFilter.KeyOf(value) is not null))) continue;
            isListed[branch] = true;
            foreach (string key in choice.Branches[branch].Cast<Constants>().SelectMany(constants => constants.Values).Select(value => ConstantFilter.KeyOf(value)!))
            {
                if (!branchOf.TryAdd(key, branch) && branchOf[key] != branch) throw Overlap(choice, branchOf[key], branch);
            }
        }
        return isListed;
    }

    private static GrammarException Overlap(Choice choice, int first, int second) => choice.Node.Fault(
        "oneOf",
        $"Branches {first} and {second} may both match one value, or do so as far as can be told. Use anyOf, or tell them apart by a required property with different const values.");

    private bool Exclude(IReadOnlyList<Shape> first, IReadOnlyList<Shape> second, int depth) =>
        first.All(one => second.All(other => Exclude(one, other, depth)));

    private bool Exclude(Shape first, Shape second, int depth) => reader.Meet(first, second) switch
    {
        null => true,
        NumberShape number => IsEmpty(number),
        StringShape text => text.MinLength > text.MaxLength,
        ArrayShape array => IsEmpty(array, depth),
        ObjectShape members => IsEmpty(members, depth),
        _ => false,
    };

    private static bool IsEmpty(NumberShape shape)
    {
        if (shape.Minimum is not { } low || shape.Maximum is not { } high) return false;
        int order = low.Value.CompareTo(high.Value);
        return order > 0 || (order == 0 && (low.IsExclusive || high.IsExclusive)) || (shape.Factor is { Decimals: var decimals } && low.Lowest(decimals) > high.Highest(decimals));
    }

    private bool IsEmpty(ArrayShape shape, int depth)
    {
        if (shape.MinItems > shape.MaxItems) return true;
        return Enumerable.Range(0, Math.Min(shape.MinItems, Math.Max(shape.Prefix.Count, 1))).Any(index => IsEmpty(index < shape.Prefix.Count ? shape.Prefix[index] : shape.Items, depth));
    }

    private bool IsEmpty(ObjectShape shape, int depth) => shape.MinCount > shape.MaxCount || shape.Properties.Any(property => property.IsRequired && IsEmpty(property.Value, depth));

    // The meeting of what both ask of a part: if nothing satisfies that, nothing satisfies both.
    private bool IsEmpty(Conjunction conjunction, int depth) => depth > 0 && reader.Read(conjunction).All(shape => Exclude(shape, shape, depth - 1));
}
