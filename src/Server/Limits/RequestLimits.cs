using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Llama.Server.Auth;
using Llama.Server.Configuration;
using Llama.Server.Web.Errors;
using Microsoft.Extensions.Options;

namespace Llama.Server.Limits;

/// <summary>Holds callers to their limits: keys to their own, and on a server without keys each address to the general ones.</summary>
internal sealed class RequestLimits(ApiKeys keys, ILimitStore store, KeyMetrics metrics, IOptions<RateLimitsSettings> settings)
{
    /// <summary>Lets a request in and tells the caller in headers how far its limits are; or says what keeps it out.</summary>
    /// <param name="context">The request.</param>
    /// <param name="promptTokens">Tokens of its prompts.</param>
    /// <param name="output">How much its answers may grow.</param>
    /// <returns>Either one.</returns>
    public ValueTask<(Admission? Admission, ApiError? Error)> EnterAsync(HttpContext context, long promptTokens, LimitedOutput output)
    {
        ApiKey? key = Caller.Of(context)?.Key;
        LimitRules rules = store.Part(key?.Limits ?? keys.Defaults);
        if (rules.IsEmpty)
            return new((Admission.Unlimited, null));
        string who = key is null ? "this address" : $"the key '{key.Name}'";
        long tokens = promptTokens + output.Cost(settings.Value.AssumedOutputTokens, rules.TokensPerMinute - promptTokens);
        if (tokens > rules.TokensPerMinute)
        {
            LimitHeaders.Write(context.Response.Headers, rules);
            return new((null, Refuse(key, LimitKind.Tokens, LimitErrors.NeverFits(who, rules.TokensPerMinute.Value, tokens))));
        }
        return DecideAsync(context, key, who, new LimitAsk(Id(key, context.Connection.RemoteIpAddress), rules, tokens));
    }

    private async ValueTask<(Admission? Admission, ApiError? Error)> DecideAsync(HttpContext context, ApiKey? key, string who, LimitAsk ask)
    {
        LimitDecision decision = await store.EnterAsync(ask);
        LimitHeaders.Write(context.Response.Headers, decision);
        return decision.Denial is { } denial
            ? (null, Refuse(key, denial, LimitErrors.Reached(who, decision)))
            : (new Admission(decision.Settle), null);
    }

    private ApiError Refuse(ApiKey? key, LimitKind kind, ApiError error)
    {
        metrics.Refused(key?.Name, kind);
        return error;
    }

    /// <summary>Whom a request counts for, in the same way on every replica: a key by its name, an address by its network where it is of version 6, of which a caller has a whole one.</summary>
    internal static string Id(ApiKey? key, IPAddress? address)
    {
        if (key is not null)
            return Hash("key " + key.Name.ToLowerInvariant());
        if (address is { IsIPv4MappedToIPv6: true })
            address = address.MapToIPv4();
        return Hash("address " + (address is { AddressFamily: AddressFamily.InterNetworkV6 } ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8)) : address?.ToString()));
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 12));
}
