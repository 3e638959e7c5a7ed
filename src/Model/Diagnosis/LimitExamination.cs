using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Offload;
using Llama.Model.Parallel;
using static TorchSharp.torch;

namespace Llama.Model.Diagnosis;

/// <summary>What the setting <c>Model:MemoryLimit</c> would make of a model, by the code that loading asks.</summary>
/// <param name="options">As loading gets them.</param>
/// <param name="choice">The device.</param>
/// <param name="contextLength">Tokens of a full sequence.</param>
internal sealed class LimitExamination(ModelOptions options, BackendChoice choice, int contextLength)
{
    /// <summary>In words.</summary>
    /// <exception cref="InsufficientMemoryException">The limit is too small; with the smallest that would do.</exception>
    /// <exception cref="ArgumentException">Weights would have to stream that cannot; with the remedy.</exception>
    public string Describe()
    {
        long limit = choice.MemoryLimit!.Value;
        if (choice.Device.IsCuda) return $"{MemorySize.Mebibytes(limit)}; what streams is worked out when the model is loaded"; // its kernels take memory, and are compiled then
        WeightFormat format = WeightFormat.Of(options);
        using IBackend backend = choice.Create(format.Dtype, options.Deterministic);
        using IWeightSource source = WeightSource.OpenOnHost(options.Path, format, backend.Memory.HoldsCodes);
        LlamaConfig config = source.Config;
        StepSize size = new(options.MaxBatchTokens ?? backend.BatchTokens, options.MaxSequences, contextLength, options.BlockSize);
        ScalarType kvDtype = KvCache.DtypeOf(options.KvDtype, format.Dtype);
        _ = backend.CreateKernels(config, size, kvDtype);
        MemoryPlan plan = new(limit, options, source, ModelPart.Whole(config), size, format.Dtype);
        plan.Make(plan.Demand(backend, KvCache.BytesPerBlock(config, options.BlockSize, kvDtype)), backend.Memory.FreeBytes());
        plan.CheckStreams();
        return $"{plan.Describe()}; up to {MemorySize.Mebibytes(plan.Layout.KvBytes)} of KV cache (by what this process takes itself; the server measures its own)";
    }
}
