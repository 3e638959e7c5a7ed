using System.Text;
using Llama.Model;
using Llama.Model.Sampling;
using Llama.Server.Chat;
using Llama.Server.Completions;
using Llama.Server.Generating;
using Llama.Server.Tests.Hosting;

namespace Llama.Server.Tests;

/// <summary>How log-probabilities of prompts and of the legacy route are worded.</summary>
public sealed class LogprobFormatTests
{
    private static readonly int[] Prompt = TestApp.Tokenizer.Encode("A 🦒 is", addBos: true);

    [Fact]
    public void AddPrompt_Any_HasARowPerTokenAndNullForTheFirst()
    {
        var columns = new LogprobColumns();

        new CompletionLogprobFormat(TestApp.Tokenizer, topCount: 1).AddPrompt(columns, Prompt, Score(Prompt, topCount: 2), skipSpecialTokens: true);
        CompletionLogprobs logprobs = columns.ToLogprobs();

        Assert.Equal(Prompt.Length, logprobs.Tokens.Count);
        Assert.Equal("<s>", logprobs.Tokens[0]);
        Assert.Equal("A", logprobs.Tokens[1]); // without the dummy space
        Assert.Equal([null, .. Enumerable.Repeat<float?>(-3, Prompt.Length - 1)], logprobs.TokenLogprobs);
        Assert.Null(logprobs.TopLogprobs[0]);
        Assert.All(logprobs.TopLogprobs.Skip(1), top => Assert.Equal([-3f, -1f], top!.Values.Order())); // the best one and the token itself
    }

    [Theory]
    [InlineData(true, new[] { 0, 0, 1, 2, 2, 2, 2, 3 })]
    [InlineData(false, new[] { 0, 3, 5, 6, 6, 6, 6, 7 })] // behind "<s>" the dummy space stays
    public void AddPrompt_CharacterOfSeveralTokens_OffsetsCountCodePoints(bool skipSpecialTokens, int[] offsets)
    {
        var columns = new LogprobColumns();

        new CompletionLogprobFormat(TestApp.Tokenizer, topCount: 0).AddPrompt(columns, Prompt, Score(Prompt, topCount: 0), skipSpecialTokens);

        Assert.Equal(offsets, columns.ToLogprobs().TextOffset); // "<s>", "A", " ", the giraffe's four bytes, " is"
    }

    [Fact]
    public void AddAnswer_StopTextAndEnding_OnlyTheEndingHasARow()
    {
        var columns = new LogprobColumns();
        int text = TestApp.Tokenizer.Encode("tall")[0], eos = TestApp.Tokenizer.EosId!.Value;
        DrawnToken[] tokens =
        [
            new(new SampledToken(text, -1, []), 0, 4, 0, IsFirst: true, IsText: true, IsEnding: false),
            new(new SampledToken(text, -1, []), 4, 8, 4, IsFirst: false, IsText: false, IsEnding: false),
            new(new SampledToken(eos, -2, []), 8, 8, 8, IsFirst: false, IsText: false, IsEnding: true),
        ];

        new CompletionLogprobFormat(TestApp.Tokenizer, topCount: 0).AddAnswer(columns, tokens, start: 10);
        CompletionLogprobs logprobs = columns.ToLogprobs();

        Assert.Equal("</s>", logprobs.Tokens[^1]);
        Assert.Equal([10, 18], logprobs.TextOffset);
        Assert.Equal([-1f, -2f], logprobs.TokenLogprobs);
        Assert.All(logprobs.TopLogprobs, top => Assert.Single(top!)); // the token itself
    }

    [Fact]
    public void AddPrompt_CharacterBrokenOff_ItsPlaceIsBeforeTheNextToken()
    {
        int[] prompt = [TestApp.Tokenizer.Encode("A")[0], Byte(0xE2), TestApp.Tokenizer.Encode("tall")[0]];
        var columns = new LogprobColumns();

        new CompletionLogprobFormat(TestApp.Tokenizer, topCount: 0).AddPrompt(columns, prompt, Score(prompt, topCount: 0), skipSpecialTokens: true);

        Assert.Equal("A\uFFFD t", TestApp.Tokenizer.Decode(prompt));
        Assert.Equal([0, 1, 2], columns.ToLogprobs().TextOffset);
    }

    [Theory]
    [InlineData(true, "")]
    [InlineData(false, "</s>")]
    public void FromAnswer_ControlToken_HasTheBytesThatItPrints(bool skipSpecialTokens, string printed)
    {
        int text = TestApp.Tokenizer.Encode("tall")[0], eos = TestApp.Tokenizer.EosId!.Value;
        DrawnToken[] tokens = [new(new SampledToken(eos, -1, [new(text, -0.5f), new(eos, -1)]), 0, 0, 0, IsFirst: false, IsText: true, IsEnding: false)];

        ChatTokenLogprob token = Assert.Single(new ChatLogprobFormat(TestApp.Tokenizer, skipSpecialTokens).From(tokens).Content);

        Assert.Equal("</s>", token.Token);
        Assert.Equal(printed, Spell(token.Bytes));
        Assert.Equal([" t", printed], token.TopLogprobs.Select(other => Spell(other.Bytes)));

        static string Spell(int[] bytes) => Encoding.UTF8.GetString(Array.ConvertAll(bytes, value => (byte)value));
    }

    [Fact]
    public void FromPrompt_Any_GivesTokensByIdWithTheirRanks()
    {
        ScoredToken second = new(7, -2, 2, [new TokenLogprob(5, -1), new TokenLogprob(7, -2), new TokenLogprob(9, -3)]);
        ScoredToken unlikely = new(8, -9, 1234, [new TokenLogprob(5, -1), new TokenLogprob(7, -2), new TokenLogprob(9, -3)]);

        var places = new PromptLogprobFormat(TestApp.Tokenizer, topCount: 1).From([second, unlikely]);

        Assert.Null(places[0]);
        Assert.Equal([("5", 1), ("7", 2)], places[1]!.Select(place => (place.Key, place.Value.Rank)).Order());
        Assert.Equal([("5", 1), ("8", 1234)], places[2]!.Select(place => (place.Key, place.Value.Rank)).Order());
        Assert.Equal(-9, places[2]!["8"].Logprob);
    }

    [Fact]
    public void Best_OfSeveralPrompts_ChoosesByMeanLogprobWithinEach()
    {
        WholeAnswer[] answers = [Answer(-1, -1), Answer(-0.5f), Answer(-0.9f, -0.9f, -0.9f), Answer(-5), Answer(), Answer(-6)];

        Assert.Equal([1, 2, 4, 3], AnswerRanking.Best(answers, perPrompt: 3, count: 2));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("naïve", 5)]
    [InlineData("日本", 2)]
    [InlineData("a🦒b", 3)]
    public void CodePoints_Any_AreCounted(string text, int count) => Assert.Equal(count, CodePoints.Count(text));

    private static int Byte(byte value)
    {
        Assert.True(TestApp.Tokenizer.TryGetId($"<0x{value:X2}>", out int id));
        return id;
    }

    private static WholeAnswer Answer(params float[] logprobs) =>
        new("", [], [.. logprobs.Select(logprob => new DrawnToken(new SampledToken(5, logprob, null), 0, 0, 0, false, true, false))], AnswerEnding.Stop);

    /// <summary>Every token at −3, behind other ones at −1 and −2.</summary>
    private static ScoredToken[] Score(int[] tokens, int topCount) =>
        [.. tokens.Skip(1).Select(token => new ScoredToken(token, -3, topCount + 1, [.. Enumerable.Range(1, topCount).Select(i => new TokenLogprob(500 + i, -i))]))];
}
