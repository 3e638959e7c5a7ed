using System.Collections.Concurrent;
using Llama.Server.Configuration;
using Llama.Server.Telemetry;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Llama.Server.Limits;

/// <summary>
/// Counts in Redis, so that replicas hold to limits together. What it lets in is noted in this process too: when Redis does not answer in time, this process counts alone from what it knows,
/// asks no more for a second, and tells Redis when that is back what it let in meanwhile. Requests wait for Redis no longer than the time-out, once, and never fail by it.
/// </summary>
internal sealed partial class RedisLimits(
    LocalLimits local, IOptions<RateLimitsSettings> settings, TimeProvider clock, ServerGauges? gauges, ILogger<RedisLimits> logger) : BackgroundService, ILimitStore
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1), ConnectTime = TimeSpan.FromSeconds(2);

    private readonly RedisScripts _scripts = new(settings.Value.RedisPrefix);
    private readonly TimeSpan _timeout = TimeSpan.FromMilliseconds(settings.Value.RedisTimeoutMilliseconds);
    private readonly ConcurrentDictionary<string, string> _leases = new(); // callers by the leases of their running requests
    private readonly string _replica = Guid.NewGuid().ToString("N")[..12];
    private Task<ConnectionMultiplexer>? _connecting; // kept when it takes long: one that was let go would try for ever
    private volatile IDatabase? _redis; // null while it is not asked
    private long _awaySince; // by the slots of the local count
    private string? _since; // the value of its key when it was last known
    private bool _isMissed; // whether it was told that it is away
    private long _lastLease;

    /// <summary>Whether replicas count together at the moment.</summary>
    public bool IsShared => _redis is not null;

    public async ValueTask<LimitDecision> EnterAsync(LimitAsk ask)
    {
        if (_redis is { } redis)
        {
            try
            {
                return await EnterAsync(redis, ask);
            }
            catch (Exception exception) when (IsAbsence(exception))
            {
                Leave(redis, exception);
            }
        }
        return await local.EnterAsync(ask with { Rules = ask.Rules.Share(settings.Value.Replicas) });
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
                if (_redis is null)
                    await ReturnAsync(connection.GetDatabase());
                else if (clock.GetElapsedTime(renewed) >= RedisScripts.Lease / 3)
                    (renewed, _) = (clock.GetTimestamp(), RenewAsync(_redis));
            }
            catch (Exception exception) when (!stopping.IsCancellationRequested) // whatever it is, it is no reason to stop serving
            {
                Miss(exception);
            }
        }
        while (await timer.WaitForNextTickAsync(stopping));
    }

    private async ValueTask<LimitDecision> EnterAsync(IDatabase redis, LimitAsk ask)
    {
        string lease = $"{_replica}:{Interlocked.Increment(ref _lastLease)}";
        (LimitReading reading, long slot) = await _scripts.EnterAsync(redis, ask, lease).WaitAsync(_timeout);
        if (reading.Denial(ask.Rules) is { } denial)
            return new LimitDecision(ask, reading, denial, null);
        Action<long, bool> settleNote = local.Note(ask).Settle!;
        if (ask.Rules.MaxConcurrent is not null)
            _leases[lease] = ask.Caller;
        return new LimitDecision(ask, reading, null, (tokens, counts) =>
        {
            settleNote(tokens, counts);
            _leases.TryRemove(lease, out _);
            Tell(ask, slot, tokens, counts, lease);
        });
    }

    private void Tell(LimitAsk ask, long slot, long tokens, bool counts, string lease)
    {
        try
        {
            if (_redis is { } redis)
                _scripts.Tell(redis, ask, slot, tokens, counts, lease);
        }
        catch (Exception exception) when (IsAbsence(exception))
        {
            // What was counted for it counts for a minute and no longer.
        }
    }

    /// <summary>Goes back to Redis, if it answers, and tells it what was let in without it.</summary>
    private async Task ReturnAsync(IDatabase redis)
    {
        await redis.StringSetAsync(_scripts.Since, Guid.NewGuid().ToString("N"), when: When.NotExists).WaitAsync(ConnectTime);
        string? since = await redis.StringGetAsync(_scripts.Since).WaitAsync(ConnectTime);
        await redis.PingAsync().WaitAsync(_timeout); // as fast as requests will need it, now that all is warm
        long from = since == _since ? _awaySince : 0; // one that has lost its memory is told all
        long cut = SlidingWindow.SlotOf(local.Now);
        await SeedAsync(redis, [.. local.Snapshot()], from, cut);
        (string Caller, (long Slot, long Requests, long Tokens)[] Use)[] rest = [.. local.Snapshot()]; // what came while that was told, of which there is little
        _redis = redis;
        await SeedAsync(redis, rest, Math.Max(from, cut), long.MaxValue);
        _since = since;
        if (_isMissed)
            Log.Back(logger);
        _isMissed = false;
    }

    private async Task SeedAsync(IDatabase redis, (string Caller, (long Slot, long Requests, long Tokens)[] Use)[] callers, long from, long to)
    {
        long now = SlidingWindow.SlotOf(local.Now);
        foreach ((string caller, (long Slot, long Requests, long Tokens)[] all) in callers)
        {
            (long Slot, long Requests, long Tokens)[] use = [.. all.Where(one => one.Slot >= from && one.Slot < to)];
            if (use.Length > 0)
                await _scripts.SeedAsync(redis, caller, use, now).WaitAsync(ConnectTime);
        }
    }

    private async Task RenewAsync(IDatabase redis)
    {
        try
        {
            foreach (IGrouping<string, string> caller in _leases.GroupBy(pair => pair.Value, pair => pair.Key))
                await _scripts.RenewAsync(redis, caller.Key, caller);
        }
        catch (Exception exception) when (IsAbsence(exception))
        {
            Leave(redis, exception);
        }
    }

    private void Leave(IDatabase redis, Exception exception)
    {
        if (Interlocked.CompareExchange(ref _redis, null, redis) != redis)
            return; // another request has noticed
        Volatile.Write(ref _awaySince, SlidingWindow.SlotOf(local.Now));
        Miss(exception);
    }

    private void Miss(Exception exception)
    {
        if (_isMissed)
            return;
        _isMissed = true;
        Log.Away(logger, exception is TimeoutException ? $"no answer within {settings.Value.RedisTimeoutMilliseconds} ms" : exception.Message.Split('\n')[0], settings.Value.Replicas);
    }

    private static bool IsAbsence(Exception exception) => exception is RedisException or TimeoutException or ObjectDisposedException;

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
