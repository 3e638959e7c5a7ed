namespace Llama.Tests.Shared;

/// <summary>What code allocates on its own thread once it is warm.</summary>
public static class Allocated
{
    /// <summary>How often a stretch is run.</summary>
    public const int Stretches = 4;

    /// <summary>The least of <see cref="Stretches"/>: the runtime allocates now and then on a thread whose code it replaces.</summary>
    public static long InStretch(Action stretch) => Enumerable.Range(0, Stretches).Min(_ =>
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        stretch();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    });
}
