using System.Text;
using System.Text.Unicode;
using Llama.Model.Text;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Text;

public sealed class IncrementalDecoderTests
{
    private static readonly Tokenizer Llama = Tokenizer.Load(TextData.Folder("llama"));

    public static TheoryData<string> Models() => ["llama", "other", "byte-level", "metaspace"];

    // Byte tokens are drawn often, so that most sequences hold broken characters.
    [Theory]
    [MemberData(nameof(Models))]
    public void Append_AnyTokens_PiecesMakeTheWholeAndNoneEndsInsideACharacter(string model)
    {
        Tokenizer tokenizer = Tokenizer.Load(TextData.Folder(model));
        var random = new Random(20231);
        for (int run = 0; run < 2_000; run++)
        {
            int[] ids = [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => random.Next(0, random.Next(2) == 0 ? tokenizer.VocabSize : 259))];
            bool skips = random.Next(2) == 0;
            var decoder = new IncrementalDecoder(tokenizer, skips);
            string text = "";
            foreach (int id in ids) text += Whole(decoder.Append(id));
            Assert.Equal(tokenizer.Decode(ids, skips), text + Whole(decoder.Flush()));
        }
    }

    // What is broken off stands for the tokens before: where a token's text starts is what log-probabilities are told with.
    [Theory]
    [MemberData(nameof(Models))]
    public void EarlierLength_AnyTokens_TheTokensOwnTextFollowsIt(string model)
    {
        Tokenizer tokenizer = Tokenizer.Load(TextData.Folder(model));
        var random = new Random(7);
        for (int run = 0; run < 2_000; run++)
        {
            var decoder = new IncrementalDecoder(tokenizer, skipSpecialTokens: false, atSequenceStart: random.Next(2) == 0);
            for (int i = 0; i < 12; i++)
            {
                int id = random.Next(0, random.Next(2) == 0 ? tokenizer.VocabSize : 259);
                ReadOnlySpan<byte> bytes = tokenizer.Bytes(id);
                if (decoder.IsAtStart && tokenizer.Piece(id).StartsWith('▁')) bytes = bytes[1..];
                string printed = decoder.Append(id).ToString(), own = printed[decoder.EarlierLength..];
                Assert.All(printed[..decoder.EarlierLength], unit => Assert.Equal('\uFFFD', unit));
                if (Utf8.IsValid(bytes)) Assert.Equal(Encoding.UTF8.GetString(bytes), own);
            }
        }
    }

    [Fact]
    public void Append_CharacterInBytes_ComesWhenItIsWhole()
    {
        var decoder = new IncrementalDecoder(Llama);
        int[] ids = [.. "😀é"u8.ToArray().Select(Byte)];
        Assert.Equal(["", "", "", "😀", "", "é"], ids.Select(id => decoder.Append(id).ToString()));
        Assert.Equal("", decoder.Flush().ToString());
    }

    [Fact]
    public void Flush_UnfinishedCharacter_IsReplaced()
    {
        var decoder = new IncrementalDecoder(Llama);
        Assert.Equal("", decoder.Append(Byte(0xC3)).ToString());
        Assert.Equal("\uFFFD", decoder.Flush().ToString());
        Assert.Equal("", decoder.Flush().ToString());
    }

    [Fact]
    public void Append_CharacterBrokenOff_IsReplacedBeforeTheNext()
    {
        var decoder = new IncrementalDecoder(Llama);
        decoder.Append(Byte(0xE2));
        Assert.Equal("\uFFFDA", decoder.Append(Byte((byte)'A')).ToString());
    }

    [Fact]
    public void Append_SequenceStart_DropsOneSpace()
    {
        int[] ids = Llama.Encode("the  the");
        Assert.Equal("the  the", Decode(new IncrementalDecoder(Llama), ids));
        Assert.Equal("the  the", Decode(new IncrementalDecoder(Llama), [1, .. ids]));
        Assert.Equal(" the  the", Decode(new IncrementalDecoder(Llama, atSequenceStart: false), ids));
        Assert.Equal(" the", Decode(new IncrementalDecoder(Llama), Llama.Encode(" the")));
        Assert.Equal(" ", Decode(new IncrementalDecoder(Llama), [Byte((byte)' ')])); // a space spelled out is no prefix
    }

    [Fact]
    public void Append_Specials_PrintOnlyWhenAsked()
    {
        int[] ids = [1, .. Llama.Encode("a"), 2];
        Assert.Equal("a", Decode(new IncrementalDecoder(Llama), ids));
        Assert.Equal("<s> a</s>", Decode(new IncrementalDecoder(Llama, skipSpecialTokens: false), ids));
    }

    [Fact]
    public void Append_WarmedUp_AllocatesNothing()
    {
        var decoder = new IncrementalDecoder(Llama);
        Feed();
        Assert.Equal(0, Allocated.InStretch(Feed));

        void Feed()
        {
            for (int id = 0; id < Llama.VocabSize; id++) decoder.Append(id);
            decoder.Flush();
        }
    }

    private static string Whole(ReadOnlySpan<char> piece)
    {
        Assert.True(piece.IsEmpty || (!char.IsHighSurrogate(piece[^1]) && !char.IsLowSurrogate(piece[0])));
        return piece.ToString();
    }

    private static string Decode(IncrementalDecoder decoder, int[] ids) => string.Concat(ids.Select(id => decoder.Append(id).ToString())) + decoder.Flush().ToString();

    private static int Byte(byte value)
    {
        Assert.True(Llama.TryGetId($"<0x{value:X2}>", out int id));
        return id;
    }
}
