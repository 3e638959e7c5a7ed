using System.Collections.Concurrent;
using StackExchange.Redis;

namespace Llama.Server.Limits;

/// <summary>This replica's running requests whose callers may have only so many, by the leases that they have in Redis. Safe for concurrent use.</summary>
internal sealed class Leases(RedisScripts scripts)
{
    private readonly ConcurrentDictionary<string, string> _callers = new(StringComparer.Ordinal); // by lease
    private readonly string _replica = Guid.NewGuid().ToString("N")[..12];
    private long _last;

    /// <summary>Those of this moment, by caller.</summary>
    public ILookup<string, string> Held => _callers.ToLookup(pair => pair.Value, pair => pair.Key);

    public string Next() => $"{_replica}:{Interlocked.Increment(ref _last)}";

    public void Hold(string lease, string caller) => _callers[lease] = caller;

    public void End(string lease) => _callers.TryRemove(lease, out _);

    /// <summary>Says that they are under way, also to a Redis that has never heard of them.</summary>
    public async Task RenewAsync(IDatabase redis, ILookup<string, string> held)
    {
        foreach (IGrouping<string, string> caller in held)
            await scripts.RenewAsync(redis, caller.Key, caller);
    }

    /// <summary>Takes back what was said of those that have ended meanwhile.</summary>
    public async Task EndGoneAsync(IDatabase redis, ILookup<string, string> held)
    {
        foreach (IGrouping<string, string> caller in held)
        {
            string[] gone = [.. caller.Where(lease => !_callers.ContainsKey(lease))];
            if (gone.Length > 0)
                await scripts.EndAsync(redis, caller.Key, gone);
        }
    }
}
