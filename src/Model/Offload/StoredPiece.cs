using Llama.Model.Kernels;

namespace Llama.Model.Offload;

/// <summary>Some rows of a weight, which one thread reads.</summary>
/// <param name="Name">Of the weight.</param>
/// <param name="Weight">As its files hold it.</param>
/// <param name="First">The first row.</param>
/// <param name="Count">Rows.</param>
internal readonly record struct StoredPiece(string Name, StoredWeight Weight, int First, int Count)
{
    /// <summary>Reads it to where it belongs.</summary>
    /// <param name="views">The weights of its unit in some memory, by name.</param>
    /// <param name="stage">The calling thread's.</param>
    public void Read(Dictionary<string, Weight> views, StageMemory stage) => Weight.Read(WeightRows.Of(views[Name]), First, Count, stage);
}
