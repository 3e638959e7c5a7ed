using System.Text.Json.Nodes;
using Llama.Server.Tests.Hosting;

namespace Llama.Server.Tests;

/// <summary>Scores and embeddings of the bundled model, in float32: true numbers through the whole program.</summary>
public sealed class DemoScoringTests : IClassFixture<DemoScoringTests.Ready>
{
    private const double Tolerance = 1e-3; // a prompt's rows are computed together, an answer's one by one

    private readonly HttpClient _client;

    public DemoScoringTests(Ready ready) => _client = ready.Client;

    /// <summary>As lm-evaluation-harness scores: prompt and continuation as tokens, echoed.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Score_OfItsOwnGreedyAnswer_EqualsWhatItReportedThen(int maxTokens)
    {
        JsonNode made = (await PostAsync("/v1/completions", """ "prompt":"A giraffe is","max_tokens":12,"temperature":0,"logprobs":1,"ignore_eos":true,"return_token_ids":true """))["choices"]![0]!;
        int[] prompt = Ids(made["prompt_token_ids"]!), answer = Ids(made["token_ids"]!);

        JsonNode logprobs = (await PostAsync("/v1/completions", $$""" "prompt":[{{string.Join(',', prompt.Concat(answer))}}],"max_tokens":{{maxTokens}},"temperature":0,"echo":true,"logprobs":1 """))["choices"]![0]!["logprobs"]!;

        double?[] scores = [.. logprobs["token_logprobs"]!.AsArray().Select(logprob => (double?)logprob)];
        Assert.Equal(prompt.Length + answer.Length + maxTokens, scores.Length);
        Assert.Null(scores[0]);
        double[] reported = [.. made["logprobs"]!["token_logprobs"]!.AsArray().Select(logprob => (double)logprob!)];
        foreach ((double score, double then) in scores[prompt.Length..(prompt.Length + answer.Length)].Zip(reported, (score, then) => (score!.Value, then)))
            Assert.Equal(then, score, Tolerance);
        // The harness calls a continuation greedy when each of its tokens is the most probable one.
        foreach (JsonNode? top in logprobs["top_logprobs"]!.AsArray().Skip(prompt.Length).Take(answer.Length))
            Assert.Single(top!.AsObject());
    }

    [Fact]
    public async Task Score_WithCachedPrefix_IsTheSame()
    {
        string body = $$""" "prompt":"{{string.Concat(Enumerable.Repeat("a tall animal; ", 12))}}","max_tokens":0,"prompt_logprobs":1 """;

        JsonNode first = await PostAsync("/v1/completions", body), second = await PostAsync("/v1/completions", body);

        double[] Scores(JsonNode answer) => [.. answer["choices"]![0]!["prompt_logprobs"]!.AsArray().Skip(1).Select(place => place!.AsObject().Min(entry => (double)entry.Value!["logprob"]!))];
        Assert.Equal((int)first["usage"]!["prompt_tokens"]!, Scores(first).Length + 1);
        Assert.All(Scores(first).Zip(Scores(second)), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
    }

    [Fact]
    public async Task BestOf_Four_IsTheOneOfFourWithTheHighestMeanLogprob()
    {
        const string body = """ "prompt":"A giraffe is","max_tokens":10,"temperature":1.5,"seed":3,"best_of":4,"logprobs":0,"n": """;

        JsonNode all = await PostAsync("/v1/completions", body + "4"), best = await PostAsync("/v1/completions", body + "1");

        double Mean(JsonNode? choice) => choice!["logprobs"]!["token_logprobs"]!.AsArray().Average(logprob => (double)logprob!);
        string wanted = (string)all["choices"]!.AsArray().MaxBy(Mean)!["text"]!;
        Assert.Equal(wanted, (string?)Assert.Single(best["choices"]!.AsArray())!["text"]);
        Assert.Equal((int)all["usage"]!["completion_tokens"]!, (int)best["usage"]!["completion_tokens"]!);
    }

    [Fact]
    public async Task Embeddings_InABatchAloneAndAgain_AreTheSameUnitVectors()
    {
        string[] texts = ["a tall animal with a long neck", "a small insect", string.Concat(Enumerable.Repeat("a river in Africa; ", 60))];
        string list = string.Join(',', texts.Select(text => $"\"{text}\""));

        double[][] together = await EmbedAsync($"[{list}]"), again = await EmbedAsync($"[{list}]");
        double[][] alone = [.. (await Task.WhenAll(texts.Select(text => EmbedAsync($"\"{text}\"")))).Select(one => one[0])];

        Assert.All(together, vector => Assert.Equal(256, vector.Length));
        Assert.All(together, vector => Assert.Equal(1, Math.Sqrt(Dot(vector, vector)), 1e-6));
        for (int i = 0; i < texts.Length; i++)
        {
            Assert.True(Dot(together[i], alone[i]) > 1 - 1e-5);
            Assert.True(Dot(together[i], again[i]) > 1 - 1e-5);
        }
        Assert.True(Dot(together[0], together[1]) < 0.999);
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private static int[] Ids(JsonNode ids) => [.. ids.AsArray().Select(id => (int)id!)];

    private async Task<double[][]> EmbedAsync(string input) => [.. (await PostAsync("/v1/embeddings", $"\"input\":{input}"))["data"]!.AsArray()
        .Select(item => item!["embedding"]!.AsArray().Select(value => (double)value!).ToArray())];

    private async Task<JsonNode> PostAsync(string route, string fields)
    {
        HttpResponseMessage response = await _client.PostAsync(route, TestApp.Json($$"""{"model":"{{DemoApp.ModelName}}",{{fields}}}"""));
        JsonNode answer = await TestApp.ReadJsonAsync(response);
        Assert.True(response.IsSuccessStatusCode, answer.ToJsonString());
        return answer;
    }

    /// <summary>One server for all.</summary>
    public sealed class Ready : IAsyncLifetime
    {
        private readonly DemoApp _app = new() { Settings = { ["Model:Dtype"] = "float32" } };

        public HttpClient Client { get; private set; } = null!;

        public async Task InitializeAsync() => Client = await _app.StartAsync();

        public async Task DisposeAsync() => await _app.DisposeAsync();
    }
}
