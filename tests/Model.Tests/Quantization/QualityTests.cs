using System.Runtime.CompilerServices;
using Llama.Tests.Shared;
using Llama.Trainer.Dialogs;
using Llama.Trainer.Tokens;
using Llama.Trainer.Training;

namespace Llama.Model.Tests.Quantization;

/// <summary>The demo model in codes still knows its words: what a form costs is measured in answers, not in rounding errors. The Bench verb quality asks everything.</summary>
public sealed class QualityTests
{
    private const int MaxTokens = 256, MaxSequences = 16, Asked = 150;

    private static readonly Lazy<KnownAnswer[]> Answers = new(Ask);
    private static readonly Lazy<AnswerScore> BFloat16 = new(() => Score("bfloat16"));

    [Theory]
    [InlineData("float32", 1, 1.001)]
    [InlineData("int8", 1, 1.002)]
    [InlineData("int8-g128", 1, 1.002)]
    [InlineData("int8-outliers", 1, 1.002)]
    [InlineData("int4", 3, 1.02)]
    [InlineData("int4-g32-zp", 3, 1.02)]
    public void Answers_AnyForm_StayNearThoseOfBFloat16(string dtype, int most, double perplexity)
    {
        AnswerScore score = Score(dtype);
        Assert.InRange(score.ExactCount, BFloat16.Value.ExactCount - most, BFloat16.Value.ExactCount + most);
        Assert.InRange(score.Perplexity / BFloat16.Value.Perplexity, 0.99, perplexity);
    }

    [Fact]
    public void Answers_BFloat16_AreThoseThatTheModelWasTaught() => Assert.InRange(BFloat16.Value.Accuracy, 0.96, 1);

    /// <summary>The same function with a few features 256 times as large: LLM.int8() keeps what int8 loses.</summary>
    [Fact]
    public void Answers_PlantedOutliers_StayWhereInt8LosesThem()
    {
        string planted = Directory.CreateTempSubdirectory("llama-planted").FullName;
        try
        {
            PlantedOutliers.Write(Folder(), planted, layerCount: 4, channelCount: 16, factor: 256);
            AnswerScore exact = Score("bfloat16", planted), split = Score("int8-outliers", planted), whole = Score("int8", planted);
            Assert.InRange(exact.Perplexity / BFloat16.Value.Perplexity, 0.999, 1.001);
            Assert.InRange(split.ExactCount, exact.ExactCount - 1, exact.ExactCount + 1);
            Assert.InRange(split.Perplexity / exact.Perplexity, 0.99, 1.002);
            Assert.InRange(whole.ExactCount, 0, exact.ExactCount - Asked / 20);
            Assert.InRange(whole.Perplexity / exact.Perplexity, 1.02, double.PositiveInfinity);
        }
        finally
        {
            Directory.Delete(planted, recursive: true);
        }
    }

    private static AnswerScore Score(string dtype) => Score(dtype, Folder());

    private static AnswerScore Score(string dtype, string folder)
    {
        using ModelRunner runner = ModelRunner.Load(new ModelOptions { Path = folder, Device = "cpu", Dtype = dtype, MaxBatchTokens = MaxTokens, MaxSequences = MaxSequences });
        return AnswerScorer.Run(runner, Answers.Value, MaxTokens, MaxSequences);
    }

    // Words as follow-ups: the longest conversations, in which most can go wrong.
    private static KnownAnswer[] Ask()
    {
        Tokenizer tokenizer = new(Path.Combine(Folder(), "tokenizer.model"));
        IReadOnlyList<Dialog> dialogs = Examination.OfModel(Folder()).Parts().Single(part => part.Name == "word of the list, as a follow-up").Dialogs;
        return [.. Enumerable.Range(0, Asked).Select(i => Example.From(dialogs[i * dialogs.Count / Asked], tokenizer)).Select(example => new KnownAnswer(example.Tokens, example.LastAnswer))];
    }

    private static string Folder([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(path, "../../../../models/llama-2-wordnet-8m"));
}
