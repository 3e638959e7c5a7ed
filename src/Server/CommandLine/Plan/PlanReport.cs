using System.Globalization;
using Llama.Model.Planning;
using Llama.Server.Bench.Measuring;

namespace Llama.Server.CommandLine.Plan;

/// <summary>The plan for people.</summary>
internal static class PlanReport
{
    public static void Write(string name, ModelPlan plan, TextWriter output)
    {
        output.WriteLine($"{name}: {plan.Shape}");
        output.WriteLine($"  files    {plan.Files}, each tensor as config.json makes it");
        output.WriteLine($"  types    {plan.Types}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  context  {plan.ContextLength:N0} tokens, {plan.BatchTokens:N0} in a step"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  KV cache {plan.CacheTokens:N0} tokens ({plan.CacheReason})"));
        output.WriteLine();
        Table table = new("device", "weights", "KV cache", "activations", "buffers", "in all", "free", "");
        foreach (DevicePlan device in plan.Devices) table.Add(Cells(device));
        if (plan.Devices.Count > 1) table.Add(Sum(plan.Devices));
        table.Write(output);
        foreach (DevicePlan device in plan.Devices) output.WriteLine($"{device.Name}: {device.Holds}; {Layers(device)}");
        output.WriteLine();
        WriteVerdict(plan, output);
    }

    private static string[] Cells(DevicePlan device) =>
    [
        device.Name, Figures.Bytes(device.WeightBytes), Figures.Bytes(device.CacheBytes), Figures.Bytes(device.ActivationBytes), Figures.Bytes(device.BufferBytes), Figures.Bytes(device.TotalBytes),
        Figures.Bytes(device.FreeBytes), device.Fits ? "fits" : $"{Figures.Bytes(device.TotalBytes - device.FreeBytes)} missing",
    ];

    private static string[] Sum(IReadOnlyList<DevicePlan> devices)
    {
        return ["all", All(device => device.WeightBytes), All(device => device.CacheBytes), All(device => device.ActivationBytes), All(device => device.BufferBytes), All(device => device.TotalBytes), All(device => device.FreeBytes), ""];

        string All(Func<DevicePlan, long> of) => Figures.Bytes(devices.Sum(of));
    }

    private static string Layers(DevicePlan device)
    {
        long least = device.LayerBytes.Min(), most = device.LayerBytes.Max();
        string ends = (device.EmbeddingBytes > 0 ? $", embedding {Figures.Bytes(device.EmbeddingBytes)}" : "") + (device.HeadBytes > 0 ? $", norm and head {Figures.Bytes(device.HeadBytes)}" : "");
        return least == most ? $"a layer {Figures.Bytes(least)}{ends}" : $"a layer {Figures.Bytes(least)} to {Figures.Bytes(most)}{ends}";
    }

    private static void WriteVerdict(ModelPlan plan, TextWriter output)
    {
        if (plan.Fault is null)
        {
            output.WriteLine("It fits.");
            return;
        }
        output.WriteLine($"It does not fit: {plan.Fault}");
        output.WriteLine(plan.Remedies.Count == 0 ? "Nothing that was tried makes it fit: another Model:Dtype, Model:KvDtype, a shorter Model:ContextLength." : $"It fits with any of: {string.Join("; ", plan.Remedies)}.");
    }
}
