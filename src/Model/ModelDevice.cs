using Llama.Model.Backends;
using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model;

/// <summary>A device that was taken into use for a model or a part of one. Belongs to the thread that makes it; what lies there is disposed before it.</summary>
internal sealed class ModelDevice : IDisposable
{
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

    public void Dispose() => Backend.Dispose();
}
