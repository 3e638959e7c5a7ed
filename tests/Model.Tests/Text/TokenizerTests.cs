using System.Text;
using Llama.Model.Text;

namespace Llama.Model.Tests.Text;

public sealed class TokenizerTests
{
    private static readonly Tokenizer Llama = Tokenizer.Load(TextData.Folder("llama"));

    [Fact]
    public void Load_ModelFile_KnowsItsSpecials()
    {
        Assert.Equal((1000, 1, 2), (Llama.VocabSize, Llama.BosId, Llama.EosId));
        Assert.Equal([1, 2], Enumerable.Range(0, Llama.VocabSize).Where(Llama.IsSpecial));
        Assert.True(Llama.AddsBos);
    }

    [Fact]
    public void Encode_EmptyText_IsNothingOrBos()
    {
        Assert.Empty(Llama.Encode(""));
        Assert.Equal([1], Llama.Encode("", addBos: true));
        Assert.Equal([1], Llama.Encode("", addBos: true, parseSpecial: true));
    }

    // The package's own merge takes these from the right.
    [Theory]
    [InlineData("!!!!!!")]
    [InlineData("....")]
    [InlineData("((")]
    [InlineData("--------")]
    public void Encode_RunOfOneCharacter_JoinsFromTheLeft(string run)
    {
        string[] pieces = [.. Llama.Encode("a" + run).Select(Llama.Piece).Skip(1)];
        Assert.Equal(run, string.Concat(pieces));
        Assert.Equal(pieces.OrderByDescending(piece => piece.Length), pieces);
    }

    [Fact]
    public void Encode_LoneSurrogates_AreReplacementCharacters()
    {
        Assert.Equal(Llama.Encode("a\uFFFDb\uFFFD"), Llama.Encode("a\uD83Db\uDE00"));
        Assert.Equal(Llama.Encode("\uFFFD\uFFFD"), Llama.Encode("\uDE00\uD83D"));
    }

    [Fact]
    public void Encode_SpecialsInUsersText_StayText()
    {
        Assert.DoesNotContain(Llama.Encode("<s></s><unk> <0x41>"), id => id < 3);
        Assert.Equal([1, .. Llama.Encode("a"), 2, 1, .. Llama.Encode("b"), 0], Llama.Encode("<s>a</s><s>b<unk>", parseSpecial: true));
    }

    [Fact]
    public void Encode_TextSpellsBosItself_GetsNoSecond()
    {
        Assert.Equal([1, .. Llama.Encode("a")], Llama.Encode("<s>a", addBos: true, parseSpecial: true));
        Assert.Equal([1, .. Llama.Encode("<s>a")], Llama.Encode("<s>a", addBos: true));
    }

    [Fact]
    public void Encode_HugeWord_TakesNoQuadraticTime()
    {
        string word = string.Concat(Enumerable.Repeat("license", 20_000));
        Assert.Equal(word, Llama.Decode(Llama.Encode(word))); // merging by repeated search would take minutes
    }

    [Fact]
    public void Encode_ManyThreads_AgreeWithOne()
    {
        string[] lines = TextData.Lines("inputs.txt");
        int[][] expected = [.. lines.Select(line => Llama.Encode(line))];
        System.Threading.Tasks.Parallel.For(0, 4, _ => Assert.Equal(expected, lines.Select(line => Llama.Encode(line))));
    }

    [Fact]
    public void Bytes_OfEncodedText_AreItsUtf8()
    {
        const string text = "Née 😀\n\tlicense";
        Assert.Equal(" " + text, Encoding.UTF8.GetString([.. Llama.Encode(text).SelectMany(id => Llama.Bytes(id).ToArray())]));
        Assert.Equal("</s>"u8.ToArray(), Llama.Bytes(2).ToArray());
    }

    [Fact]
    public void Bytes_IdBeyondTheVocabulary_AreNone()
    {
        Assert.Equal((0, "", false), (Llama.Bytes(1000).Length, Llama.Piece(-1), Llama.IsSpecial(5000)));
        Assert.Equal("a", Llama.Decode([.. Llama.Encode("a"), 5000, -1]));
    }

