using System.Text;
using Llama.Model.Checkpoints;
using Llama.Model.Checkpoints.Gguf;
using Llama.Model.Tests.Text;
using Llama.Model.Text;

namespace Llama.Model.Tests.Gguf;

public sealed class GgufTokenizerTests
{
    private static readonly string Alphabet = "aeinorst ,.'\n\t12369\"<>/s[]INSTé中😀\u2581\ud83d";

    [Theory]
    [InlineData("llama")]
    [InlineData("other")]
    [InlineData("byte-level")]
    public void Load_Converted_EncodesAndDecodesAsTheFolderDoes(string name)
    {
        using var folder = new GgufFolder(name);
        Tokenizer expected = Tokenizer.Load(folder.Checkpoint), actual = Tokenizer.Load(folder.Convert("F32"));
        int? eos = expected.EosId ?? LlamaConfig.Load(folder.Checkpoint).EosTokenIds[0]; // there is one place for both
        Assert.Equal((expected.BosId, eos, expected.AddsBos), (actual.BosId, actual.EosId, actual.AddsBos));
        foreach (string text in Texts())
        {
            int[] ids = expected.Encode(text, parseSpecial: text.Length % 2 == 0);
            Assert.Equal(ids, actual.Encode(text, parseSpecial: text.Length % 2 == 0));
            Assert.Equal(expected.Decode(ids, skipSpecialTokens: false), actual.Decode(ids, skipSpecialTokens: false));
        }
        for (int id = 0; id < actual.VocabSize; id++)
        {
            Assert.Equal(expected.IsSpecial(id), actual.IsSpecial(id));
            Assert.Equal(expected.Bytes(id), actual.Bytes(id));
        }
    }

    [Fact]
    public void Load_AddedTokens_AreThoseOfTheFolder()
    {
        using var folder = new GgufFolder("llama");
        int count = Tokenizer.Load(folder.Checkpoint).VocabSize;
        folder.Write("tokenizer_config.json", $$$"""
            {"bos_token": "<s>", "eos_token": "<|im_end|>", "unk_token": "<unk>", "pad_token": "</s>", "add_bos_token": false, "added_tokens_decoder": {
              "{{{count}}}": {"content": "<|im_start|>", "special": false}, "{{{count + 1}}}": {"content": "<|im_end|>", "special": true} } }
            """);
        folder.Write("chat_template.jinja", "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}{{ pad_token }}{{ unk_token }}<|im_start|>assistant\n");
        string file = folder.Convert("F32");
        Tokenizer expected = Tokenizer.Load(folder.Checkpoint), actual = Tokenizer.Load(file);
        Assert.Equal((expected.BosId, expected.EosId, false), (actual.BosId, actual.EosId, actual.AddsBos));
        const string text = "<|im_start|>user <|im_end|>x";
        Assert.Equal(expected.Encode(text), actual.Encode(text));
        Assert.Equal(expected.Encode(text, parseSpecial: true), actual.Encode(text, parseSpecial: true));
        ChatMessage[] chat = [new("user", "Hi <|im_end|>"), new("assistant", "Hello."), new("user", "And?")];
        Assert.True(ChatFormat.Load(folder.Checkpoint, expected).TryRender(chat, true, out int[] tokens, out _));
        Assert.True(ChatFormat.Load(file, actual).TryRender(chat, true, out int[] converted, out _));
        Assert.Equal(tokens, converted);
    }

    [Fact]
    public void Load_DamagedRulesOfNormalisation_NamesFileAndFault()
    {
        using var folder = new GgufFolder("other");
        string path = folder.Convert("F32");
        byte[] file = File.ReadAllBytes(path), key = "tokenizer.ggml.precompiled_charsmap"u8.ToArray();
        file.AsSpan(file.AsSpan().IndexOf(key) + key.Length + 16, 4).Fill(0xff); // behind two types and a count: the trie's length
        File.WriteAllBytes(path, file);
        Assert.Equal($"{path}: its precompiled_charsmap is cut short; download it again", Assert.Throws<CheckpointException>(() => Tokenizer.Load(path)).Message);
    }

