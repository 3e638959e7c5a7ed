using System.Text.RegularExpressions;
using Llama.Model.Guidance;
using Llama.Model.Tests.Text;
using Llama.Model.Text;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Guidance;

public sealed class ForcedTokenTests
{
    [Theory]
    [InlineData("llama", true)]
    [InlineData("llama", false)]
    [InlineData("byte-level", true)]
    [InlineData("byte-level", false)]
    [InlineData("metaspace", true)]
    [InlineData("metaspace", false)]
    public void TryForce_OneTextOnly_SpellsItAsTheTokenizerDoes(string name, bool atStart)
    {
        Tokenizer tokenizer = Tokenizer.Load(TextData.Folder(name));
        const string text = "The license, née \"Ünicode\" 😀:\n  def f(x): return 12";
        ITokenGuide guide = TokenGrammar.Create(Grammar.Choice([text]), tokenizer, tokenizer.VocabSize).Start(atStart);
        List<int> tokens = Forced(guide);
        Assert.True(guide.IsComplete);
        Assert.Equal(text, tokenizer.Decode([.. atStart ? [] : tokenizer.Encode("a")[..1], .. tokens])[(atStart ? 0 : 1)..]);
        if (atStart) Assert.Equal(tokenizer.Encode(text), tokens);
        else Assert.Equal(tokenizer.Encode("\u0001" + text)[^(tokens.Count - 3)..], tokens[3..]);
    }

    [Fact]
    public void TryForce_BeforeAChoice_LeavesTheLastTokenToTheModel()
    {
        Tokenizer tokenizer = Tokenizer.Load(TextData.Folder("llama"));
        ITokenGuide guide = TokenGrammar.Create(Grammar.Regex(@"license (?:for|of) \w+"), tokenizer, tokenizer.VocabSize).Start(atSequenceStart: true);
        string forced = tokenizer.Decode([.. Forced(guide)]);
        Assert.StartsWith(forced, "license ");
        Assert.True(forced.Length < "license ".Length);
        Assert.Contains(GuideWalk.Allowed(guide), token => tokenizer.Piece(token).Length > 1); // a space and what follows
    }

    [Fact]
    public void TryForce_WhereTheTextMayEnd_ForcesNothing()
    {
        Tokenizer tokenizer = Tokenizer.Load(TextData.Folder("llama"));
        ITokenGuide guide = TokenGrammar.Create(Grammar.Regex("(?:license)?"), tokenizer, tokenizer.VocabSize).Start(atSequenceStart: true);
        Assert.False(guide.TryForce(out _));
        Assert.True(guide.MayEnd);
    }

    // A scheduler that wants log-probabilities draws from the mask instead of asking.
    [Fact]
    public void TryForce_ObeyedOrIgnored_GivesTheSameTokens()
    {
        Tokenizer tokenizer = Tokenizer.Load(TextData.Folder("llama"));
        var regexes = new RandomRegex(8);
        for (int i = 0; i < 60; i++)
        {
            TokenGrammar grammar = TokenGrammar.Create(Grammar.Regex("name: " + regexes.Next() + "; the end"), tokenizer, tokenizer.VocabSize);
            ITokenGuide obeying = grammar.Start(atSequenceStart: true), drawing = grammar.Start(atSequenceStart: true);
            for (int step = 0; step < 40 && !obeying.IsComplete; step++)
            {
                List<int> allowed = GuideWalk.Allowed(drawing);
                int token = obeying.TryForce(out int forced) ? forced : allowed[i * 7919 % allowed.Count];
                Assert.Contains(token, allowed);
                if (drawing.TryForce(out _)) Assert.Single(allowed);
                obeying.Accept(token);
                drawing.Accept(token);
            }
        }
    }

    // What a state forces must not depend on who asked before.
    [Fact]
    public void TryForce_InASharedGrammar_EqualsThatOfAFreshOne()
    {
        Tokenizer tokenizer = Tokenizer.Load(TextData.Folder("llama"));
        Grammar grammar = Grammar.Regex("(?:a|an|anon) (?:license agreement|licence) (?:[a-z]{2,5} ){1,3}for everyone here");
        TokenGrammar shared = TokenGrammar.Create(grammar, tokenizer, tokenizer.VocabSize);
        for (int seed = 0; seed < 40; seed++)
        {
            var first = new GuideWalk(tokenizer, shared.Start(atSequenceStart: true), new Random(seed));
            var second = new GuideWalk(tokenizer, TokenGrammar.Create(grammar, tokenizer, tokenizer.VocabSize).Start(atSequenceStart: true), new Random(seed));
            Assert.Equal(first.TryFinish(60), second.TryFinish(60));
            Assert.Equal(second.Tokens, first.Tokens);
        }
    }

    [Fact]
    public void Start_SentencePiece_FirstPiecesDummySpaceIsNotCounted()
    {
        Tokenizer tokenizer = Tokenizer.Load(TextData.Folder("llama"));
        TokenGrammar grammar = TokenGrammar.Create(Grammar.Regex("[a-z]+"), tokenizer, tokenizer.VocabSize);
        string[] first = [.. GuideWalk.Allowed(grammar.Start(atSequenceStart: true)).Select(tokenizer.Piece)];
        string[] inside = [.. GuideWalk.Allowed(grammar.Start(atSequenceStart: false)).Select(tokenizer.Piece)];
        Assert.All(first.Where(piece => !piece.StartsWith("<0x", StringComparison.Ordinal)), piece => Assert.Matches("^▁?[a-z]+$", piece));
        Assert.Contains(first, piece => piece.StartsWith('▁'));
        Assert.DoesNotContain("▁", first);
        Assert.All(inside, piece => Assert.DoesNotMatch("^▁", piece));
        Assert.Equal(inside.Order(), first.Where(piece => !piece.StartsWith('▁')).Order());
    }

    [Fact]
    public void Start_TextThatBeginsWithASpace_PrintsIt()
    {
        foreach (string name in new[] { "llama", "byte-level", "metaspace" })
        {
            Tokenizer tokenizer = Tokenizer.Load(TextData.Folder(name));
            TokenGrammar grammar = TokenGrammar.Create(Grammar.Regex(" {1,3}the [a-z]{1,4}"), tokenizer, tokenizer.VocabSize);
            for (int seed = 0; seed < 40; seed++)
            {
                var walk = new GuideWalk(tokenizer, grammar.Start(atSequenceStart: true), new Random(seed));
                Assert.True(walk.TryFinish(30));
                Assert.Matches(new Regex(@"\A {1,3}the [a-z]{1,4}\z"), walk.Text);
            }
        }
    }

    private static List<int> Forced(ITokenGuide guide)
    {
        var tokens = new List<int>();
        while (guide.TryForce(out int token))
        {
            Assert.Equal([token], GuideWalk.Allowed(guide));
            guide.Accept(token);
            tokens.Add(token);
        }
        return tokens;
    }
}
