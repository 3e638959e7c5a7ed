using Llama.Model.Guidance;
using Llama.Model.Tests.Text;
using Llama.Model.Text;

namespace Llama.Model.Tests.Guidance;

public sealed class TokenExclusionTests
{
    private static readonly Tokenizer Llama = Tokenizer.Load(TextData.Folder("llama"));

    [Theory]
    [InlineData("llama")]
    [InlineData("other")]
    [InlineData("byte-level")]
    [InlineData("metaspace")]
    public void Walk_WithExclusions_NeverWritesOne(string name)
    {
        Tokenizer tokenizer = Tokenizer.Load(TextData.Folder(name));
        string[] excluded = ["e", "aba", "abac", " th", "é", "li", "\n"];
        TokenExclusion exclusion = TokenExclusion.Create(excluded, tokenizer, tokenizer.VocabSize);
        for (int seed = 0; seed < 60; seed++)
        {
            var walk = new GuideWalk(tokenizer, exclusion.Start(atSequenceStart: true), new Random(seed));
            for (int i = 0; i < 50; i++) walk.TryStep();
            Assert.All(excluded, text => Assert.DoesNotContain(text, walk.Text, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Allowed_BesideAnExclusion_IsAllThatDoesNotCompleteIt()
    {
        ITokenGuide guide = TokenExclusion.Create(["banana"], Llama, Llama.VocabSize + 3).Start(atSequenceStart: false);
        Assert.Equal(Enumerable.Range(0, Llama.VocabSize + 3), GuideWalk.Allowed(guide));
        foreach (char c in "xbanan") guide.Accept(Token(c.ToString()));
        string[] refused = [.. Enumerable.Range(0, Llama.VocabSize).Except(GuideWalk.Allowed(guide)).Select(Llama.Piece)];
        Assert.Contains("a", refused);
        Assert.Contains("<0x61>", refused);
        Assert.All(refused, piece => Assert.True(piece.StartsWith('a') || piece == "<0x61>"));
        guide.Accept(Token("n"));
        Assert.Equal(Llama.VocabSize + 3, GuideWalk.Allowed(guide).Count);
    }

    [Fact]
    public void Allowed_AfterAControlToken_IsUnchanged()
    {
        ITokenGuide guide = TokenExclusion.Create(["ab"], Llama, Llama.VocabSize).Start(atSequenceStart: false);
        guide.Accept(Token("a"));
        guide.Accept(Llama.EosId!.Value);
        Assert.DoesNotContain(Token("b"), GuideWalk.Allowed(guide));
        Assert.True(guide.MayEnd);
        Assert.False(guide.IsComplete || guide.TryForce(out _));
    }

    // The first piece's space is not printed, so a text that begins with one is not there.
    [Fact]
    public void Start_ExclusionThatBeginsWithASpace_CountsPrintedSpacesOnly()
    {
        TokenExclusion exclusion = TokenExclusion.Create([" a"], Llama, Llama.VocabSize);
        Assert.True(Llama.TryGetId("▁a", out int spaced));
        Assert.Contains(spaced, GuideWalk.Allowed(exclusion.Start(atSequenceStart: true)));
        Assert.DoesNotContain(spaced, GuideWalk.Allowed(exclusion.Start(atSequenceStart: false)));
    }

    // SentencePiece begins a text such as "1" with the dummy space alone.
    [Fact]
    public void Start_TokenThatPrintsNothing_IsAllowedAndEndsTheStart()
    {
        ITokenGuide guide = TokenExclusion.Create([" a", "b"], Llama, Llama.VocabSize).Start(atSequenceStart: true);
        Assert.Contains(Token("▁"), GuideWalk.Allowed(guide));
        guide.Accept(Token("▁"));
        Assert.DoesNotContain(Token("▁a"), GuideWalk.Allowed(guide));
        Assert.Equal(" a", Llama.Decode([Token("▁"), Token("▁a")]));
    }

    [Fact]
    public void Create_EmptyOrEndlessTexts_AreRefused()
    {
        Assert.Contains("empty", Assert.Throws<GrammarException>(() => TokenExclusion.Create(["a", ""], Llama, 1000)).Message);
        Assert.Contains("16,384", Assert.Throws<GrammarException>(() => TokenExclusion.Create([new string('a', 20_000)], Llama, 1000)).Message);
    }

    private static int Token(string piece) => Llama.TryGetId(piece, out int id) ? id : throw new ArgumentException(piece);
}
