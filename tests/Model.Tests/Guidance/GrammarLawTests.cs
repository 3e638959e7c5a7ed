using System.Text.RegularExpressions;
using Llama.Model.Guidance;
using Llama.Model.Guidance.RegularExpressions;
using Llama.Model.Tests.Text;
using Llama.Model.Text;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Guidance;

/// <summary>Laws that hold for every grammar, by random walks.</summary>
public sealed class GrammarLawTests
{
    [Theory]
    [InlineData("llama", 500)]
    [InlineData("byte-level", 100)]
    [InlineData("metaspace", 100)]
    public void Walk_UnderAnyRegex_WritesWhatDotNetMatches(string name, int patterns)
    {
        Tokenizer tokenizer = Tokenizer.Load(TextData.Folder(name));
        var regexes = new RandomRegex(1);
        var random = new Random(2);
        int finished = 0;
        for (int i = 0; i < patterns; i++)
        {
            string pattern = regexes.Next();
            TokenGrammar grammar = TokenGrammar.Create(Grammar.Regex(pattern), tokenizer, tokenizer.VocabSize);
            Regex expected = DotNetRegex.Whole(pattern);
            for (int walk = 0; walk < 4; walk++)
            {
                var guide = new GuideWalk(tokenizer, grammar.Start(atSequenceStart: true), random);
                if (!guide.TryFinish(60)) continue;
                Assert.True(expected.IsMatch(guide.Text), $"/{pattern}/ does not match '{guide.Text}'.");
                finished++;
            }
        }
        Assert.True(finished > 3 * patterns, $"Only {finished} walks came to an end.");
    }

    [Theory]
    [InlineData("llama", true)]
    [InlineData("llama", false)]
    [InlineData("byte-level", true)]
    [InlineData("metaspace", false)]
    public void Allowed_InAnyState_IsWhatDerivativesAllow(string name, bool atStart)
    {
        Tokenizer tokenizer = Tokenizer.Load(TextData.Folder(name));
        var regexes = new RandomRegex(3);
        var random = new Random(4);
        for (int i = 0; i < 40; i++)
        {
            Expression expression = RegexGrammar.Parse(regexes.Next(), RegexMatch.Whole);
            ITokenGuide guide = TokenGrammar.Create(new Grammar(expression), tokenizer, tokenizer.VocabSize + 70).Start(atStart);
            MaskComparison.Walk(tokenizer, guide, Remainder.Of(expression), atStart, random, steps: 6);
        }
    }

    // This vocabulary has no byte tokens: what it cannot spell must not be begun.
    [Fact]
    public void Walk_UnderAnyRegexWithoutByteTokens_MeetsNoDeadEnd()
    {
        Tokenizer tokenizer = Tokenizer.Load(TextData.Folder("other"));
        var regexes = new RandomRegex(6);
        var random = new Random(7);
        int finished = 0;
        for (int i = 0; i < 100; i++)
        {
            string pattern = regexes.Next();
            if (!TryCreate(pattern, tokenizer, out TokenGrammar? grammar)) continue;
            var guide = new GuideWalk(tokenizer, grammar!.Start(atSequenceStart: true), random);
            if (!guide.TryFinish(60)) continue;
            Assert.True(DotNetRegex.Whole(pattern).IsMatch(guide.Text), $"/{pattern}/ does not match '{guide.Text}'.");
            finished++;
        }
        Assert.True(finished > 25, $"Only {finished} walks came to an end.");
    }

    [Fact]
    public void Allowed_InAnyStateOfARecursiveGrammar_IsWhatDerivativesAllow()
    {
        Tokenizer tokenizer = Tokenizer.Load(TextData.Folder("llama"));
        var random = new Random(5);
        for (int i = 0; i < 20; i++)
        {
            Expression expression = RecursiveGrammars.Ambiguous(i % 2 == 0);
            ITokenGuide guide = TokenGrammar.Create(new Grammar(expression), tokenizer, tokenizer.VocabSize).Start(atSequenceStart: false);
            MaskComparison.Walk(tokenizer, guide, Remainder.Of(expression), atStart: false, random, steps: 12);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(40)]
    public void Allowed_InAnyStateOfAWidthLimit_IsWhatDerivativesAllow(int maximum)
    {
        Tokenizer tokenizer = Tokenizer.Load(TextData.Folder("llama"));
        var limit = new WidthLimit(new CharacterClass(CodePointSet.Range(0x20, 0xFFFF)), new CharacterClass(CodePointSet.Range(0x10000, 0x10FFFF)), maximum);
        var random = new Random(9);
        foreach (Expression expression in new Expression[] { limit, new Concatenation([new Literal("\""), limit, new Literal("\"")]), new Repetition(new Concatenation([limit, new Literal(";")]), 2, 3) })
        {
            ITokenGuide guide = TokenGrammar.Create(new Grammar(expression), tokenizer, tokenizer.VocabSize).Start(atSequenceStart: false);
            MaskComparison.Walk(tokenizer, guide, Remainder.Of(expression), atStart: false, random, steps: 30);
        }
    }

    private static bool TryCreate(string pattern, Tokenizer tokenizer, out TokenGrammar? grammar)
    {
        try
        {
            grammar = TokenGrammar.Create(Grammar.Regex(pattern), tokenizer, tokenizer.VocabSize);
            return true;
        }
        catch (GrammarException e)
        {
            Assert.Contains("vocabulary", e.Message);
            grammar = null;
            return false;
        }
    }
}
