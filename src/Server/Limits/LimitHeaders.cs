using System.Globalization;
using Llama.Server.Web.Requests;

namespace Llama.Server.Limits;

/// <summary>OpenAI's headers, which tell a caller of its limits with every answer; those of limits that it has.</summary>
internal static class LimitHeaders
{
    public static void Write(IHeaderDictionary headers, in LimitDecision decision)
    {
        bool isIn = decision.Denial is null;
        (LimitRules rules, LimitReading reading) = (decision.Ask.Rules, decision.Reading);
        if (rules.RequestsPerMinute is { } requests)
            Write(headers, LimitHeaderNames.Requests, requests, reading.Requests + (isIn ? 1 : 0), reading.RequestsReset, isIn);
        if (rules.TokensPerMinute is { } tokens)
            Write(headers, LimitHeaderNames.Tokens, tokens, reading.Tokens + (isIn ? decision.Ask.Tokens : 0), reading.TokensReset, isIn);
    }

    /// <summary>The limits alone, for a request about which nobody asked how much of them is left.</summary>
    public static void Write(IHeaderDictionary headers, LimitRules rules)
    {
        if (rules.RequestsPerMinute is { } requests)
            WriteLimit(headers, LimitHeaderNames.Requests, requests);
        if (rules.TokensPerMinute is { } tokens)
            WriteLimit(headers, LimitHeaderNames.Tokens, tokens);
    }

    private static void Write(IHeaderDictionary headers, string what, long limit, long used, long reset, bool isIn)
    {
        WriteLimit(headers, what, limit);
        headers[LimitHeaderNames.Of("remaining", what)] = Math.Max(0, limit - used).ToString(CultureInfo.InvariantCulture);
        headers[LimitHeaderNames.Of("reset", what)] = ResetDuration.Write(isIn ? TimeSpan.FromMinutes(1) : TimeSpan.FromMilliseconds(reset)); // what is counted now counts for a minute
    }

    private static void WriteLimit(IHeaderDictionary headers, string what, long limit) => headers[LimitHeaderNames.Of("limit", what)] = limit.ToString(CultureInfo.InvariantCulture);
}
