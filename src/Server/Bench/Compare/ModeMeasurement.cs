using Llama.Server.Bench.Local;

namespace Llama.Server.Bench.Compare;

/// <summary>What a mode's process found, its last line of JSON.</summary>
/// <param name="Model">What was loaded.</param>
/// <param name="TtftMs">[runs] to the first token.</param>
/// <param name="TpotMs">[runs] for each further one.</param>
/// <param name="AnswerMs">[runs] to the last one.</param>
/// <param name="NewIds">The tokens generated.</param>
/// <param name="Logprobs">[tokens] of the scored continuation.</param>
/// <param name="PeakLoadBytes">Most memory of the process until the model was loaded; null where the system does not tell.</param>
/// <param name="PeakRunBytes">Most memory of the process in the runs.</param>
internal sealed record ModeMeasurement(BenchedModel Model, double[] TtftMs, double[] TpotMs, double[] AnswerMs, int[] NewIds, float[] Logprobs, long? PeakLoadBytes, long? PeakRunBytes)
{
    /// <summary>The same with the runs of a later process of the mode.</summary>
    public ModeMeasurement With(ModeMeasurement later) => this with
    {
        TtftMs = [.. TtftMs, .. later.TtftMs],
        TpotMs = [.. TpotMs, .. later.TpotMs],
        AnswerMs = [.. AnswerMs, .. later.AnswerMs],
        PeakLoadBytes = Greater(PeakLoadBytes, later.PeakLoadBytes),
        PeakRunBytes = Greater(PeakRunBytes, later.PeakRunBytes),
    };

    private static long? Greater(long? one, long? other) => one > other ? one : other;
}
