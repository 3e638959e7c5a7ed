using System.Text.Json.Nodes;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Server.Tests.Guidance;

/// <summary>What a real model answers under a regular expression matches it, by .NET's own judgement.</summary>
public sealed class RegexEngineTests
{
    private const int Patterns = 60;

    [Theory]
    [InlineData(0, 0.3)]
    [InlineData(1, 0.5)]
    [InlineData(2, 0.3)]
    public async Task Chat_UnderARandomRegex_AnswersWithAMatchOrIsCutShort(int temperature, double share)
    {
        var regexes = new RandomRegex(77);
        string[] patterns = [.. Enumerable.Range(0, Patterns).Select(_ => regexes.Next())];
        await using var app = new RandomApp();
        Answer[] answers = await Answers.AskAsync(await app.StartAsync(), [.. patterns.Select((pattern, i) => Request(pattern, temperature, seed: i))]);
        for (int i = 0; i < Patterns; i++)
        {
            if (answers[i].FinishReason == "stop") Assert.True(DotNetRegex.Whole(patterns[i]).IsMatch(answers[i].Text), $"/{patterns[i]}/ does not match '{answers[i].Text}'.");
            else Assert.Equal("length", answers[i].FinishReason);
        }
        int finished = answers.Count(answer => answer.FinishReason == "stop");
        Assert.True(finished > share * Patterns, $"Only {finished} of {Patterns} came to an end.");
    }

    private static JsonObject Request(string pattern, int temperature, int seed) =>
        new() { ["temperature"] = temperature, ["seed"] = seed, ["max_tokens"] = 150, ["guided_regex"] = pattern };
}
