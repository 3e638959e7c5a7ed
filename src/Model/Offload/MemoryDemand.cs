namespace Llama.Model.Offload;

/// <summary>What a model takes of a device's memory, in bytes.</summary>
/// <param name="Base">What is taken already, and what the process is expected to take beside the model.</param>
/// <param name="Step">Intermediate results of the largest step.</param>
/// <param name="Norms">Of the norms' weights, which never stream.</param>
/// <param name="Table">Of the embedding where that is not the head.</param>
/// <param name="LookedUpTable">Of the embedding if its rows are fetched from outside as tokens ask for them.</param>
/// <param name="Layers">Of the units that the layers consist of, in the order of a step.</param>
/// <param name="Head">Of the head; 0 where there is none.</param>
/// <param name="LeastKv">Of the smallest cache that is of use.</param>
/// <param name="MostKv">Of the largest.</param>
internal sealed record MemoryDemand(long Base, long Step, long Norms, long Table, long LookedUpTable, IReadOnlyList<long> Layers, long Head, long LeastKv, long MostKv)
{
    /// <summary>What there is beside units, embedding and cache.</summary>
    public long Fixed => Base + Step + Norms;

    /// <summary>Of all that could stream but the embedding.</summary>
    public long UnitBytes => Layers.Sum() + Head;
}
