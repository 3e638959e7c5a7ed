using Llama.Model.Checkpoints;
using Llama.Model.Kernels;

namespace Llama.Model.Offload;

/// <summary>Reads rows of a weight from its files into the calling thread's part of some memory.</summary>
/// <param name="stored">As files hold it.</param>
/// <param name="memory">Of the threads.</param>
internal sealed class PieceReader(StoredWeight stored, PieceMemory memory) : RowReader
{
    private const int CachedBytes = 256 << 10;

    public override int MostRows { get; } = memory.RowsOf(stored);

    /// <summary>Rows in all.</summary>
    public int Rows => stored.Outputs;

    /// <summary>Rows that a cache holds well.</summary>
    public int CachedRows => Math.Min(MostRows, (int)Math.Max(1, CachedBytes / stored.PieceBytes(1)));

    public override WeightRows Read(int first, int count)
    {
        try
        {
            return memory.Read(stored, first, count);
        }
        catch (Exception e) when (e is CheckpointException or IOException)
        {
            throw RunnerLostException.OfWeights(e);
        }
    }
}
