using Llama.Model.Threads;

namespace Llama.Model.Parallel;

/// <summary>
/// Where the threads of a group's devices wait for each other. Each has a number of its own, alone in its cache lines, that only it raises as it arrives; it waits until the others' are as large. So
/// between two threads a meeting costs one line each way, and nobody contends for a word. A thread that fails raises all numbers beyond any meeting: who waits, and who comes later, fails with it.
/// </summary>
internal sealed class DeviceBarrier : IDisposable
{
    private const long Failed = 1L << 40; // more meetings than a step has

    private readonly PaddedLong[] _arrivals;
    private readonly Sleeper[] _sleepers;
    private Exception? _failure;

    /// <summary>For so many devices.</summary>
    public DeviceBarrier(int count)
    {
        _arrivals = new PaddedLong[count];
        _sleepers = [.. Enumerable.Range(0, count).Select(_ => new Sleeper())];
    }

    /// <summary>Threads that meet.</summary>
    public int Count => _arrivals.Length;

    /// <summary>What failed first since the last <see cref="Reset"/>; null if nothing did.</summary>
    public Exception? Failure => Volatile.Read(ref _failure);

    /// <summary>Meetings of a device so far.</summary>
    public long MeetingsOf(int device) => Volatile.Read(ref _arrivals[device].Value);

    /// <summary>Waits until all have come as often.</summary>
    /// <exception cref="PeerFailedException">One will not come; with what it failed with.</exception>
    public void Meet(int device)
    {
        _arrivals[device].Core = Core.Current;
        long meeting = Interlocked.Increment(ref _arrivals[device].Value); // a full fence: who parks sees the new number, or is seen parked
        for (int other = 0; other < Count; other++)
            if (other != device) _sleepers[other].Wake();
        for (int other = 0; other < Count && meeting < Failed; other++) WaitFor(device, ref _arrivals[other], meeting);
        if (Failure is { } failure) throw new PeerFailedException(failure);
    }

    /// <summary>Lets all devices fail at their next meeting, or where they wait. The first failure is the one that counts.</summary>
    public void Fail(Exception failure)
    {
        Interlocked.CompareExchange(ref _failure, failure, null);
        for (int device = 0; device < Count; device++) Interlocked.Add(ref _arrivals[device].Value, Failed);
        foreach (Sleeper sleeper in _sleepers) sleeper.Wake();
    }

    /// <summary>Forgets a failure; while no device is in a step.</summary>
    public void Reset()
    {
        _failure = null;
        for (int device = 0; device < Count; device++) Volatile.Write(ref _arrivals[device].Value, 0);
    }

    private void WaitFor(int device, ref PaddedLong arrivals, long meeting)
    {
        for (long seen = Volatile.Read(ref arrivals.Value); seen < meeting;) seen = _sleepers[device].WaitForOther(ref arrivals, seen);
    }

    public void Dispose()
    {
        foreach (Sleeper sleeper in _sleepers) sleeper.Dispose();
    }
}
