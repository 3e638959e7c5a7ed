using Llama.Model.Text;

namespace Llama.Model.Tests.Text;

/// <summary>Tokens beyond a model's vocabulary are a fault exactly where something makes them.</summary>
public sealed class VocabularyFitTests
{
    private const string Template = "{% for message in messages %}{{ '<|turn|>' + message.content }}{% endfor %}";
    private const string ToolTemplate = "{% if tools %}{{ '<|turn|>' }}{% endif %}{{ messages[0].content }}";

    private static readonly int Own = Tokens(CheckpointFolder.WithModel());

    [Theory]
    [InlineData("[PAD]", "")]
    [InlineData("[PAD]", "\"pad_token\":\"[PAD]\"")]
    [InlineData("<|turn|>", "")]
    public void Fault_AddedTokenThatNothingMakes_IsNone(string token, string config) => Assert.Null(Fault(token, config, Own));

    [Theory]
    [InlineData("\"bos_token\":\"<|turn|>\"", "prompts begin with")]
    [InlineData("\"eos_token\":\"<|turn|>\"", "answers end with")]
    [InlineData($"\"chat_template\":\"{Template}\"", "the chat template writes")]
    [InlineData($"\"chat_template\":\"{ToolTemplate}\"", "the chat template writes")]
    public void Fault_AddedTokenThatIsMade_NamesItAndBothSizes(string config, string maker)
    {
        Assert.Equal(
            FormattableString.Invariant($"The tokenizer has {Own + 1:N0} tokens, and the model rows for {Own:N0}: {maker} token {Own:N0} ('<|turn|>'), which it does not have. Use the tokenizer files that belong to these weights, or take out of them what was added."),
            Fault("<|turn|>", config, Own));
        Assert.Null(Fault("<|turn|>", config, Own + 1));
    }

    [Fact]
    public void Fault_VocabularyOfAnotherModel_NamesTheFirstTokenThatTextsBecome() => Assert.Contains("texts become token ", Fault("[PAD]", "", Own - 1));

    private static string? Fault(string token, string config, int vocabSize)
    {
        using CheckpointFolder folder = CheckpointFolder.WithModel().Write("added_tokens.json", $"{{\"{token}\":{Own}}}").Write("tokenizer_config.json", $"{{{config}}}");
        var tokenizer = Tokenizer.Load(folder.Path);
        return VocabularyFit.Fault(tokenizer, ChatFormat.Load(folder.Path, tokenizer), vocabSize);
    }

    private static int Tokens(CheckpointFolder folder)
    {
        using (folder) return Tokenizer.Load(folder.Path).VocabSize;
    }
}
