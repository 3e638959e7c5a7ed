using System.Globalization;

namespace Llama.Server.Limits;

/// <summary>OpenAI's headers, which tell a caller of its limits with every answer; those of limits that it has.</summary>
internal static class LimitHeaders
{
    public const string Requests = "requests", Tokens = "tokens";

    /// <summary>All names, for those that let pages of other origins read them.</summary>
    public static string[] Names { get; } = [.. from what in new[] { Requests, Tokens } from part in new[] { "limit", "remaining", "reset" } select Name(part, what)];

    public static void Write(IHeaderDictionary headers, in LimitDecision decision)
    {
        bool isIn = decision.Denial is null;
        (LimitRules rules, LimitReading reading) = (decision.Ask.Rules, decision.Reading);
        if (rules.RequestsPerMinute is { } requests)
            Write(headers, Requests, requests, reading.Requests + (isIn ? 1 : 0), reading.RequestsReset, isIn);
        if (rules.TokensPerMinute is { } tokens)
            Write(headers, Tokens, tokens, reading.Tokens + (isIn ? decision.Ask.Tokens : 0), reading.TokensReset, isIn);
    }

    private static void Write(IHeaderDictionary headers, string what, long limit, long used, long reset, bool isIn)
    {
        headers[Name("limit", what)] = limit.ToString(CultureInfo.InvariantCulture);
        headers[Name("remaining", what)] = Math.Max(0, limit - used).ToString(CultureInfo.InvariantCulture);
        headers[Name("reset", what)] = ResetDuration.Write(isIn ? TimeSpan.FromMinutes(1) : TimeSpan.FromMilliseconds(reset)); // what is counted now counts for a minute
    }

    private static string Name(string part, string what) => $"x-ratelimit-{part}-{what}";
}
