using System.Net;
using System.Net.Sockets;
using Llama.Server.Configuration;
using Llama.Server.Limits;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Llama.Server.Tests.Limits;

/// <summary>Limits that replicas keep together. Redis goes by the real time: what does not come about within the minute is tried again.</summary>
public sealed class RedisLimitsTests
{
    [RedisFact]
    public Task Enter_TwoReplicasAnd32Clients_LetInExactlyTheLimit() => WithinAMinuteAsync(async () =>
    {
        using var redis = new RedisServer();
        await using Replica a = await Replica.StartSharedAsync(redis), b = await Replica.StartSharedAsync(redis);
        int entered = await CountAsync([a, b], new LimitRules(300, null, null), clients: 32, each: 20);

        Assert.Equal(300, entered);
    });

    [RedisFact]
    public Task Enter_RandomRequests_ReadsAsTheLocalCountDoes() => WithinAMinuteAsync(async () =>
    {
        using var redis = new RedisServer();
        await using Replica shared = await Replica.StartSharedAsync(redis);
        var local = new LocalLimits(TimeProvider.System);
        var random = new Random(9);
        var rules = new LimitRules(60, 2000, 8);
        List<(LimitDecision Shared, LimitDecision Local)> running = [];
        for (int i = 0; i < 400; i++)
        {
            if (running.Count > 0 && random.Next(2) == 0)
            {
                int at = random.Next(running.Count);
                (long tokens, bool counts) = (random.Next(0, 150), random.Next(4) > 0);
                running[at].Shared.Settle!(tokens, counts);
                running[at].Local.Settle!(tokens, counts);
                running.RemoveAt(at);
            }
            var ask = new LimitAsk("one", rules, random.Next(1, 100));
            LimitDecision one = await shared.Limits.EnterAsync(ask), other = await local.EnterAsync(ask);
            Assert.Equal(
                (other.Denial, other.Reading.Requests, other.Reading.Tokens, other.Reading.Running), (one.Denial, one.Reading.Requests, one.Reading.Tokens, one.Reading.Running));
            Assert.InRange(one.Reading.TokensWait, 0, 60_100);
            if (one.Denial is null)
                running.Add((one, other));
        }
    });

    [RedisFact]
    public Task Redis_KilledAndBack_NeitherFailsARequestNorLetsMoreInThanTheLimit() => WithinAMinuteAsync(async () =>
    {
        using var redis = new RedisServer();
        await using Replica a = await Replica.StartSharedAsync(redis), b = await Replica.StartSharedAsync(redis);
        var rules = new LimitRules(200, null, null);
        int entered = await CountAsync([a, b], rules, clients: 4, each: 25);
        Assert.Equal(100, entered);

        redis.Kill();
        entered += await CountAsync([a, b], rules, clients: 32, each: 10);
        Assert.Equal(200, entered); // each keeps to its half, of which half was used
        redis.Start();
        await Wait.Until(() => a.Presence.IsShared && b.Presence.IsShared);
        entered += await CountAsync([a, b], rules, clients: 32, each: 10);

        Assert.Equal(200, entered); // it has forgotten all, and was told anew
        foreach (Replica replica in new[] { a, b })
        {
            await Wait.Until(() => replica.Log.All.Length >= 2); // it says so after all that it was told
            Assert.Equal(2, replica.Log.All.Length);
            Assert.StartsWith("Limits are counted in this process alone, at 1/2 of each: Redis is away", replica.Log.All[0]);
            Assert.StartsWith("Redis is back", replica.Log.All[1]);
        }
    });

