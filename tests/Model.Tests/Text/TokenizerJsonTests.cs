using Llama.Model.Text;
using Llama.Model.Text.HuggingFace;

namespace Llama.Model.Tests.Text;

/// <summary>tokenizer.json, where there is no tokenizer.model; vectors are from Data/hugging_face.py.</summary>
public sealed class TokenizerJsonTests
{
    private static readonly object Bos = new { bos_token = "<|begin_of_text|>", eos_token = "<|end_of_text|>" };

    [Theory]
    [InlineData("byte-level")]
    [InlineData("metaspace")]
    public void Encode_EveryRecordedLine_EqualsTheDefinition(string model)
    {
        Tokenizer tokenizer = Tokenizer.Load(TextData.Folder(model));
        string[] inputs = [.. TextData.Lines("inputs.txt").Where((_, i) => i % 3 == 0)], expected = TextData.Lines($"{model}/ids.txt");
        Assert.Equal(inputs.Length, expected.Length);
        Assert.Empty(inputs.Zip(expected).Where(pair => string.Join(' ', tokenizer.Encode(pair.First)) != pair.Second)
            .Select(pair => $"'{pair.First}': {string.Join(' ', tokenizer.Encode(pair.First))} instead of {pair.Second}"));
    }

    [Theory]
    [InlineData("byte-level")]
    [InlineData("metaspace")]
    public void Decode_OfEncode_IsTheText(string model)
    {
        Tokenizer tokenizer = Tokenizer.Load(TextData.Folder(model));
        string[] inputs = [.. TextData.Lines("inputs.txt").Where(line => !line.Contains('▁'))];
        Assert.Equal(inputs, inputs.Select(line => tokenizer.Decode(tokenizer.Encode(line))));
    }

    [Fact]
    public void Load_Llama3Files_KnowsItsSpecials()
    {
        using CheckpointFolder folder = ByteLevel(json => json).Write("tokenizer_config.json", Bos);
        Tokenizer tokenizer = Tokenizer.Load(folder.Path);
        Assert.Equal("<|begin_of_text|>", tokenizer.Piece(tokenizer.BosId!.Value));
        Assert.Equal("<|end_of_text|>", tokenizer.Piece(tokenizer.EosId!.Value));
        Assert.True(tokenizer.AddsBos);
        Assert.True(tokenizer.TryGetId("<|eot_id|>", out int eot));
        int[] expected = [tokenizer.BosId.Value, .. tokenizer.Encode("a"), eot, .. tokenizer.Encode(" b")];
        Assert.Equal(expected, tokenizer.Encode("<|begin_of_text|>a<|eot_id|> b", addBos: true, parseSpecial: true));
        Assert.DoesNotContain(tokenizer.Encode("<|eot_id|>"), tokenizer.IsSpecial);
    }

    [Fact]
    public void Encode_WordThatNoMergeMakes_IsItsTokenUnderIgnoreMerges()
    {
        Tokenizer tokenizer = Tokenizer.Load(TextData.Folder("byte-level"));
        Assert.True(tokenizer.TryGetId("Ġantidisestablishmentarianism", out int id));
        Assert.Equal([.. tokenizer.Encode("an"), id], tokenizer.Encode("an antidisestablishmentarianism"));
    }

    [Theory]
    [InlineData("\"prepend_scheme\":\"always\",\"split\":false", "▁a|▁b", "▁a|▁b")]
    [InlineData("\"prepend_scheme\":\"first\",\"split\":false", "▁a|b", "▁a|▁b")]
    [InlineData("\"prepend_scheme\":\"never\",\"split\":false", "a|b", "a|▁b")]
    [InlineData("\"add_prefix_space\":true", "▁a|▁b", "▁a|▁b")]
    public void Encode_Metaspace_PrefixesAsItsSchemeSays(string options, string expected, string spaced)
    {
        using CheckpointFolder folder = Metaspace($"{{\"type\":\"Metaspace\",\"replacement\":\"▁\",{options}}}");
        Tokenizer tokenizer = Tokenizer.Load(folder.Path);
        Assert.Equal(expected, string.Join('|', Pieces(tokenizer, "a</s>b")));
        Assert.Equal(spaced, string.Join('|', Pieces(tokenizer, "a</s> b")));
    }

