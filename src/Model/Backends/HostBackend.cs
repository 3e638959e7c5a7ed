using Llama.Model.Kernels;
using Llama.Model.Kernels.Plain;
using Llama.Model.Kernels.Simd;
using static TorchSharp.torch;

namespace Llama.Model.Backends;

/// <summary>The processor, with its own kernels or the plain ones; and the plain ones on whatever device torch has.</summary>
internal sealed class HostBackend : IBackend
{
    private readonly Func<IKernels> _createKernels;
    private readonly HostRows _onHost;

    private HostBackend(DeviceMemory memory, Func<IKernels> createKernels)
    {
        (Memory, _createKernels, _onHost) = (memory, createKernels, new HostRows(memory));
    }

    public DeviceMemory Memory { get; }

    public ScalarType ActivationDtype => ScalarType.Float32;

    public double CacheShare => Memory.IsHost ? 0.5 : 0.9;

    public int BatchTokens => 512;

    public bool RunsAhead => false;

    /// <summary>The processor's own kernels, for weights of this type.</summary>
    public static HostBackend Fused(ScalarType dtype, bool deterministic) => new(HostMemory.Instance, () => SimdKernels.Create(dtype, deterministic));

    /// <summary>Plain kernels on a torch device.</summary>
    public static HostBackend Plain(string device) => new(device == "cpu" ? HostMemory.Instance : new TorchMemory(device), () => new PlainKernels(device));

    public IKernels CreateKernels(LlamaConfig config, StepSize size, ScalarType kvDtype) => _createKernels();

    public IStep CreateStep(LlamaModel model, LlamaConfig config, StepSize size) => new HostStep(model, config.VocabSize, _onHost);

    public void Dispose() => Memory.Dispose();
}
