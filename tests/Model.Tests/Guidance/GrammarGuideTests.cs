using Llama.Model.Guidance;
using Llama.Model.Guidance.RegularExpressions;
using Llama.Model.Tests.Text;
using Llama.Model.Text;

namespace Llama.Model.Tests.Guidance;

public sealed class GrammarGuideTests
{
    private static readonly Tokenizer Llama = Tokenizer.Load(TextData.Folder("llama"));

    [Fact]
    public void Choice_TextsWithSharedBeginnings_WritesEachWholeAndNothingElse()
    {
        string[] texts = ["red", "red and green", "redo", "grün", "😀", "no\nline", " spaced"];
        var written = new HashSet<string>();
        TokenGrammar grammar = Compile(Grammar.Choice(texts));
        for (int seed = 0; seed < 300; seed++)
        {
            var walk = new GuideWalk(Llama, grammar.Start(atSequenceStart: true), new Random(seed));
            Assert.True(walk.TryFinish(40, patience: 2));
            written.Add(walk.Text);
        }
        Assert.Equal(texts.Order(StringComparer.Ordinal), written.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void IsComplete_OnlyWhereNothingMayFollow()
    {
        ITokenGuide guide = Compile(Grammar.Choice(["a", "ab"])).Start(atSequenceStart: false);
        Assert.False(guide.MayEnd);
        Write(guide, "a");
        Assert.True(guide.MayEnd);
        Assert.False(guide.IsComplete);
        Write(guide, "b");
        Assert.True(guide is { MayEnd: true, IsComplete: true });
        Assert.Empty(GuideWalk.Allowed(guide));
    }

    [Fact]
    public void Start_EmptyChoice_IsCompleteAtOnce()
    {
        ITokenGuide guide = Compile(Grammar.Choice([""])).Start(atSequenceStart: true);
        Assert.True(guide.IsComplete);
        Assert.False(guide.TryForce(out _));
    }

    [Fact]
    public void Brackets_ThousandDeep_MustAllBeClosed()
    {
        ITokenGuide guide = Compile(new Grammar(RecursiveGrammars.Brackets())).Start(atSequenceStart: false);
        Write(guide, new string('(', 1000) + "x");
        int closed = 0;
        while (guide.TryForce(out int token))
        {
            Assert.False(guide.MayEnd);
            closed += Llama.Piece(token).Count(c => c == ')');
            guide.Accept(token);
        }
        Assert.True(guide.IsComplete);
        Assert.Equal(1000, closed);
    }

    [Fact]
    public void Ambiguity_NestedWithoutEnd_StaysCheap()
    {
        ITokenGuide guide = Compile(new Grammar(RecursiveGrammars.Ambiguous(withLists: true))).Start(atSequenceStart: false);
        Write(guide, new string('a', 300)); // 3^300 ways to go on, were they kept apart
        Write(guide, string.Concat(Enumerable.Repeat("bcd", 100)));
        Assert.True(guide.IsComplete);
    }

    [Theory]
    [InlineData("(?:ab|cd){3,1000}", "[a-c]{0,9}", "ababab")]
    [InlineData(@"[^a]*\d", ".{3}7", "zzz7")]
    [InlineData(@".*[A-Z].*", ".{1,2}", "aZ")]
    public void Intersection_OfTwoPatterns_WritesWhatBothMatch(string first, string second, string example)
    {
        Expression both = new Intersection(RegexGrammar.Parse(first, RegexMatch.Whole), RegexGrammar.Parse(second, RegexMatch.Whole));
        TokenGrammar grammar = Compile(new Grammar(both));
        ITokenGuide guide = grammar.Start(atSequenceStart: false);
        Write(guide, example);
        Assert.True(guide.MayEnd);
        for (int seed = 0; seed < 50; seed++)
        {
            var walk = new GuideWalk(Llama, grammar.Start(atSequenceStart: true), new Random(seed));
            Assert.True(walk.TryFinish(60, patience: 1));
            Assert.Matches($@"\A(?:{first})\z", walk.Text);
            Assert.Matches($@"\A(?:{second})\z", walk.Text);
        }
    }

    [Fact]
    public void Create_Contradiction_SaysSo()
    {
        Expression both = new Intersection(new Literal("a"), new CharacterClass(CodePointSet.Characters("bc")));
        Assert.Contains("No text", Assert.Throws<GrammarException>(() => Compile(new Grammar(both))).Message);
        var endless = new Rule("endless");
        endless.Body = new Concatenation([new Literal("a"), new Reference(endless)]);
        Assert.Contains("No text", Assert.Throws<GrammarException>(() => Compile(new Grammar(new Reference(endless)))).Message);
    }

    [Fact]
    public void Create_RuleThatBeginsWithItself_NamesIt()
    {
        Rule first = new("first"), second = new("second"), before = new("before");
        before.Body = new Reference(first);
        first.Body = new Alternation([new Literal("a"), new Concatenation([new Repetition(new Literal("b"), 0, 3), new Reference(second)])]);
        second.Body = new Concatenation([new Reference(first), new Literal("c")]);
        Assert.Matches("^(first|second) refers to itself without end", Assert.Throws<GrammarException>(() => Compile(new Grammar(new Reference(before)))).Message);
    }

    [Fact]
    public void Create_HugeCombinations_AreRefused()
    {
        Expression pattern = RegexGrammar.Parse("(?:.{0,100}a){50}", RegexMatch.Whole), length = RegexGrammar.Parse(".{1000,90000}", RegexMatch.Whole);
        Assert.Contains("too large", Assert.Throws<GrammarException>(() => Compile(new Grammar(new Intersection(pattern, length)))).Message);
        Assert.Contains("too large", Assert.Throws<GrammarException>(() => Compile(Grammar.Choice([new string('a', 400_000)]))).Message);
    }

    [Fact]
    public void Create_DeadAlternative_IsNeverEntered()
    {
        Expression nothing = new CharacterClass(CodePointSet.Nothing);
        TokenGrammar grammar = Compile(new Grammar(new Alternation([new Concatenation([new Literal("ab"), nothing]), new Literal("ac")])));
        var walk = new GuideWalk(Llama, grammar.Start(atSequenceStart: true), new Random(1));
        Assert.True(walk.TryFinish(2));
        Assert.Equal("ac", walk.Text);
    }

    [Fact]
    public void Allowed_CountFarFromItsBounds_IsOneMask()
    {
        TokenGrammar grammar = Compile(Grammar.Regex("[a-z ]{200,1000}"));
        ITokenGuide guide = grammar.Start(atSequenceStart: false);
        var masks = new HashSet<string>();
        for (int i = 0; i < 1000; i++)
        {
            masks.Add(string.Join(',', guide.Allowed.ToArray()));
            Assert.Equal(i >= 200, guide.MayEnd);
            guide.Accept(GuideWalk.Allowed(guide).First(token => Llama.Piece(token) == "a"));
        }
        Assert.True(guide.IsComplete);
        Assert.InRange(masks.Count, 2, 20);
    }

    private static TokenGrammar Compile(Grammar grammar) => TokenGrammar.Create(grammar, Llama, Llama.VocabSize);

    // By the longest token that fits, or the one that is forced.
    private static void Write(ITokenGuide guide, string text)
    {
        while (text.Length > 0)
        {
            string piece = GuideWalk.Allowed(guide).Select(Llama.Piece).Where(piece => text.StartsWith(piece, StringComparison.Ordinal)).MaxBy(piece => piece.Length)!;
            guide.Accept(Llama.TryGetId(piece, out int token) ? token : -1);
            text = text[piece.Length..];
        }
    }
}
