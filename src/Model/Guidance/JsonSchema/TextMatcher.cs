using System.Text;
using Llama.Model.Guidance.Automata;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>Holds given texts to the rules of a schema: listed strings, and names.</summary>
/// <param name="effort">Takes note of what is read.</param>
internal sealed class TextMatcher(Effort effort)
{
    private const long MostBytes = 12 << 20;

    private readonly Dictionary<TextRule, AutomatonMachine?> _machines = [];

    /// <summary>Whether a text has a shape. Code points count, as JSON Schema has it (2020-12 validation, 6.3): of texts that are given none can be taken that all judges count alike.</summary>
    /// <exception cref="GrammarException">That cannot be told.</exception>
    public bool Has(string text, StringShape shape) =>
        shape.Rules.All(rule => Matches(text, rule) ?? throw Unclear(text, rule)) && HasLength(text.EnumerateRunes().Count(), shape);

    /// <summary>
    /// Whether a text goes by a rule; null where that cannot be told. What is written under a rule is less than what validators accept, so that not to match it says something only of
    /// plain text under a pattern, on which engines agree.
    /// </summary>
    public bool? Matches(string text, TextRule rule)
    {
        if (!_machines.TryGetValue(rule, out AutomatonMachine? machine))
        {
            var automaton = AutomatonBuilder.BuildPossiblyEmpty(rule.Text, null);
            _machines[rule] = machine = automaton.IsEmpty ? null : new AutomatonMachine(automaton, MostBytes);
        }
        effort.Spend(text.Length);
        if (machine is not null && Accepts(machine, text)) return true;
        return rule.IsPattern && !text.AsSpan().ContainsAnyExceptInRange(' ', '~') ? false : null;
    }

    private static bool HasLength(int length, StringShape shape) => length >= shape.MinLength && !(length > shape.MaxLength);

    private bool Accepts(AutomatonMachine machine, string text)
    {
        machine.Trim();
        ByteState state = machine.Start;
        foreach (byte value in Encoding.UTF8.GetBytes(text))
        {
            if (state == ByteState.Dead) return false;
            long before = machine.Effort;
            state = state.Advance(value);
            effort.Spend(machine.Effort - before);
        }
        return state.IsAccepting;
    }

    private static GrammarException Unclear(string text, TextRule rule) =>
        new(rule.Path, $"{JsonText.Spell(text)} is listed or declared but does not match the {rule.Name}, as far as can be told; use only texts that do, and leave it out.");
}
