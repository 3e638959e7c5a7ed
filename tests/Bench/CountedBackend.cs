using Llama.Model;
using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Offload;
using static TorchSharp.torch;

namespace Llama.Bench;

/// <summary>The host with <see cref="CountedKernels"/>.</summary>
internal sealed class CountedBackend(IBackend host, float threshold) : IBackend
{
    /// <summary>What was counted; null until kernels are made.</summary>
    public CountedKernels? Kernels { get; private set; }

    public DeviceMemory Memory => host.Memory;

    public ScalarType ActivationDtype => host.ActivationDtype;

    public int BatchTokens => host.BatchTokens;

    public bool RunsAhead => host.RunsAhead;

    public IKernels CreateKernels(LlamaConfig config, StepSize size, ScalarType kvDtype) => Kernels = new CountedKernels(host.CreateKernels(config, size, kvDtype), threshold);

    public long BaseBytes(LlamaConfig config, StepSize size, bool isAhead) => host.BaseBytes(config, size, isAhead);

    public WeightStream CreateStream(IWeightSource source, IReadOnlyList<WeightUnit> units, OffloadPlan plan, ScalarType dtype, int tableRows) =>
        host.CreateStream(source, units, plan, dtype, tableRows);

    public IStep CreateStep(LlamaModel model, LlamaConfig config, StepSize size, bool isAlone) => host.CreateStep(model, config, size, isAlone);

    public void Dispose() => host.Dispose();
}
