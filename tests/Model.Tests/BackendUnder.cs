using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Offload;
using static TorchSharp.torch;

namespace Llama.Model.Tests;

/// <summary>A backend of which a test changes something: all else is the one under it.</summary>
internal abstract class BackendUnder(IBackend backend) : IBackend
{
    public DeviceMemory Memory => backend.Memory;

    public ScalarType ActivationDtype => backend.ActivationDtype;

    public int BatchTokens => backend.BatchTokens;

    public bool RunsAhead => backend.RunsAhead;

    public virtual IKernels CreateKernels(LlamaConfig config, StepSize size, ScalarType kvDtype) => backend.CreateKernels(config, size, kvDtype);

    public virtual long BaseBytes(LlamaConfig config, StepSize size, bool isAhead) => backend.BaseBytes(config, size, isAhead);

    public WeightStream CreateStream(IWeightSource source, IReadOnlyList<WeightUnit> units, OffloadPlan plan, ScalarType dtype, int tableRows) => backend.CreateStream(source, units, plan, dtype, tableRows);

    public void FinishLoading() => backend.FinishLoading();

    public void Bring(ForwardBatch batch) => backend.Bring(batch);

    public void Synchronize() => backend.Synchronize();

    public IStep CreateStep(LlamaModel model, LlamaConfig config, StepSize size, bool isAlone) => backend.CreateStep(model, config, size, isAlone);

    public void Dispose() => backend.Dispose();
}
