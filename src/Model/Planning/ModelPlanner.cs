using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Torch;

namespace Llama.Model.Planning;

/// <summary>Works out where a model would lie, by the code that places it when it is loaded. Of the checkpoint only configuration and headers are read.</summary>
public static class ModelPlanner
{
    /// <summary>The plan, and if it does not fit, what would.</summary>
    /// <param name="options">As loading gets them. Their devices need not be here if all are assumed.</param>
    /// <param name="assumed">Devices to plan for; none to plan for those that are here, with what they have free now. <c>auto</c> takes all of them.</param>
    /// <exception cref="CheckpointException">The checkpoint is not there or not whole; with every fault.</exception>
    /// <exception cref="ArgumentException">A setting does not fit the model, or devices and their memory do not go together.</exception>
    public static ModelPlan Make(ModelOptions options, IReadOnlyList<AssumedDevice> assumed)
    {
        if (assumed.Count > 0 && options.Device == "auto") options = options with { Device = string.Join(',', assumed.Select(device => device.Name)) };
        ModelPlan plan = Place(options, assumed);
        return plan.Fault is null ? plan : plan with { Remedies = [.. PlanRemedies.Of(options, assumed)] };
    }

    /// <summary>The plan alone.</summary>
    internal static ModelPlan Place(ModelOptions options, IReadOnlyList<AssumedDevice> assumed)
    {
        IReadOnlyList<BackendChoice> choices = assumed.Count == 0 ? BackendChoice.AllOf(options) : BackendChoice.AllOf(options, countCuda: () => int.MaxValue);
        if (assumed.Count > 0) Check(choices, assumed);
        WeightFormat format = WeightFormat.Parse(options.Dtype);
        using IWeightSource source = WeightSource.OpenOnHost(options.Path, format, choices.All(choice => choice.HoldsCodes));
        return new Placement(options, format, source, choices, [.. choices.Select(choice => FreeBytes(choice, assumed))]).Make();
    }

    private static long FreeBytes(BackendChoice choice, IReadOnlyList<AssumedDevice> assumed) =>
        assumed.FirstOrDefault(device => DeviceChoice.IsSame(device.Name, choice.Device.Name))?.FreeBytes ?? choice.FreeBytes();

    private static void Check(IReadOnlyList<BackendChoice> choices, IReadOnlyList<AssumedDevice> assumed)
    {
        foreach (BackendChoice choice in choices)
            if (!assumed.Any(device => DeviceChoice.IsSame(device.Name, choice.Device.Name))) throw new ArgumentException($"Model:Device names {choice.Device.Name}; say with --devices how much memory that has.");
        foreach (AssumedDevice device in assumed)
            if (!choices.Any(choice => DeviceChoice.IsSame(device.Name, choice.Device.Name))) throw new ArgumentException($"--devices names {device.Name}, and Model:Device does not; take it out, or leave out Model:Device.");
    }
}
