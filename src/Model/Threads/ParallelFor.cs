using System.Runtime.CompilerServices;

namespace Llama.Model.Threads;

/// <summary>
/// Loops whose ranges run on several threads: the calling one and the workers of its <see cref="ThreadTeam"/>. A loop inside a loop runs on its thread alone.
/// A body must give the same results however [0, count) is cut and whichever thread takes a piece.
/// </summary>
internal static unsafe class ParallelFor
{
    [ThreadStatic]
    private static ThreadTeam? _team;

    private static readonly Lazy<ThreadTeam> Shared = new(() => new ThreadTeam(Environment.ProcessorCount));

    /// <summary>The team of the calling thread; one that all threads share where <see cref="Use"/> named none.</summary>
    public static ThreadTeam Team => _team ?? Shared.Value;

    /// <summary>Which of the team's threads this is: 0 calls, 1 to <see cref="ThreadTeam.ThreadCount"/> − 1 help. For scratch memory of which each thread has its own.</summary>
    public static int Slot => ThreadTeam.Slot;

    /// <summary>Lets a team do the loops of the calling thread; null takes it away.</summary>
    public static void Use(ThreadTeam? team) => _team = team;

    /// <summary>Calls <paramref name="body"/> with sub-ranges of [0, count), on several threads when there are items enough. Returns when all are done; throws the first of what bodies threw.</summary>
    /// <param name="count">Number of items.</param>
    /// <param name="grain">Fewest items worth a thread; a piece is no smaller unless it is the last.</param>
    /// <param name="body">begin, end, state; may be called several times on a thread.</param>
    /// <param name="state">Handed to each call; may point to the caller's stack.</param>
    public static void Run(long count, long grain, delegate*<long, long, void*, void> body, void* state)
    {
        if (count >= 2 * grain) Team.Run(count, grain, body, state);
        else if (count > 0) body(0, count, state);
    }

    /// <summary>The same for bodies with managed state.</summary>
    public static void Run(long count, long grain, Action<long, long> body) => Run(count, grain, &Invoke, Unsafe.AsPointer(ref body)); // a parameter lies on the stack, which does not move

    /// <summary>Calls <paramref name="body"/> with each of [0, count), in the same way.</summary>
    public static void Each(long count, long grain, Action<long> body) => Run(count, grain, &InvokeEach, Unsafe.AsPointer(ref body));

    private static void Invoke(long begin, long end, void* body) => Unsafe.AsRef<Action<long, long>>(body)(begin, end);

    private static void InvokeEach(long begin, long end, void* body)
    {
        for (long item = begin; item < end; item++) Unsafe.AsRef<Action<long>>(body)(item);
    }
}
