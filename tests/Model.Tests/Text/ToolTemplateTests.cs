using Llama.Model.Text;

namespace Llama.Model.Tests.Text;

/// <summary>Tools, their calls and their results in checkpoints' own templates.</summary>
public sealed class ToolTemplateTests
{
    private static readonly string[] Markup = ["<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "[TOOL_CALLS]", "[TOOL_RESULTS]", "<tool_call>"];

    private static readonly ChatTool[] Tools = [new("get_weather", "Tells it.", """{"type":"object","properties":{"city":{"type":"string","description":"Where."}}}"""), new("now", null, null)];

    private static readonly ChatMessage[] Conversation =
    [
        new("user", "What is the weather?"),
        new("assistant", "") { ToolCalls = [new("call_123", "get_weather", """{"city": "Bonn"}""")] },
        new("tool", "rain") { ToolCallId = "call_123", Name = "get_weather" },
    ];

    [Theory]
    [InlineData("hermes-tools", true, "<tool_call>")]
    [InlineData("qwen-tools", true, "<tool_call>")]
    [InlineData("mistral-tools", true, "[TOOL_CALLS]")]
    [InlineData("llama-3.1", true, "\"parameters\": ")]
    [InlineData("pythonic-tools", true, "[func_name1(")]
    [InlineData("llama-2", false, "<tool_call>")]
    [InlineData("chatml", false, "<tool_call>")]
    [InlineData("zephyr", false, "<tool_call>")]
    public void Load_Template_TellsWhetherItReadsTools(string template, bool hasTools, string sign)
    {
        using CheckpointFolder folder = With(Template(template));
        ChatFormat format = Load(folder, out _);
        Assert.Equal(hasTools, format.HasTools);
        Assert.Equal(hasTools, format.SpellsForTools(sign));
    }

    [Theory]
    [InlineData("hermes-tools", """<tool_call>⏎{"name": "get_weather", "arguments": {"city": "Bonn"}}⏎</tool_call>""", """{"name": "get_weather", "content": "rain"}""")]
    [InlineData("qwen-tools", """{"type": "function", "function": {"name": "now", "description": "", "parameters": {"type": "object", "properties": {}}}}""", "<tool_response>⏎rain⏎</tool_response>")]
    [InlineData("mistral-tools", """[TOOL_CALLS] [{"name": "get_weather", "arguments": {"city": "Bonn"}, "id": "xxxxxxxxx"}]""", """{"content": rain, "call_id": "xxxxxxxxx"}""")]
    [InlineData("llama-3.1", """{"name": "get_weather", "parameters": {"city": "Bonn"}}""", "\"rain\"")]
    [InlineData("pythonic-tools", "[get_weather(city=Bonn)]", """{"output": "rain"}""")]
    public void TryRender_CallsAndResults_AreWhereTheTemplatePutsThem(string template, params string[] expected)
    {
        using CheckpointFolder folder = With(Template(template));
        ChatFormat format = Load(folder, out Tokenizer tokenizer);
        string prompt = tokenizer.Decode(Render(format, Conversation, Tools), skipSpecialTokens: false).Replace(" ", ""); // the tokenizer puts one behind each special token
        int id = prompt.IndexOf("call_id\":\"", StringComparison.Ordinal) + "call_id\":\"".Length;
        foreach (string part in expected) Assert.Contains(part.Replace("⏎", "\n").Replace(" ", "").Replace("xxxxxxxxx", prompt.Substring(id, 9)), prompt);
    }

    [Fact]
    public void TryRender_OwnTemplateForTools_IsTakenWhereThereAreAny()
    {
        using CheckpointFolder named = With(new[] { new { name = "default", template = "plain" }, new { name = "tool_use", template = "{{ tools | length if tools else 'calls' }}" } });
        using CheckpointFolder file = With("plain").Write("chat_template.jinja", "plain").Write("additional_chat_templates/tool_use.jinja", "{{ tools | length if tools else 'calls' }}");
        foreach (CheckpointFolder folder in new[] { named, file })
        {
            ChatFormat format = Load(folder, out Tokenizer tokenizer);
            Assert.True(format.HasTools);
            Assert.Equal("plain", tokenizer.Decode(Render(format, Conversation[..1], [])));
            Assert.Equal("2", tokenizer.Decode(Render(format, Conversation[..1], Tools)));
            Assert.Equal("calls", tokenizer.Decode(Render(format, Conversation, [])));
        }
    }

    [Fact]
    public void TryRender_ArgumentsThatAreNoJson_StayText()
    {
        using CheckpointFolder folder = With("{{ messages[0].tool_calls[0].function.arguments | upper }}{{ messages[1].tool_calls[0].function.arguments.a }}");
        ChatFormat format = Load(folder, out Tokenizer tokenizer);
        ChatMessage[] messages = [.. ((string[])["{\"a\": \"\\ud800\"}", "{\"a\": 12345678901}"]).Select(text => new ChatMessage("assistant", "") { ToolCalls = [new("1", "f", text)] })];
        Assert.Equal("{\"A\": \"\\UD800\"}12345678901", tokenizer.Decode(Render(format, messages, [])));
    }

    // Everything about tools comes from callers and models.
    [Theory]
    [InlineData("hermes-tools")]
    [InlineData("qwen-tools")]
    [InlineData("mistral-tools")]
    [InlineData("llama-3.1")]
    [InlineData("pythonic-tools")]
    public void TryRender_ToolsSpellSpecialTokens_StayPlainText(string template)
    {
        using CheckpointFolder folder = With(Template(template));
        ChatFormat format = Load(folder, out Tokenizer tokenizer);
        int[] expected = [.. Render(format, Conversation, Tools).Where(id => IsMarkup(tokenizer, id))];
        foreach (string text in (string[])[.. Markup, "</s>", "<|im_", "s>", "<"])
        {
            ChatTool[] tools = [new(text, text, $$"""{"type":"object","properties":{"{{text}}":{"type":"string","description":"{{text}}"} } }"""), new(text, text, null)];
            ChatMessage call = new("assistant", "") { ToolCalls = [new(text, text, $$"""{"{{text}}": "{{text}}"}""")] };
            int[] tokens = Render(format, [Conversation[0], call, new("tool", text) { ToolCallId = text, Name = text }], tools);
            Assert.Equal(expected, tokens.Where(id => IsMarkup(tokenizer, id)));
        }
    }

    [Fact]
    public void Decode_ControlTokenMadeVisible_IsTheOnlyOneThatPrints()
    {
        using CheckpointFolder folder = With("x");
        var tokenizer = Tokenizer.Load(folder.Path);
        Assert.True(tokenizer.TryGetId("[TOOL_CALLS]", out int visible));
        Assert.True(tokenizer.TryGetId("<|im_end|>", out int hidden));
        var decoder = new IncrementalDecoder(tokenizer, visibleTokenId: visible);
        Assert.Equal("[TOOL_CALLS]", string.Concat(((int[])[hidden, visible, hidden]).Select(id => decoder.Append(id).ToString())));
    }

    private static ChatFormat Load(CheckpointFolder folder, out Tokenizer tokenizer)
    {
        tokenizer = Tokenizer.Load(folder.Path);
        return ChatFormat.Load(folder.Path, tokenizer);
    }

    private static int[] Render(ChatFormat format, IReadOnlyList<ChatMessage> messages, IReadOnlyList<ChatTool> tools)
    {
        Assert.True(format.TryRender(messages, tools, true, out int[] tokens, out string? error), error);
        return tokens;
    }

    private static bool IsMarkup(Tokenizer tokenizer, int id) => tokenizer.IsSpecial(id) || id >= 1000;

    private static string Template(string name) => File.ReadAllText(TextData.Folder($"templates/{name}.jinja"));

    private static CheckpointFolder With(object template) => CheckpointFolder.WithModel(new
    {
        bos_token = "<s>",
        eos_token = "</s>",
        chat_template = template,
        added_tokens_decoder = Markup.Select((content, i) => (content, i)).ToDictionary(x => $"{1000 + x.i}", x => new { x.content, special = true }),
    });
}
