namespace Llama.Fleet;

/// <summary>kill -9 of one of three under load: nothing fails that had not begun, streams that had say that they broke, and the replica gets its share again once it is back.</summary>
internal sealed class KillTrial(string front) : ITrial
{
    private const int ClientCount = 64;

    public async Task<bool> RunAsync(int port, CancellationToken cancellation)
    {
        await using Replicas replicas = await Replicas.StartAsync(3, port, front, cancellation);
        await using var load = new Load(replicas.Front!.Address, ClientCount);
        await load.GoOnAsync(2 * ClientCount, cancellation);
        await replicas[1].KillAsync(cancellation);
        await load.GoOnAsync(4 * ClientCount, cancellation);
        await replicas.RestartAsync(1, cancellation);
        long served = await UntilServesAsync(replicas[1], cancellation);
        await load.StopAsync();
        bool isGood = load is { Failures.IsEmpty: true, SilentCount: 0 } && served > 0;
        Console.WriteLine($"{(isGood ? "PASS" : "FAIL")} kill -9 behind {front}: {load}; {served} requests on the killed one after its restart{string.Concat(load.Failures.Distinct().Take(3).Select(fault => $"\n  {fault}"))}");
        return isGood;
    }

    private static async Task<long> UntilServesAsync(ServerProcess replica, CancellationToken cancellation)
    {
        long served;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        end.CancelAfter(ServerProcess.Patience);
        while ((served = await Scrape.SumAsync(replica.Address, "vllm:request_success_total", end.Token)) < ClientCount / 3)
            await Task.Delay(100, end.Token);
        return served;
    }
}
