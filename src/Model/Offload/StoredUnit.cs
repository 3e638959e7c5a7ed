using Llama.Model.Kernels;

namespace Llama.Model.Offload;

/// <summary>A unit as its files hold it; one of no weights if it does not stream.</summary>
/// <param name="Names">Of its weights.</param>
/// <param name="Weights">In the same order.</param>
internal sealed record StoredUnit(IReadOnlyList<string> Names, IReadOnlyList<StoredWeight> Weights)
{
    private const int PieceBytes = 2 << 20;

    /// <summary>Bytes that are read of it.</summary>
    public long FileBytes { get; } = Weights.Sum(weight => weight.FileBytes);

    /// <summary>Bytes of memory for <see cref="LayOn"/>.</summary>
    public long MemoryBytes { get; } = Weights.Sum(weight => weight.MemoryBytes);

    /// <summary>Its weights one after the other in some memory, which is not filled.</summary>
    /// <param name="memory">At a page's beginning.</param>
    /// <param name="views">Receives them by name.</param>
    public unsafe void LayOn(nint memory, Dictionary<string, Weight> views)
    {
        foreach ((string name, StoredWeight weight) in Names.Zip(Weights))
        {
            views[name] = weight.On((byte*)memory);
            memory += (nint)weight.MemoryBytes;
        }
    }

    /// <summary>Cuts it for the threads that read it, in the order in which files are best read.</summary>
    public IEnumerable<StoredPiece> Pieces() => Names.Zip(Weights).SelectMany(weight => Pieces(weight.First, weight.Second));

    private static IEnumerable<StoredPiece> Pieces(string name, StoredWeight weight)
    {
        long fitting = Math.Max(1, PieceBytes * weight.Outputs / weight.FileBytes);
        int rows = (int)Math.Max(1, fitting / weight.RowsTogether) * weight.RowsTogether;
        for (int first = 0; first < weight.Outputs; first += rows) yield return new StoredPiece(name, weight, first, Math.Min(rows, weight.Outputs - first));
    }
}
