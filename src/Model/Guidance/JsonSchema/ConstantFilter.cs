using System.Globalization;
using System.Text;
using System.Text.Json;
using Llama.Model.Guidance.Automata;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>Validates given values, so that the ones a schema lists can be held to what else it says.</summary>
/// <param name="shapesOf">The shapes that satisfy a conjunction.</param>
/// <param name="effort">Takes note of comparisons.</param>
internal sealed class ConstantFilter(Func<Conjunction, IReadOnlyList<Shape>> shapesOf, Effort effort)
{
    private const long MostBytes = 8 << 20;

    private readonly Dictionary<TextRule, AutomatonMachine?> _machines = [];

    /// <summary>The values that also have a shape; null when none has.</summary>
    public Constants? Keep(Constants constants, Shape shape)
    {
        if (shape is Constants listed) return KeepListed(constants, listed);
        JsonElement[] kept = [.. constants.Values.Where(value => Has(value, shape))];
        return kept.Length == 0 ? null : kept.Length == constants.Values.Count ? constants : new Constants(kept);
    }

    public bool Has(JsonElement value, Shape shape) => (shape, value.ValueKind) switch
    {
        (Constants constants, _) => KeepListed(new Constants([value]), constants) is not null,
        (NumberShape number, JsonValueKind.Number) => Has(value, number),
        (StringShape text, JsonValueKind.String) => Has(value, text),
        (ArrayShape array, JsonValueKind.Array) => Has(value, array),
        (ObjectShape members, JsonValueKind.Object) => Has(value, members),
        _ => false,
    };

    // Long lists meet by keys: comparing each with each would take the product of their lengths, as it does where arrays and objects are listed.
    private Constants? KeepListed(Constants constants, Constants listed)
    {
        var keys = listed.Values.Select(KeyOf).OfType<string>().ToHashSet();
        JsonElement[] containers = [.. listed.Values.Where(value => KeyOf(value) is null)];
        effort.Spend((long)constants.Values.Count * containers.Length);
        JsonElement[] kept = [.. constants.Values.Where(value => KeyOf(value) is { } key ? keys.Contains(key) : containers.Any(other => JsonElement.DeepEquals(other, value)))];
        return kept.Length == 0 ? null : new Constants(kept);
    }

    /// <summary>The same text for equal scalars; null for arrays and objects.</summary>
    public static string? KeyOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => JsonText.Spell(value),
        JsonValueKind.Number => ExactNumber.Read(value, "").ToString(),
        JsonValueKind.Array or JsonValueKind.Object => null,
        _ => value.GetRawText(),
    };

    private static bool Has(JsonElement value, NumberShape shape)
    {
        var number = ExactNumber.Read(value, "");
        if (shape.IsInteger && !number.IsInteger) return false;
        if (shape.Minimum is { } low && Beyond(low, number.CompareTo(low.Value))) return false;
        if (shape.Maximum is { } high && Beyond(high, high.Value.CompareTo(number))) return false;
        return shape.Factor.IsOne || (number.IsInteger && (number.Floor() % shape.Factor).IsZero);
    }

    private static bool Beyond(Bound bound, int side) => side < 0 || (side == 0 && bound.IsExclusive);

    private bool Has(JsonElement value, StringShape shape)
    {
        string text = value.GetString()!;
        return shape.Rules.All(rule => Matches(text, rule)) && new StringInfo(text).LengthInTextElements >= shape.MinLength && !(text.Length > shape.MaxLength); // the least and the most that a judge counts
    }

    // What is written under a rule is less than what validators accept, so that not to match it says something only of plain text under a pattern, on which engines agree.
    private bool Matches(string text, TextRule rule)
    {
        if (!_machines.TryGetValue(rule, out AutomatonMachine? machine))
        {
            var automaton = AutomatonBuilder.BuildPossiblyEmpty(rule.Text, null);
            _machines[rule] = machine = automaton.IsEmpty ? null : new AutomatonMachine(automaton, MostBytes);
        }
        ByteState? state = machine?.Start;
        effort.Spend(text.Length);
        foreach (byte value in Encoding.UTF8.GetBytes(text))
        {
            effort.Spend(state?.Width ?? 0);
            state = state == ByteState.Dead ? state : state?.Advance(value);
        }
        if (state is { IsAccepting: true }) return true;
        if (rule.IsPattern && !text.AsSpan().ContainsAnyExceptInRange(' ', '~')) return false;
        throw new GrammarException(rule.Path, $"{JsonText.Spell(text)} is listed but does not match the {rule.Name}, as far as can be told; list only values that do, and leave it out.");
    }

    private bool Has(JsonElement value, ArrayShape shape)
    {
        int count = value.GetArrayLength();
        if (count < shape.MinItems || count > shape.MaxItems) return false;
        return value.EnumerateArray().Select((item, index) => Satisfies(item, index < shape.Prefix.Count ? shape.Prefix[index] : shape.Items)).All(fits => fits);
    }

    private bool Has(JsonElement value, ObjectShape shape)
    {
        var declared = shape.Properties.ToDictionary(property => property.Name);
        return shape.Properties.All(property => !property.IsRequired || value.TryGetProperty(property.Name, out _))
            && value.EnumerateObject().All(member => Satisfies(member.Value, declared.TryGetValue(member.Name, out PropertyShape? property) ? property.Value : shape.Others));
    }

    private bool Satisfies(JsonElement value, Conjunction conjunction) => shapesOf(conjunction).Any(shape => Has(value, shape));
}
