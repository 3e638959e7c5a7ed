namespace Llama.Scheduling.Steps;

/// <summary>As many steps as may be under way. Each is begun, and through, after the one before it; then it is used again.</summary>
internal sealed class StepRing(Step[] steps)
{
    private long _begunCount, _landedCount;

    /// <summary>Most that may be under way.</summary>
    public int Count => steps.Length;

    /// <summary>Steps that are begun and not taken in.</summary>
    public int UnderWayCount => (int)(_begunCount - _landedCount);

    /// <summary>The one that is put together.</summary>
    public Step Next => steps[_begunCount % steps.Length];

    public void Begin()
    {
        Next.Begin();
        _begunCount++;
    }

    /// <summary>The oldest of those under way, which is through or has failed.</summary>
    public Step Land() => steps[_landedCount++ % steps.Length];
}
