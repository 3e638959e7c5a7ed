using System.Diagnostics;

namespace Llama.Server.Bench.Load;

/// <summary>One round: requests sent in a shape, and what came of them.</summary>
/// <param name="Outcomes">Of the requests that were sent, in no order.</param>
/// <param name="Seconds">From the first request to the end of the last.</param>
internal sealed record LoadRound(IReadOnlyList<RequestOutcome> Outcomes, double Seconds)
{
    public IEnumerable<RequestOutcome> Completed => Outcomes.Where(outcome => outcome.Kind == OutcomeKind.Completed);

    /// <summary>Tokens generated each second.</summary>
    public double OutputRate => Completed.Sum(outcome => (double)outcome.OutputTokens) / Seconds;

    /// <summary>Sends requests, and ends early, with what there is, when cancelled.</summary>
    /// <param name="requests">To send, in this order.</param>
    /// <param name="shape">How they follow each other.</param>
    /// <param name="seed">Of the arrivals.</param>
    /// <param name="send">Sends one and never throws.</param>
    /// <param name="clock">Paces the arrivals.</param>
    /// <param name="cancellation">Ends the round.</param>
    public static async Task<LoadRound> RunAsync(
        LoadRequest[] requests, LoadShape shape, int seed, Func<LoadRequest, CancellationToken, Task<RequestOutcome>> send, TimeProvider clock, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        IReadOnlyList<RequestOutcome> outcomes = shape.Concurrency is { } streams
            ? await ClosedAsync(requests, streams, send, cancellation)
            : await OpenAsync(requests, Arrivals.Poisson(shape.Rate!.Value, requests.Length, seed), send, clock, cancellation);
        return new LoadRound(outcomes, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private static async Task<IReadOnlyList<RequestOutcome>> ClosedAsync(
        LoadRequest[] requests, int streams, Func<LoadRequest, CancellationToken, Task<RequestOutcome>> send, CancellationToken cancellation)
    {
        int next = -1;
        RequestOutcome[][] outcomes = await Task.WhenAll(Enumerable.Range(0, Math.Min(streams, requests.Length)).Select(_ => Task.Run(StreamAsync, CancellationToken.None)));
        return [.. outcomes.SelectMany(own => own)];

        async Task<RequestOutcome[]> StreamAsync()
        {
            List<RequestOutcome> own = [];
            for (int i; !cancellation.IsCancellationRequested && (i = Interlocked.Increment(ref next)) < requests.Length;)
                own.Add(await send(requests[i], cancellation));
            return [.. own];
        }
    }

    private static async Task<IReadOnlyList<RequestOutcome>> OpenAsync(
        LoadRequest[] requests, TimeSpan[] times, Func<LoadRequest, CancellationToken, Task<RequestOutcome>> send, TimeProvider clock, CancellationToken cancellation)
    {
        List<Task<RequestOutcome>> sent = [];
        long start = clock.GetTimestamp();
        for (int i = 0; i < requests.Length; i++)
        {
            TimeSpan wait = times[i] - clock.GetElapsedTime(start);
            if (wait > TimeSpan.Zero) await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), clock, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellation.IsCancellationRequested) break;
            sent.Add(send(requests[i], cancellation));
        }
        return await Task.WhenAll(sent);
    }
}
