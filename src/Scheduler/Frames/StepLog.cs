using Llama.Scheduling.Steps;

namespace Llama.Scheduling.Frames;

/// <summary>The steps since the last frame. It takes no more when it is full, so that it costs nothing once nobody empties it.</summary>
internal sealed class StepLog
{
    private const int Capacity = 512;

    private readonly ComputedStep[] _rows = new ComputedStep[Capacity];
    private int _count = Capacity;
    private bool _isBegun;

    public void Add(StepUnderWay step, TimeSpan duration)
    {
        if (_count == Capacity) return;
        _rows[_count++] = new ComputedStep(step.PromptTokenCount, step.Batch.TokenCount - step.PromptTokenCount, step.Batch.SequenceCount, duration);
    }

    /// <summary>Empties it; the first time begins it.</summary>
    public ComputedStep[] Take()
    {
        ComputedStep[] rows = _isBegun ? _rows[.._count] : [];
        (_count, _isBegun) = (0, true);
        return rows;
    }
}
