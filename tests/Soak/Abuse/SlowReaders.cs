using System.Diagnostics;
using System.Globalization;
using System.Text;
using Llama.Fleet;
using Llama.Soak.Requests;

namespace Llama.Soak.Abuse;

/// <summary>Readers of one byte every 100 ms beside normal clients, whose throughput must stay.</summary>
internal sealed class SlowReaders : IAbuse
{
    private const int ReaderCount = 16, ClientCount = 4, RoundCount = 3;
    private const double LeastShare = 0.7;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(5);

    public async Task<Verdict> RunAsync(ServerProcess server, Api api, int seed, CancellationToken cancellation)
    {
        List<double> alone = [], beside = [];
        for (int round = 0; round < RoundCount; round++) // in turn, so that a slow minute of the machine hits both
        {
            alone.Add(await ThroughputAsync(api, seed, cancellation));
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            Task[] readers = [.. Enumerable.Range(0, ReaderCount).Select(_ => ReadSlowlyAsync(server.Address, api.Model, end.Token))];
            await Task.Delay(500, cancellation);
            await Reading.WhenIdleAsync(api, cancellation); // their answers are computed: from here on they only hold connections
            beside.Add(await ThroughputAsync(api, seed, cancellation));
            await end.CancelAsync();
            await Task.WhenAll(readers);
            await Reading.WhenIdleAsync(api, cancellation);
        }
        double share = beside.Sum() / alone.Sum();
        return new Verdict(share >= LeastShare, string.Create(CultureInfo.InvariantCulture, $"{ReaderCount} readers of 10 bytes per second: normal clients keep {share:P0} of their throughput ({alone.Average():F1} requests per second alone, {beside.Average():F1} beside)"));
    }

    /// <summary>Requests per second.</summary>
    private static async Task<double> ThroughputAsync(Api api, int seed, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        int count = 0;
        await Task.WhenAll(Enumerable.Range(0, ClientCount).Select(client => Task.Run(
            async () =>
            {
                var random = new Random(seed + client);
                while (Stopwatch.GetElapsedTime(start) < Round)
                {
                    await ChatRequests.StreamAsync(api, random);
                    Interlocked.Increment(ref count);
                }
            }, cancellation)));
        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task ReadSlowlyAsync(string address, string model, CancellationToken end)
    {
        string body = $$"""{"model":"{{model}}","stream":true,"max_tokens":900,"ignore_eos":true,"messages":[{"role":"user","content":"Hi"}]}""";
        using Wire wire = await Wire.ConnectAsync(address, receiveBuffer: 2048);
        await wire.SendAsync(Encoding.ASCII.GetBytes($"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        byte[] one = new byte[1];
        try
        {
            while (await wire.Stream.ReadAsync(one, end) > 0) await Task.Delay(100, end);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // Time to go, or the server has lost its patience: both are well.
        }
    }
}
