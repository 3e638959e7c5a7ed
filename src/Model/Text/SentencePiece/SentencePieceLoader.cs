using System.Text;
using Llama.Model.Text.HuggingFace;

namespace Llama.Model.Text.SentencePiece;

/// <summary>Makes a tokenizer of a <c>tokenizer.model</c> and the JSON files beside it.</summary>
internal static class SentencePieceLoader
{
    public static TokenizerParts Load(string path, TokenizerConfig config)
    {
        SentencePieceModel model = SentencePieceReader.Read(path);
        Refuse(path, model);
        List<Token> tokens = Tokens(model);
        AddedToken.Apply(tokens, config.AddedTokens, config.Source);
        config.MarkSpecials(tokens);
        var vocabulary = new Vocabulary(tokens);
        Metaspace spaces = config.ReadSpaces();
        int? bos = config.SpecialId("bos_token", vocabulary) ?? model.ControlId(model.Trainer.BosPiece);
        return new TokenizerParts
        {
            Vocabulary = vocabulary,
            Encoder = new SentencePieceEncoder(model, vocabulary, spaces),
            Specials = new SpecialTokens(vocabulary, config.AddedTokens),
            BosId = bos,
            EosId = config.SpecialId("eos_token", vocabulary) ?? model.ControlId(model.Trainer.EosPiece),
            AddsBos = bos is not null && (config.AddBos ?? true),
            DropsLeadingSpace = (model.Normalizer.AddDummyPrefix && spaces.Prefix != PrefixScheme.Never) || model.Normalizer.RemoveExtraWhitespaces,
            DropsEveryLeadingSpace = model.Normalizer.RemoveExtraWhitespaces,
        };
    }

    /// <summary>The pieces as tokens.</summary>
    public static List<Token> Tokens(SentencePieceModel model) => [.. model.Pieces.Select(piece => ToToken(piece, model.Trainer))];

    private static void Refuse(string path, SentencePieceModel model)
    {
        if (model.Trainer.ModelType != TrainerSpec.Bpe)
        {
            string name = model.Trainer.ModelType switch { TrainerSpec.Unigram => "Unigram", TrainerSpec.Word => "Word", TrainerSpec.Char => "Char", _ => "unknown" };
            throw new NotSupportedException($"{path} is a SentencePiece {name} model; only BPE models, as Llama's are, are supported.");
        }
        if (model.HasDenormalizer) throw new NotSupportedException($"{path} rewrites decoded text (denormalizer_spec), which is not supported.");
        if (!model.Pieces.Exists(piece => piece.Kind == TokenKind.Unknown))
            throw new InvalidDataException($"{path} has no unknown piece. Copy tokenizer.model from the checkpoint again.");
    }

    private static Token ToToken(ScoredPiece piece, TrainerSpec trainer) => piece.Kind switch
    {
        TokenKind.Control => Token.Literal(piece.Piece, TokenKind.Control),
        TokenKind.Unknown => new Token(piece.Piece, TokenKind.Unknown, Encoding.UTF8.GetBytes(trainer.UnkSurface)),
        TokenKind.Byte when Vocabulary.TryParseByte(piece.Piece, out byte value) => new Token(piece.Piece, TokenKind.Byte, [value]),
        _ => new Token(piece.Piece, piece.Kind, Encoding.UTF8.GetBytes(piece.Piece.Replace(SentencePieceModel.EscapedSpace, ' '))),
    };
}
