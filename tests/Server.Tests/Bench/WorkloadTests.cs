using Llama.Server.Bench.Load;
using Llama.Server.Bench.Measuring;
using Llama.Server.CommandLine;
using Llama.Tests.Shared;

namespace Llama.Server.Tests.Bench;

public sealed class WorkloadTests : IDisposable
{
    private readonly TempFolder _folder = new("llama-bench-");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Draw_SameSeedAndRound_GivesTheSamePromptsAndOtherwiseOthers()
    {
        ServePlan plan = Plan() with { NewTokens = new NumberRange(3, 9) };
        LoadRequest[] first = new RandomWorkload(plan, PromptScale.OneForOne).Draw(20, round: 2);

        Assert.Equal(first, new RandomWorkload(plan, PromptScale.OneForOne).Draw(20, round: 2));
        Assert.Equal(20, first.Select(request => request.Prompt).Distinct().Count());
        Assert.Empty(first.Intersect(new RandomWorkload(plan, PromptScale.OneForOne).Draw(20, round: 3)));
        Assert.Empty(first.Intersect(new RandomWorkload(plan with { Seed = 2 }, PromptScale.OneForOne).Draw(20, round: 2)));
        Assert.All(first, request => Assert.InRange(request.MaxTokens, 3, 9));
    }

    [Fact]
    public void Draw_Prefixes_AreSharedByGroupInEveryRound()
    {
        var workload = new RandomWorkload(Plan() with { PrefixTokens = 50, PrefixGroups = 3 }, PromptScale.OneForOne);
        string[] prefixes = [.. workload.Draw(9, 0).Concat(workload.Draw(9, 1)).Select(request => string.Join(' ', request.Prompt.Split(' ')[..50]))];

        Assert.Equal(3, prefixes.Distinct().Count());
        Assert.All(Enumerable.Range(0, 18), i => Assert.Equal(prefixes[i % 3], prefixes[i]));
    }

    [Theory]
    [InlineData(1.0, 1)]
    [InlineData(2.5, 13)]
    [InlineData(7.2, 0)]
    public void Of_ServerThatCountsSo_FindsHowManyWordsMakeAPrompt(double tokensPerWord, int overhead)
    {
        PromptScale scale = PromptScale.Of(16, Count(16), 144, Count(144));

        Assert.Equal(200, Count(scale.WordsFor(200 - scale.Overhead)), tokensPerWord);

        int Count(int words) => overhead + (int)Math.Round(words * tokensPerWord);
    }

    [Fact]
    public void Load_File_GivesItsLinesInOrderAndAgain()
    {
        string path = Write("""{"prompt": "a", "max_tokens": 5}""", "", """{"prompt": "b"}""");

        DatasetWorkload workload = DatasetWorkload.Load(path, new NumberRange(7, 7), seed: 1);

        Assert.Equal(2, workload.Count);
        Assert.Equal([new LoadRequest("a", 5), new("b", 7), new("a", 5)], workload.Draw(3, 0));
        Assert.Equal([new LoadRequest("b", 7)], workload.Draw(1, 0));
    }

    [Theory]
    [InlineData("{\"prompt\": 3}")]
    [InlineData("{\"text\": \"a\"}")]
    [InlineData("{\"prompt\": \"a\", \"max_tokens\": \"b\"}")]
    [InlineData("[]")]
    [InlineData("prompt")]
    public void Load_LineThatIsNoRequest_IsNamed(string line)
    {
        string path = Write("""{"prompt": "a"}""", line);

        VerbException fault = Assert.Throws<VerbException>(() => DatasetWorkload.Load(path, new NumberRange(1, 1), seed: 1));

        Assert.Contains($"--dataset {path}, line 2", fault.Message);
    }

    private static ServePlan Plan() => new() { Url = new Uri("http://x"), Shapes = [] };

    private string Write(params string[] lines)
    {
        string path = _folder.In("requests.jsonl");
        File.WriteAllLines(path, lines);
        return path;
    }
}
