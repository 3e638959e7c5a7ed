using Llama.Model.Text;

namespace Llama.Model.Tests.Text;

/// <summary>Which format a checkpoint gets, and how rendered templates become tokens.</summary>
public sealed class ChatFormatTests
{
    private static readonly string[] Markup = ["<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|end|>", "<|user|>", "<|assistant|>"];

    private static readonly ChatMessage[] Conversation =
        [new("system", "Be brief."), new("user", "What is a giraffe?"), new("assistant", "A tall animal."), new("user", "And a zebra?")];

    public static TheoryData<string> Templates() => [.. Directory.GetFiles(TextData.Folder("templates"), "*.jinja").Select(path => Path.GetFileNameWithoutExtension(path)).Order()];

    [Fact]
    public void Load_Llama2sOwnTemplate_TakesMetasFormat()
    {
        using CheckpointFolder folder = With(Template("llama-2"));
        Assert.Equal("Llama 2 [INST]", Load(folder, out _).Description);
    }

    // Meta puts a space before each of its texts, whatever Hugging Face makes of the files.
    [Fact]
    public void Load_Llama2sOwnTemplateWithoutLegacy_TakesMetasFormat()
    {
        using CheckpointFolder folder = CheckpointFolder.WithModel(new { bos_token = "<s>", eos_token = "</s>", legacy = false, chat_template = Template("llama-2") });
        ChatFormat format = Load(folder, out Tokenizer tokenizer);
        Assert.Equal("Llama 2 [INST]", format.Description);
        using CheckpointFolder legacy = With(Template("llama-2"));
        Assert.Equal(Render(Load(legacy, out _), Conversation), Render(format, Conversation));
        Assert.Equal("▁b", string.Concat(tokenizer.Encode("</s> b", parseSpecial: true)[1..].Select(tokenizer.Piece)));
    }

    [Fact]
    public void Load_TemplateLikeLlama2sThatRendersOtherwise_IsKept()
    {
        using CheckpointFolder folder = With(Template("llama-2").Replace("' [/INST]'", "'[/INST]'"));
        Assert.Equal("chat_template of tokenizer_config.json", Load(folder, out _).Description);
    }

    [Fact]
    public void Load_NamedTemplates_TakesTheDefault()
    {
        using CheckpointFolder folder = With(new[] { new { name = "rag", template = "no" }, new { name = "default", template = "{{ messages[0].content }}!" } });
        ChatFormat format = Load(folder, out Tokenizer tokenizer);
        Assert.Equal("Be brief.!", tokenizer.Decode(Render(format, Conversation)));
    }

    [Fact]
    public void Load_TemplateFile_GoesBeforeTheConfig()
    {
        using CheckpointFolder folder = With("from config").Write("chat_template.jinja", "from file");
        ChatFormat format = Load(folder, out Tokenizer tokenizer);
        Assert.Equal("chat_template.jinja", format.Description);
        Assert.Equal("from file", tokenizer.Decode(Render(format, Conversation)));
    }

    [Fact]
    public void Load_NamedTemplatesWithoutDefault_ListsThem()
    {
        using CheckpointFolder folder = With(new[] { new { name = "rag", template = "a" }, new { name = "tool_use", template = "b" } });
        Assert.Contains("(rag, tool_use)", Assert.Throws<InvalidDataException>(() => Load(folder, out _)).Message);
    }

    [Fact]
    public void Load_TemplateOutsideTheSubset_NamesConstructPlaceAndRemedy()
    {
        using CheckpointFolder folder = With("a\n{% include 'b' %}");
        string message = Assert.Throws<NotSupportedException>(() => Load(folder, out _)).Message;
        Assert.Contains("line 2, column 4: the tag 'include' is not supported", message);
        Assert.Contains("chat_template.jinja", message);
    }

    [Fact]
    public void TryRender_ChatMl_SpellsItsSpecialTokens()
    {
        using CheckpointFolder folder = With(Template("chatml"));
        ChatFormat format = Load(folder, out Tokenizer tokenizer);
        int start = Id(tokenizer, "<|im_start|>"), end = Id(tokenizer, "<|im_end|>");
        Assert.Equal(
            [tokenizer.BosId!.Value, start, .. tokenizer.Encode("system\nBe brief."), end, .. tokenizer.Encode("\n"), start, .. tokenizer.Encode("assistant\n")],
            Render(format, Conversation[..1]));
    }

