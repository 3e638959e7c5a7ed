using System.Globalization;

namespace Llama.Server.CommandLine.Terminal;

/// <summary>An answer, whole or as far as it came.</summary>
internal sealed record Answer
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(50);

    public string Text { get; init; } = "";

    /// <summary>As the server says; null when it did not come to its end.</summary>
    public string? FinishReason { get; init; }

    /// <summary>What went wrong; null when nothing did.</summary>
    public string? Fault { get; init; }

    /// <summary>Whether the user stopped it.</summary>
    public bool IsStopped { get; init; }

    /// <summary>As the server counts; null when it does not.</summary>
    public int? PromptTokens { get; init; }

    /// <summary>Of those, how many it found computed.</summary>
    public int? CachedTokens { get; init; }

    /// <summary>As the server counts; null when it does not.</summary>
    public int? OutputTokens { get; init; }

    /// <summary>From the question to the first text; null when there was none, or all came at once.</summary>
    public TimeSpan? First { get; init; }

    /// <summary>From the question to the end.</summary>
    public TimeSpan Total { get; init; }

    /// <summary>Tokens per second after the first; all, where they came at once, or so nearly that nothing is known of their times.</summary>
    public double? Rate =>
        OutputTokens is not { } count ? null : First is { } first && count > 1 && Total - first > AtOnce ? (count - 1) / (Total - first).TotalSeconds : count / Total.TotalSeconds;

    /// <summary>Its figures in a line.</summary>
    public override string ToString() => string.Join(" · ", new[]
    {
        OutputTokens is { } count ? string.Create(CultureInfo.InvariantCulture, $"{count} tokens, {Rate:F1} per second") : null,
        First is { } first ? $"first after {Milliseconds(first)}" : Milliseconds(Total),
        PromptTokens is { } prompt ? $"prompt {prompt}, {CachedTokens ?? 0} of them cached" : null,
        IsStopped ? "stopped" : FinishReason == "length" ? "cut at its limit (length)" : null,
    }.OfType<string>());

    private static string Milliseconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:F0} ms");
}