    [Fact]
    public void Load_AddedTokens_AreKnownEverywhere()
    {
        using CheckpointFolder folder = CheckpointFolder.WithModel(new
        {
            eos_token = "<|im_end|>",
            add_bos_token = false,
            added_tokens_decoder = new Dictionary<string, object>
            {
                ["1001"] = new { content = "<|im_end|>", special = false },
                ["1003"] = new { content = "<tool>", special = false, rstrip = true },
            },
        });
        Tokenizer tokenizer = Tokenizer.Load(folder.Path);
        Assert.Equal((1004, 1, 1001, false), (tokenizer.VocabSize, tokenizer.BosId, tokenizer.EosId, tokenizer.AddsBos));
        Assert.Equal(("<|im_end|>", true, "<tool>", false), (tokenizer.Piece(1001), tokenizer.IsSpecial(1001), tokenizer.Piece(1003), tokenizer.IsSpecial(1003)));
        Assert.Equal("<tool>"u8.ToArray(), tokenizer.Bytes(1003).ToArray());
        Assert.Equal([.. tokenizer.Encode("a"), 1001, 1003, .. tokenizer.Encode("b")], tokenizer.Encode("a<|im_end|><tool> b", parseSpecial: true));
        Assert.DoesNotContain(tokenizer.Encode("<|im_end|><tool>"), id => id >= 1000);
        Assert.Equal("a<tool>", tokenizer.Decode([.. tokenizer.Encode("a"), 1001, 1003]));
        Assert.Equal("a<|im_end|>", tokenizer.Decode([.. tokenizer.Encode("a"), 1001], skipSpecialTokens: false));
    }

    [Fact]
    public void Encode_TokenThatStripsSpace_TakesItFromAllThatFollows()
    {
        using CheckpointFolder folder = CheckpointFolder.WithModel(new
        {
            added_tokens_decoder = new Dictionary<string, object> { ["1000"] = new { content = "<a>", rstrip = true }, ["1001"] = new { content = " <b>", lstrip = true } },
        });
        Tokenizer tokenizer = Tokenizer.Load(folder.Path);
        PromptText text = PromptText.Trusted("x<a>") + PromptText.Untrusted(" \n") + PromptText.Trusted(" <b> <b>");
        Assert.Equal([.. tokenizer.Encode("x"), 1000, .. tokenizer.Encode("<b>"), 1001], tokenizer.Encode(text, addBos: false));
    }

    // What Hugging Face makes of the same files: of tokenizer.json where there is one, else of the model by what "legacy" says.
    [Theory]
    [InlineData(null, null, "▁a|▁b|▁▁b", "▁▁b")]
    [InlineData(true, null, "▁a|▁b|▁▁b", "▁▁b")]
    [InlineData(false, null, "▁a|b|▁b", "▁b")]
    [InlineData(false, """{"normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}}""", "▁a|▁b|▁▁b", "▁▁b")]
    [InlineData(true, """{"pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":false}}""", "▁a|b|▁b", "▁b")]
    [InlineData(true, """{"pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":false}}""", "▁a|▁b|▁b", "▁b")]
    [InlineData(true, """{"pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"never","split":false}}""", "a|b|▁b", "▁b")]
    [InlineData(false, """{"pre_tokenizer":{"type":"Whitespace"}}""", "▁a|b|▁b", "▁b")]
    [InlineData(false, "version https://git-lfs.github.com/spec/v1", "▁a|b|▁b", "▁b")]
    public void Encode_TextBehindASpecialToken_IsPrefixedAsHuggingFaceDoes(bool? legacy, string? json, string expected, string spaced)
    {
        using CheckpointFolder folder = legacy is null ? CheckpointFolder.WithModel() : CheckpointFolder.WithModel(new { legacy });
        if (json is not null) folder.Write("tokenizer.json", json);
        Tokenizer tokenizer = Tokenizer.Load(folder.Path);
        Assert.Equal(expected, string.Join('|', Stretches(tokenizer.Encode("a</s>b</s> b", parseSpecial: true))));
        Assert.Equal(spaced, Spelled(tokenizer.Encode(" b")));

        IEnumerable<string> Stretches(int[] ids)
        {
            int end = Array.IndexOf(ids, tokenizer.EosId!.Value);
            return end < 0 ? [Spelled(ids)] : [Spelled(ids[..end]), .. Stretches(ids[(end + 1)..])];
        }

        string Spelled(int[] ids) => string.Concat(ids.Select(tokenizer.Piece));
    }

    [Fact]
    public void Load_PieceDeclaredSpecial_NeverComesFromText()
    {
        Assert.True(Llama.TryGetId("▁the", out int the));
        Assert.Contains(the, Llama.Encode("the"));
        using CheckpointFolder folder = CheckpointFolder.WithModel(new { additional_special_tokens = new[] { "▁the" } });
        Tokenizer tokenizer = Tokenizer.Load(folder.Path);
        Assert.True(tokenizer.IsSpecial(the));
        Assert.DoesNotContain(the, tokenizer.Encode("the"));
    }

