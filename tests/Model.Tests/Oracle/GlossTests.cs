using Llama.Trainer.Corpus;

namespace Llama.Model.Tests.Oracle;

public sealed class GlossTests
{
    [Theory]
    [InlineData("a solid footwear; \"he wore shoes\"", "a solid footwear")]
    [InlineData("(botany) a plant organ", "a plant organ")]
    [InlineData("tallest living quadruped; having a spotted coat; of savannahs", "tallest living quadruped; having a spotted coat")]
    public void Shorten_RawGloss_KeepsShortWholeClauses(string gloss, string answer) => Assert.Equal(answer, Gloss.Shorten(gloss));

    [Fact]
    public void Shorten_OneClauseTooLong_IsNoAnswer() => Assert.Null(Gloss.Shorten(string.Join(' ', Enumerable.Repeat("word", 40))));
}
