using System.CommandLine;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Llama.Model.Threads;
using Llama.Model.Torch;

namespace Llama.Bench;

/// <summary>What it costs to spread a loop over threads, whose workers are awake or parked: ours beside libtorch's, which keeps to the OMP_WAIT_POLICY that it is given.</summary>
internal static unsafe partial class ThreadBench
{
    private const int PiecesPerThread = 8;

    private static readonly (string Name, int Pause, int Work)[] Columns =
    [
        ("at once", 0, 0),
        ("20 µs apart", 20, 0),
        ("500 µs apart", 500, 0),
        ("20 µs of work", 0, 20),
        ("500 apart, 200", 500, 200),
    ];

    public static Command Command()
    {
        Option<int> threads = new("--threads") { Description = "With the caller.", DefaultValueFactory = _ => Environment.ProcessorCount };
        Command command = new("threads", "Cost of a parallel loop, by the time since the last one and the work of each thread: ours and libtorch's, µs.") { threads };
        command.SetAction(parsed => Run(parsed.GetValue(threads)));
        return command;
    }

    private static void Run(int threads)
    {
        TorchLibrary.Load();
        TorchSharp.torch.set_num_threads(threads);
        int count = threads * PiecesPerThread;
        Console.WriteLine($"{threads} threads; µs a loop, median (nine tenths are below)\n{"",-12}{string.Concat(Columns.Select(c => $"{c.Name,18}"))}");
        using (var team = new ThreadTeam(threads)) Row("ours", each => team.Run(count, 1, &Body, (void*)each));
        Row("libtorch's", each => torch_parallel_for(0, count, 1, &NativeBody, (void*)each)); // last, for its workers may spin on
    }

    private static void Row(string name, Action<nint> loop) => Console.WriteLine($"{name,-12}{string.Concat(Columns.Select(c => $"{Measure(loop, c.Pause, c.Work),18}"))}");

    private static string Measure(Action<nint> loop, int pause, int work)
    {
        double[] times = new double[pause > 100 ? 2_000 : 20_000];
        for (int i = 0; i < times.Length; i++)
        {
            Spin(pause); // does not sleep: no engine does between steps
            long start = Stopwatch.GetTimestamp();
            loop(1_000 * work / PiecesPerThread);
            times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }
        Array.Sort(times);
        return $"{times[times.Length / 2]:N1} ({times[times.Length * 9 / 10]:N1})";
    }

    private static void Body(long begin, long end, void* nanoseconds) => Spin((end - begin) * (nint)nanoseconds / 1e3);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void NativeBody(long begin, long end, void* nanoseconds) => Body(begin, end, nanoseconds);

    private static void Spin(double microseconds)
    {
        if (microseconds == 0) return;
        long end = Stopwatch.GetTimestamp() + (long)(microseconds * Stopwatch.Frequency / 1e6);
        while (Stopwatch.GetTimestamp() < end) ;
    }

    [LibraryImport("torch_cpu")]
    private static partial int torch_parallel_for(long begin, long end, long grain, delegate* unmanaged[Cdecl]<long, long, void*, void> body, void* context);
}
