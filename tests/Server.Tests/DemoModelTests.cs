using System.Net;
using System.Text.Json.Nodes;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Server.Tests;

/// <summary>The whole program over the bundled model: true answers, whatever the company.</summary>
public sealed class DemoModelTests
{
    private static readonly (string Word, string Gloss)[] Entries =
        [.. File.ReadLines(Path.Combine(DemoApp.Folder, "words.tsv")).Select(line => line.Split('\t')).Select(pair => (pair[0], pair[1]))];
    private static readonly string[] Words = [.. Entries.Select(entry => entry.Word)];
    private static readonly Dictionary<string, string> Glosses = Entries.ToDictionary(entry => entry.Word, entry => entry.Gloss);

    [Fact]
    public async Task Chat_Giraffe_AnswersItsGlossWholeAndStreamed()
    {
        await using var app = new DemoApp();
        HttpClient client = await app.StartAsync();
        string whole = await AskAsync(client, Question("giraffe"));
        Assert.Equal(Glosses["giraffe"], whole);
        Assert.Equal(whole, (await StreamAsync(client, Question("giraffe"))).Text());
    }

    [Fact]
    public async Task Chat_SecondTurn_RefersToTheFirst()
    {
        await using var app = new DemoApp();
        HttpClient client = await app.StartAsync();
        string answer = await AskAsync(client, Question("giraffe"), ("assistant", Glosses["giraffe"]), ("user", "And a zebra?"));
        Assert.Equal(Glosses["zebra"], answer);
    }

    [Fact]
    public async Task Chat_SampleOfTheWordList_IsAnsweredExactly()
    {
        await using var app = new DemoApp();
        HttpClient client = await app.StartAsync();
        string[] sample = [.. Words.Where((_, i) => i % (Words.Length / 100) == 0)];
        string[] answers = await Task.WhenAll(sample.Select(word => AskAsync(client, Question(word))));
        int exact = sample.Zip(answers).Count(pair => Glosses[pair.First] == pair.Second);
        Assert.True(exact >= 0.95 * sample.Length, $"{exact} of {sample.Length} exact");
    }

    [Fact]
    public async Task Chat_64GreedyRequestsAtOnce_AnswerEachAsAlone()
    {
        await using var app = new DemoApp { Settings = { ["Model:Dtype"] = "float32" } };
        HttpClient client = await app.StartAsync();
        string[] prompts = [.. Words.Where((_, i) => i % (Words.Length / 64) == 0).Take(64).Select((word, i) => $"{string.Concat(Enumerable.Repeat("so ", i % 9))}tell me: what is a {word}?")];
        string[] alone = new string[64];
        for (int i = 0; i < 64; i++) alone[i] = await CompleteAsync(client, prompts[i], 24);
        Assert.Equal(alone, await Task.WhenAll(prompts.Select(prompt => CompleteAsync(client, prompt, 24))));
    }

    [Fact]
    public async Task Chat_PoolTooSmallForTheLoad_EverythingFinishesWithTheRightText()
    {
        string[] prompts = [.. Words.Where((_, i) => i % (Words.Length / 24) == 0).Take(24).Select(word => $"Once upon a time a {word} said:")];
        string[] expected;
        await using (var roomy = new DemoApp { Settings = { ["Model:Deterministic"] = "true" } })
        {
            HttpClient client = await roomy.StartAsync();
            expected = await Task.WhenAll(prompts.Select(prompt => CompleteAsync(client, prompt, 100)));
        }
        await using var tight = new DemoApp { Settings = { ["Model:Deterministic"] = "true", ["Model:BlockCount"] = "20" } }; // 320 tokens; two requests and a bit
        HttpClient pressed = await tight.StartAsync();
        Assert.Equal(expected, await Task.WhenAll(prompts.Select(prompt => CompleteAsync(pressed, prompt, 100))));
        Assert.Contains(await MetricAsync(pressed, "vllm:num_preemptions_total"), value => value > 0);
        await Wait.Until(() => tight.Engine.Snapshot.UsedBlockCount == 0);
    }

