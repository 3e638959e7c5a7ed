using Llama.Server.Configuration;
using Llama.Server.Telemetry;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Llama.Server.Limits;

/// <summary>
/// Whether Redis can be asked. After a time-out no request asks it; it is tried once a second, and when it answers again it is told which requests were let in meanwhile, which have ended and which still
/// run. Safe for concurrent use.
/// </summary>
internal sealed partial class RedisPresence(
    LocalLimits local, RedisScripts scripts, IOptions<RateLimitsSettings> settings, TimeProvider clock, ServerGauges? gauges, ILogger<RedisPresence> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1), ConnectTime = TimeSpan.FromSeconds(2);

    private readonly TimeSpan _timeout = TimeSpan.FromMilliseconds(settings.Value.RedisTimeoutMilliseconds);
    private Task<ConnectionMultiplexer>? _connecting; // kept when it takes long: one that was let go would try for ever
    private volatile IDatabase? _redis; // null while it is not asked
    private long _awaySince; // by the slots of the local count
    private string? _since; // the value of its key when it was last known
    private bool _outageLogged; // one warning for each time that it is away

    /// <summary>Null while it is not to be asked.</summary>
    public IDatabase? Redis => _redis;

    /// <summary>Whether replicas count together at the moment.</summary>
    public bool IsShared => _redis is not null;

    /// <summary>The running requests that it knows of, or will when it is back.</summary>
    public Leases Leases { get; } = new(scripts);

    /// <summary>What it is to be told of requests that are done.</summary>
    public Settlements Settlements { get; } = new(scripts);

    /// <summary>Callers that it cannot count, whatever it does for others.</summary>
    public SpoiltKeys Spoilt { get; } = new(scripts, settings.Value.Replicas, logger);

    /// <summary>Whether it says that Redis does not answer, or not as it should.</summary>
    public static bool IsAbsence(Exception exception) => exception is RedisException or TimeoutException or ObjectDisposedException;

    /// <summary>Asks it no more until it has answered again.</summary>
    public void Leave(IDatabase redis, Exception exception)
    {
        if (Interlocked.CompareExchange(ref _redis, null, redis) != redis)
            return; // another request has noticed
        Volatile.Write(ref _awaySince, SlidingWindow.SlotOf(local.Now));
        Miss(exception);
    }

    public override void Dispose()
    {
        if (_connecting is { IsCompletedSuccessfully: true } connected)
            connected.Result.Dispose();
        base.Dispose();
    }

    /// <summary>Sees to it that Redis is asked while it answers, and knows which requests are under way.</summary>
    protected override async Task ExecuteAsync(CancellationToken stopping)
    {
        if (settings.Value.Redis.Length == 0)
            return;
        gauges?.WatchLimitStore(() => IsShared);
        using var timer = new PeriodicTimer(Interval, clock);
        long renewed = clock.GetTimestamp();
        do
        {
            try
            {
                if (_connecting is null or { IsFaulted: true })
                    _connecting = ConnectionMultiplexer.ConnectAsync(Options(settings.Value.Redis));
                ConnectionMultiplexer connection = await _connecting.WaitAsync(ConnectTime, stopping);
                if (_redis is not { } redis)
                    await ReturnAsync(connection.GetDatabase());
                else if (clock.GetElapsedTime(renewed) >= RedisScripts.Lease / 3)
                    (renewed, _) = (clock.GetTimestamp(), RenewAsync(redis));
            }
            catch (Exception exception) when (!stopping.IsCancellationRequested) // whatever it is, it is no reason to stop serving
            {
                Miss(exception);
            }
        }
        while (await timer.WaitForNextTickAsync(stopping));
    }

    /// <summary>
    /// Goes back to Redis, if it answers, and tells it what was let in without it, each request once:
    /// 1. ask whether it still knows what it knew;
    /// 2. tell it most, while requests are still counted here: what has ended, what was let in up to now, what is under way;
    /// 3. have requests ask it again;
    /// 4. tell it what came and what ended during 2.
    /// </summary>
    private async Task ReturnAsync(IDatabase redis)
    {
        // 1
        await redis.StringSetAsync(scripts.Since, Guid.NewGuid().ToString("N"), when: When.NotExists).WaitAsync(ConnectTime);
        string? since = await redis.StringGetAsync(scripts.Since).WaitAsync(ConnectTime);
        await redis.PingAsync().WaitAsync(_timeout); // as fast as requests will need it, now that all is warm
        bool isKnown = since == _since;
        long from = isKnown ? _awaySince : 0; // one that has lost its memory is told all
        // 2
        long cut = SlidingWindow.SlotOf(local.Now);
        await Settlements.TellRestAsync(redis, isKnown).WaitAsync(ConnectTime);
        await SeedAsync(redis, [.. local.Snapshot()], from, cut);
        (_since, _awaySince) = (since, cut); // that is told, whatever becomes of the rest
        ILookup<string, string> held = Leases.Held;
        await Leases.RenewAsync(redis, held).WaitAsync(ConnectTime);
        RecentUse[] rest = [.. local.Snapshot()]; // before 3: what comes after it is counted there
        // 3
        _redis = redis;
        // 4
        await SeedAsync(redis, rest, Math.Max(from, cut), long.MaxValue);
        await Settlements.TellRestAsync(redis, isKnown: false).WaitAsync(ConnectTime);
        await Leases.EndGoneAsync(redis, held).WaitAsync(ConnectTime);
        if (_outageLogged)
            Log.Back(logger);
        _outageLogged = false;
    }

    private async Task SeedAsync(IDatabase redis, RecentUse[] callers, long from, long to)
    {
        long now = SlidingWindow.SlotOf(local.Now);
        foreach ((string caller, SlotUse[] slots) in callers)
        {
            SlotUse[] use = [.. slots.Where(one => one.Slot >= from && one.Slot < to)];
            if (use.Length > 0)
                await scripts.SeedAsync(redis, caller, use, now).WaitAsync(ConnectTime);
        }
    }

    private async Task RenewAsync(IDatabase redis)
    {
        try
        {
            ILookup<string, string> held = Leases.Held;
            await Leases.RenewAsync(redis, held);
            await Leases.EndGoneAsync(redis, held);
        }
        catch (Exception exception) when (IsAbsence(exception))
        {
            Leave(redis, exception);
        }
    }

    private void Miss(Exception exception)
    {
        if (_outageLogged)
            return;
        _outageLogged = true;
        Log.Away(logger, exception is TimeoutException ? $"no answer within {settings.Value.RedisTimeoutMilliseconds} ms" : exception.Message.Split('\n')[0], settings.Value.Replicas);
    }

    /// <summary>Tries for ever, and fails at once what it cannot send: a request has its own way to go on.</summary>
    private static ConfigurationOptions Options(string redis)
    {
        ConfigurationOptions options = ConfigurationOptions.Parse(redis);
        options.AbortOnConnectFail = false;
        options.ConnectTimeout = (int)ConnectTime.TotalMilliseconds;
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.ReconnectRetryPolicy = new LinearRetry((int)Interval.TotalMilliseconds);
        options.IncludeDetailInExceptions = false; // the warning is one line
        options.ClientName ??= "llama-server";
        return options;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Limits are counted in this process alone, at 1/{Replicas} of each: Redis is away ({Reason}). Trying again every second.")]
        public static partial void Away(ILogger logger, string reason, int replicas);

        [LoggerMessage(LogLevel.Information, "Redis is back: limits are counted there again")]
        public static partial void Back(ILogger logger);
    }
}
