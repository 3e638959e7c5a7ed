using System.Text;
using Llama.Model.Text.Bpe;

namespace Llama.Model.Text.SentencePiece;

/// <summary>The pieces that text can become, by their UTF-8, with their order of preference.</summary>
internal sealed class ScoredPieces
{
    private readonly Dictionary<byte[], Merge>.AlternateLookup<ReadOnlySpan<byte>> _pieces;
    private readonly int _longest;

    /// <summary>Ranks the pieces by score; pieces of equal score get equal ranks, so that position decides.</summary>
    public ScoredPieces(IEnumerable<(ScoredPiece Piece, int Id)> pieces)
    {
        (ScoredPiece Piece, int Id)[] all = [.. pieces];
        float[] scores = [.. all.Select(entry => entry.Piece.Score + 0f).Distinct().OrderDescending()]; // + 0f: models hold -0 beside 0
        Dictionary<float, int> ranks = scores.Select((score, rank) => (score, rank)).ToDictionary(x => x.score, x => x.rank);
        var table = new Dictionary<byte[], Merge>(PieceComparer.Instance);
        foreach ((ScoredPiece piece, int id) in all) table.TryAdd(Encoding.UTF8.GetBytes(piece.Piece), new Merge(ranks[piece.Score + 0f], id));
        _longest = table.Keys.Select(key => key.Length).DefaultIfEmpty().Max();
        _pieces = table.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    public bool TryFind(ReadOnlySpan<byte> piece, out Merge found)
    {
        found = default;
        return piece.Length <= _longest && _pieces.TryGetValue(piece, out found);
    }

    public int IdOf(ReadOnlySpan<byte> piece) => TryFind(piece, out Merge found) ? found.Id : -1;
}
