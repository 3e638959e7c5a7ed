namespace Llama.Model.Guidance;

/// <summary>
/// Text in which another text must not appear, as rules: one for each part of it that may just have been written, each going on to the next with the character that
/// follows (Knuth, Morris and Pratt 1977).
/// </summary>
internal static class FreeText
{
    /// <param name="text">What must not appear; empty for no such text.</param>
    /// <param name="first">What must not be the first character, white space aside; null for no such character.</param>
    public static Expression Without(string text, char? first)
    {
        int[] avoided = [.. text.EnumerateRunes().Select(rune => rune.Value)];
        Rule[] written = [.. Enumerable.Range(0, Math.Max(1, avoided.Length)).Select(count => new Rule($"text with {count} characters of '{text}'"))];
        for (int count = 0; count < written.Length; count++) written[count].Body = AfterAny(CodePointSet.All, avoided, count, written);
        return first is { } character ? BeforeFirst(character, avoided, written) : new Reference(written[0]);
    }

    private static Reference BeforeFirst(char first, int[] avoided, Rule[] written)
    {
        CodePointSet spaces = CodePointSet.Of(Enumerable.Range(0, char.MaxValue).Where(c => char.IsWhiteSpace((char)c)).Select(c => new CodePointRange(c, c)));
        var start = new Rule($"text that does not begin with '{first}'");
        CodePointSet others = CodePointSet.All.Except(spaces).Except(CodePointSet.Range(first, first));
        start.Body = new Alternation([AfterAny(others, avoided, 0, written), new Concatenation([new CharacterClass(spaces), new Reference(start)])]);
        return new Reference(start);
    }

    /// <summary>Nothing more, or one of these characters and what may follow it.</summary>
    private static Alternation AfterAny(CodePointSet characters, int[] avoided, int count, Rule[] written)
    {
        var choices = new List<Expression> { Expression.Empty };
        CodePointSet rest = characters;
        foreach (int character in avoided.Distinct())
        {
            rest = rest.Except(CodePointSet.Range(character, character));
            int next = Next(avoided, count, character);
            if (next < avoided.Length && characters.Contains(character)) choices.Add(Go(CodePointSet.Range(character, character), written[next]));
        }
        if (!rest.IsEmpty) choices.Add(Go(rest, written[0]));
        return new Alternation(choices);
    }

    private static Concatenation Go(CodePointSet characters, Rule next) => new([new CharacterClass(characters), new Reference(next)]);

    /// <summary>How much of the text has been written after one more character: the longest of its beginnings that ends there.</summary>
    private static int Next(int[] avoided, int count, int character)
    {
        ReadOnlySpan<int> written = [.. avoided[..count], character];
        for (int length = Math.Min(avoided.Length, written.Length); length > 0; length--)
            if (written[^length..].SequenceEqual(avoided.AsSpan(0, length))) return length;
        return 0;
    }
}
