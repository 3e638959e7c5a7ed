using System.Diagnostics;

namespace Llama.Server.Bench.Load;

/// <summary>One request's course. Moments are ticks of <see cref="Stopwatch"/>, times milliseconds.</summary>
internal sealed record RequestOutcome
{
    public required OutcomeKind Kind { get; init; }

    /// <summary>What failed, in a word that others of its kind share; null when nothing did.</summary>
    public string? Fault { get; init; }

    /// <summary>And in the server's or the system's words.</summary>
    public string? Detail { get; init; }

    public long Start { get; init; }

    /// <summary>The first chunk with text.</summary>
    public long First { get; init; }

    /// <summary>The end of the answer; not its last text, for tokens may have none.</summary>
    public long End { get; init; }

    /// <summary>Chunks with text.</summary>
    public int ChunkCount { get; init; }

    /// <summary>[chunks − 1] times between them; chunks that came together are 0 apart.</summary>
    public IReadOnlyList<float> Gaps { get; init; } = [];

    /// <summary>As the server counted them; 0 when it did not.</summary>
    public int PromptTokens { get; init; }

    /// <summary>As the server counted them, else the chunks.</summary>
    public int OutputTokens { get; init; }

    /// <summary>Whether the server counted.</summary>
    public bool HasUsage { get; init; }

    /// <summary>Time to first token; null when there was no text.</summary>
    public double? Ttft => ChunkCount == 0 ? null : Milliseconds(Start, First);

    /// <summary>Time per output token after the first; null below two, and where all came at once: when its tokens were made is not known then.</summary>
    public double? Tpot => ChunkCount == 0 || OutputTokens < 2 || CameAtOnce ? null : Milliseconds(First, End) / (OutputTokens - 1);

    /// <summary>End-to-end latency.</summary>
    public double EndToEnd => Milliseconds(Start, End);

    /// <summary>Time between tokens: the gaps between chunks, by the number of tokens that a chunk of this answer has on average; none where all came at once.</summary>
    public IEnumerable<double> InterToken
    {
        get
        {
            double chunksPerToken = OutputTokens < 2 ? 1 : (double)Gaps.Count / (OutputTokens - 1);
            return CameAtOnce ? [] : Gaps.Select(gap => gap * chunksPerToken);
        }
    }

    /// <summary>Whether the first text and the end were in one read.</summary>
    private bool CameAtOnce => First == End;

    private static double Milliseconds(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalMilliseconds;
}
