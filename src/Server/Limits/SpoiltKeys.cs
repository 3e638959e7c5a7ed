using System.Collections.Concurrent;
using StackExchange.Redis;

namespace Llama.Server.Limits;

/// <summary>
/// Callers under whose keys Redis holds what is not ours. Each is counted in this process until its keys are free; for all others Redis is still asked. Safe for concurrent use.
/// </summary>
internal sealed partial class SpoiltKeys(RedisScripts scripts, int replicas, ILogger logger)
{
    private readonly ConcurrentDictionary<string, bool> _callers = new(StringComparer.Ordinal);

    /// <summary>Whether Redis says that a key holds something of another type.</summary>
    public static bool AreMeantBy(Exception exception) => exception is RedisServerException && exception.Message.Contains("WRONGTYPE", StringComparison.Ordinal);

    /// <summary>Notes that a caller's keys are; says so once.</summary>
    public void Note(string caller)
    {
        if (_callers.TryAdd(caller, true))
            Log.Spoilt(logger, replicas, scripts.KeysOf(caller));
    }

    /// <summary>Notes that a caller's keys are of use.</summary>
    public void Clear(string caller)
    {
        if (_callers.TryRemove(caller, out _))
            Log.Free(logger, scripts.KeysOf(caller));
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "One caller's limits are counted in this process alone, at 1/{Replicas} of each: Redis holds something else under {Keys} (WRONGTYPE). Delete it, or set RateLimits:RedisPrefix.")]
        public static partial void Spoilt(ILogger logger, int replicas, string keys);

        [LoggerMessage(LogLevel.Information, "The caller's limits are counted in Redis again: {Keys} are of use")]
        public static partial void Free(ILogger logger, string keys);
    }
}
