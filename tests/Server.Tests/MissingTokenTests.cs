using System.Net;
using System.Text.Json.Nodes;
using Llama.Model;
using Llama.Server.Hosting;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Server.Tests;

/// <summary>A model with fewer rows than its tokenizer has tokens, whose chat template writes one of those only late in a conversation, where no trial at start has come.</summary>
public sealed class MissingTokenTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-missing-").FullName;

    public MissingTokenTests()
    {
        foreach (string file in Directory.GetFiles(TestModel.Folder)) File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)));
        File.WriteAllText(Path.Combine(_folder, "added_tokens.json"), $"{{\"<|many|>\": {TestModel.Tokenizer.VocabSize}}}");
        File.WriteAllText(Path.Combine(_folder, "chat_template.jinja"), "{% if messages | length > 6 %}{{ '<|many|>' }}{% endif %}{% for message in messages %}{{ message.content }}{% endfor %}");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("/v1/chat/completions", "messages")]
    [InlineData("/v1/responses", "input")]
    public async Task Chat_ThatBecomesATokenTheModelLacks_IsRefusedAndOthersAreAnswered(string route, string field)
    {
        await using var app = new TestApp { Checkpoint = _folder, Model = Load };
        HttpClient client = await app.StartAsync();

        HttpResponseMessage few = await client.PostAsync(route, Body(field, 5)), many = await client.PostAsync(route, Body(field, 7));

        Assert.True(few.IsSuccessStatusCode, await few.Content.ReadAsStringAsync());
        JsonNode error = await ErrorTests.AssertErrorAsync(many, HttpStatusCode.BadRequest, "invalid_value", field);
        Assert.Contains($"makes token {TestModel.Tokenizer.VocabSize} ('<|many|>') of it, which is outside the vocabulary", (string?)error["message"]);
    }

    private static StringContent Body(string field, int count)
    {
        IEnumerable<string> turns = Enumerable.Range(0, count).Select(i => $$"""{"role":"{{(i % 2 == 0 ? "user" : "assistant")}}","content":"x"}""");
        return TestApp.Json($$"""{"model":"tiny","{{field}}":[{{string.Join(',', turns)}}]}""");
    }

    private static LoadedModel Load(ModelOptions options)
    {
        int rows = TestModel.Tokenizer.VocabSize;
        var limits = new ModelLimits(rows, ContextLength: 512, options.BlockSize, BlockCount: 64);
        var model = new FakeModel { VocabSize = rows, Reply = [5], StopTokenId = TestModel.Tokenizer.EosId!.Value };
        return new LoadedModel(new FakeModelRunner(limits, model), new ModelDescription("fake", "none", "none", "none"));
    }
}
