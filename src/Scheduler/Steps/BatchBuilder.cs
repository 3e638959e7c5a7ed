using System.Runtime.CompilerServices;
using Llama.Model;
using Llama.Scheduling.Sequences;

namespace Llama.Scheduling.Steps;

/// <summary>Lays a <see cref="Step"/> out as the flat arrays that the model takes.</summary>
internal sealed class BatchBuilder(ModelLimits limits, int maxTokens, int maxSequences)
{
    private readonly ForwardBatch _batch = new(maxTokens, maxSequences, limits.BlocksPerSequence);

    /// <summary>The same arrays each time, overwritten; the step is not begun yet.</summary>
    /// <param name="step">What to compute.</param>
    /// <param name="mayRunAhead">Whether nobody waits whom a next step should take in.</param>
    public ForwardBatch Build(Step step, bool mayRunAhead = false)
    {
        _batch.Clear();
        _batch.MayRunAhead = mayRunAhead;
        for (int i = 0; i < step.Sequences.Count; i++) Add(step.Sequences[i]);
        return _batch;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // before the runtime would do it: tests/Bench/NOTES.md, "Scheduler"
    private void Add(Sequence sequence)
    {
        int row = _batch.SequenceCount++;
        _batch.TokenStarts[row] = _batch.TokenCount;
        AddTokens(sequence);
        _batch.TokenStarts[row + 1] = _batch.TokenCount;
        sequence.Readout?.Ask(sequence, _batch.TokenStarts[row], _batch);
        _batch.ContextLengths[row] = sequence.ComputedCount + sequence.ScheduledCount;
        _batch.SetBlocks(row, sequence.Blocks.Edition, sequence.Blocks.Ids);
        if (sequence.Blocks.SharedTail is { } tail) _batch.Copies[_batch.CopyCount++] = new BlockCopy(tail, sequence.Blocks[sequence.PromptLength / limits.BlockSize]);
        if (_batch.MayRunAhead) LookAhead(sequence, row);
        if (sequence.Group is { HasForks: true } group && sequence.EndsPrompt) AddForks(group, _batch.TokenStarts[row]);
        if (sequence.IsSampled) AddSample(sequence, _batch.TokenCount - 1);
    }

    /// <summary>The next slot of a sequence, if it may go on; and whether all that it draws now, and what it is drawn from next, can be known without it.</summary>
    private void LookAhead(Sequence sequence, int row)
    {
        bool hasSlot = sequence.GeneratedCount + 1 < sequence.MaxTokens && sequence.KnownCount < sequence.Blocks.Count * limits.BlockSize;
        _batch.NextSlots[row] = hasSlot ? SlotOf(sequence, sequence.KnownCount) : -1;
        _batch.MayRunAhead = sequence is { Urgency: Urgency.Decoding, IsSampled: true, Guide: null, Group: null, Blocks.SharedTail: null, NeedsHistory: false, Readout: null or { IsComplete: true } }
            && (hasSlot || sequence.GeneratedCount + 1 == sequence.MaxTokens);
    }

    private int SlotOf(Sequence sequence, int position) => (sequence.Blocks[position / limits.BlockSize] * limits.BlockSize) + (position % limits.BlockSize);

    /// <summary>The forks that joined draw from the prompt's last row, behind which their leader may have more.</summary>
    private void AddForks(PromptGroup group, int firstRow)
    {
        int promptRow = firstRow + group.Leader.PromptLength - 1 - group.Leader.ComputedCount;
        foreach (Sequence fork in group.Forks)
            if (fork is { ScheduledCount: > 0, IsSampled: true }) AddSample(fork, promptRow);
    }

    private void AddTokens(Sequence sequence)
    {
        ReadOnlySpan<int> tokens = sequence.Tokens.Slice(sequence.ComputedCount, sequence.ScheduledCount);
        int start = _batch.TokenCount;
        tokens.CopyTo(_batch.TokenIds.AsSpan(start));
        for (int i = 0; i < tokens.Length; i++)
        {
            int position = sequence.ComputedCount + i;
            _batch.Positions[start + i] = position;
            _batch.Slots[start + i] = SlotOf(sequence, position);
        }
        _batch.TokenCount += tokens.Length;
    }

    private void AddSample(Sequence sequence, int tokenRow)
    {
        ReadOnlySpan<int> history = sequence.NeedsHistory ? sequence.Tokens : [];
        _batch.Samples[_batch.SampleCount++] = new SampleRow(
            tokenRow,
            Position: sequence.KnownCount,
            sequence.GeneratedCount,
            HistoryStart: _batch.AddHistory(history),
            HistoryLength: history.Length,
            sequence.Sampling,
            sequence.Guide);
    }
}
