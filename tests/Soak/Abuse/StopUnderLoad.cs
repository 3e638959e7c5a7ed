using Llama.Fleet;
using Llama.Soak.Requests;

namespace Llama.Soak.Abuse;

/// <summary>SIGTERM while clients ask: what has begun comes to its end, what comes later is told to come again, and the server ends with 0.</summary>
internal sealed class StopUnderLoad : IAbuse
{
    private const int ClientCount = 16;

    private int _whole, _refused, _late;

    public async Task<Verdict> RunAsync(ServerProcess server, Api api, int seed, CancellationToken cancellation)
    {
        List<string> faults = [];
        using var end = new CancellationTokenSource();
        Task[] clients = [.. Enumerable.Range(0, ClientCount).Select(client => Task.Run(() => AskOnAsync(api, new Random(seed + client), faults, end.Token), cancellation))];
        while (Volatile.Read(ref _whole) < ClientCount) await Task.Delay(10, cancellation);
        int code = await server.TerminateAsync(cancellation);
        await end.CancelAsync();
        await Task.WhenAll(clients);
        return new Verdict(
            code == 0 && faults.Count == 0,
            $"SIGTERM under load: exit code {code}; {_whole} answers whole, {_refused} refused with Retry-After, {_late} found the door closed, {faults.Count} lost{string.Concat(faults.Distinct().Take(5))}");
    }

    private async Task AskOnAsync(Api api, Random random, List<string> faults, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                await ChatRequests.StreamAsync(api, random);
                Interlocked.Increment(ref _whole);
            }
            catch (RefusedException)
            {
                Interlocked.Increment(ref _refused);
                await Task.Delay(10, CancellationToken.None);
            }
            catch (HttpRequestException) // no answer had begun: nobody listened, or the kept connection was just being closed
            {
                Interlocked.Increment(ref _late);
                await Task.Delay(10, CancellationToken.None);
            }
            catch (Exception fault)
            {
                lock (faults) faults.Add($"\n  {fault.GetType().Name}: {fault.Message}");
            }
        }
    }
}
