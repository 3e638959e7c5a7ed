using System.Diagnostics;

namespace Llama.Model;

/// <summary>
/// The step after a step of which every sequence computes one token and draws one: the same sequences, each one token further, but for those that end. A device can begin it before the host has
/// seen what was drawn. The step that the host then asks for is this one, or some of its rows, because nothing is admitted in between; where it is not, no harm was done: what was written to the
/// cache lies behind the known tokens of its sequence, and whoever gets its block later writes later.
/// </summary>
internal sealed class Lookahead(int maxSequences, int maxBlocksPerSequence)
{
    private readonly int[] _sources = new int[maxSequences], _rows = new int[maxSequences];

    /// <summary>The step, with no token ids: row i's token is the one that was drawn in row <see cref="Sources"/>[i] of the step before.</summary>
    public ForwardBatch Batch { get; } = new(maxSequences, maxSequences, maxBlocksPerSequence);

    /// <summary>[sequences] rows of the step before as it was run.</summary>
    public ReadOnlySpan<int> Sources => _sources.AsSpan(0, Batch.SequenceCount);

    /// <summary>[sequences of the step that matched] which row of <see cref="Batch"/> each is.</summary>
    public ReadOnlySpan<int> Rows => _rows;

    /// <summary>Puts together what follows a step.</summary>
    /// <param name="step">As the host asked for it; with <see cref="ForwardBatch.MayRunAhead"/>.</param>
    /// <param name="rows">[sequences] which row of the step as it was run each is; empty when it was run as it is.</param>
    /// <returns>False if nothing does.</returns>
    public bool TryFollow(ForwardBatch step, ReadOnlySpan<int> rows)
    {
        Debug.Assert(step.MayRunAhead && step.SampleCount == step.SequenceCount);
        Batch.Clear();
        for (int i = 0; i < step.SequenceCount; i++)
            if (step.NextSlots[i] >= 0) Add(step, i, rows.IsEmpty ? i : rows[i]);
        return Batch.SequenceCount > 0;
    }

    /// <summary>Whether a step is this one, or some rows of it in their order; then <see cref="Rows"/> tells which.</summary>
    /// <param name="step">As the host asks for it.</param>
    /// <param name="drawn">[rows] tokens that the step before drew, as it was run.</param>
    public bool TryMatch(ForwardBatch step, ReadOnlySpan<int> drawn)
    {
        if (step.TokenCount != step.SequenceCount || step.SampleCount != step.SequenceCount || step.CopyCount + step.Scores.Count + step.Pools.Count > 0) return false;
        int row = 0;
        for (int i = 0; i < step.SequenceCount; i++, row++)
        {
            while (row < Batch.SequenceCount && Batch.Slots[row] != step.Slots[i]) row++;
            if (row == Batch.SequenceCount || !IsSame(step, i, row) || drawn[_sources[row]] != step.TokenIds[i]) return false;
            _rows[i] = row;
        }
        return true;
    }

    private void Add(ForwardBatch step, int from, int source)
    {
        int to = Batch.SequenceCount++;
        _sources[to] = source;
        Batch.Positions[to] = step.Positions[from] + 1;
        Batch.Slots[to] = step.NextSlots[from];
        Batch.ContextLengths[to] = step.ContextLengths[from] + 1;
        Batch.TokenStarts[to + 1] = Batch.TokenCount = Batch.SampleCount = to + 1;
        step.CopyBlocks(from, ref Batch.Shown[to], Batch.BlockTables.AsSpan(to * Batch.BlockTableStride, Batch.BlockTableStride));
        ref readonly SampleRow sample = ref step.Samples[from];
        Batch.Samples[to] = sample with { TokenRow = to, Position = sample.Position + 1, GeneratedCount = sample.GeneratedCount + 1 };
    }

    private bool IsSame(ForwardBatch step, int i, int row)
    {
        ref readonly SampleRow asked = ref step.Samples[i], begun = ref Batch.Samples[row];
        return step.Positions[i] == Batch.Positions[row] && asked.TokenRow == i && asked.IsAlike(begun);
    }
}
