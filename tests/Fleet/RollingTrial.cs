namespace Llama.Fleet;

/// <summary>SIGTERM and a new start of each of three in turn, under load: nothing fails and nothing breaks.</summary>
internal sealed class RollingTrial(string front) : ITrial
{
    private const int ClientCount = 64;

    public async Task<bool> RunAsync(int port, CancellationToken cancellation)
    {
        await using Replicas replicas = await Replicas.StartAsync(3, port, front, cancellation);
        await using var load = new Load(replicas.Front!.Address, ClientCount);
        int cleanCount = 0;
        for (int i = 0; i < replicas.Count; i++)
        {
            await load.GoOnAsync(2 * ClientCount, cancellation);
            cleanCount += await replicas[i].TerminateAsync(cancellation) == 0 ? 1 : 0;
            await load.GoOnAsync(ClientCount, cancellation);
            await replicas.RestartAsync(i, cancellation);
        }
        await load.GoOnAsync(2 * ClientCount, cancellation);
        await load.StopAsync();
        bool isGood = load is { Failures.IsEmpty: true, SilentCount: 0, ToldCount: 0 } && cleanCount == replicas.Count;
        Console.WriteLine($"{(isGood ? "PASS" : "FAIL")} rolling restart behind {front}: {load}; {cleanCount} of {replicas.Count} ended with 0{string.Concat(load.Failures.Distinct().Take(3).Select(fault => $"\n  {fault}"))}");
        return isGood;
    }
}