    // SmolLM's, DeepSeek Coder's, Llama 3's (to which the long s is an s) and Mistral Nemo's; the words are those of Hugging Face's tokenizers.
    [Theory]
    [InlineData("""{"type":"Digits","individual_digits":true},{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}""",
        "x = 123½ it's\n\n  5,𝟘", "x| =| |1|2|3|½| it|'s|\n\n  |5|,|𝟘")]
    [InlineData("""
        {"type":"Split","pattern":{"Regex":"[\r\n]"},"behavior":"Isolated","invert":false},
        {"type":"Split","pattern":{"Regex":"\\s?\\p{L}+"},"behavior":"Isolated","invert":false},
        {"type":"Split","pattern":{"Regex":"\\s?\\p{P}+"},"behavior":"Isolated","invert":false},
        {"type":"Split","pattern":{"Regex":"[一-龥ࠀ-一가-퟿]+"},"behavior":"Isolated","invert":false},
        {"type":"Digits","individual_digits":true},{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}
        """, "if (x<42):\r\n\t\ty = 你好😀😀\u2603☃ 𐄁𐄂!", "if| (|x|<|4|2|):|\r|\n|\t|\ty| =| |你好|😀😀|☃☃| 𐄁𐄂!")]
    [InlineData("""
        {"type":"Split","pattern":{"Regex":"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},"behavior":"Isolated","invert":false},
        {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}
        """, "don'ſee it'Ss 1234", "don|'ſ|ee| it|'S|s| |123|4")]
    [InlineData("""
        {"type":"Split","pattern":{"Regex":"[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},"behavior":"Isolated","invert":false},
        {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}
        """, "camelCase HTTPServer's 12 a/b//\n\n  e\u0301É𐐀𐐨 𝐀𝐚你𑄀 😀\U0001e130!", "camel|Case| HTTPServer|'s| |1|2| a|/b|//\n\n| | e\u0301|É𐐀𐐨| 𝐀𝐚你𑄀| 😀\U0001e130!")]
    public void Encode_PublishedChainOfPreTokenizers_DividesAsItDoes(string chain, string text, string words)
    {
        using CheckpointFolder folder = PreTokenizers(chain);
        Tokenizer tokenizer = Tokenizer.Load(folder.Path);
        WordPattern pattern = Assert.IsType<ByteLevelEncoder>(tokenizer.Parts.Encoder).Pattern;
        Assert.Equal(words.Split('|'), pattern.Split(text).Select(word => text[word]));
        Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
    }

    // The ids are those of Hugging Face's tokenizers. Without an unknown token the neighbours of a character that the vocabulary lacks meet.
    [Theory]
    [InlineData("metaspace", "\"unk_token\":\"<unk>\"", "\"unk_token\":null", "th龘e \u0903the", "267 267")]
    [InlineData("metaspace", "\"fuse_unk\":true", "\"fuse_unk\":false", "th龘龘e", "262 0 0 777")]
    [InlineData("metaspace", "\"fuse_unk\":true", "\"fuse_unk\":true", "th龘龘e", "262 0 777")]
    [InlineData("byte-level", "\"ô\":", "\"ôô\":", "th\U0010ffffe", "297 143 191 191 101")]
    [InlineData("byte-level", "\"ô\":", "\"ôô\":", "th\U0010ffffe", "297 556 143 191 191 101", "\"unk_token\":null", "\"unk_token\":\"Ġantidisestablishmentarianism\"")]
    public void Encode_CharacterThatTheVocabularyLacks_IsAsTheUnknownTokenSays(string model, string present, string changed, string text, string ids, string also = "version", string becomes = "version")
    {
        using CheckpointFolder folder = Changed(model, json => json.Replace("\"byte_fallback\":true", "\"byte_fallback\":false").Replace(present, changed).Replace(also, becomes));
        Assert.Equal(ids, string.Join(' ', Tokenizer.Load(folder.Path).Encode(text)));
    }

