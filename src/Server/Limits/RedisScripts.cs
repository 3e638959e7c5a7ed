using System.Globalization;
using StackExchange.Redis;

namespace Llama.Server.Limits;

/// <summary>The scripts that count in Redis. Each runs there as a whole, and by the clock there: replicas need not agree on the time.</summary>
internal sealed class RedisScripts(string prefix)
{
    private static readonly string Enter = Load("enter"), Settle = Load("settle"), Seed = Load("seed"), Renew = Load("renew");

    /// <summary>How long a request that is under way counts if its replica does not say that it still is.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);

    /// <summary>Key whose value is another whenever Redis has lost what it knew.</summary>
    public RedisKey Since => $"{prefix}:since";

    /// <summary>Lets a request in and counts it, unless a limit keeps it out.</summary>
    /// <returns>What it found, and the slot that it was counted in.</returns>
    public async Task<(LimitReading Reading, long Slot)> EnterAsync(IDatabase redis, LimitAsk ask, string lease)
    {
        LimitRules rules = ask.Rules;
        RedisResult result = await redis.ScriptEvaluateAsync(
            Enter, Keys(ask.Caller), [rules.RequestsPerMinute ?? 0, rules.TokensPerMinute ?? 0, rules.MaxConcurrent ?? 0, ask.Tokens, lease, (long)Lease.TotalMilliseconds]);
        long[] found = (long[])result!;
        return (new LimitReading(found[0], found[1], found[2], found[3], found[4], found[5], found[6]), found[7]);
    }

    /// <summary>Tells what a request had in truth.</summary>
    public Task SettleAsync(IDatabase redis, Settlement settlement) =>
        ToldAsync(redis.ScriptEvaluateAsync(Settle, Keys(settlement.Caller), [settlement.Slot, settlement.Requests, settlement.Tokens, settlement.Lease]));

    /// <summary>Counts what a caller used up to a minute ago.</summary>
    /// <param name="now">The slot of this moment, by which the age of the others is told.</param>
    public Task SeedAsync(IDatabase redis, string caller, IEnumerable<SlotUse> use, long now) =>
        ToldAsync(redis.ScriptEvaluateAsync(Seed, Keys(caller)[..2], [.. use.SelectMany(one => new RedisValue[] { now - one.Slot, one.Requests, one.Tokens })]));

    public Task RenewAsync(IDatabase redis, string caller, IEnumerable<string> leases) =>
        ToldAsync(redis.ScriptEvaluateAsync(Renew, [Keys(caller)[2]], [(long)Lease.TotalMilliseconds, .. leases.Select(lease => (RedisValue)lease)]));

    public Task EndAsync(IDatabase redis, string caller, IEnumerable<string> leases) =>
        ToldAsync(redis.SortedSetRemoveAsync(Keys(caller)[2], [.. leases.Select(lease => (RedisValue)lease)]));

    /// <summary>All keys of a caller, for people.</summary>
    public string KeysOf(string caller) => Key(caller, "*").ToString();

    /// <summary>Passes over a caller whose keys are spoilt: what is told of others must not fail with it.</summary>
    private static async Task ToldAsync(Task told)
    {
        try
        {
            await told;
        }
        catch (RedisServerException exception) when (SpoiltKeys.AreMeantBy(exception))
        {
        }
    }

    /// <summary>In braces is what a cluster places keys by: a caller's lie together.</summary>
    private RedisKey[] Keys(string caller) => [Key(caller, "requests"), Key(caller, "tokens"), Key(caller, "running")];

    private RedisKey Key(string caller, string what) => string.Create(CultureInfo.InvariantCulture, $"{prefix}:{{{caller}}}:{what}");

    private static string Load(string name)
    {
        return Read("window") + Read(name);
        static string Read(string name)
        {
            using var reader = new StreamReader(typeof(RedisScripts).Assembly.GetManifestResourceStream($"limits/{name}.lua")!);
            return reader.ReadToEnd();
        }
    }
}
