using System.Globalization;
using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Parallel;
using Llama.Model.Planning;
using Llama.Model.Torch;
using static Llama.Model.Offload.MemorySize;
using static TorchSharp.torch;

namespace Llama.Model.Diagnosis;

/// <summary>What loading would choose, by the code that chooses.</summary>
/// <param name="options">As loading gets them.</param>
/// <param name="checkpoint">Examined.</param>
internal sealed class PlanExamination(ModelOptions options, CheckpointExamination checkpoint)
{
    public IEnumerable<Finding> Findings()
    {
        if (Chosen("device", () => BackendChoice.AllOf(options), out IReadOnlyList<BackendChoice> choices) is { } noDevice)
        {
            yield return noDevice;
            yield break;
        }
        BackendChoice choice = choices[0];
        DeviceChoice device = choice.Device;
        yield return new Finding("device", $"{string.Join(", ", choices.Select(each => each.Device.Name))} ({device.Reason})");
        foreach (string warning in choice.Warnings) yield return Finding.Warning("device", warning, "Mend that, or set Model:Device=cpu.");
        if (Chosen("weights", () => WeightFormat.Of(options), out WeightFormat format) is { } badFormat)
        {
            yield return badFormat;
            yield break;
        }
        LlamaConfig? config = checkpoint.Config;
        if (config is not null) yield return Chosen("kernels", () => DescribeKernels(choice, config, format.Dtype), out string kernels) ?? new Finding("kernels", kernels);
        if (config is not null && options.TensorParallel > 1)
            yield return Chosen("shares", () => Shard.Of(config, 0, options.TensorParallel), out Shard share) ?? new Finding("shares", $"{options.TensorParallel} devices share each layer; the first holds {share}");
        if (!device.IsCuda) yield return Threads();
        if (config is null) yield break;
        foreach (Finding finding in choices.Count > 1 ? Parts() : Memory(config, choice, format)) yield return finding;
    }

    private IEnumerable<Finding> Parts()
    {
        if (Chosen("placement", () => ModelPlanner.Make(options, []), out ModelPlan plan) is { } fault)
        {
            yield return fault;
            yield break;
        }
        foreach (DevicePlan part in plan.Devices)
            yield return new Finding(part.Name, $"{part.Holds}; {Mebibytes(part.WeightBytes)} weights, {Mebibytes(part.CacheBytes)} KV cache; {Mebibytes(part.RoomBytes)} are free");
        yield return plan.Fault is null
            ? new Finding("KV cache", string.Create(CultureInfo.InvariantCulture, $"{plan.CacheTokens:N0} tokens ({plan.CacheReason})"))
            : Finding.Fault("placement", plan.Fault, plan.Remedies.Count > 0 ? $"It fits with any of: {string.Join("; ", plan.Remedies)}." : null);
    }

    private IEnumerable<Finding> Memory(LlamaConfig config, BackendChoice choice, WeightFormat format)
    {
        if (Chosen("weights", () => Bytes(config, choice, format), out long weights) is { } misfit)
        {
            yield return misfit;
            yield break;
        }
        long free = choice.FreeBytes();
        string sizes = $"{format.Describe(config.Quantization, codes: null)}, about {Mebibytes(weights)}; {Mebibytes(free)} are free";
        yield return weights <= free || choice.MemoryLimit is not null
            ? new Finding("weights", sizes)
            : Finding.Fault("weights", sizes, "Choose a smaller Model:Dtype (int8, int4), a smaller model, a Model:MemoryLimit beyond which weights stream, or a machine with more memory.");
        ScalarType kvDtype = KvCache.DtypeOf(options.KvDtype, format.Dtype);
        if (Chosen("context", () => ModelRunner.ContextLengthOf(options, config), out int context) is { } badContext)
        {
            yield return badContext;
            yield break;
        }
        yield return new Finding("context", string.Create(CultureInfo.InvariantCulture, $"{context:N0} tokens"));
        if (choice.MemoryLimit is not null && options.Path.Length > 0)
            yield return Chosen("memory limit", new LimitExamination(options, choice, context).Describe, out string limit) ?? new Finding("memory limit", limit);
        else yield return Pool(context, KvCache.BytesPerBlock(config, options.BlockSize, kvDtype), kvDtype, Math.Max(free - weights, 0), choice);
    }

    // Of the files as they are, but for columns of which few are ever read.
    private long Bytes(LlamaConfig config, BackendChoice choice, WeightFormat format)
    {
        format.Check(config.Quantization, checkpoint.Codes);
        if (choice.Device.IsCuda) format.CheckDevice(config.Quantization);
        bool isAsInFile = format.IsAuto && checkpoint.ByteCount > 0 && config.Quantization is not { Layers.SplitsOutliers: true };
        return isAsInFile ? checkpoint.ByteCount : format.BytesOf(config);
    }

    private Finding Pool(int context, long bytesPerBlock, ScalarType kvDtype, long free, BackendChoice choice)
    {
        if (Chosen("KV cache", () => KvPoolSize.Derive(options, context, bytesPerBlock, free, choice.CacheShare), out KvPoolSize pool) is { } fault) return fault;
        long tokens = (long)pool.BlockCount * options.BlockSize;
        string size = string.Create(CultureInfo.InvariantCulture,
            $"{kvDtype.ToString().ToLowerInvariant()}, {pool.BlockCount:N0} blocks × {options.BlockSize} tokens = {tokens:N0} tokens, {Mebibytes(pool.BlockCount * bytesPerBlock)} ({pool.Reason})");
        return tokens >= context ? new Finding("KV cache", size)
            : Finding.Warning("KV cache", $"{size}, less than one full sequence", "Longer requests will be refused: raise Model:BlockCount, or leave it out.");
    }

    private Finding Threads()
    {
        int cores = Environment.ProcessorCount, threads = options.Threads ?? cores;
        return threads <= cores
            ? new Finding("threads", $"{threads} ({(options.Threads is null ? "the cores that this process may use" : "as set")})")
            : Finding.Warning("threads", $"{threads}, but this process may use {cores} cores", "Lower Model:Threads or leave it out: threads that share a core wait for each other.");
    }

    /// <summary>Asks the code that loading asks; what it would throw is the finding that is returned.</summary>
    private static Finding? Chosen<T>(string name, Func<T> choose, out T chosen)
    {
        try
        {
            chosen = choose();
            return null;
        }
        catch (Exception e) when (e is ArgumentException or InsufficientMemoryException or InvalidOperationException or TorchLoadException or CheckpointException)
        {
            chosen = default!;
            return Finding.Fault(name, e.Message);
        }
    }

    // Those for a CUDA device are compiled when a model is loaded.
    private string DescribeKernels(BackendChoice choice, LlamaConfig config, ScalarType dtype)
    {
        if (choice.Device.IsCuda && choice.Kernels == "fused") return "own kernels, compiled for the model's shape at start";
        using IBackend backend = choice.Create(dtype, options.Deterministic);
        return backend.CreateKernels(config, new StepSize(1, 1, 1, options.BlockSize), dtype).Describe();
    }
}