    [Fact]
    public void Decode_UnknownTokenThatIsSpecial_PrintsNothingWhereSpecialsAreSkipped()
    {
        Tokenizer tokenizer = Tokenizer.Load(TextData.Folder("metaspace"));
        Assert.Equal("the", tokenizer.Decode([262, 0, 777]));
        Assert.Equal("th<unk>e", tokenizer.Decode([262, 0, 777], skipSpecialTokens: false));
    }

    [Fact]
    public void Encode_MarkedSpacesUnderIgnoreMerges_TakesTextThatIsATokenWhole()
    {
        using CheckpointFolder folder = Changed("metaspace", json => json.Replace("\"ignore_merges\":false", "\"ignore_merges\":true").Replace("\"merges\":[", "\"merges\":[],\"unread\":["));
        Tokenizer tokenizer = Tokenizer.Load(folder.Path);
        Assert.Equal([267], tokenizer.Encode("the"));
        Assert.Equal([776, 779, 786, 777, 776, 779, 786, 777], tokenizer.Encode("the the"));
    }

    [Fact]
    public void Load_ModelOfNoType_IsBpeWhereItHasMerges()
    {
        using CheckpointFolder folder = Changed("metaspace", json => json.Replace("\"type\":\"BPE\",", ""));
        Assert.Equal([267, 267], Tokenizer.Load(folder.Path).Encode("the the"));
    }

    [Fact]
    public void Encode_AddedTokenOfTheVocabulary_IsTakenWholeFromATemplateAlone()
    {
        using CheckpointFolder folder = Changed("metaspace", json => json.Replace("\"added_tokens\":[", "\"added_tokens\":[{\"id\":320,\"content\":\"the\",\"special\":false},"));
        Tokenizer tokenizer = Tokenizer.Load(folder.Path);
        Assert.Equal([271, 320, 694, 776, 320], tokenizer.Encode("other the", parseSpecial: true));
        Assert.Equal(Tokenizer.Load(TextData.Folder("metaspace")).Encode("other the"), tokenizer.Encode("other the"));
    }

    [Theory]
    [InlineData("{\"type\":\"Digits\",\"individual_digits\":true}")]
    [InlineData("{\"type\":\"Metaspace\",\"replacement\":\"▁\",\"prepend_scheme\":\"first\",\"split\":true}")]
    [InlineData("{\"type\":\"Split\",\"pattern\":{\"String\":\" \"},\"behavior\":\"Isolated\",\"invert\":true}")]
    public void Load_PreTokenizerBehindANormalizerThatMarksSpaces_IsRefusedByName(string step)
    {
        using CheckpointFolder folder = Changed("metaspace", json => json.Replace("\"pre_tokenizer\":null", $"\"pre_tokenizer\":{step}"));
        Assert.Contains($"the pre_tokenizer {step} is not supported", Assert.Throws<NotSupportedException>(() => Tokenizer.Load(folder.Path)).Message);
    }

    // Gemma's files, which some Llamas have.
    [Fact]
    public void Load_SplitAtSpacesWhereNoneIsLeft_ChangesNothing()
    {
        using CheckpointFolder folder = Changed("metaspace", json => json.Replace("\"pre_tokenizer\":null", "\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"String\":\" \"},\"behavior\":\"MergedWithPrevious\",\"invert\":false}"));
        Assert.Equal([267, 267], Tokenizer.Load(folder.Path).Encode("the the"));
    }

