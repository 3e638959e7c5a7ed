using System.Collections.Concurrent;

namespace Llama.Server.Limits;

/// <summary>Counts in this process. Callers that have not come for a minute cost nothing. Safe for concurrent use.</summary>
/// <param name="clock">By which a minute is told.</param>
/// <param name="replicas">Processes that share the limits and count each for itself.</param>
internal sealed class LocalLimits(TimeProvider clock, int replicas = 1) : ILimitStore
{
    private const long SweepMilliseconds = 60_000;

    private readonly ConcurrentDictionary<string, CallerUse> _callers = new(StringComparer.Ordinal);
    private readonly long _start = clock.GetTimestamp();
    private long _nextSweep = SweepMilliseconds;

    /// <summary>Milliseconds by the clock that slots are counted with.</summary>
    public long Now => (long)clock.GetElapsedTime(_start).TotalMilliseconds;

    public int CallerCount => _callers.Count;

    public LimitRules Part(LimitRules whole) => whole.Share(replicas);

    public ValueTask<LimitDecision> EnterAsync(LimitAsk ask) => new(Enter(ask));

    /// <summary>The same at once.</summary>
    public LimitDecision Enter(LimitAsk ask) => Enter(ask, isDecided: false);

    /// <summary>Counts a request that another store has let in, to know of it when that one cannot be asked.</summary>
    public LimitDecision Note(LimitAsk ask) => Enter(ask, isDecided: true);

    /// <summary>What each caller has used in the last minute, slot by slot.</summary>
    public IEnumerable<RecentUse> Snapshot() => _callers.Select(pair => new RecentUse(pair.Key, pair.Value.Snapshot(Now)));

    private LimitDecision Enter(LimitAsk ask, bool isDecided)
    {
        long now = Now;
        Sweep(now);
        while (true)
        {
            CallerUse use = _callers.GetOrAdd(ask.Caller, static _ => new CallerUse());
            if (!use.TryEnter(ask, now, isDecided, out LimitReading reading, out LimitKind? denial))
                continue; // it was retired and is about to be taken out
            Settle settle = (tokens, counts) => use.Settle(SlidingWindow.SlotOf(now), Now, (counts ? tokens : 0) - ask.Tokens, counts);
            return new LimitDecision(ask, reading, denial, denial is null ? settle : null);
        }
    }

    private void Sweep(long now)
    {
        long due = Interlocked.Read(ref _nextSweep);
        if (now < due || Interlocked.CompareExchange(ref _nextSweep, now + SweepMilliseconds, due) != due)
            return;
        foreach ((string caller, CallerUse use) in _callers)
        {
            if (use.TryRetire(now))
                _callers.TryRemove(KeyValuePair.Create(caller, use));
        }
    }
}
