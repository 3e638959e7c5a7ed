using Llama.Model.Kernels;
using Llama.Model.Offload;
using static TorchSharp.torch;

namespace Llama.Model.Checkpoints;

/// <summary>Weights that are made of another source's. What a step on the way does not say is as it is there.</summary>
/// <param name="source">Taken over; hands out what lies on the host.</param>
internal abstract class DerivedWeights(IWeightSource source) : IWeightSource
{
    protected IWeightSource Source { get; } = source;

    public virtual LlamaConfig Config => Source.Config;

    public string? Codes => Source.Codes;

    public virtual Matrix Norm(string name) => Source.Norm(name);

    public abstract Weight Weight(string name);

    public virtual bool ReadsRowsOf(Weight weight) => Source.ReadsRowsOf(weight);

    /// <summary>Of <see cref="Weight"/>, where that can be read by rows; of the source's, where a weight as this step makes it cannot.</summary>
    public abstract Weight Table(string name);

    public virtual long? CodeBytes(string name, bool isHost) => Source.CodeBytes(name, isHost);

    public virtual long? PackedBytes(string name) => Source.PackedBytes(name);

    public virtual int? GroupSizeOf(string name) => Source.GroupSizeOf(name);

    public virtual StoredWeight Stored(string name, ScalarType dtype) => Source.Stored(name, dtype);

    public void Release(string name) => Source.Release(name);

    public void Dispose() => Source.Dispose();
}
