using System.Text.Json;
using System.Text.Json.Nodes;
using Llama.Server.Tests.Hosting;

namespace Llama.Server.Tests.Tools;

/// <summary>A checkpoint whose template knows tools and whose vocabulary has a control token that begins calls, as Mistral's have.</summary>
public sealed class CallTokenTests : IDisposable
{
    private const string Template = """
        {{ bos_token }}{% if tools %}[AVAILABLE_TOOLS] {{ tools | tojson }}[/AVAILABLE_TOOLS]{% endif %}{% for m in messages %}{{ m.role }}: {{ m.content }}
        {% if m.tool_calls %}[TOOL_CALLS] {{ m.tool_calls | tojson }}{% endif %}{% endfor %}
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("llama-tools-");

    public CallTokenTests()
    {
        File.Copy(Path.Combine(TestApp.Folder, "tokenizer.model"), Path.Combine(_folder.FullName, "tokenizer.model"));
        var added = new Dictionary<string, object> { ["1000"] = new { content = "[TOOL_CALLS]", special = true }, ["1001"] = new { content = "<|pad|>", special = true } };
        File.WriteAllText(Path.Combine(_folder.FullName, "tokenizer_config.json"), JsonSerializer.Serialize(new { bos_token = "<s>", chat_template = Template, added_tokens_decoder = added }));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("[TOOL_CALLS] [{\"name\": \"now\", \"arguments\": {}}]", "auto", null, "now")]
    [InlineData("One moment.<|pad|>[TOOL_CALLS][{\"name\": \"now\", \"arguments\": {}}]", "auto", "One moment.", "now")]
    [InlineData("[TOOL_CALLS] [1]", "auto", " [1]", null)]
    [InlineData("Hi[TOOL_CALLS]<|pad|>", "none", "Hi", null)]
    public async Task Marker_OfTheVocabulary_BeginsCallsAndIsNeverShown(string reply, string choice, string? text, string? called)
    {
        await using var app = new TestApp { Checkpoint = _folder.FullName, Reply = reply, ContextLength = 2048 };
        HttpClient client = await app.StartAsync();
        string fields = $"{ChatToolTests.Tools},\"tool_choice\":\"{choice}\"";

        JsonNode message = (await TestApp.ReadJsonAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat(fields))))["choices"]![0]!["message"]!;
        SseTranscript stream = await SseTranscript.ReadAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat(fields + ",\"stream\":true")));

        Assert.Equal(text?.Trim(), ((string?)message["content"])?.Trim());
        Assert.Equal(text?.Trim() ?? "", stream.Text().Trim());
        Assert.Equal(called, (string?)message["tool_calls"]?[0]!["function"]!["name"]);
        Assert.Equal(called is null ? "stop" : "tool_calls", stream.FinishReason());
    }

    [Fact]
    public async Task Required_OverAControlToken_CallsWithoutIt()
    {
        await using var app = new TestApp { Checkpoint = _folder.FullName, ContextLength = 2048 };
        HttpClient client = await app.StartAsync();
        string fields = ChatToolTests.Tools + ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"now\"}},\"parallel_tool_calls\":false,\"return_token_ids\":true";

        JsonNode choice = (await TestApp.ReadJsonAsync(await client.PostAsync("/v1/chat/completions", TestApp.Chat(fields))))["choices"]![0]!;

        Assert.Equal("now", (string?)choice["message"]!["tool_calls"]![0]!["function"]!["name"]);
        Assert.DoesNotContain(1000, choice["token_ids"]!.AsArray().Select(id => (int)id!));
    }

    [Fact]
    public async Task Template_WithTools_IsToldOfThem()
    {
        await using var app = new TestApp { Checkpoint = _folder.FullName, Reply = "x" };
        HttpClient client = await app.StartAsync();
        const string history = """
            {"messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"now","arguments":"{\"x\":1}"}}]},
              {"role":"tool","tool_call_id":"c","content":"noon"}],"tools":[{"type":"function","function":{"name":"now"}}]}
            """;

        JsonNode tokenized = await TestApp.ReadJsonAsync(await client.PostAsync("/tokenize", TestApp.Json(history)));

        string prompt = string.Concat(TestApp.Tokenizer.Decode([.. tokenized["tokens"]!.AsArray().Select(id => (int)id!).Where(id => id < 1000)]));
        Assert.Contains("""[{"type": "function", "function": {"name": "now", "description": "", "parameters": {"type": "object", "properties": {}}}}]""", prompt);
        Assert.Contains("""{"name": "now", "arguments": {"x": 1}}""", prompt);
        Assert.Contains("tool: noon", prompt);
    }
}