    [Theory]
    [InlineData("\"type\":\"BPE\"", "\"type\":\"WordPiece\"", "the model type 'WordPiece'")]
    [InlineData("\"dropout\":null", "\"dropout\":0.1", "dropout")]
    [InlineData("\"end_of_word_suffix\":null", "\"end_of_word_suffix\":\"</w>\"", "end_of_word_suffix")]
    [InlineData("\"normalizer\":null", "\"normalizer\":{\"type\":\"NFC\"}", "the normalizer {\"type\":\"NFC\"}")]
    [InlineData("\"behavior\":\"Isolated\"", "\"behavior\":\"Removed\"", "the pre_tokenizer {\"type\":\"Split\"")]
    [InlineData("\"single_word\":false", "\"single_word\":true", "single_word")]
    [InlineData("{1,3}", "{1,2}", "the pre_tokenizers {\"type\":\"Split\"")]
    public void Load_ConstructNotSupported_IsRefusedByName(string present, string changed, string expected)
    {
        using CheckpointFolder folder = ByteLevel(json => json.Replace(present, changed));
        string message = Assert.Throws<NotSupportedException>(() => Tokenizer.Load(folder.Path)).Message;
        Assert.Contains(Path.Combine(folder.Path, "tokenizer.json"), message);
        Assert.Contains(expected, message);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("0.0")]
    public void Load_DropoutOfZero_IsNone(string dropout)
    {
        using CheckpointFolder folder = ByteLevel(json => json.Replace("\"dropout\":null", $"\"dropout\":{dropout}"));
        Assert.Equal(Tokenizer.Load(TextData.Folder("byte-level")).Encode("a word"), Tokenizer.Load(folder.Path).Encode("a word"));
    }

    [Theory]
    [InlineData("\"merges\":[", "\"merges\":[\"qq zz\",", "merge 0, 'qq zz'")]
    [InlineData("\"merges\":[", "\"merges\":[null,", "merge 0 is no pair of tokens")]
    [InlineData("\"merges\":[", "\"merges\":[[\"a\",null],", "merge 0 is no pair of tokens")]
    [InlineData("\"vocab\"", "\"words\"", "no vocab")]
    [InlineData("\"version\"", "version", "not valid JSON")]
    [InlineData("\"vocab\":{", "\"vocab\":{\"\\ud800\":0,", "half a surrogate pair")]
    public void Load_DamagedFile_NamesFileAndFault(string present, string changed, string expected)
    {
        using CheckpointFolder folder = ByteLevel(json => json.Replace(present, changed));
        string message = Assert.Throws<InvalidDataException>(() => Tokenizer.Load(folder.Path)).Message;
        Assert.Contains(Path.Combine(folder.Path, "tokenizer.json"), message);
        Assert.Contains(expected, message);
    }

    [Fact]
    public void Load_PieceTwiceInTheVocabulary_HasTheLaterId()
    {
        using CheckpointFolder folder = ByteLevel(json => json.Replace("\"vocab\":{", "\"vocab\":{\"a\":0,"));
        Assert.Equal(Tokenizer.Load(TextData.Folder("byte-level")).Encode("a"), Tokenizer.Load(folder.Path).Encode("a"));
    }

    private static IEnumerable<string> Pieces(Tokenizer tokenizer, string text) =>
        tokenizer.Encode(text, parseSpecial: true).Where(id => !tokenizer.IsSpecial(id)).Select(tokenizer.Piece);

    private static CheckpointFolder ByteLevel(Func<string, string> change) => Changed("byte-level", change);

    private static CheckpointFolder Changed(string model, Func<string, string> change) =>
        new CheckpointFolder().Write("tokenizer.json", change(File.ReadAllText(TextData.Folder($"{model}/tokenizer.json"))));

    private static CheckpointFolder PreTokenizers(string chain) => ByteLevel(json =>
    {
        int start = json.IndexOf("\"pretokenizers\":[", StringComparison.Ordinal), end = json.IndexOf("]},\"post_processor\"", StringComparison.Ordinal);
        return $"{json[..start]}\"pretokenizers\":[{chain}{json[end..]}";
    });

    private static CheckpointFolder Metaspace(string preTokenizer)
    {
        string json = File.ReadAllText(TextData.Folder("metaspace/tokenizer.json"));
        int start = json.IndexOf("\"normalizer\":", StringComparison.Ordinal), end = json.IndexOf(",\"post_processor\"", StringComparison.Ordinal);
        return new CheckpointFolder().Write("tokenizer.json", $"{json[..start]}\"normalizer\":null,\"pre_tokenizer\":{preTokenizer}{json[end..]}");
    }
}
