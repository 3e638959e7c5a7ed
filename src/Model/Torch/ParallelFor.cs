using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Llama.Model.Torch;

/// <summary>Runs C# loop bodies on libtorch's own thread pool, so that our kernels and torch's never fight over cores with two pools.</summary>
internal static unsafe partial class ParallelFor
{
    private struct Job
    {
        public delegate*<long, long, void*, void> Body;
        public void* State;
    }

    private static ExceptionDispatchInfo? _failure;

    /// <summary>Calls <paramref name="body"/> with sub-ranges of [0, count), on several threads when there are more than <paramref name="grain"/> items. Returns when all are done.</summary>
    /// <param name="count">Number of items.</param>
    /// <param name="grain">Fewest items worth a thread.</param>
    /// <param name="body">begin, end, state.</param>
    /// <param name="state">Handed to each call; may point to the caller's stack.</param>
    public static void Run(long count, long grain, delegate*<long, long, void*, void> body, void* state)
    {
        if (count <= grain)
        {
            if (count > 0) body(0, count, state);
            return;
        }
        Job job = new() { Body = body, State = state };
        if (torch_parallel_for(0, count, grain, &Enter, &job) != 0) throw new InvalidOperationException("torch_parallel_for failed.");
        if (Interlocked.Exchange(ref _failure, null) is { } failure) failure.Throw();
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Enter(long begin, long end, void* context)
    {
        try
        {
            Job* job = (Job*)context;
            job->Body(begin, end, job->State);
        }
        catch (Exception e) // an exception must not cross into native code: carry it to the calling thread
        {
            _failure = ExceptionDispatchInfo.Capture(e);
        }
    }

    [LibraryImport("torch_cpu")]
    private static partial int torch_parallel_for(long begin, long end, long grain, delegate* unmanaged[Cdecl]<long, long, void*, void> body, void* context);
}
