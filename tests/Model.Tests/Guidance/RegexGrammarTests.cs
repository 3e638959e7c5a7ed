using System.Text.RegularExpressions;
using Llama.Model.Guidance;
using Llama.Model.Guidance.Automata;
using Llama.Model.Guidance.RegularExpressions;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Guidance;

public sealed class RegexGrammarTests
{
    [Theory]
    [InlineData("a(?=b)", 1, "lookaround")]
    [InlineData("(?<!a)b", 0, "lookaround")]
    [InlineData("(?>a)", 0, "atomic")]
    [InlineData("(?i)a", 0, "inline options")]
    [InlineData("(?(a)b|c)", 0, "conditionals")]
    [InlineData(@"(a)\1", 3, "back-reference")]
    [InlineData(@"(?<n>a)\k<n>", 7, "back-reference")]
    [InlineData(@"\bword", 0, "word boundary")]
    [InlineData(@"\Aword", 0, "use ^ and $")]
    [InlineData(@"a\q", 1, "no escape")]
    [InlineData("a++", 2, "possessive")]
    [InlineData("a{2}{3}", 4, "possessive")]
    [InlineData("ab*?*", 4, "possessive")]
    [InlineData("+a", 0, "nothing to repeat")]
    [InlineData("{2}", 0, "nothing to repeat")]
    [InlineData("a{,3}", 1, "{0,n}")]
    [InlineData("a{3,2}", 0, "more than it allows")]
    [InlineData("a{200000}", 0, "100,000")]
    [InlineData("((a{100}b){100}c){100}", 0, "10,000")]
    [InlineData("a^b", 1, "'^'")]
    [InlineData("(a$)b", 2, "'$'")]
    [InlineData("(^a)*", 1, "'^'")]
    [InlineData("^*", 0, "anchor")]
    [InlineData("(a", 0, "not closed")]
    [InlineData("a)", 1, "closes nothing")]
    [InlineData("[a", 0, "not closed")]
    [InlineData("[]a]", 0, "empty class")]
    [InlineData("[b-a]", 1, "wrong way")]
    [InlineData(@"[a-\d]", 1, "cannot end in a class")]
    [InlineData("[a-z-[aeiou]]", 4, "subtraction")]
    [InlineData("[[:alpha:]]", 1, "POSIX")]
    [InlineData(@"\p{Greek}", 0, "'Greek'")]
    [InlineData(@"\pL", 0, "in braces")]
    [InlineData(@"\uD83D", 0, "surrogate")]
    [InlineData(@"\u12", 0, "4 hexadecimal digits")]
    [InlineData(@"\u{110000}", 0, "no Unicode character")]
    [InlineData(@"\012", 0, "octal")]
    [InlineData(@"a\", 2, "ends where")]
    public void Parse_UnsupportedPattern_NamesItAndItsPosition(string pattern, int position, string expected)
    {
        using OtherCulture culture = new();
        var e = Assert.Throws<GrammarException>(() => RegexGrammar.Parse(pattern, RegexMatch.Whole));
        Assert.StartsWith($"Regular expression, position {position}: ", e.Message);
        Assert.Contains(expected, e.Message);
        Assert.Empty(e.Path);
    }

    [Fact]
    public void Parse_NestedWithoutEnd_IsRefusedBeforeTheStackEnds() =>
        Assert.Contains("nested", Assert.Throws<GrammarException>(() => RegexGrammar.Parse(new string('(', 30_000), RegexMatch.Whole)).Message);

    [Fact]
    public void Parse_HugePattern_IsRefused() =>
        Assert.Contains("32,768", Assert.Throws<GrammarException>(() => RegexGrammar.Parse(new string('a', 40_000), RegexMatch.Whole)).Message);

    // Without a bound such patterns took seconds and gigabytes before the automaton was found too large.
    [Theory]
    [InlineData(@"[\p{L}\p{N}a]", 2_300)]
    [InlineData(@"[^\d]", 6_000)]
    public void Parse_LargeClassesByTheThousand_AreRefusedBeforeTheyCost(string item, int count)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("100,000 ranges", Assert.Throws<GrammarException>(() => RegexGrammar.Parse(string.Concat(Enumerable.Repeat(item, count)), RegexMatch.Whole)).Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000_000);
    }

    [Fact]
    public void Parse_ShorthandThousandsOfTimesInOneClass_CountsOnce() =>
        Assert.Equal("[0-9]", string.Concat(Assert.IsType<CharacterClass>(RegexGrammar.Parse($"[{string.Concat(Enumerable.Repeat(@"\d", 16_000))}]", RegexMatch.Whole)).Set.Ranges.Select(range => $"[{(char)range.First}-{(char)range.Last}]")));

    [Theory]
    [InlineData(@"\d", "09", "a\u0661")]
    [InlineData(@"\D", "a é", "0\u0661\0")]
    [InlineData(@"[^\D]", "5", "\u0661a")]
    [InlineData(@"\w", "aZ9_", "é-\u0661")]
    [InlineData(@"\W", "- €", "aé_\u0661")]
    [InlineData(@"\s", " \t\n", "a\u00A0")]
    [InlineData(@"\S", "aé", " \u00A0\uFEFF\u0085")]
    [InlineData(".", "a é\t世", "\n\r\u2028\u2029\0")]
    [InlineData(@"[\s\S]", "a \u3000\u00A0\n", "\0")]
    [InlineData("[^a-c]", "d\n€", "abc\u0007")]
    [InlineData("[^\u0001-\U0010FFFF]", "\0", "a")]
    [InlineData("[a-c-e]", "abc-e", "d")]
    [InlineData(@"[\w-.]", "a-.", "/")]
    [InlineData(@"[\b\]^-]", "\b]^-", "b")]
    [InlineData(@"\p{Lu}", "AÉ", "aé1")]
    [InlineData(@"\P{gc=Letter}", "1 €", "aÉ\u0378")]
    [InlineData(@"\u{1F600}", "😀", "😁")]
    public void Parse_Class_HoldsWhatAllEnginesAgreeOn(string pattern, string members, string others)
    {
        Expression expression = RegexGrammar.Parse(pattern, RegexMatch.Whole);
        CodePointSet set = expression is Literal literal ? CodePointSet.Characters(literal.Text) : Assert.IsType<CharacterClass>(expression).Set;
        Assert.All(members.EnumerateRunes(), rune => Assert.True(set.Contains(rune.Value), $"U+{rune.Value:X4}"));
        Assert.All(others.EnumerateRunes(), rune => Assert.False(set.Contains(rune.Value), $"U+{rune.Value:X4}"));
    }

    // What may stand beside the match follows from the anchors of each alternative.
    [Theory]
    [InlineData("ab+c")]
    [InlineData("^ab+c")]
    [InlineData("ab+c$")]
    [InlineData("^(?:a|b)$")]
    [InlineData("^a|b$|cc")]
    [InlineData("(^|,)a+(,|$)")]
    [InlineData("(?:^a(?:b|c$))")]
    [InlineData("^")]
    [InlineData("$")]
    [InlineData("^$")]
    [InlineData("(^^a$)")]
    [InlineData("")]
    public void Parse_ForASearch_DescribesWhatDotNetFinds(string pattern)
    {
        Automaton automaton = AutomatonBuilder.Build(RegexGrammar.Parse(pattern, RegexMatch.Search));
        AutomatonMachine machine = new(automaton, long.MaxValue);
        foreach (string text in Texts("abc,", 5))
        {
            ByteState state = machine.Start;
            foreach (char c in text) state = state.Advance((byte)c);
            Assert.True(Regex.IsMatch(text, pattern) == state.IsAccepting, $"/{pattern}/ and '{text}'");
        }
    }

    private static IEnumerable<string> Texts(string letters, int longest) =>
        longest == 0 ? [""] : Texts(letters, longest - 1).SelectMany(text => text.Length == longest - 1 ? letters.Select(c => text + c).Prepend(text) : [text]);
}
