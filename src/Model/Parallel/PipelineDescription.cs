using Llama.Model.Torch;

namespace Llama.Model.Parallel;

/// <summary>Says what a model on several devices is, of what each of them says of its part.</summary>
/// <param name="options">As loading got them.</param>
/// <param name="parts">The devices, in order.</param>
/// <param name="reports">[parts] what they say.</param>
/// <param name="limits">Of the model.</param>
/// <param name="way">How the devices of a stage add their results; null where each stage is one device.</param>
internal sealed class PipelineDescription(ModelOptions options, IReadOnlyList<PartRunner> parts, PartReport[] reports, ModelLimits limits, string? way)
{
    private string Sharers => $", {options.TensorParallel} share each layer";

    /// <param name="pool">The cache that all of them have room for.</param>
    public ModelDescription Make(KvPoolSize pool)
    {
        DeviceModel first = parts[0].Model!;
        string shape = ModelDescription.Shape(first.Config), types = first.Description.Types;
        return new ModelDescription(shape, Devices(), types, ModelDescription.Pool(pool, options.BlockSize, parts.Sum(part => part.Model!.BytesPerBlock)))
        {
            Memory = reports[0].Memory is null ? null : string.Join("; ", parts.Zip(reports, (part, report) => $"{part.Choice.Device.Name} {report.Memory}")),
            Computation = $"{shape}; {types}; {Arithmetic()}",
            WeightBytes = parts.Sum(part => part.Model!.Weights.ByteCount),
            StepBytes = parts.Sum(part => part.Model!.Weights.StepByteCount),
            Devices = [.. reports.Select(report => report.Share)],
            ThreadCount = parts.Where(part => !part.Choice.Device.IsCuda).Sum(part => part.ThreadCount),
            Warnings = [.. parts.SelectMany(part => part.Choice.Warnings).Distinct(), .. TorchLibrary.Warnings],
        };
    }

    private string Devices()
    {
        string names = string.Join(", ", parts.Select(part => part.Choice.Device.Name)), shared = way is null ? "" : $"{Sharers}, sums {way}";
        string steps = limits.StepsUnderWay == 1 ? "" : $", up to {limits.StepsUnderWay} steps under way{Spread()}";
        return $"{names} ({parts[0].Choice.Device.Reason}){shared}{steps}{(options.Deterministic ? ", deterministic" : "")}, {TorchLibrary.Description}{string.Concat(reports.Select(report => $"\n           {report.Line}"))}";
    }

    private string Spread() => limits.SpreadFrom switch
    {
        SpreadSwitch.AtOnce => "",
        SpreadSwitch.Never => ", of which one decodes",
        int from => $", of which one decodes fewer than {from} sequences",
    };

    // Where the layers lie is of no consequence as long as all devices are alike; for how many each of them is cut always is.
    private string Arithmetic()
    {
        string[] kinds = [.. parts.Select(part => part.Model!.Description.Arithmetic)];
        string where = kinds.Distinct().Count() == 1 ? kinds[0] : string.Join(", ", parts.Zip(kinds, (part, kind) => $"{part.Model!.Weights.Part} {kind}"));
        return way is null ? where : where + Sharers;
    }
}
