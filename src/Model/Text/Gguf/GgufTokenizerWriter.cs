using Llama.Model.Checkpoints.Gguf;
using Llama.Model.Text.HuggingFace;
using Llama.Model.Text.SentencePiece;

namespace Llama.Model.Text.Gguf;

/// <summary>Writes a tokenizer as metadata that <see cref="GgufTokenizer"/>, and llama.cpp, read.</summary>
internal static class GgufTokenizerWriter
{
    /// <param name="metadata">Where the keys go.</param>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="vocabSize">Rows of the model's matrices; ids beyond the tokenizer's are named as padding, and tokens beyond them, which nothing makes, are left out.</param>
    /// <exception cref="NotSupportedException">The tokenizer is of a kind that GGUF cannot say.</exception>
    public static void Add(GgufMetadata metadata, Tokenizer tokenizer, int vocabSize)
    {
        switch (tokenizer.Parts.Encoder)
        {
            case SentencePieceEncoder pieces: AddSentencePieces(metadata, pieces, tokenizer.Parts.Vocabulary, vocabSize); break;
            case ByteLevelEncoder bytes: AddByteLevel(metadata, bytes, tokenizer.Parts.Vocabulary, vocabSize); break;
            default: throw new NotSupportedException("A tokenizer.json that marks spaces with ▁ cannot be written as GGUF: put the tokenizer.model of the checkpoint beside it.");
        }
        metadata.Add(GgufTokenizer.AddBosKey, tokenizer.AddsBos);
    }

    private static void AddSentencePieces(GgufMetadata metadata, SentencePieceEncoder encoder, Vocabulary vocabulary, int vocabSize)
    {
        SentencePieceModel model = encoder.Model;
        if (!model.Normalizer.EscapeWhitespaces || model.Trainer.TreatWhitespaceAsSuffix)
            throw new NotSupportedException("The tokenizer.model treats spaces in a way that GGUF cannot say (escape_whitespaces, treat_whitespace_as_suffix).");
        metadata.Add(GgufTokenizer.ModelKey, "llama");
        metadata.Add(GgufTokenizer.PreKey, "default");
        AddTokens(metadata, vocabulary, vocabSize);
        metadata.Add(GgufPieces.ScoresKey, (IReadOnlyCollection<float>)[.. Enumerable.Range(0, vocabSize).Select(Score)]);
        metadata.Add(GgufTokenizer.AddSpaceKey, model.Normalizer.AddDummyPrefix && encoder.Spaces.Prefix != PrefixScheme.Never);
        metadata.Add(GgufTokenizer.RemoveSpacesKey, model.Normalizer.RemoveExtraWhitespaces);
        if (model.Normalizer.CharsMap is { } rules) metadata.Add(GgufTokenizer.CharsMapKey, rules.Blob);

        float Score(int id) => id < model.Pieces.Count && vocabulary.KindOf(id) != TokenKind.Added ? model.Pieces[id].Score : GgufPieces.AddedScore;
    }

    private static void AddByteLevel(GgufMetadata metadata, ByteLevelEncoder encoder, Vocabulary vocabulary, int vocabSize)
    {
        metadata.Add(GgufTokenizer.ModelKey, "gpt2");
        metadata.Add(GgufTokenizer.PreKey, PreOf(encoder));
        AddTokens(metadata, vocabulary, vocabSize);
        metadata.Add(GgufTokenizer.MergesKey, (IReadOnlyCollection<string>)[.. encoder.Model.Merges.Pairs.Select(pair => $"{vocabulary[pair.Left].Piece} {vocabulary[pair.Right].Piece}")]);
    }

    private static string PreOf(ByteLevelEncoder encoder) => (encoder.Pattern, encoder.Model.IgnoresMerges) switch
    {
        (var pattern, true) when pattern == WordPattern.OfLlama3 => "llama-bpe",
        (var pattern, false) when pattern == WordPattern.OfLlama3 => "smaug-bpe",
        (var pattern, true) when pattern == WordPattern.OfTekken => "tekken",
        (var pattern, false) when pattern == WordPattern.OfQwen2 => "qwen2",
        (var pattern, false) when pattern == WordPattern.Default => "gpt-2",
        (var pattern, false) when pattern == WordPattern.OfSmolLm => "smollm",
        (var pattern, false) when pattern == WordPattern.OfDeepSeekCoder => "deepseek-coder",
        _ => throw new NotSupportedException("The tokenizer.json divides words in a way that has no name in GGUF (pre_tokenizer, ignore_merges)."),
    };

    private static void AddTokens(GgufMetadata metadata, Vocabulary vocabulary, int vocabSize)
    {
        var pieces = new string[vocabSize];
        int[] types = new int[vocabSize];
        for (int id = 0; id < vocabSize; id++)
        {
            string piece = vocabulary.Contains(id) ? vocabulary[id].Piece : "";
            pieces[id] = piece.Length > 0 ? piece : GgufPieces.Padding(id);
            types[id] = GgufPieces.TypeOf(vocabulary.KindOf(id));
        }
        metadata.Add(GgufPieces.TokensKey, pieces);
        metadata.Add(GgufPieces.TypesKey, types);
    }
}