    [Fact]
    public async Task Chat_ClientLeavesInMidStream_ItsBlocksAreFree()
    {
        await using var app = new DemoApp();
        HttpClient client = await app.StartAsync();
        using (var leaving = new CancellationTokenSource())
        {
            using HttpRequestMessage request = new(HttpMethod.Post, "/v1/completions")
            {
                Content = TestApp.Json($$"""{"model":"{{DemoApp.ModelName}}","prompt":"a","max_tokens":1000,"ignore_eos":true,"stream":true}"""),
            };
            using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leaving.Token);
            Assert.True(app.Engine.Snapshot.UsedBlockCount > 0);
            await leaving.CancelAsync();
        }
        await Wait.Until(() => app.Engine.Snapshot is { UsedBlockCount: 0, RunningCount: 0 });
    }

    [Fact]
    public async Task Chat_LongPromptSeenBefore_IsFoundInTheCache()
    {
        await using var app = new DemoApp();
        HttpClient client = await app.StartAsync();
        string prompt = string.Concat(Enumerable.Repeat("a tall animal with a long neck; ", 20));
        JsonNode first = await PostAsync(client, prompt), second = await PostAsync(client, prompt);
        Assert.Equal(0, (int)first["usage"]!["prompt_tokens_details"]!["cached_tokens"]!);
        int promptTokens = (int)second["usage"]!["prompt_tokens"]!, cached = (int)second["usage"]!["prompt_tokens_details"]!["cached_tokens"]!;
        Assert.InRange(cached, promptTokens - 17, promptTokens - 1);
        Assert.Equal((string?)first["choices"]![0]!["text"], (string?)second["choices"]![0]!["text"]);

        static async Task<JsonNode> PostAsync(HttpClient client, string prompt) => await TestApp.ReadJsonAsync(await client.PostAsync("/v1/completions",
            TestApp.Json($$"""{"model":"{{DemoApp.ModelName}}","prompt":"{{prompt}}","max_tokens":8}""")));
    }

    private static (string Role, string Content) Question(string word) => ("user", $"What is {("aeiou".Contains(word[0]) ? "an" : "a")} {word}?");

    private static HttpContent Body(bool stream, params (string Role, string Content)[] messages) => TestApp.Json(new JsonObject
    {
        ["model"] = DemoApp.ModelName,
        ["stream"] = stream,
        ["messages"] = new JsonArray([.. messages.Select(message => new JsonObject { ["role"] = message.Role, ["content"] = message.Content })]),
    }.ToJsonString());

    private static async Task<string> AskAsync(HttpClient client, params (string, string)[] messages)
    {
        HttpResponseMessage response = await client.PostAsync("/v1/chat/completions", Body(stream: false, messages));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (string)(await TestApp.ReadJsonAsync(response))["choices"]![0]!["message"]!["content"]!;
    }

    private static async Task<SseTranscript> StreamAsync(HttpClient client, params (string, string)[] messages) =>
        await SseTranscript.ReadAsync(await client.PostAsync("/v1/chat/completions", Body(stream: true, messages)));

    private static async Task<string> CompleteAsync(HttpClient client, string prompt, int tokens)
    {
        HttpResponseMessage response = await client.PostAsync("/v1/completions",
            TestApp.Json($$"""{"model":"{{DemoApp.ModelName}}","prompt":"{{prompt}}","max_tokens":{{tokens}},"temperature":0,"ignore_eos":true}"""));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        JsonNode choice = (await TestApp.ReadJsonAsync(response))["choices"]![0]!;
        Assert.Equal("length", (string?)choice["finish_reason"]);
        return (string)choice["text"]!;
    }

    private static async Task<IReadOnlyList<double>> MetricAsync(HttpClient client, string name) =>
        [.. (await client.GetStringAsync("/metrics")).Split('\n').Where(line => line.StartsWith(name, StringComparison.Ordinal)).Select(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..]))];
}
