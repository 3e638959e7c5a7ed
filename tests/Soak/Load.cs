using System.Collections.Concurrent;
using Llama.Soak.Requests;

namespace Llama.Soak;

/// <summary>Clients that send the mix, one request after the other with pauses between, and remember all that was answered wrongly.</summary>
/// <param name="api">The server.</param>
/// <param name="clientCount">How many at once.</param>
/// <param name="pause">Between two requests of a client, on average.</param>
/// <param name="seed">Chooses all that is sent.</param>
internal sealed class Load(Api api, int clientCount, TimeSpan pause, int seed)
{
    private readonly ConcurrentDictionary<string, int> _sent = new();
    private readonly Random[] _random = [.. Enumerable.Range(0, clientCount).Select(client => new Random(seed + client))];
    private int _refused;

    public ConcurrentQueue<string> Failures { get; } = [];

    public int SentCount => _sent.Values.Sum();

    public int RefusedCount => _refused;

    /// <summary>Requests by kind, for the report.</summary>
    public string ByKind => string.Join(", ", _sent.OrderByDescending(kind => kind.Value).Select(kind => $"{kind.Key} {kind.Value}"));

    /// <summary>Sends until the end is asked for; returns when the last request has been answered.</summary>
    public Task RunAsync(CancellationToken end) => Task.WhenAll(_random.Select(random => Task.Run(() => AskOnAsync(random, end), CancellationToken.None)));

    private async Task AskOnAsync(Random random, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            await AskAsync(Mix.Draw(random), random);
            await Task.Delay(pause * 2 * random.NextDouble(), end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task AskAsync(RequestKind kind, Random random)
    {
        _sent.AddOrUpdate(kind.Name, 1, (_, count) => count + 1);
        try
        {
            await kind.AskAsync(api, random);
        }
        catch (RefusedException)
        {
            Interlocked.Increment(ref _refused);
        }
        catch (Exception fault) // of any kind: the server's answer may have been anything
        {
            Failures.Enqueue($"{kind.Name}: {fault.GetType().Name}: {fault.Message}");
        }
    }
}
