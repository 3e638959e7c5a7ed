namespace Llama.Model.Threads;

/// <summary>Scratch memory for the bodies of loops, of which each thread of the creating thread's team has its own.</summary>
internal sealed class PerThread<T>
{
    private readonly T[] _items;

    public PerThread(Func<T> create)
    {
        _items = new T[ParallelFor.Team.ThreadCount];
        for (int i = 0; i < _items.Length; i++) _items[i] = create();
    }

    /// <summary>Threads.</summary>
    public int Count => _items.Length;

    /// <summary>That of one of the team's threads, by its slot.</summary>
    public T this[int slot] => _items[slot];

    /// <summary>The calling thread's.</summary>
    public T Mine => _items[ParallelFor.Slot];
}
