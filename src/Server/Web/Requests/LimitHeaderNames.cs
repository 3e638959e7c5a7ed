namespace Llama.Server.Web.Requests;

/// <summary>Names of OpenAI's headers about limits.</summary>
internal static class LimitHeaderNames
{
    public const string Requests = "requests", Tokens = "tokens";

    /// <summary>All of them, for those that let pages of other origins read them.</summary>
    public static string[] All { get; } = [.. from what in new[] { Requests, Tokens } from part in new[] { "limit", "remaining", "reset" } select Of(part, what)];

    public static string Of(string part, string what) => $"x-ratelimit-{part}-{what}";
}
