using System.Globalization;
using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Parallel;
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
    public static ModelPlan Make(ModelOptions options, IReadOnlyList<AssumedDevice> assumed) => Make(options, new FreeMemory(assumed));

    /// <summary>The same with memory that was found already, or is found in another way.</summary>
    internal static ModelPlan Make(ModelOptions options, FreeMemory memory)
    {
        if (memory.Assumed.Count > 0 && options.Device == "auto") options = options with { Device = string.Join(',', memory.Assumed.Select(device => device.Name)) };
        ModelPlan plan = Place(options, memory);
        return plan.Fault is null ? plan : plan with { Remedies = [.. PlanRemedies.Of(options, memory)] };
    }

    /// <summary>The least <c>Model:MemoryLimit</c>, in bytes, under which so much of the weights stays; of devices that are here.</summary>
    /// <param name="options">As loading gets them, without a limit.</param>
    /// <param name="residentShare">0 to 1. With 0 the smallest that works at all.</param>
    /// <exception cref="ArgumentException">Not even one that is much larger than the model works; or less is to stay than all, and the weights cannot stream.</exception>
    public static long LimitFor(ModelOptions options, double residentShare)
    {
        const long step = 1 << 20;
        FreeMemory memory = new([]);
        long tooSmall = 0, enough = 2 * Place(options with { Repack = false }, memory).Devices.Max(device => device.TotalBytes) + (4L << 30);
        if (!Stays(enough)) throw new ArgumentException($"No Model:MemoryLimit works here: {At(enough).Fault}");
        while (enough - tooSmall > step)
        {
            long middle = (tooSmall + enough) / 2;
            if (Stays(middle)) enough = middle;
            else tooSmall = middle;
        }
        if (residentShare < 1 && At(enough).Devices.All(device => device.OutsideBytes == 0)) throw new ArgumentException($"Under no Model:MemoryLimit do weights stream here: {At(tooSmall).Fault}");
        return enough;

        ModelPlan At(long limit) => Place(options with { MemoryLimit = limit.ToString(CultureInfo.InvariantCulture) }, memory);

        bool Stays(long limit)
        {
            ModelPlan plan = At(limit);
            return plan.Fault is null && plan.Devices.Sum(device => device.WeightBytes - device.OutsideBytes) >= residentShare * plan.Devices.Sum(device => device.WeightBytes);
        }
    }

    /// <summary>The plan alone.</summary>
    internal static ModelPlan Place(ModelOptions options, FreeMemory memory)
    {
        IReadOnlyList<BackendChoice> choices = memory.Assumed.Count == 0 ? BackendChoice.AllOf(options) : BackendChoice.AllOf(options, countCuda: () => int.MaxValue);
        if (memory.Assumed.Count > 0) Check(choices, memory.Assumed);
        return Place(options, choices, [.. choices.Select(memory.Of)]);
    }

    /// <summary>The same on certain backends.</summary>
    /// <param name="options">As loading gets them.</param>
    /// <param name="choices">The devices.</param>
    /// <param name="free">[devices] bytes that each could give.</param>
    internal static ModelPlan Place(ModelOptions options, IReadOnlyList<BackendChoice> choices, long[] free)
    {
        WeightFormat format = WeightFormat.Of(options);
        using IWeightSource source = Open(part: null);
        foreach (BackendChoice choice in choices) format.CheckDevice(source.Config.Quantization, isHost: !choice.Device.IsCuda, choice.HoldsCodes);
        return new Placement(options, format, source, part => Open(part), choices, free).Make();

        IWeightSource Open(ModelPart? part) => WeightSource.OpenOnHost(options.Path, format, choices.All(choice => choice.HoldsCodes), part);
    }

    private static void Check(IReadOnlyList<BackendChoice> choices, IReadOnlyList<AssumedDevice> assumed)
    {
        foreach (BackendChoice choice in choices)
            if (!assumed.Any(device => DeviceChoice.IsSame(device.Name, choice.Device.Name))) throw new ArgumentException($"Model:Device names {choice.Device.Name}; say with --devices how much memory that has.");
        foreach (AssumedDevice device in assumed)
            if (!choices.Any(choice => DeviceChoice.IsSame(device.Name, choice.Device.Name))) throw new ArgumentException($"--devices names {device.Name}, and Model:Device does not; take it out, or leave out Model:Device.");
    }
}
