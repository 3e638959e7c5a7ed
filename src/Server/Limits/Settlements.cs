using System.Collections.Concurrent;
using StackExchange.Redis;

namespace Llama.Server.Limits;

/// <summary>Tells Redis of requests that are done, which nobody waits for. What cannot be told while it is away is told when it is back. Safe for concurrent use.</summary>
internal sealed class Settlements(RedisScripts scripts)
{
    private readonly ConcurrentQueue<Settlement> _untold = new(); // no more than ran when it went away

    /// <param name="redis">Null while it is away.</param>
    /// <param name="settlement">What is to be told.</param>
    public void Tell(IDatabase? redis, Settlement settlement)
    {
        if (redis is null)
            _untold.Enqueue(settlement);
        else
            _ = TellAsync(redis, settlement);
    }

    /// <summary>Tells what was left.</summary>
    /// <param name="redis">Where to.</param>
    /// <param name="isKnown">Whether it still knows what it let in. One that has lost its memory is told all anew, as it was in truth.</param>
    public async Task TellRestAsync(IDatabase redis, bool isKnown)
    {
        while (_untold.TryDequeue(out Settlement settlement))
            await scripts.SettleAsync(redis, isKnown ? settlement with { Tokens = Math.Min(settlement.Tokens, 0) } : settlement.LeaseOnly); // tokens used beyond the estimate are in the local count of that time, which is told too
    }

    private async Task TellAsync(IDatabase redis, Settlement settlement)
    {
        try
        {
            await scripts.SettleAsync(redis, settlement);
        }
        catch (Exception exception) when (RedisPresence.IsAbsence(exception))
        {
            _untold.Enqueue(settlement.LeaseOnly); // it may have been counted: what is given back twice lets in too many
        }
    }
}
