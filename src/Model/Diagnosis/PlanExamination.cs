using System.Globalization;
using Llama.Model.Backends;
using Llama.Model.Checkpoints;
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
        yield return new Finding("device", $"{string.Join(", ", choices.Select(each => each.Device.Name))} ({choice.Device.Reason})");
        foreach (string warning in choice.Warnings) yield return Finding.Warning("device", warning, "Mend that, or set Model:Device=cpu.");
        if (!choice.Device.IsCuda) yield return Threads();
        if (checkpoint.Files is null) yield break; // there is no model, or what is wrong with it is told already
        yield return Chosen("kernels", () => DescribeKernels(choice, checkpoint.Config!), out string kernels) ?? new Finding("kernels", kernels);
        foreach (Finding finding in Placement()) yield return finding;
    }

    private IEnumerable<Finding> Placement()
    {
        if (Chosen("placement", () => ModelPlanner.Make(options, []), out ModelPlan plan) is { } fault)
        {
            yield return fault;
            yield break;
        }
        yield return new Finding("types", plan.Types);
        yield return new Finding("context", string.Create(CultureInfo.InvariantCulture, $"{plan.ContextLength:N0} tokens"));
        foreach (DevicePlan device in plan.Devices) yield return new Finding(device.Name, Describe(device));
        yield return plan.Fault is null ? Cache(plan) : Finding.Fault("placement", plan.Fault, plan.Remedies.Count > 0 ? $"It fits with any of: {string.Join("; ", plan.Remedies)}." : null);
    }

    private static string Describe(DevicePlan device)
    {
        string limit = device.LimitBytes is long bytes ? $", with what the process takes itself {Mebibytes(device.TotalBytes)} of Model:MemoryLimit={Mebibytes(bytes)}" : "";
        string outside = device.OutsideBytes > 0 ? $", {Mebibytes(device.OutsideBytes)} of which stream" : "";
        return $"{device.Holds}; {Mebibytes(device.WeightBytes)} weights{outside}, {Mebibytes(device.CacheBytes)} KV cache{limit}; {Mebibytes(device.FreeBytes)} are free";
    }

    private static Finding Cache(ModelPlan plan)
    {
        string size = string.Create(CultureInfo.InvariantCulture, $"{plan.CacheTokens:N0} tokens ({plan.CacheReason})");
        return plan.CacheTokens >= plan.ContextLength ? new Finding("KV cache", size)
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
    private string DescribeKernels(BackendChoice choice, LlamaConfig config)
    {
        if (choice.Device.IsCuda && choice.Kernels == "fused") return "own kernels, compiled for the model's shape at start";
        ScalarType dtype = WeightFormat.Of(options).Dtype;
        using IBackend backend = choice.Create(dtype, options.Deterministic);
        return backend.CreateKernels(config, new StepSize(1, 1, 1, options.BlockSize), dtype).Describe();
    }
}
