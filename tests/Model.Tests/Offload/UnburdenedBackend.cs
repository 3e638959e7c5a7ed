using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Offload;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Offload;

/// <summary>A backend on whose device nothing is taken yet, so that a limit means the same whatever the process of the tests has grown to.</summary>
internal sealed class UnburdenedBackend(IBackend backend) : IBackend
{
    public DeviceMemory Memory => backend.Memory;

    public ScalarType ActivationDtype => backend.ActivationDtype;

    public int BatchTokens => backend.BatchTokens;

    public bool RunsAhead => backend.RunsAhead;

    public static BackendChoice On(BackendChoice choice) => choice with { Create = (dtype, deterministic) => new UnburdenedBackend(choice.Create(dtype, deterministic)), Process = null };

    public IKernels CreateKernels(LlamaConfig config, StepSize size, ScalarType kvDtype) => backend.CreateKernels(config, size, kvDtype);

    public long BaseBytes(LlamaConfig config, StepSize size) => 0;

    public WeightStream CreateStream(IWeightSource source, IReadOnlyList<WeightUnit> units, OffloadPlan plan, ScalarType dtype, int tableRows) => backend.CreateStream(source, units, plan, dtype, tableRows);

    public IStep CreateStep(LlamaModel model, LlamaConfig config, StepSize size, bool isAlone) => backend.CreateStep(model, config, size, isAlone);

    public void Dispose() => backend.Dispose();
}