    /// <summary>What was counted by a clock that is then set back an hour counts for a minute from then on: neither for an hour, nor not at all.</summary>
    [RedisFact]
    public async Task Redis_ClockSetBack_CountsForAnotherMinute()
    {
        using var redis = new RedisServer();
        await using Replica replica = await Replica.StartSharedAsync(redis);
        using var other = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{redis.Port}");
        IDatabase database = other.GetDatabase();
        long later = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeMilliseconds();
        await database.HashSetAsync("llama:{one}:tokens", [new("s", 90), new("o", later / 100), new("l", later / 100), new(later / 100, 90)]);
        await database.SortedSetAddAsync("llama:{one}:running", "gone", later);
        LimitDecision refused = await replica.Limits.EnterAsync(new LimitAsk("one", new LimitRules(null, 100, 2), 20));
        double lease = (await database.SortedSetScoreAsync("llama:{one}:running", "gone"))!.Value;

        Assert.Equal((LimitKind.Tokens, 90, 1), (refused.Denial, refused.Reading.Tokens, refused.Reading.Running));
        Assert.InRange(refused.Reading.TokensWait, 1, 60_100);
        Assert.InRange(lease - DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), -300_000, 60_000);
        Assert.Null((await replica.Limits.EnterAsync(new LimitAsk("one", new LimitRules(null, 100, 2), 10))).Denial);
    }

    [RedisFact]
    public async Task Redis_ThatHangs_HoldsUpNobodyTwice()
    {
        using var redis = new RedisServer();
        await using Replica replica = await Replica.StartSharedAsync(redis, timeout: 50);
        redis.Freeze();
        var ask = new LimitAsk("one", new LimitRules(100, null, null), 1);
        for (int i = 0; replica.Presence.IsShared; i++)
        {
            Assert.InRange(i, 0, 2); // an answer may have been on its way
            await replica.Limits.EnterAsync(ask);
        }
        Assert.True(replica.Limits.EnterAsync(ask).IsCompletedSuccessfully);
        Assert.Contains("no answer within 50 ms", replica.Log.All[^1]);
        redis.Thaw();
        await Wait.Until(() => replica.Presence.IsShared);
    }

    /// <summary>An answer that comes too late may have let in what was counted here instead: it is not to count twice, nor to keep its place for a minute.</summary>
    [RedisFact]
    public Task Redis_ThatAnswersTooLate_CountsNothingTwice() => WithinAMinuteAsync(async () =>
    {
        using var redis = new RedisServer();
        using var road = new SlowRoad(redis.Port);
        await using Replica replica = await Replica.StartAsync(road.Port, timeout: 200);
        await Wait.Until(() => replica.Presence.IsShared);
        var ask = new LimitAsk("one", new LimitRules(100, 1000, 2), 30);
        road.Hold();
        LimitDecision alone = await replica.Limits.EnterAsync(ask);
        Assert.False(replica.Presence.IsShared);
        road.Release();
        alone.Settle!(10, true);
        await Wait.Until(() => replica.Presence.IsShared);

        await Soon(async () => await CountedAsync(redis) == (1, 10, 0));
    });

    [RedisFact]
    public Task Request_ThatEndsWhileRedisHangs_LeavesItsPlaceAndGivesBackWhatItDidNotUse() => WithinAMinuteAsync(async () =>
    {
        using var redis = new RedisServer();
        await using Replica replica = await Replica.StartSharedAsync(redis, timeout: 200);
        var ask = new LimitAsk("one", new LimitRules(100, 1000, 1), 500);
        LimitDecision decision = await replica.Limits.EnterAsync(ask);
        redis.Freeze();
        await Wait.Until(async () =>
        {
            await replica.Limits.EnterAsync(new LimitAsk("other", ask.Rules, 1));
            return !replica.Presence.IsShared;
        });
        decision.Settle!(20, true);
        redis.Thaw();
        await Wait.Until(() => replica.Presence.IsShared);

        await Soon(async () => await CountedAsync(redis) == (1, 20, 0));
    });

    /// <summary>It has lost its memory of the one, and never heard of the other.</summary>
    [RedisFact]
    public Task Redis_Restarted_IsToldOfTheRequestsUnderWay() => WithinAMinuteAsync(async () =>
    {
        using var redis = new RedisServer();
        await using Replica replica = await Replica.StartSharedAsync(redis);
        var ask = new LimitAsk("one", new LimitRules(null, null, 4), 1);
        LimitDecision before = await replica.Limits.EnterAsync(ask);
        redis.Kill();
        LimitDecision without = await replica.Limits.EnterAsync(ask), gone = await replica.Limits.EnterAsync(ask);
        Assert.Equal(((LimitKind?)null, (LimitKind?)LimitKind.Concurrent), (without.Denial, gone.Denial)); // its half is two places
        redis.Start();
        await Wait.Until(() => replica.Presence.IsShared);

        Assert.Equal(2, (await CountedAsync(redis)).Running);
        before.Settle!(1, true);
        without.Settle!(1, true);
        await Soon(async () => (await CountedAsync(redis)).Running == 0);
    });

    /// <summary>A place that nobody speaks for is free after a minute: a request that takes longer keeps its own.</summary>
    [RedisFact]
    public Task Request_ThatTakesLong_KeepsItsPlace() => WithinAMinuteAsync(async () =>
    {
        using var redis = new RedisServer();
        var clock = new TimerClock();
        await using Replica replica = await Replica.StartSharedAsync(redis, clock: clock);
        LimitDecision running = await replica.Limits.EnterAsync(new LimitAsk("one", new LimitRules(null, null, 1), 1));
        using var other = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{redis.Port}");
        await other.GetDatabase().SortedSetUpdateAsync("llama:{one}:running", [.. (await other.GetDatabase().SortedSetRangeByRankAsync("llama:{one}:running")).Select(lease => new SortedSetEntry(lease, 0))]);
        clock.Advance(RedisScripts.Lease / 3); // long before the minute is over
        await Soon(async () => (await other.GetDatabase().SortedSetRangeByRankWithScoresAsync("llama:{one}:running")).Single().Score > 0);

        Assert.Equal(LimitKind.Concurrent, (await replica.Limits.EnterAsync(new LimitAsk("one", new LimitRules(null, null, 1), 1))).Denial);
        running.Settle!(1, true);
        await Soon(async () => (await CountedAsync(redis)).Running == 0);
    });

    [RedisFact]
    public Task Redis_WithWhatIsNotOursUnderACallersKey_CountsThatCallerAloneHereAndSaysSoOnce() => WithinAMinuteAsync(async () =>
    {
        string[] callers = ["requests", "tokens", "running"]; // each by the one of its keys that is spoilt
        var rules = new LimitRules(10, 1000, 100);
        using var redis = new RedisServer();
        await using Replica replica = await Replica.StartSharedAsync(redis);
        using var other = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{redis.Port}");
        List<Settle> running = [];
        foreach (string caller in callers)
        {
            running.Add((await replica.Limits.EnterAsync(new LimitAsk(caller, rules, 1))).Settle!);
            await other.GetDatabase().KeyDeleteAsync(Key(caller));
            await other.GetDatabase().StringSetAsync(Key(caller), "nonsense");
            Assert.Equal(4, await CountAsync([replica], rules, clients: 4, each: 10, caller)); // its half, of which one is used
        }
        Assert.True(replica.Presence.IsShared);
        redis.Freeze();
        await Wait.Until(async () =>
        {
            await replica.Limits.EnterAsync(new LimitAsk("one", rules, 1));
            return !replica.Presence.IsShared;
        });
        redis.Thaw();
        await Wait.Until(() => replica.Presence.IsShared); // whatever it cannot be told of these callers
        running.ForEach(settle => settle(1, true));

        foreach (string caller in callers)
        {
            await replica.Limits.EnterAsync(new LimitAsk(caller, rules, 1));
            Assert.Single(replica.Log.All, line => line.Contains($"something else under llama:{{{caller}}}:* (WRONGTYPE)", StringComparison.Ordinal));
            await other.GetDatabase().KeyDeleteAsync(Key(caller));
            await replica.Limits.EnterAsync(new LimitAsk(caller, rules, 1));
            Assert.EndsWith($"llama:{{{caller}}}:* are of use", replica.Log.All[^1]);
        }
        Assert.Single(replica.Log.All, line => line.Contains("Redis is back", StringComparison.Ordinal)); // from its sleep

        static string Key(string caller) => $"llama:{{{caller}}}:{caller}";
    });

    [Fact]
    public async Task Redis_ThatIsNone_FailsNobody()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _ = Task.Run(async () =>
        {
            while (true)
                await (await listener.AcceptTcpClientAsync()).GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
        });
        await using Replica replica = await Replica.StartAsync(((IPEndPoint)listener.LocalEndpoint).Port, timeout: 50);
        await Wait.Until(() => replica.Log.All.Length == 1);

        Assert.Equal(5, await CountAsync([replica], new LimitRules(10, null, null), clients: 4, each: 10));
    }

    [RedisFact]
    public async Task Redis_WithAPassword_TakesItAndNoLogHoldsAWrongOne()
    {
        using var redis = new RedisServer(password: "open-sesame");
        await using Replica right = await Replica.StartAsync(redis.Port, more: ",password=open-sesame");
        await Wait.Until(() => right.Presence.IsShared);
        await using Replica wrong = await Replica.StartAsync(redis.Port, more: ",password=close-sesame");
        await Wait.Until(() => wrong.Log.All.Length == 1);

        Assert.False(wrong.Presence.IsShared);
        Assert.Null((await wrong.Limits.EnterAsync(new LimitAsk("one", new LimitRules(10, null, null), 1))).Denial);
        Assert.DoesNotContain("sesame", wrong.Log.All[0]);
    }

    [Fact]
    public async Task Redis_ThatNeverWas_LeavesEachReplicaItsPart()
    {
        await using Replica replica = await Replica.StartAsync(port: 1);
        await Wait.Until(() => replica.Log.All.Length == 1);
        int entered = await CountAsync([replica], new LimitRules(101, null, null), clients: 8, each: 10);

        Assert.Equal(50, entered);
        Assert.StartsWith("Limits are counted in this process alone", replica.Log.All[0]);
    }

    [Theory]
    [InlineData("password=x", "RateLimits:Redis names no host")]
    [InlineData("localhost,nonsense=1", "RateLimits:Redis cannot be read")]
    [InlineData("localhost:6379,password=x", null)]
    public void Validate_AddressOfRedis_IsCheckedAtStart(string address, string? fault)
    {
        ValidateOptionsResult result = new RedisValidator().Validate(null, new RateLimitsSettings { Redis = address });

        Assert.Equal(fault is not null, result.Failed);
        Assert.StartsWith(fault ?? "", result.Failures?.Single() ?? "");
    }

    private static async Task<int> CountAsync(Replica[] replicas, LimitRules rules, int clients, int each, string caller = "one")
    {
        int entered = 0;
        await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(async () =>
        {
            for (int i = 0; i < each; i++)
            {
                if ((await replicas[client % replicas.Length].Limits.EnterAsync(new LimitAsk(caller, rules, 1))).Denial is null)
                    Interlocked.Increment(ref entered);
            }
        })));
        return entered;
    }

    /// <summary>What Redis has counted of the caller "one", and would count for ever: what goes by itself after a minute is not to be taken for what was taken out.</summary>
    private static async Task<(long Requests, long Tokens, long Running)> CountedAsync(RedisServer redis)
    {
        using var connection = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{redis.Port}");
        IDatabase database = connection.GetDatabase();
        RedisKey requests = "llama:{one}:requests", tokens = "llama:{one}:tokens", running = "llama:{one}:running";
        foreach (RedisKey key in (RedisKey[])[requests, tokens, running])
            await database.KeyPersistAsync(key);
        return ((long)await database.HashGetAsync(requests, "s"), (long)await database.HashGetAsync(tokens, "s"), await database.SortedSetLengthAsync(running));
    }

    /// <summary>Waits for what comes about by itself, and not by a minute's going by.</summary>
    private static async Task Soon(Func<Task<bool>> condition)
    {
        for (int tries = 1; !await condition(); tries++)
        {
            Assert.InRange(tries, 1, 200);
            await Task.Delay(100);
        }
    }

    private static async Task WithinAMinuteAsync(Func<Task> test)
    {
        for (int tries = 1; ; tries++)
        {
            long start = Environment.TickCount64;
            try
            {
                await test();
                return;
            }
            catch (Exception) when (Environment.TickCount64 - start > 50_000 && tries < 3)
            {
            }
        }
    }

    private sealed class Replica : IAsyncDisposable
    {
        private Replica(int port, int timeout, string more, TimeProvider? clock)
        {
            var settings = new RateLimitsSettings { Redis = $"127.0.0.1:{port}{more}", RedisTimeoutMilliseconds = timeout, Replicas = 2 };
            var local = new LocalLimits(TimeProvider.System, settings.Replicas);
            var scripts = new RedisScripts(settings.RedisPrefix);
            Presence = new RedisPresence(local, scripts, Options.Create(settings), clock ?? TimeProvider.System, gauges: null, new LoggerFactory([Log]).CreateLogger<RedisPresence>());
            Limits = new RedisLimits(local, scripts, Presence, Options.Create(settings));
        }

        public RedisLimits Limits { get; }

        public RedisPresence Presence { get; }

        public LogLines Log { get; } = new();

        public static async Task<Replica> StartAsync(int port, int timeout = 5000, string more = "", TimeProvider? clock = null)
        {
            var replica = new Replica(port, timeout, more, clock);
            await replica.Presence.StartAsync(default);
            return replica;
        }

        public static async Task<Replica> StartSharedAsync(RedisServer redis, int timeout = 5000, TimeProvider? clock = null)
        {
            Replica replica = await StartAsync(redis.Port, timeout, clock: clock);
            await Wait.Until(() => replica.Presence.IsShared);
            return replica;
        }

        public async ValueTask DisposeAsync()
        {
            await Presence.StopAsync(default);
            Presence.Dispose();
        }
    }
}
