using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Machine;
using Llama.Model.Parallel;
using static TorchSharp.torch;

namespace Llama.Model;

/// <summary>A device that was taken into use for a model or a part of one. Belongs to the thread that makes it; what lies there is disposed before it.</summary>
internal sealed class ModelDevice : IDisposable
{
    private const long PackedAtOnce = 256L << 20;

    private readonly long _freeAtFirst;

    /// <summary>Takes the device into use.</summary>
    /// <exception cref="ArgumentException">A setting is none, or does not fit the device; with the remedy.</exception>
    public ModelDevice(ModelOptions options, BackendChoice choice)
    {
        (Options, Choice, Format) = (options, choice, WeightFormat.Of(options));
        KvDtype = KvCache.DtypeOf(options.KvDtype, Format.Dtype);
        Backend = choice.Create(Format.Dtype, options.Deterministic);
        _freeAtFirst = FreeBytes;
    }

    public ModelOptions Options { get; }

    public BackendChoice Choice { get; }

    /// <summary>What the settings ask of weights.</summary>
    public WeightFormat Format { get; }

    /// <summary>Type of the cache.</summary>
    public ScalarType KvDtype { get; }

    public IBackend Backend { get; }

    public DeviceMemory Memory => Backend.Memory;

    /// <summary>Bytes that it could give now.</summary>
    public long FreeBytes => Memory.FreeBytes();

    /// <summary>Bytes of a memory of its own that were taken since it is in use; null on the processor, where it is the process' memory.</summary>
    public long? TakenBytes => Memory.IsHost ? null : _freeAtFirst - FreeBytes;

    /// <summary>Opens the weights of a part of the model, in the form in which they are multiplied here.</summary>
    /// <param name="part">Which; null for all.</param>
    /// <param name="background">Given the weights to be packed while the model is served already: packing those of a large model takes seconds.</param>
    /// <exception cref="CheckpointException">The checkpoint is not there or not whole; with every fault.</exception>
    /// <exception cref="InsufficientMemoryException">The device has not so much memory; nothing was brought to it.</exception>
    /// <exception cref="ArgumentException">The device cannot work with the form.</exception>
    public IWeightSource OpenWeights(ModelPart? part, BackgroundPacking background)
    {
        CheckRepack();
        IWeightSource source = WeightSource.Open(Options.Path, Format, Memory, part, mayStream: Choice.MemoryLimit is not null);
        if (!Backend.TakesPackedWeights || Choice.MemoryLimit is not null) return source;
        ModelPart held = part ?? ModelPart.Whole(source.Config);
        if (PackedSizes.Of(source, Format.Dtype, held, Options.Repack, FreeBytes) is not { } packed) return source;
        long bytes = WeightDemand.ProductBytes(packed, Format.Dtype, held);
        bool canWait = Options is { Repack: null, Deterministic: false } && part is null && bytes > PackedAtOnce; // what several devices share out is measured at start
        return new PackedWeights(source, canWait ? background : null);
    }

    public void Dispose() => Backend.Dispose();

    private void CheckRepack()
    {
        if (Options.Repack is not true) return;
        if (Choice.MemoryLimit is not null) throw new ArgumentException("Model:Repack=true keeps all weights in memory, and under Model:MemoryLimit some may stream; leave out one of them.");
        if (!Backend.TakesPackedWeights)
            throw new ArgumentException("Model:Repack=true needs a CPU with AVX-512 BF16, Model:Kernels=fused and weights that are not float32; leave it out to have weights packed where that can be done.");
    }
}
