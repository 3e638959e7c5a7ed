using System.Text.RegularExpressions;
using Llama.Model.Guidance;
using Llama.Model.Guidance.Automata;
using Llama.Model.Guidance.RegularExpressions;
using Llama.Model.Guidance.Tokens;
using Llama.Model.Text;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Guidance;

/// <summary>Expressions that a text can follow in very many ways: what they cost has a bound, and what they allow does not depend on what was asked before.</summary>
public sealed class AmbiguityTests
{
    private const string ThreeCounts = @"(?:(?:.?a){1,20}|(?:a|ab|b){0,5})+a(?:[^x]{1,300}|.{1,300})[a-m](?:(?:(?:\w\W?){2,4}){1,10}){100,100}";

    private static readonly Tokenizer Large = LargeVocabulary.Load();

    // Where a repetition could be gone through without reading, ways back that another surpasses were left out and found again without end.
    [Theory(Timeout = 60_000)]
    [InlineData("(?:(?:(?:(?:(?:.){1,13}|a?.)){1,16}){2,12})*", "aaccc")]
    [InlineData("(?:(?:(?:(?:b?){17}(?:a?){15}|(?:a?|ab)(?:[ab]|a?))){13}){21}", "baa")]
    [InlineData("(?:(?:(?:.){3,12}){3,16}(?:a?.)?){3,23}", "bbacacbababcaaaaaabacbbbaacbbaaac")]
    [InlineData("(?:(?:(?:(?:ab|b)(?:b?|[ab])){1,11}|(?:(?:.)+(?:a){1,12}){1,18})){13}", "cbaacabcbaaacbaabbbbbbabaaacaaa")]
    [InlineData("(?:(?:(?:(?:.){0,19}){1,12}(?:(?:ab){17}|.b)){1,12}|(?:(?:a.?){3,20}|(?:aab){0,9})(?:(?:.?)?)*(?:.){14}(?:[ab])+)", "abb")]
    public Task Step_UnderRepetitionsThatMayReadNothing_ComesToAnEnd(string pattern, string text) => Task.Run(() => MatchesAsDotNetDoes(pattern, text));

    [Fact]
    public void Steps_UnderAnyNestedCounts_MatchWhatDotNetMatches()
    {
        var random = new Random(8);
        for (int i = 0; i < 300; i++)
        {
            string pattern = NestedCounts(random, depth: 3);
            MatchesAsDotNetDoes(pattern, string.Concat(Enumerable.Range(0, 12).Select(_ => "aabbc"[random.Next(5)])));
        }
    }

    [Theory]
    [InlineData(ThreeCounts)]
    [InlineData("(?:.{0,300}[a-m]){30}")]
    public void Mask_UnderAnAmbiguousRegex_TakesABoundOfWork(string pattern)
    {
        var machine = new AutomatonMachine(AutomatonBuilder.Build(RegexGrammar.Parse(pattern, RegexMatch.Whole)), 24 << 20);
        var masks = new TokenMasks(TokenTexts.ForGrammars(Large), LargeVocabulary.Size, allowsOthers: false);
        var random = new Random(3);
        var position = new TokenPosition(masks, machine.Start, atStart: false);
        long most = 0;
        for (int step = 0; step < 40; step++)
        {
            long before = machine.Effort;
            ulong[] mask = position.Mask;
            most = Math.Max(most, machine.Effort - before);
            position.Advance(Any(mask, random));
        }
        Assert.InRange(most, 200_000, 1_000_000); // less would not be ambiguous
    }

    [Fact]
    public void Mask_WhateverWasAskedBefore_IsTheSame()
    {
        TokenGrammar used = TokenGrammar.Create(Grammar.Regex(ThreeCounts), Large, LargeVocabulary.Size), fresh = TokenGrammar.Create(Grammar.Regex(ThreeCounts), Large, LargeVocabulary.Size);
        var random = new Random(4);
        for (int walk = 0; walk < 3; walk++)
        {
            ITokenGuide other = used.Start(atSequenceStart: false);
            for (int step = 0; step < 25; step++) other.Accept(Any(other.Allowed, random));
        }
        ITokenGuide first = used.Start(atSequenceStart: false), second = fresh.Start(atSequenceStart: false);
        for (int step = 0; step < 40; step++)
        {
            Assert.True(first.Allowed.SequenceEqual(second.Allowed), $"Step {step}.");
            int token = Any(first.Allowed, random);
            first.Accept(token);
            second.Accept(token);
        }
    }

    private static void MatchesAsDotNetDoes(string pattern, string text)
    {
        ByteState state = new AutomatonMachine(AutomatonBuilder.Build(RegexGrammar.Parse(pattern, RegexMatch.Whole)), long.MaxValue).Start;
        Regex expected = DotNetRegex.Whole(pattern);
        for (int length = 0; length <= text.Length; length++)
        {
            Assert.True(expected.IsMatch(text[..length]) == state.IsAccepting, $"/{pattern}/ and '{text[..length]}'");
            if (length < text.Length) state = state.Advance((byte)text[length]);
        }
    }

    private static string NestedCounts(Random random, int depth)
    {
        string[] leaves = ["a", "b", "ab", "a?", ".", "[ab]", "b?", ".?"], bounds = ["+", "*", "{0,4}", "{1,5}", "{2,3}", "{3}", "{2,}", "?"];
        if (depth == 0) return leaves[random.Next(leaves.Length)];
        return random.Next(4) switch
        {
            0 => NestedCounts(random, depth - 1) + NestedCounts(random, depth - 1),
            1 => $"(?:{NestedCounts(random, depth - 1)}|{NestedCounts(random, depth - 1)})",
            _ => $"(?:{NestedCounts(random, depth - 1)}){bounds[random.Next(bounds.Length)]}",
        };
    }

    private static int Any(ReadOnlySpan<ulong> mask, Random random)
    {
        List<int> allowed = GuideWalk.Ids(mask);
        return allowed[random.Next(allowed.Count)];
    }
}
