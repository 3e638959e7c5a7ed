namespace Llama.Scheduling.Sequences;

/// <summary>Ends the sequences whose time is up. A step compares the clock with the earliest deadline, and only when that is past are all looked at.</summary>
internal sealed class Deadlines(Roster roster, Progress progress, TimeProvider clock)
{
    private long _earliest = long.MaxValue; // no live sequence has an earlier one

    public void Add(Sequence sequence) => _earliest = Math.Min(_earliest, sequence.Deadline);

    public void Expire()
    {
        long now = clock.GetTimestamp();
        if (now >= _earliest) Expire(now); // apart, for its closure is made on entry
    }

    private void Expire(long now)
    {
        foreach (Sequence sequence in roster.Live.Where(sequence => sequence.Deadline <= now).ToArray()) progress.End(sequence, FinishReason.Deadline);
        _earliest = roster.Live.Select(sequence => sequence.Deadline).DefaultIfEmpty(long.MaxValue).Min();
    }
}
