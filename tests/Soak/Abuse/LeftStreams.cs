using Llama.Fleet;
using Llama.Soak.Requests;

namespace Llama.Soak.Abuse;

/// <summary>Streams that their readers leave after a few events: no block stays behind.</summary>
internal sealed class LeftStreams : IAbuse
{
    private const int Count = 500, AtOnce = 24;

    public async Task<Verdict> RunAsync(ServerProcess server, Api api, int seed, CancellationToken cancellation)
    {
        int refused = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, Count), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation }, async (number, _) =>
        {
            try
            {
                await ChatRequests.LeaveStreamAsync(api, new Random(seed + number));
            }
            catch (RefusedException)
            {
                Interlocked.Increment(ref refused);
            }
        });
        Reading idle = await Reading.WhenIdleAsync(api, cancellation);
        return new Verdict(idle is { Running: 0, UsedBlocks: 0 }, $"{Count} streams left ({refused} refused): {idle.UsedBlocks} blocks stayed behind");
    }
}
