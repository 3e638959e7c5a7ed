using Llama.Model.Kernels;
using Llama.Model.Kernels.Outliers;
using static TorchSharp.torch;

namespace Llama.Model.Checkpoints;

/// <summary>Weights of another source, in the memory of the device that multiplies them. What had to move is let go of in the source.</summary>
/// <param name="source">Taken over; hands out what lies on the host.</param>
/// <param name="memory">Where they are to lie; stays the caller's.</param>
/// <param name="dtype">Type of all matrices that are not in codes.</param>
internal sealed class PlacedWeights(IWeightSource source, DeviceMemory memory, ScalarType dtype) : DerivedWeights(source)
{
    /// <summary>A copy even where it need not move: the page that is touched for so little of a mapped file may be a huge one.</summary>
    public override unsafe Matrix Norm(string name)
    {
        Matrix onHost = Source.Norm(name), placed = memory.Place(onHost, ScalarType.Float32);
        if (placed == onHost) placed = HostMemory.Of(new ReadOnlySpan<float>(onHost.Data, onHost.Rows * onHost.Columns), onHost.Rows, onHost.Columns);
        Source.Release(name);
        return placed;
    }

    public override Weight Weight(string name) => Place(name, Source.Weight(name));

    public override bool ReadsRowsOf(Weight weight) => memory.IsHost || weight is DenseWeight;

    public override Weight Table(string name)
    {
        Weight onHost = Source.Weight(name);
        if (onHost is not QuantizedWeight codes || memory.IsHost) return Place(name, onHost);
        using (codes) return Place(name, codes.ToDense(dtype));
    }

    private Weight Place(string name, Weight onHost)
    {
        if (onHost is OutlierWeight) return onHost; // which only the host multiplies with
        Weight placed = onHost is QuantizedWeight codes ? memory.Place(codes) : new DenseWeight(memory.Place(((DenseWeight)onHost).Values, dtype));
        if (!IsSame(placed, onHost)) Source.Release(name);
        return placed;
    }

    private static unsafe bool IsSame(Weight placed, Weight onHost) => (placed, onHost) switch
    {
        (DenseWeight one, DenseWeight other) => one.Values.Data == other.Values.Data,
        _ => placed == onHost,
    };
}
