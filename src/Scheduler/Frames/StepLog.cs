namespace Llama.Scheduling.Frames;

/// <summary>The steps since the last frame. It takes no more when it is full, so that it costs nothing once nobody empties it.</summary>
internal sealed class StepLog
{
    private const int Capacity = 512;

    private readonly StepRow[] _rows = new StepRow[Capacity];
    private int _count = Capacity;
    private bool _isBegun;

    /// <summary>Notes a step that was run and is not committed yet.</summary>
    public void Add(Step step, TimeSpan duration)
    {
        if (_count == Capacity) return;
        int promptTokens = 0;
        foreach (Sequence sequence in step.Sequences) promptTokens += Math.Clamp(sequence.PromptLength - sequence.ComputedCount, 0, sequence.ScheduledCount);
        _rows[_count++] = new StepRow(promptTokens, step.TokenCount - promptTokens, step.Sequences.Count, duration);
    }

    /// <summary>Empties it; the first time begins it.</summary>
    public StepRow[] Take()
    {
        StepRow[] rows = _isBegun ? _rows[.._count] : [];
        (_count, _isBegun) = (0, true);
        return rows;
    }
}