    [Fact]
    public void TryRender_TemplateSpellsTokensWithTheRole_OnlyKnownRolesCount()
    {
        using CheckpointFolder folder = With(Template("phi-3.5"));
        ChatFormat format = Load(folder, out Tokenizer tokenizer);
        int end = Id(tokenizer, "<|end|>"), user = Id(tokenizer, "<|user|>"), assistant = Id(tokenizer, "<|assistant|>");
        Assert.Equal([user, end, assistant], Render(format, [new("user", "Hi")]).Where(id => id >= 1000));
        Assert.Equal([end, assistant], Render(format, [new("end", "Hi")]).Where(id => id >= 1000));
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public void TryRender_EveryTemplate_BeginsWithOneBos(string template)
    {
        using CheckpointFolder folder = With(Template(template));
        ChatFormat format = Load(folder, out Tokenizer tokenizer);
        int[] tokens = Render(format, Conversation);
        Assert.Equal(tokenizer.BosId, tokens[0]);
        Assert.NotEqual(tokenizer.BosId, tokens[1]);
    }

    // What is special must not depend on what messages say, whole or in halves that meet the template's own text.
    [Theory]
    [MemberData(nameof(Templates))]
    public void TryRender_MessagesSpellSpecialTokens_StayPlainText(string template)
    {
        using CheckpointFolder folder = With(Template(template));
        ChatFormat format = Load(folder, out Tokenizer tokenizer);
        int[] expected = [.. Render(format, Conversation).Where(id => IsMarkup(tokenizer, id))];
        foreach (string text in (string[])["</s><|im_end|>", .. Markup, "<s>", "</s>", "<unk>", "<|im_", "im_end|>", "s>", "|>", "<", "</s", " </s> \n<|eot_id|> "])
        {
            ChatMessage[] hostile = [.. Conversation.Select(message => message with { Content = text })];
            int[] tokens = Render(format, hostile);
            Assert.Equal(expected, tokens.Where(id => IsMarkup(tokenizer, id)));
            Assert.Contains(text.Trim(), tokenizer.Decode(tokens));
        }
    }

    [Fact]
    public void TryRender_ContentPassesThroughOperations_StaysUntrusted()
    {
        using CheckpointFolder folder = With("""
            {% set c = messages[1].content %}{{ c | trim }}{{ c | upper | lower }}{{ c.replace('a', '</s>') }}{{ (c ~ c)[2:] }}{{ c.split(' ') | join('') }}
            {{ [c] }}{{ c | tojson }}{{ '<' ~ c.strip()[1:] }}{{ c | reverse | reverse }}{{ {c: c} }}{{ c ~ c.title().lower() }}{% set b %}{{ c }}{% endset %}{{ b }}
            """);
        ChatFormat format = Load(folder, out Tokenizer tokenizer);
        int[] tokens = Render(format, [new("system", ""), new("user", " </s> a <|im_end|> ")]);
        Assert.Equal(1, tokens.Count(id => id == tokenizer.EosId)); // the template's own, in replace
        Assert.DoesNotContain(Id(tokenizer, "<|im_end|>"), tokens);
    }

    [Fact]
    public void TryRender_TemplateRaises_GivesItsMessage()
    {
        using CheckpointFolder folder = With(Template("mistral"));
        Assert.False(Load(folder, out _).TryRender([new("user", "a"), new("user", "b")], true, out int[] tokens, out string? error));
        Assert.Empty(tokens);
        Assert.StartsWith("After the optional system message, conversation roles must alternate", error);
    }

    private static ChatFormat Load(CheckpointFolder folder, out Tokenizer tokenizer)
    {
        tokenizer = Tokenizer.Load(folder.Path);
        return ChatFormat.Load(folder.Path, tokenizer);
    }

    private static int[] Render(ChatFormat format, IReadOnlyList<ChatMessage> messages)
    {
        Assert.True(format.TryRender(messages, true, out int[] tokens, out string? error), error);
        return tokens;
    }

    private static int Id(Tokenizer tokenizer, string piece)
    {
        Assert.True(tokenizer.TryGetId(piece, out int id));
        return id;
    }

    private static bool IsMarkup(Tokenizer tokenizer, int id) => tokenizer.IsSpecial(id) || id >= 1000;

    private static string Template(string name) => File.ReadAllText(TextData.Folder($"templates/{name}.jinja"));

    // Half of the markup is declared the new way, half the old way.
    private static CheckpointFolder With(object template) => CheckpointFolder.WithModel(new
    {
        bos_token = new { content = "<s>" },
        eos_token = "</s>",
        chat_template = template,
        added_tokens_decoder = Markup[4..].Select((content, i) => (content, i)).ToDictionary(x => $"{1004 + x.i}", x => new { x.content, special = true }),
    }).Write("added_tokens.json", Markup[..4].Select((content, i) => (content, i)).ToDictionary(x => x.content, x => 1000 + x.i));
}
