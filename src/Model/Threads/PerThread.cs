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

    /// <summary>The calling thread's.</summary>
    public T Mine => _items[ParallelFor.Slot];
}
