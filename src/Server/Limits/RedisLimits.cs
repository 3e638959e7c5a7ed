using Llama.Server.Configuration;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Llama.Server.Limits;

/// <summary>
/// Counts in Redis, so that replicas hold to limits together. What it lets in is noted in this process too: when Redis does not answer in time, this process counts alone from what it knows.
/// Requests wait for Redis no longer than the time-out, once, and never fail by it.
/// </summary>
internal sealed class RedisLimits(LocalLimits local, RedisScripts scripts, RedisPresence presence, IOptions<RateLimitsSettings> settings) : ILimitStore
{
    private readonly TimeSpan _timeout = TimeSpan.FromMilliseconds(settings.Value.RedisTimeoutMilliseconds);

    public LimitRules Part(LimitRules whole) => whole; // all replicas are counted together

    public async ValueTask<LimitDecision> EnterAsync(LimitAsk ask)
    {
        if (presence.Redis is { } redis)
        {
            try
            {
                LimitDecision decision = await EnterAsync(redis, ask);
                presence.Spoilt.Clear(ask.Caller);
                return decision;
            }
            catch (RedisServerException exception) when (SpoiltKeys.AreMeantBy(exception))
            {
                presence.Spoilt.Note(ask.Caller);
            }
            catch (Exception exception) when (RedisPresence.IsAbsence(exception))
            {
                presence.Leave(redis, exception);
            }
        }
        return EnterAlone(ask);
    }

    private async ValueTask<LimitDecision> EnterAsync(IDatabase redis, LimitAsk ask)
    {
        string lease = presence.Leases.Next();
        Task<(LimitReading Reading, long Slot)> asked = scripts.EnterAsync(redis, ask, lease);
        try
        {
            await asked.WaitAsync(_timeout);
        }
        catch (TimeoutException)
        {
            _ = TakeBackAsync(redis, asked, ask, lease);
            throw;
        }
        (LimitReading reading, long slot) = await asked;
        if (reading.Denial(ask.Rules) is { } denial)
            return new LimitDecision(ask, reading, denial, null);
        Settle settleNote = local.Note(ask).Settle!;
        return new LimitDecision(ask, reading, null, Leased(ask, lease, (tokens, counts) =>
        {
            settleNote(tokens, counts);
            presence.Settlements.Tell(presence.Redis, Settlement.Of(ask, slot, tokens, counts, lease));
        }));
    }

    /// <summary>Redis may have let a request in that was not waited for any longer, and is counted here.</summary>
    private async Task TakeBackAsync(IDatabase redis, Task<(LimitReading Reading, long Slot)> late, LimitAsk ask, string lease)
    {
        try
        {
            (LimitReading reading, long slot) = await late;
            if (reading.Denial(ask.Rules) is null)
                await scripts.SettleAsync(redis, Settlement.Of(ask, slot, 0, counts: false, lease));
        }
        catch (Exception exception) when (RedisPresence.IsAbsence(exception))
        {
            // What was counted for it counts for a minute and no longer.
        }
    }

    private LimitDecision EnterAlone(LimitAsk ask)
    {
        LimitDecision decision = local.Enter(ask with { Rules = local.Part(ask.Rules) });
        if (decision.Settle is not { } settle)
            return decision;
        string lease = presence.Leases.Next(); // of which Redis hears when it is back, if the request is still under way
        return decision with
        {
            Settle = Leased(ask, lease, (tokens, counts) =>
            {
                settle(tokens, counts);
                if (presence.Redis is { } redis)
                    presence.Settlements.Tell(redis, Settlement.OfLease(ask.Caller, lease));
            }),
        };
    }

    /// <summary>Holds a place for as long as the request is under way, where its caller has only so many.</summary>
    private Settle Leased(LimitAsk ask, string lease, Settle settle)
    {
        if (ask.Rules.MaxConcurrent is not null)
            presence.Leases.Hold(lease, ask.Caller);
        return (tokens, counts) =>
        {
            presence.Leases.End(lease); // before it is told: who says that it is under way looks here afterwards
            settle(tokens, counts);
        };
    }
}