    [Theory]
    [InlineData(""" "legacy": true """, 0)]
    [InlineData(""" "legacy": false """, 1)]
    public void Convert_PrefixAtTheStartAlone_IsRemarkedUpon(string config, int expected)
    {
        using var folder = new GgufFolder("llama");
        folder.Write("tokenizer_config.json", $"{{{config}}}");
        using GgufConversion conversion = GgufConversion.Prepare(folder.Checkpoint, "F32");
        Assert.Equal(expected, conversion.Remarks.Count(remark => remark.StartsWith("Text behind a special token", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("smollm", false, """{"type":"Digits","individual_digits":true},{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}""")]
    [InlineData("tekken", true, """
        {"type":"Split","pattern":{"Regex":"[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},"behavior":"Isolated","invert":false},
        {"type":"ByteLevel","add_prefix_space":false,"use_regex":false}
        """)]
    public void Convert_OtherChainOfPreTokenizers_IsNamedInTheFile(string name, bool ignoresMerges, string chain)
    {
        using var folder = new GgufFolder("byte-level");
        string json = File.ReadAllText(Path.Combine(folder.Checkpoint, "tokenizer.json")).Replace("\"ignore_merges\":true", $"\"ignore_merges\":{(ignoresMerges ? "true" : "false")}");
        int start = json.IndexOf("\"pretokenizers\":[", StringComparison.Ordinal), end = json.IndexOf("]},\"post_processor\"", StringComparison.Ordinal);
        folder.Write("tokenizer.json", $"{json[..start]}\"pretokenizers\":[{chain}{json[end..]}");
        string file = folder.Convert("F32");
        Tokenizer expected = Tokenizer.Load(folder.Checkpoint), actual = Tokenizer.Load(file);
        Assert.True(File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(name)) >= 0);
        foreach (string text in Texts()) Assert.Equal(expected.Encode(text), actual.Encode(text));
    }

    [Fact]
    public void Load_Llama2Template_IsFoundToBeLlama2()
    {
        using var folder = new GgufFolder("llama");
        folder.Write("chat_template.jinja", File.ReadAllText(Path.Combine(TextData.Folder("templates"), "llama-2.jinja")));
        string file = folder.Convert("F32");
        Assert.Equal("Llama 2 [INST]", ChatFormat.Load(file, Tokenizer.Load(file)).Description);
    }

    [Fact]
    public void Convert_MetaspaceJson_IsRefusedWithTheRemedy()
    {
        using var folder = new GgufFolder("metaspace");
        Assert.Contains("tokenizer.model", Assert.Throws<NotSupportedException>(() => folder.Convert("F32")).Message);
    }

    [Fact]
    public void Load_ByteLevelWithoutMerges_IsRefused()
    {
        using var folder = new GgufFolder("byte-level");
        string file = folder.Convert("F32");
        byte[] bytes = File.ReadAllBytes(file);
        "tokenizer.ggml.nerges"u8.CopyTo(bytes.AsSpan(bytes.AsSpan().IndexOf("tokenizer.ggml.merges"u8)));
        File.WriteAllBytes(file, bytes);

        Assert.Contains("tokenizer.ggml.merges is missing", Assert.Throws<CheckpointException>(() => Tokenizer.Load(file)).Message);
    }

    private static IEnumerable<string> Texts()
    {
        var random = new Random(3);
        string snippets = Encoding.UTF8.GetString(File.ReadAllBytes(TextData.Folder("snippets.txt")));
        return TextData.Lines("inputs.txt").Concat(snippets.Chunk(200).Select(chunk => new string(chunk)))
            .Concat(Enumerable.Range(0, 300).Select(_ => new string([.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => Alphabet[random.Next(Alphabet.Length)])])));
    }
}
