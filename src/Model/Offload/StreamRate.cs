namespace Llama.Model.Offload;

/// <summary>What a step reads of weights that stream, and how long that takes with nothing else to do: by the same threads, through the same buffers.</summary>
/// <param name="StepBytes">Read in a step.</param>
/// <param name="Seconds">For all of them.</param>
public readonly record struct StreamRate(long StepBytes, double Seconds)
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
        StreamRate[] stages = [.. devices.Chunk(sharers).Select(stage => new StreamRate(stage.Sum(rate => rate?.StepBytes ?? 0), stage.Max(rate => rate?.Seconds ?? 0)))];
        long bytes = stages.Sum(stage => stage.StepBytes);
        return bytes == 0 ? null : new StreamRate(bytes, stages.Sum(stage => stage.Seconds));
    }
}
