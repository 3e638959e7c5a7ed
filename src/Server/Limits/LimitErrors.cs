using Llama.Server.Web.Errors;

namespace Llama.Server.Limits;

/// <summary>Says in OpenAI's terms which limit was reached and when to come again.</summary>
internal static class LimitErrors
{
    private static readonly TimeSpan UntilAnotherEnds = TimeSpan.FromSeconds(1); // nobody knows; others end all the time

    public static ApiError Reached(string who, in LimitDecision decision)
    {
        (LimitRules rules, LimitReading reading, long asked) = (decision.Ask.Rules, decision.Reading, decision.Ask.Tokens);
        return decision.Denial switch
        {
            LimitKind.Requests => Reached(who, "requests per minute (RPM)", rules.RequestsPerMinute, reading.Requests, 1, reading.RequestsWait),
            LimitKind.Tokens => Reached(who, "tokens per minute (TPM)", rules.TokensPerMinute, reading.Tokens, asked, reading.TokensWait),
            _ => Reached(who, "requests at the same time", rules.MaxConcurrent, reading.Running, 1, (long)UntilAnotherEnds.TotalMilliseconds),
        };
    }

    /// <summary>The request alone passes the limit: coming again does not help.</summary>
    public static ApiError NeverFits(string who, long limit, long asked) => new(
        StatusCodes.Status429TooManyRequests,
        $"Request too large for {who} on tokens per minute (TPM): Limit {limit}, Requested {asked} (the prompt and the most tokens that the answer may have). "
        + "It can never be let in; shorten the prompt or ask for fewer tokens (max_tokens, n).",
        "rate_limit_exceeded",
        ShouldRetry: false);

    private static ApiError Reached(string who, string what, int? limit, long used, long asked, long wait)
    {
        TimeSpan time = TimeSpan.FromMilliseconds(wait);
        string message = $"Rate limit reached for {who} on {what}: Limit {limit}, Used {used}, Requested {asked}. Please try again in {ResetDuration.Write(time)}.";
        return new ApiError(StatusCodes.Status429TooManyRequests, message, "rate_limit_exceeded", RetryAfter: time);
    }
}
