namespace Llama.Model.Text.SentencePiece;

/// <summary>What a <c>tokenizer.model</c> file says (sentencepiece_model.proto).</summary>
internal sealed class SentencePieceModel
{
    /// <summary>U+2581, which stands for a space inside pieces.</summary>
    public const char EscapedSpace = '\u2581';

    public List<ScoredPiece> Pieces { get; } = [];

    public TrainerSpec Trainer { get; } = new();

    /// <summary>Whether the file says anything of that; one that was cut short between two pieces does not.</summary>
    public bool HasTrainer { get; set; }

    public NormalizerSpec Normalizer { get; } = new();

    /// <summary>Whether the model rewrites decoded text, which no Llama does.</summary>
    public bool HasDenormalizer { get; set; }

    /// <summary>The id of a control piece, or null when the model has none of that name.</summary>
    public int? ControlId(string piece)
    {
        int id = Pieces.FindIndex(candidate => candidate.Piece == piece && candidate.Kind == TokenKind.Control);
        return id < 0 ? null : id;
    }
}

/// <summary>One piece; among BPE pieces the score is minus the order in which training made them.</summary>
internal readonly record struct ScoredPiece(string Piece, float Score, TokenKind Kind);

/// <summary>The fields of TrainerSpec that encoding needs, with the defaults of the schema.</summary>
internal sealed class TrainerSpec
{
    public const int Unigram = 1, Bpe = 2, Word = 3, Char = 4;

    public int ModelType { get; set; } = Unigram;

    public bool ByteFallback { get; set; }

    public bool TreatWhitespaceAsSuffix { get; set; }

    public string BosPiece { get; set; } = "<s>";

    public string EosPiece { get; set; } = "</s>";

    /// <summary>How an unknown token prints.</summary>
    public string UnkSurface { get; set; } = " \u2047 ";
}

/// <summary>NormalizerSpec, with the defaults of the schema.</summary>
internal sealed class NormalizerSpec
{
    /// <summary>The rules of normalisation, where there are any.</summary>
    public CharsMap? CharsMap { get; set; }

    public bool AddDummyPrefix { get; set; } = true;

    public bool RemoveExtraWhitespaces { get; set; } = true;

    public bool EscapeWhitespaces { get; set; } = true;
}
