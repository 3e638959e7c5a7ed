using Llama.Scheduling.Frames;
using Llama.Server.Telemetry;

namespace Llama.Server.Watching;

/// <summary>From the engine's frames to what is sent of them.</summary>
internal static class EngineViews
{
    private const int MostCells = 4096;

    /// <param name="frame">The engine's; null when it has none.</param>
    /// <param name="status">As <c>/health</c> says it.</param>
    /// <param name="time">Now.</param>
    /// <param name="hasSteps">Whether the frame's steps are those since the event before.</param>
    public static EngineView Of(EngineFrame? frame, string status, DateTimeOffset time, bool hasSteps)
    {
        var empty = new EngineView(status, time.ToUnixTimeMilliseconds(), Counts: null, Totals: null, Steps: [], Requests: [], Blocks: null);
        return frame is null ? empty : empty with
        {
            Counts = EngineCounts.Of(frame.Counts),
            Totals = Sums(frame.Totals),
            Steps = hasSteps ? [.. frame.Steps.Select(Step)] : [],
            Requests = [.. frame.Sequences.Select(Request)],
            Blocks = Blocks(frame),
        };
    }

    private static SumsView Sums(EngineTotals totals) => new(
        totals.PromptTokens, totals.CachedTokens, totals.GeneratedTokens, totals.EndedCount, totals.PreemptionCount, totals.FirstTokenCount,
        Math.Round(totals.FirstTokenTime.TotalSeconds, 6), Math.Round(totals.LaterTokenTime.TotalSeconds, 6));

    private static StepView Step(ComputedStep step) => new(step.PromptTokens, step.DecodeTokens, step.SequenceCount, Math.Round(step.Duration.TotalMilliseconds, 3));

    private static SequenceView Request(SequenceRow row)
    {
        var origin = row.Origin as RequestOrigin;
        return new SequenceView(
            row.Id, origin?.RequestId, origin?.Key, Word(row.Phase), row.PromptTokens, row.CachedTokens, row.ComputedTokens, row.GeneratedTokens, row.MaxTokens,
            Math.Round(row.Age.TotalSeconds, 3));
    }

    private static string Word(SequencePhase phase) => phase switch
    {
        SequencePhase.Waiting => "waiting",
        SequencePhase.Attached => "attached",
        SequencePhase.Preempted => "preempted",
        SequencePhase.Prefilling => "prefilling",
        _ => "decoding",
    };

    private static BlocksView Blocks(EngineFrame frame)
    {
        BlockMap map = BlockMap.Of(frame, MostCells);
        return new BlocksView(map.BlocksPerCell, frame.Pool.TouchedCount, [.. map.Cells.Select(Run)]);
    }

    private static int[] Run(BlockCells cells) => [cells.CellCount, cells.HeldCount, cells.SharedCount, cells.CachedCount, cells.HolderCount, .. cells.Holders];
}
