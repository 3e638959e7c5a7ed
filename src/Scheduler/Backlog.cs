using Llama.Scheduling.Sequences;

namespace Llama.Scheduling;

/// <summary>
/// The requests that are accepted and not yet admitted, counted where submitters and the engine's thread meet, and how fast the engine works them off.
/// </summary>
internal sealed class Backlog(int maxLength)
{
    private static readonly TimeSpan ShortestRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromHours(1);

    private readonly MovingAverage _tokensPerSecond = new();
    private readonly MovingAverage _usedOutput = new(); // generated tokens per token asked for
    private int _length;
    private int _freeSlots;
    private long _promptTokens;
    private long _outputTokens; // at most

    public int Length => Volatile.Read(ref _length);

    /// <summary>
    /// How many more could run at once, as long as the last step left nobody waiting; else none. So many may come beside those that may wait: a burst that the next step takes in is no queue.
    /// </summary>
    public int FreeSlots { set => Volatile.Write(ref _freeSlots, value); }

    /// <summary>Takes a place in the queue for each of the requests that share one prompt, or for none, under any number of submitters; false when there is no room.</summary>
    public bool TryEnter(IReadOnlyList<GenerationRequest> requests)
    {
        for (int length = Length, found; ; length = found)
        {
            if (length + requests.Count > maxLength + Volatile.Read(ref _freeSlots)) return false;
            found = Interlocked.CompareExchange(ref _length, length + requests.Count, length);
            if (found == length) break;
        }
        Interlocked.Add(ref _promptTokens, requests[0].PromptTokenIds.Length);
        foreach (GenerationRequest request in requests) Interlocked.Add(ref _outputTokens, request.MaxTokens);
        return true;
    }

    /// <summary>Lets a step take some in: they have their slots before they give up their places, lest others have both.</summary>
    public void Admit(IReadOnlyList<Sequence> sequences)
    {
        FreeSlots = Math.Max(0, Volatile.Read(ref _freeSlots) - sequences.Count);
        for (int i = 0; i < sequences.Count; i++) Leave(sequences[i]);
    }

    public void Leave(Sequence sequence)
    {
        Interlocked.Decrement(ref _length);
        if (sequence.GroupId == sequence.Id) Interlocked.Add(ref _promptTokens, -sequence.PromptLength);
        Interlocked.Add(ref _outputTokens, -sequence.MaxTokens);
    }

    /// <summary>Takes in a step. Only those that leave requests waiting tell what the engine can do; the others had nothing more to do.</summary>
    public void ObserveStep(int tokenCount, TimeSpan duration)
    {
        if (Length > 0 && duration > TimeSpan.Zero) _tokensPerSecond.Add(tokenCount / duration.TotalSeconds);
    }

    /// <summary>Takes in how much of its longest output a finished sequence used.</summary>
    public void ObserveOutput(Sequence finished)
    {
        if (finished.MaxTokens > 0) _usedOutput.Add((double)finished.GeneratedCount / finished.MaxTokens);
    }

    /// <summary>Whether the queue alone outlasts this time at the measured rate; never before a rate was measured, nor when nobody waits.</summary>
    public bool Outlasts(TimeSpan time) => Length > 0 && TimeToClear() > time;

    /// <summary>When a place in the queue is worth asking for again.</summary>
    public TimeSpan RetryAfter()
    {
        TimeSpan time = TimeToClear();
        return time < ShortestRetry ? ShortestRetry : time > LongestRetry ? LongestRetry : time;
    }

    private TimeSpan TimeToClear()
    {
        double rate = _tokensPerSecond.Value;
        if (rate == 0) return TimeSpan.Zero;
        double tokens = Volatile.Read(ref _promptTokens) + (_usedOutput.Value * Volatile.Read(ref _outputTokens));
        return TimeSpan.FromSeconds(Math.Min(tokens / rate, 1e9));
    }
}
