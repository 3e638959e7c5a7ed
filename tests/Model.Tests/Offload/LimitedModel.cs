using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Offload;
using Llama.Model.Parallel;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Offload;

/// <summary>Options with a limit under which so many layers of a model stay, on a device where nothing else is taken.</summary>
internal static class LimitedModel
{
    /// <summary>Settings and device for it. The cache gets the least that works.</summary>
    /// <param name="options">Of the model.</param>
    /// <param name="choice">Its device.</param>
    /// <param name="layers">Of which units stay, as nearly as can be.</param>
    /// <param name="keepsHead">Whether the head does.</param>
    public static (ModelOptions Options, BackendChoice Choice) Of(ModelOptions options, BackendChoice choice, int layers, bool keepsHead = true)
    {
        options = options with { MemoryUtilization = 0.001 };
        choice = UnburdenedBackend.On(choice);
        MemoryDemand demand = Demand(options, choice);
        (long? best, int off) = (null, int.MaxValue);
        for (long limit = demand.Fixed; limit < demand.Fixed + 2 * demand.UnitBytes + demand.LookedUpTable + demand.LeastKv; limit += 512)
            if (Stays(limit, demand) is { } stays && stays[^1] == keepsHead && stays.Contains(false) && Math.Abs(stays.SkipLast(1).Count(stay => stay) - WeightUnit.Head(layers)) < off)
                (best, off) = (limit, Math.Abs(stays.SkipLast(1).Count(stay => stay) - WeightUnit.Head(layers)));
        return best is null ? throw new ArgumentException($"No limit {(keepsHead ? "keeps" : "streams")} the head.") : (options, choice with { MemoryLimit = best });
    }

    private static bool[]? Stays(long limit, MemoryDemand demand)
    {
        try
        {
            return OffloadPlan.Make(limit, demand, 0.001).IsResident;
        }
        catch (InsufficientMemoryException)
        {
            return null;
        }
    }

    private static MemoryDemand Demand(ModelOptions options, BackendChoice choice)
    {
        WeightFormat format = WeightFormat.Parse(options.Dtype);
        using IBackend backend = choice.Create(format.Dtype, options.Deterministic);
        using IWeightSource source = WeightSource.Open(options.Path, format, HostMemory.Instance);
        LlamaConfig config = source.Config;
        ScalarType kvDtype = KvCache.DtypeOf(options.KvDtype, format.Dtype);
        StepSize size = new(options.MaxBatchTokens ?? backend.BatchTokens, options.MaxSequences, config.ContextLength, options.BlockSize);
        _ = backend.CreateKernels(config, size, kvDtype);
        return new MemoryPlan(0, options, source, ModelPart.Whole(config), size, format.Dtype, backend.Memory.IsHost).Demand(backend, KvCache.BytesPerBlock(config, options.BlockSize, kvDtype));
    }
}
