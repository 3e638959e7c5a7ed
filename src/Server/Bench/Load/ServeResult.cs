using Llama.Server.Bench.Measuring;

namespace Llama.Server.Bench.Load;

/// <summary>All rounds of one server in one shape. Rates are over the rounds, latencies over the requests that completed (inter-token: over their gaps) of all rounds; null where nothing was measured.</summary>
internal sealed record ServeResult
{
    public required Uri Url { get; init; }

    public required string Model { get; init; }

    public required LoadShape Shape { get; init; }

    public int Rounds { get; init; }

    /// <summary>Of all rounds.</summary>
    public double Seconds { get; init; }

    public int Sent { get; init; }

    public int Completed { get; init; }

    public int Failed { get; init; }

    public int Refused { get; init; }

    public int Interrupted { get; init; }

    public required RequestFault[] Errors { get; init; }

    /// <summary><c>usage</c>: as the server says; <c>chunks</c>: at least one answer had no counts, and its chunks were taken for tokens.</summary>
    public required string TokensCountedBy { get; init; }

    public long PromptTokens { get; init; }

    public long OutputTokens { get; init; }

    public Distribution? RequestsPerS { get; init; }

    public Distribution? OutputTokensPerS { get; init; }

    public Distribution? TotalTokensPerS { get; init; }

    public Distribution? GoodRequestsPerS { get; init; }

    public Distribution? TtftMs { get; init; }

    public Distribution? TpotMs { get; init; }

    public Distribution? InterTokenMs { get; init; }

    public Distribution? EndToEndMs { get; init; }

    public static ServeResult Of(Uri url, string model, LoadShape shape, IReadOnlyList<LoadRound> rounds, Goodput? goodput)
    {
        RequestOutcome[] all = [.. rounds.SelectMany(round => round.Outcomes)], completed = [.. rounds.SelectMany(round => round.Completed)];
        return new ServeResult
        {
            Url = url,
            Model = model,
            Shape = shape,
            Rounds = rounds.Count,
            Seconds = rounds.Sum(round => round.Seconds),
            Sent = all.Length,
            Completed = completed.Length,
            Failed = all.Count(outcome => outcome.Kind == OutcomeKind.Failed),
            Refused = all.Count(outcome => outcome.Kind == OutcomeKind.Refused),
            Interrupted = all.Count(outcome => outcome.Kind == OutcomeKind.Interrupted),
            Errors = RequestFault.Of(all),
            TokensCountedBy = completed.All(outcome => outcome.HasUsage) ? "usage" : "chunks",
            PromptTokens = completed.Sum(outcome => (long)outcome.PromptTokens),
            OutputTokens = completed.Sum(outcome => (long)outcome.OutputTokens),
            RequestsPerS = Distribution.Of(rounds.Select(round => round.Completed.Count() / round.Seconds)),
            OutputTokensPerS = Distribution.Of(rounds.Select(round => round.OutputRate)),
            TotalTokensPerS = Distribution.Of(rounds.Select(round => round.Completed.Sum(outcome => (double)outcome.PromptTokens + outcome.OutputTokens) / round.Seconds)),
            GoodRequestsPerS = goodput is null ? null : Distribution.Of(rounds.Select(round => round.Outcomes.Count(goodput.IsMet) / round.Seconds)),
            TtftMs = Distribution.Of(completed.Select(outcome => outcome.Ttft).OfType<double>()),
            TpotMs = Distribution.Of(completed.Select(outcome => outcome.Tpot).OfType<double>()),
            InterTokenMs = Distribution.Of(completed.SelectMany(outcome => outcome.InterToken)),
            EndToEndMs = Distribution.Of(completed.Select(outcome => outcome.EndToEnd)),
        };
    }
}
