namespace Llama.Model.Offload;

/// <summary>What a step reads of weights that stream, and how long that takes with nothing else to do: by the same threads, into the same memory.</summary>
/// <param name="StepBytes">Read in a step.</param>
/// <param name="Seconds">For all of them.</param>
/// <param name="SingleSeconds">The same where a single thread reads all of it; null where that was not measured, as threads of their own read in any case.</param>
public readonly record struct StreamRate(long StepBytes, double Seconds, double? SingleSeconds = null)
{
    /// <summary>How fast they come.</summary>
    public double BytesPerSecond => StepBytes / Seconds;

    /// <summary>Steps that reading alone allows.</summary>
    public double StepsPerSecond => 1 / Seconds;

    /// <summary>Of a whole model: a step goes through its stages one after the other, and through the devices that share a stage side by side.</summary>
    /// <param name="devices">Of each in order; null where nothing streams.</param>
    /// <param name="sharers">Devices of a stage.</param>
    /// <returns>Null if nothing streams anywhere.</returns>
    internal static StreamRate? Of(IReadOnlyList<StreamRate?> devices, int sharers)
    {
        StreamRate[] stages = [.. devices.Chunk(sharers).Select(stage => OfStage([.. stage.OfType<StreamRate>()]))];
        long bytes = stages.Sum(stage => stage.StepBytes);
        return bytes == 0 ? null : new StreamRate(bytes, stages.Sum(stage => stage.Seconds), stages.Any(stage => stage.SingleSeconds is not null) ? stages.Sum(stage => stage.SingleSeconds ?? stage.Seconds) : null);
    }

    private static StreamRate OfStage(StreamRate[] sharers) => sharers.Length == 0 ? default
        : new StreamRate(sharers.Sum(rate => rate.StepBytes), sharers.Max(rate => rate.Seconds), sharers.Max(rate => rate.SingleSeconds));
}
