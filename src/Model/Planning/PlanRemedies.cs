using Llama.Model.Quantization;
using static Llama.Model.Offload.MemorySize;

namespace Llama.Model.Planning;

/// <summary>What would make a model fit that does not: each is a plan that was made and fits.</summary>
internal static class PlanRemedies
{
    private const int MostDevices = 16;
    private const long Parts = 16; // of free memory, one of which is left where it was measured

    /// <summary>The least of each kind that helps.</summary>
    public static IEnumerable<string> Of(ModelOptions options, FreeMemory memory)
    {
        foreach (string dtype in (string[])["int8", "int4"])
            if (IsSmaller(dtype, options.Dtype) && Fits(options with { Dtype = dtype }, memory)) yield return $"Model:Dtype={dtype}";
        if (options.KvDtype != "int8" && Fits(options with { KvDtype = "int8" }, memory)) yield return "Model:KvDtype=int8";
        if (Limit(options, memory) is { } limit) yield return limit;
        if (LongestContext(options, memory) is int context) yield return $"Model:ContextLength={context}";
        if (MoreDevices(options, memory) is { } devices) yield return devices;
    }

    private static bool IsSmaller(string dtype, string than) => !QuantizationType.TryParse(than, out QuantizationType type) || !QuantizationType.TryParse(dtype, out QuantizationType other) || other.Bits < type.Bits;

    // As much as there is, also in place of a limit that is too large or too small, and the rest from outside. What is free here comes and goes: an advice that takes all of it might not hold for the next start.
    private static string? Limit(ModelOptions options, FreeMemory memory)
    {
        long[] free = [.. ModelPlanner.Place(options, memory).Devices.Select(device => device.FreeBytes)];
        return (memory.Assumed.Count > 0 ? null : Of(Parts - 1)) ?? Of(Parts);

        string? Of(long parts)
        {
            string limit = string.Join(',', free.Select(bytes => $"{Math.Max(1, bytes / Parts * parts >> 20)}MiB"));
            ModelPlan plan = ModelPlanner.Place(options with { MemoryLimit = limit }, memory);
            return plan.Fault is null ? $"Model:MemoryLimit={limit}{Outside(plan.Devices.Sum(device => device.OutsideBytes))}" : null;
        }
    }

    private static string Outside(long bytes) => bytes == 0 ? "" : $", {Mebibytes(bytes)} of weights then lie outside";

    // Powers of two are lengths that one asks for.
    private static int? LongestContext(ModelOptions options, FreeMemory memory)
    {
        const int least = 256;
        int whole = options.ContextLength ?? LlamaConfig.Load(options.Path).ContextLength;
        for (int context = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)whole) / 2; context >= least; context /= 2)
            if (Fits(options with { ContextLength = context }, memory)) return context;
        return null;
    }

    // Only where devices are assumed can there be more of them; those of one processor share its memory, and more of them have no more.
    private static string? MoreDevices(ModelOptions options, FreeMemory memory)
    {
        IReadOnlyList<AssumedDevice> assumed = memory.Assumed;
        if (assumed.Count == 0) return null;
        AssumedDevice last = assumed[^1];
        string kind = last.Name.Split(':')[0];
        if (kind == "cpu") return null;
        for (int count = assumed.Count + options.TensorParallel; count <= Math.Min(MostDevices, LlamaConfig.Load(options.Path).LayerCount * options.TensorParallel); count += options.TensorParallel)
        {
            AssumedDevice[] more = [.. Enumerable.Range(0, count).Select(i => i < assumed.Count && assumed.Count > 1 ? assumed[i] : last with { Name = $"{kind}:{i}" })];
            if (Fits(options with { Device = string.Join(',', more.Select(device => device.Name)) }, new FreeMemory(more))) return $"{count} devices, the further ones with {Mebibytes(last.FreeBytes)} each";
        }
        return null;
    }

    private static bool Fits(ModelOptions options, FreeMemory memory)
    {
        try
        {
            return ModelPlanner.Place(options, memory).Fault is null;
        }
        catch (ArgumentException) // devices that cannot hold such weights, or a name that is there already
        {
            return false;
        }
    }
}
