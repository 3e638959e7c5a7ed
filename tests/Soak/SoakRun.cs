using System.Globalization;
using Llama.Fleet;

namespace Llama.Soak;

/// <summary>Minutes of steady load on one server. After each the clients pause until nothing runs, and what the server holds is read.</summary>
internal sealed class SoakRun(SoakPlan plan)
{
    private readonly List<Reading> _readings = [];

    /// <summary>Prints a line for each minute and the verdict; true when it is good.</summary>
    public async Task<bool> RunAsync(CancellationToken cancellation)
    {
        await using ServerProcess server = ServerProcess.StartServer(
            plan.Program, plan.Port, ["--Model:Threads=1", "--Model:BlockCount=2048", "--Server:MaxStoredResponses=50", "--Serilog:MinimumLevel:Default=Warning", .. plan.Settings.Select(setting => $"--{setting}")]);
        await server.ReadyAsync(cancellation);
        using Api api = await Api.ConnectAsync(server.Address);
        var load = new Load(api, plan.ClientCount, plan.Pause, plan.Seed);
        Console.WriteLine("minute   requests  refused   failed   resident MiB  managed MiB  threads  files  tensors  blocks used/cached/free");
        for (int minute = 1; minute <= plan.Minutes; minute++)
        {
            await LoadAsync(load, cancellation);
            _readings.Add(await Reading.WhenIdleAsync(api, cancellation));
            Write(minute, load, _readings[^1]);
        }
        Console.WriteLine(load.ByKind);
        bool hasStopped = await server.TerminateAsync(cancellation) == 0;
        Verdict[] verdicts = [.. SoakVerdict.Of(load, _readings), new Verdict(hasStopped, "SIGTERM ends the server with 0"), SoakVerdict.OfLog(server.LogPath)];
        foreach (Verdict verdict in verdicts) Console.WriteLine(verdict);
        return verdicts.All(verdict => verdict.IsGood);
    }

    private static async Task LoadAsync(Load load, CancellationToken cancellation)
    {
        using var minute = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        minute.CancelAfter(TimeSpan.FromMinutes(1));
        await load.RunAsync(minute.Token);
        cancellation.ThrowIfCancellationRequested();
    }

    private static void Write(int minute, Load load, Reading now) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{minute,6} {load.SentCount,10} {load.RefusedCount,8} {load.Failures.Count,8} {now.ResidentBytes / (1 << 20),14:F1} {now.ManagedBytes / (1 << 20),12:F1} {now.Threads,8} {now.Files,6} {now.Tensors,8}  {now.UsedBlocks}/{now.CachedBlocks}/{now.FreeBlocks}"));
}