    // SentencePiece merges through an unused piece, then divides it where it was joined.
    [Fact]
    public void Encode_UnusedPiece_IsDividedAgain()
    {
        byte[] model = File.ReadAllBytes(TextData.Folder("llama/tokenizer.model"));
        byte[] entry = [0x0A, 13, 0x0A, 6, .. "▁the"u8];
        int start = model.AsSpan().IndexOf(entry), end = start + 2 + 13;
        byte[] changed = [.. model[..start], 0x0A, 15, .. model[(start + 2)..end], 0x18, 5, .. model[end..]]; // type 5: unused
        using var folder = new CheckpointFolder();
        File.WriteAllBytes(Path.Combine(folder.Path, "tokenizer.model"), changed);
        Tokenizer tokenizer = Tokenizer.Load(folder.Path);
        Assert.Equal(["▁the"], Llama.Encode("the").Select(Llama.Piece));
        Assert.Equal(["▁th", "e"], tokenizer.Encode("the").Select(tokenizer.Piece));
    }

    [Fact]
    public void Load_EmptyFolder_SaysWhatWasSought()
    {
        using var folder = new CheckpointFolder();
        string message = Assert.Throws<FileNotFoundException>(() => Tokenizer.Load(folder.Path)).Message;
        Assert.Contains(folder.Path, message);
        Assert.Contains("tokenizer.model", message);
        Assert.Contains("tokenizer.json", message);
    }

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:0")]
    [InlineData("")]
    public void Load_DamagedModel_NamesFileAndRemedy(string content)
    {
        using CheckpointFolder folder = new CheckpointFolder().Write("tokenizer.model", content);
        string message = Assert.Throws<InvalidDataException>(() => Tokenizer.Load(folder.Path)).Message;
        Assert.Contains(Path.Combine(folder.Path, "tokenizer.model"), message);
        Assert.Contains("from the checkpoint again", message);
    }

    // It is a whole message all the same, of a model whose kind is not told: by the schema Unigram.
    [Fact]
    public void Load_ModelCutShortBetweenTwoPieces_IsSaidToBeNotWhole()
    {
        byte[] model = File.ReadAllBytes(TextData.Folder("llama/tokenizer.model"));
        int end = model.AsSpan().IndexOf((byte[])[0x0A, 13, 0x0A, 6, .. "▁the"u8]);
        using var folder = new CheckpointFolder();
        File.WriteAllBytes(Path.Combine(folder.Path, "tokenizer.model"), model[..end]);
        Assert.Contains("is not a whole SentencePiece model (it ends behind its pieces", Assert.Throws<InvalidDataException>(() => Tokenizer.Load(folder.Path)).Message);
    }

    [Fact]
    public void Load_DamagedRulesOfNormalisation_NamesFileAndFault()
    {
        using var folder = new CheckpointFolder();
        string path = Path.Combine(folder.Path, "tokenizer.model");
        byte[] rules = [0x1A, 6, 0x12, 4, 0, 0, 0, 0]; // NormalizerSpec, field 2: no trie
        File.WriteAllBytes(path, [.. File.ReadAllBytes(TextData.Folder("llama/tokenizer.model")), .. rules]);
        string message = Assert.Throws<InvalidDataException>(() => Tokenizer.Load(folder.Path)).Message;
        Assert.Contains(path, message);
        Assert.Contains("precompiled_charsmap is cut short", message);
    }

    [Fact]
    public void Load_UnigramModel_IsRefusedByName()
    {
        byte[] model = File.ReadAllBytes(TextData.Folder("llama/tokenizer.model"));
        int modelType = model.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[0x18, 0x02]); // TrainerSpec, field 3: BPE
        model[modelType + 1] = 1;
        using var folder = new CheckpointFolder();
        File.WriteAllBytes(Path.Combine(folder.Path, "tokenizer.model"), model);
        Assert.Contains("SentencePiece Unigram model", Assert.Throws<NotSupportedException>(() => Tokenizer.Load(folder.Path)).Message);
    }

    [Fact]
    public void Load_ConfigOfAnotherCheckpoint_NamesTheToken()
    {
        using CheckpointFolder folder = CheckpointFolder.WithModel(new { eos_token = "<|eot|>" });
        string message = Assert.Throws<InvalidDataException>(() => Tokenizer.Load(folder.Path)).Message;
        Assert.Contains("tokenizer_config.json names '<|eot|>' as eos_token", message);
    }
}
