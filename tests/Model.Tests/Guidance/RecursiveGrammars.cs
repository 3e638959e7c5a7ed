using Llama.Model.Guidance;

namespace Llama.Model.Tests.Guidance;

/// <summary>Grammars that regular expressions cannot write.</summary>
internal static class RecursiveGrammars
{
    /// <summary>Brackets in balance with a word in the innermost.</summary>
    public static Expression Brackets()
    {
        var rule = new Rule("brackets");
        rule.Body = new Alternation([new Literal("x"), new Concatenation([new Literal("("), new Reference(rule), new Literal(")")])]);
        return new Reference(rule);
    }

    /// <summary>Ways to nest that look alike at first, so that an output is in several places at once and the stacks differ.</summary>
    public static Expression Ambiguous(bool withLists)
    {
        Rule value = new("value"), other = new("other");
        Expression item = new Reference(value);
        Expression list = new Concatenation([item, new Repetition(new Concatenation([new Literal(","), item]), 0, withLists ? null : 10)]);
        other.Body = new Concatenation([new Literal("a"), new Reference(value), new Literal("d")]);
        value.Body = new Alternation(
        [
            new Concatenation([new Literal("a"), new Reference(value), new Literal("b")]),
            new Concatenation([new Literal("a"), new Reference(value), new Literal("c")]),
            new Reference(other),
            new Concatenation([new Literal("["), list, new Literal("]")]),
            new Repetition(new Literal("e"), 0, 12),
        ]);
        return item;
    }
}
