using System.Globalization;
using Llama.Model.Planning;
using Llama.Server.Bench.Measuring;

namespace Llama.Server.CommandLine.Plan;

/// <summary>The plan for people.</summary>
internal static class PlanReport
{
    private static readonly Column[] Parts =
    [
        new("weights", device => device.WeightBytes - device.OutsideBytes),
        new("KV cache", device => device.CacheBytes),
        new("activations", device => device.ActivationBytes),
        new("buffers", device => device.BufferBytes),
    ];

    private static readonly Column InAll = new("in all", device => device.TotalBytes);

    private static readonly Column[] Free = [.. Parts, InAll, new("free", device => device.RoomBytes)];

    private static readonly Column[] Limited =
        [.. Parts, new("process", device => device.BaseBytes), InAll, new("limit", device => device.RoomBytes), new("outside", device => device.OutsideBytes)];

    public static void Write(string name, ModelPlan plan, TextWriter output)
    {
        output.WriteLine($"{name}: {plan.Shape}");
        output.WriteLine($"  files    {plan.Files}, each tensor as config.json makes it");
        output.WriteLine($"  types    {plan.Types}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  context  {plan.ContextLength:N0} tokens, {plan.BatchTokens:N0} in a step"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  KV cache {plan.CacheTokens:N0} tokens ({plan.CacheReason})"));
        output.WriteLine();
        WriteDevices(plan.Devices, output);
        foreach (DevicePlan device in plan.Devices) output.WriteLine($"{device.Name}: {device.Holds}; {Layers(device)}{Streams(device)}");
        output.WriteLine();
        WriteVerdict(plan, output);
    }

    private static void WriteDevices(IReadOnlyList<DevicePlan> devices, TextWriter output)
    {
        Column[] columns = devices.Any(device => device.LimitBytes is not null) ? Limited : Free;
        Table table = new(["device", .. columns.Select(column => column.Name), ""]);
        foreach (DevicePlan device in devices) table.Add([device.Name, .. columns.Select(column => Figures.Bytes(column.Of(device))), device.Fits ? "fits" : $"{Figures.Bytes(device.TotalBytes - device.RoomBytes)} missing"]);
        if (devices.Count > 1) table.Add(["all", .. columns.Select(column => Figures.Bytes(devices.Sum(column.Of))), ""]);
        table.Write(output);
    }

    private static string Layers(DevicePlan device)
    {
        long least = device.LayerBytes.Min(), most = device.LayerBytes.Max();
        string ends = (device.EmbeddingBytes > 0 ? $", embedding {Figures.Bytes(device.EmbeddingBytes)}" : "") + (device.HeadBytes > 0 ? $", norm and head {Figures.Bytes(device.HeadBytes)}" : "");
        return least == most ? $"a layer {Figures.Bytes(least)}{ends}" : $"a layer {Figures.Bytes(least)} to {Figures.Bytes(most)}{ends}";
    }

    private static string Streams(DevicePlan device) => device.OutsideBytes == 0 ? "" : $"; {Figures.Bytes(device.WeightBytes - device.OutsideBytes)} of the weights stay, the others stream";

    private static void WriteVerdict(ModelPlan plan, TextWriter output)
    {
        if (plan.Fault is null)
        {
            output.WriteLine("It fits.");
            return;
        }
        output.WriteLine($"It does not fit: {plan.Fault}");
        output.WriteLine(plan.Remedies.Count == 0 ? "Nothing that was tried makes it fit: another Model:Dtype, Model:KvDtype or Model:MemoryLimit, a shorter Model:ContextLength." : $"It fits with any of: {string.Join("; ", plan.Remedies)}.");
    }

    /// <summary>A column of the table.</summary>
    /// <param name="Name">Its heading, which <c>plan --help</c> explains.</param>
    /// <param name="Of">Bytes of a device.</param>
    private sealed record Column(string Name, Func<DevicePlan, long> Of);
}
