using Llama.Model.Text;

namespace Llama.Model.Tests.Text;

/// <summary>Compares with what SentencePiece itself recorded; a failure lists every line that differs.</summary>
public sealed class SentencePieceReferenceTests
{
    [Theory]
    [InlineData("llama")]
    [InlineData("other")]
    public void Encode_EveryRecordedLine_EqualsSentencePiece(string model)
    {
        Tokenizer tokenizer = Tokenizer.Load(TextData.Folder(model));
        string[] inputs = TextData.Lines("inputs.txt"), expected = TextData.Lines($"{model}/ids.txt");
        Assert.Equal(inputs.Length, expected.Length);
        Assert.Empty(inputs.Zip(expected).Where(pair => string.Join(' ', tokenizer.Encode(pair.First)) != pair.Second)
            .Select(pair => $"'{pair.First}': {string.Join(' ', tokenizer.Encode(pair.First))} instead of {pair.Second}"));
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("other")]
    public void Decode_EveryRecordedLine_EqualsSentencePiece(string model)
    {
        Tokenizer tokenizer = Tokenizer.Load(TextData.Folder(model));
        string[] ids = TextData.Lines($"{model}/ids.txt"), expected = TextData.Lines($"{model}/decoded.txt");
        Assert.Empty(ids.Zip(expected).Where(pair => tokenizer.Decode(TextData.Ids(pair.First)) != pair.Second)
            .Select(pair => $"{pair.First}: '{tokenizer.Decode(TextData.Ids(pair.First))}' instead of '{pair.Second}'"));
    }

    // spm_encode reads lines, so the line feed cannot be recorded; but neither U+0001 nor it is part of any piece, so one's vectors are the other's but for the byte.
    [Fact]
    public void Encode_LineFeeds_EqualTheVectorsOfAnotherByteToken()
    {
        Tokenizer tokenizer = Tokenizer.Load(TextData.Folder("llama"));
        Assert.True(tokenizer.TryGetId("<0x01>", out int one));
        Assert.True(tokenizer.TryGetId("<0x0A>", out int lineFeed));
        Assert.DoesNotContain(Enumerable.Range(0, tokenizer.VocabSize), id => tokenizer.Piece(id).AsSpan().ContainsAny('\n', '\u0001'));
        (string Input, string Ids)[] lines = [.. TextData.Lines("inputs.txt").Zip(TextData.Lines("llama/ids.txt")).Where(pair => pair.First.Contains('\u0001'))];
        Assert.True(lines.Length > 20);
        foreach ((string input, string ids) in lines)
            Assert.Equal(TextData.Ids(ids).Select(id => id == one ? lineFeed : id), tokenizer.Encode(input.Replace('\u0001', '\n')));
    }
}
