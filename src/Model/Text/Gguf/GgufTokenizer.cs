using Llama.Model.Checkpoints;
using Llama.Model.Text.Bpe;
using Llama.Model.Text.HuggingFace;
using Llama.Model.Text.SentencePiece;

namespace Llama.Model.Text.Gguf;

/// <summary>Makes a tokenizer of a GGUF file's metadata: SentencePiece's (called llama there) or byte-level BPE (gpt2).</summary>
internal static class GgufTokenizer
{
    public const string ModelKey = GgufText.Prefix + "model", PreKey = GgufText.Prefix + "pre", MergesKey = GgufText.Prefix + "merges", AddBosKey = GgufText.Prefix + "add_bos_token",
        AddSpaceKey = GgufText.Prefix + "add_space_prefix", RemoveSpacesKey = GgufText.Prefix + "remove_extra_whitespaces", CharsMapKey = GgufText.Prefix + "precompiled_charsmap";

    public static TokenizerParts Load(GgufText text)
    {
        string model = text.Keys.Text(ModelKey) ?? "";
        text.ThrowOnFaults();
        return model switch
        {
            "llama" => SentencePieces(text),
            "gpt2" => ByteLevel(text),
            _ => throw new NotSupportedException($"{text.Path}: {ModelKey} is \"{model}\"; expected llama (SentencePiece) or gpt2 (byte-level BPE)."),
        };
    }

    private static TokenizerParts SentencePieces(GgufText text)
    {
        var pieces = GgufPieces.Read(text, needsScores: true);
        SentencePieceModel model = pieces.ToSentencePiece();
        model.Normalizer.AddDummyPrefix = text.Keys.Flag(AddSpaceKey) ?? true;
        model.Normalizer.RemoveExtraWhitespaces = text.Keys.Flag(RemoveSpacesKey) ?? false;
        model.Normalizer.CharsMap = CharsMapOf(text);
        var vocabulary = new Vocabulary(pieces.Tokens(model));
        return Parts(text, vocabulary, new SentencePieceEncoder(model, vocabulary), addsBos: true) with
        {
            DropsLeadingSpace = model.Normalizer.AddDummyPrefix || model.Normalizer.RemoveExtraWhitespaces,
            DropsEveryLeadingSpace = model.Normalizer.RemoveExtraWhitespaces,
        };
    }

    private static CharsMap? CharsMapOf(GgufText text)
    {
        if (text.Keys.NumberArray(CharsMapKey) is not { Length: > 0 } rules) return null;
        try
        {
            return new CharsMap(Array.ConvertAll(rules, value => (byte)value));
        }
        catch (InvalidDataException e)
        {
            throw new CheckpointException(text.Path, $"{e.Message}; download it again");
        }
    }

    private static TokenizerParts ByteLevel(GgufText text)
    {
        string pre = text.Keys.Text(PreKey) ?? "default";
        WordPattern words = WordPattern.Named(pre)
            ?? throw new NotSupportedException($"{text.Path}: {PreKey} is \"{pre}\", a way to divide text that is not supported. The folder in Hugging Face layout may be served instead.");
        var pieces = GgufPieces.Read(text, needsScores: false);
        var vocabulary = new Vocabulary(pieces.ByteLevelTokens());
        // Llama 3 and its kin, and Mistral Nemo, take a word that is a token whole, and want BOS.
        bool takesWhole = pre is "llama-bpe" or "llama3" or "llama-v3" or "falcon3" or "pixtral" or "tekken";
        return Parts(text, vocabulary, new ByteLevelEncoder(Model(text, vocabulary, takesWhole), vocabulary, words), addsBos: takesWhole) with { IsByteLevel = true };
    }

    private static BpeModel Model(GgufText text, Vocabulary vocabulary, bool ignoresMerges)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int id = 0; id < vocabulary.Count; id++)
            if (vocabulary.KindOf(id) == TokenKind.Normal) ids.TryAdd(vocabulary[id].Piece, id);
        if (!text.Keys.Has(MergesKey)) text.Keys.Add(MergesKey, "is missing: words could not be put together of their bytes; convert the model with a present llama.cpp");
        string[] merges = text.Keys.Texts(MergesKey) ?? [];
        text.ThrowOnFaults();
        try
        {
            return new BpeModel(ids, RankedMerges.Of(merges.Select(RankedMerges.Pair), ids), UnknownToken: null, FusesUnknown: false, HasByteFallback: false, ignoresMerges);
        }
        catch (InvalidDataException e)
        {
            throw new CheckpointException(text.Path, $"{MergesKey}: {e.Message}; download it again");
        }
    }

    private static TokenizerParts Parts(GgufText text, Vocabulary vocabulary, ITextEncoder encoder, bool addsBos)
    {
        int? bos = text.TokenId("bos"), eos = text.TokenId("eos");
        foreach (int id in (int[])[bos ?? 0, eos ?? 0])
            if (!vocabulary.Contains(id)) text.Keys.Add(GgufText.Prefix + "tokens", $"are {vocabulary.Count}; the file names {id} as one that begins or ends");
        bool adds = text.Keys.Flag(AddBosKey) ?? addsBos;
        text.ThrowOnFaults();
        return new TokenizerParts
        {
            Vocabulary = vocabulary,
            Encoder = encoder,
            Specials = new SpecialTokens(vocabulary, []),
            BosId = bos,
            EosId = eos,
            AddsBos = adds && bos is not null,
        };
    }
}
