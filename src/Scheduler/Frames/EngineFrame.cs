namespace Llama.Scheduling.Frames;

/// <summary>The engine's inside between two steps, for people to look at: lengths, counts and times, no tokens. Never changes once it is there.</summary>
public sealed record EngineFrame
{
    /// <summary>Running, waiting, blocks and steps.</summary>
    public required EngineSnapshot Counts { get; init; }

    /// <summary>What happened since the engine began.</summary>
    public required EngineTotals Totals { get; init; }

    /// <summary>Steps run since the frame before, oldest first; of very many only the first. Before the first frame none are noted.</summary>
    public required IReadOnlyList<ComputedStep> Steps { get; init; }

    /// <summary>Running sequences, then waiting ones, each followed by those that wait for it to compute their prompt; of very many only the first.</summary>
    public required IReadOnlyList<SequenceRow> Sequences { get; init; }

    /// <summary>The pool of KV blocks; <see cref="BlockMap"/> makes a picture of it.</summary>
    public required PoolImage Pool { get; init; }
}
