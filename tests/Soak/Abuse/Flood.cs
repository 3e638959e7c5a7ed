using Llama.Fleet;
using Llama.Soak.Requests;

namespace Llama.Soak.Abuse;

/// <summary>Many more requests at once than the queue is long: each gets its answer or a 503 that says when to come again.</summary>
internal sealed class Flood : IAbuse
{
    private const int Count = 400;

    public async Task<Verdict> RunAsync(ServerProcess server, Api api, int seed, CancellationToken cancellation)
    {
        int answered = 0, refused = 0;
        List<string> faults = [];
        await Task.WhenAll(Enumerable.Range(0, Count).Select(async number =>
        {
            try
            {
                await ChatRequests.WholeAsync(api, new Random(seed + number));
                Interlocked.Increment(ref answered);
            }
            catch (RefusedException)
            {
                Interlocked.Increment(ref refused);
            }
            catch (Exception fault)
            {
                lock (faults) faults.Add($"\n  {fault.Message}");
            }
        }));
        return new Verdict(faults.Count == 0 && answered + refused == Count, $"{Count} requests at once: {answered} answered, {refused} refused with Retry-After, {faults.Count} lost{string.Concat(faults.Take(5))}");
    }
}
