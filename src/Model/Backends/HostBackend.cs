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

    public int BatchTokens => 512;

    public bool RunsAhead => false;

    /// <summary>The processor's own kernels, for weights of this type.</summary>
    public static HostBackend Fused(ScalarType dtype, bool deterministic, HostMemory? memory = null) => new(memory ?? HostMemory.Instance, () => SimdKernels.Create(dtype, deterministic));

    /// <summary>C# without SIMD: what others are compared with where there is no libtorch.</summary>
    public static HostBackend Scalar(ScalarType dtype, HostMemory? memory = null) => new(memory ?? HostMemory.Instance, () => SimdKernels.CreateScalar(dtype));

    /// <summary>Plain kernels on the processor.</summary>
    public static HostBackend Plain(HostMemory memory) => new(memory, () => new PlainKernels("cpu"));

    /// <summary>Plain kernels on another device of torch.</summary>
    public static HostBackend PlainOn(string device) => new(new TorchMemory(device), () => new PlainKernels(device));

    public IKernels CreateKernels(LlamaConfig config, StepSize size, ScalarType kvDtype) => _createKernels();

    public IStep CreateStep(LlamaModel model, LlamaConfig config, StepSize size, bool isAlone) => new HostStep(model, config.VocabSize, _onHost);

    public void Dispose() => Memory.Dispose();
}
