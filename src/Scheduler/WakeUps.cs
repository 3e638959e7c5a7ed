namespace Llama.Scheduling;

/// <summary>
/// Wakes the readers of a step's events, once all of them are published. Waking a thread costs more than what most readers then do, so they are woken in chains, each by one thread of the
/// pool; those that asked for it go on there, one after another. Few enough share a chain that one which takes long holds up few.
/// </summary>
internal sealed class WakeUps
{
    private const int LongestChain = 16;

    private static readonly int FewestChains = 2 * Environment.ProcessorCount; // as long as there are readers for them: no thread is left without

    private readonly List<EventReader> _readers = [];

    public bool IsEmpty => _readers.Count == 0;

    public void Add(EventReader reader) => _readers.Add(reader);

    /// <summary>Hands all that were added to the thread pool.</summary>
    public void Send()
    {
        int length = Math.Clamp(_readers.Count / FewestChains, 1, LongestChain);
        for (int start = 0; start < _readers.Count; start += length)
        {
            int end = Math.Min(start + length, _readers.Count);
            for (int i = start; i < end; i++) _readers[i].Next = i + 1 < end ? _readers[i + 1] : null;
            ThreadPool.UnsafeQueueUserWorkItem(_readers[start], preferLocal: false);
        }
        _readers.Clear();
    }
}
