namespace Llama.Server.Limits;

/// <summary>One caller's use of its limits, counted in this process. Safe for concurrent use.</summary>
internal sealed class CallerUse
{
    private readonly Lock _lock = new();
    private readonly SlidingWindow _requests = new();
    private readonly SlidingWindow _tokens = new();
    private long _running;
    private bool _isRetired;

    /// <summary>Lets a request in unless a limit keeps it out. False when this was retired: another one counts in its place.</summary>
    /// <param name="ask">The request.</param>
    /// <param name="now">In milliseconds.</param>
    /// <param name="isDecided">Whether it is in already, by another's decision, and only to be counted.</param>
    /// <param name="reading">What it found.</param>
    /// <param name="denial">What keeps it out.</param>
    public bool TryEnter(LimitAsk ask, long now, bool isDecided, out LimitReading reading, out LimitKind? denial)
    {
        lock (_lock)
        {
            (reading, denial) = (default, null);
            if (_isRetired)
                return false;
            reading = Read(ask, now);
            denial = isDecided ? null : reading.Denial(ask.Rules);
            if (denial is null)
                Count(SlidingWindow.SlotOf(now), 1, ask.Tokens, 1);
            return true;
        }
    }

    /// <summary>Counts what a request had in truth. What it had less than expected is taken from the moment it came, and what it had more is added now.</summary>
    /// <param name="slot">When it came.</param>
    /// <param name="now">In milliseconds.</param>
    /// <param name="tokens">What it had beyond what was expected.</param>
    /// <param name="counts">Whether it counts as a request.</param>
    public void Settle(long slot, long now, long tokens, bool counts)
    {
        lock (_lock)
        {
            Count(slot, counts ? 0 : -1, Math.Min(tokens, 0), -1);
            _tokens.Add(SlidingWindow.SlotOf(now), Math.Max(tokens, 0));
        }
    }

    /// <summary>Ends the counting if there is nothing to count.</summary>
    public bool TryRetire(long now)
    {
        lock (_lock)
        {
            _requests.Forget(now);
            _tokens.Forget(now);
            return _isRetired = _running == 0 && !_requests.Entries.Any() && !_tokens.Entries.Any();
        }
    }

    /// <summary>What counts now, slot by slot.</summary>
    /// <param name="now">In milliseconds.</param>
    public SlotUse[] Snapshot(long now)
    {
        lock (_lock)
        {
            _requests.Forget(now);
            _tokens.Forget(now);
            return [.. _requests.Entries.Select(entry => new SlotUse(entry.Slot, entry.Count, 0)), .. _tokens.Entries.Select(entry => new SlotUse(entry.Slot, 0, entry.Count))];
        }
    }

    private LimitReading Read(LimitAsk ask, long now)
    {
        _requests.Forget(now);
        _tokens.Forget(now);
        return new LimitReading(
            _requests.Sum,
            ask.Rules.RequestsPerMinute is { } requests ? _requests.WaitFor(requests - 1, now) : 0,
            _requests.Reset(now),
            _tokens.Sum,
            ask.Rules.TokensPerMinute is { } tokens ? _tokens.WaitFor(tokens - ask.Tokens, now) : 0,
            _tokens.Reset(now),
            _running);
    }

    private void Count(long slot, long requests, long tokens, long running)
    {
        _requests.Add(slot, requests);
        _tokens.Add(slot, tokens);
        _running += running;
    }
}
