using Llama.Model.Text.HuggingFace;
using Llama.Model.Text.SentencePiece;

namespace Llama.Model.Text.Gguf;

/// <summary>The vocabulary of a GGUF file as it stands there: spellings, types and scores by id.</summary>
internal sealed class GgufPieces
{
    public const string TokensKey = GgufText.Prefix + "tokens", TypesKey = GgufText.Prefix + "token_type", ScoresKey = GgufText.Prefix + "scores";

    /// <summary>Converters give tokens that a checkpoint adds to its SentencePiece model this score; no piece of a model's own has it.</summary>
    public const float AddedScore = -1000;

    private readonly string[] _pieces;
    private readonly TokenKind[] _kinds;
    private readonly double[] _scores;

    private GgufPieces(string[] pieces, TokenKind[] kinds, double[] scores) => (_pieces, _kinds, _scores) = (pieces, kinds, scores);

    /// <summary>The spelling of an id that is there only because the model's matrices are larger than its vocabulary.</summary>
    public static string Padding(int id) => $"[PAD{id}]";

    public static GgufPieces Read(GgufText text, bool needsScores)
    {
        string[] pieces = text.Keys.Texts(TokensKey) ?? [];
        double[] types = text.Keys.NumberArray(TypesKey) ?? new double[pieces.Length], scores = text.Keys.NumberArray(ScoresKey) ?? [];
        if (pieces.Length == 0) text.Keys.Add(TokensKey, "is missing");
        if (types.Length != pieces.Length) text.Keys.Add(TypesKey, $"has {types.Length} entries for {pieces.Length} tokens");
        if (needsScores && scores.Length != pieces.Length) text.Keys.Add(ScoresKey, $"has {scores.Length} entries for {pieces.Length} tokens");
        var kinds = Array.ConvertAll(types, KindOf);
        if (needsScores) MarkUnknown(kinds, text);
        text.ThrowOnFaults();
        return new GgufPieces(pieces, kinds, scores);
    }

    public SentencePieceModel ToSentencePiece()
    {
        var model = new SentencePieceModel { Trainer = { ModelType = TrainerSpec.Bpe, ByteFallback = _kinds.Contains(TokenKind.Byte) } };
        for (int id = 0; id < _pieces.Length; id++) model.Pieces.Add(new ScoredPiece(_pieces[id], (float)_scores[id], _kinds[id]));
        return model;
    }

    /// <summary>The tokens of a SentencePiece model, those among them that were added to it.</summary>
    public List<Token> Tokens(SentencePieceModel model)
    {
        List<Token> tokens = SentencePieceLoader.Tokens(model);
        for (int id = 0; id < _pieces.Length; id++)
        {
            if (IsPadding(id)) tokens[id] = Token.Gap;
            else if (_kinds[id] == TokenKind.UserDefined && _scores[id] == AddedScore) tokens[id] = Token.Literal(_pieces[id], TokenKind.Added);
        }
        return tokens;
    }

    public List<Token> ByteLevelTokens() => [.. Enumerable.Range(0, _pieces.Length).Select(id => _kinds[id] switch
    {
        _ when IsPadding(id) => Token.Gap,
        TokenKind.Control or TokenKind.Unknown => Token.Literal(_pieces[id], _kinds[id]),
        TokenKind.UserDefined => Token.Literal(_pieces[id], TokenKind.Added),
        TokenKind.Unused => new Token(_pieces[id], TokenKind.Unused, ByteAlphabet.Decode(_pieces[id])),
        _ => new Token(_pieces[id], TokenKind.Normal, ByteAlphabet.Decode(_pieces[id])),
    })];

    private bool IsPadding(int id) => _kinds[id] == TokenKind.Unused && _pieces[id] == Padding(id);

    // Some converters call the unknown piece a control token, for it is special; encoding needs to know it.
    private static void MarkUnknown(TokenKind[] kinds, GgufText text)
    {
        int id = text.TokenId("unknown") ?? 0;
        if (id >= kinds.Length) text.Keys.Add(GgufText.Prefix + "unknown_token_id", $"is {id}; there are {kinds.Length} tokens");
        else if (!kinds.Contains(TokenKind.Unknown)) kinds[id] = TokenKind.Unknown;
    }

    /// <summary>The number of a kind in the file.</summary>
    public static int TypeOf(TokenKind kind) => kind switch
    {
        TokenKind.Unknown => 2,
        TokenKind.Control => 3,
        TokenKind.UserDefined or TokenKind.Added => 4,
        TokenKind.Unused => 5,
        TokenKind.Byte => 6,
        _ => 1,
    };

    // SentencePiece's numbers, and 0 for a type never given.
    private static TokenKind KindOf(double type) => type switch
    {
        2 => TokenKind.Unknown,
        3 => TokenKind.Control,
        4 => TokenKind.UserDefined,
        5 => TokenKind.Unused,
        6 => TokenKind.Byte,
        _ => TokenKind.Normal,
    };
}
