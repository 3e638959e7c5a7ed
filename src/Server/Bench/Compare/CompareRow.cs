using Llama.Server.Bench.Local;
using Llama.Server.Bench.Measuring;

namespace Llama.Server.Bench.Compare;

/// <summary>What was found of one mode. All but the first four is null where it did not run.</summary>
internal sealed record CompareRow(string Mode, string Counterpart, string[] Settings, string? Failure)
{
    public BenchedModel? Model { get; init; }

    public Distribution? TtftMs { get; init; }

    /// <summary>From submission to the last token.</summary>
    public Distribution? AnswerMs { get; init; }

    /// <summary>Of the tokens after the first.</summary>
    public Distribution? DecodeTokensPerS { get; init; }

    public long? PeakLoadBytes { get; init; }

    public long? PeakRunBytes { get; init; }

    /// <summary>Between this mode's log-probabilities of the reference's answer and the reference's own.</summary>
    public double? MaxLogprobDifference { get; init; }

    public double? MeanLogprobDifference { get; init; }

    /// <summary>Tokens of the answer before the first that is not the reference's.</summary>
    public int? EqualTokens { get; init; }

    public bool? IsTextEqual { get; init; }

    public static CompareRow Failed(ComparedMode mode, string[] settings, string failure) => new(mode.Name, mode.Counterpart, settings, failure);

    public static CompareRow Of(ComparedMode mode, string[] settings, ModeMeasurement measured, ModeMeasurement reference)
    {
        double[] differences = [.. measured.Logprobs.Zip(reference.Logprobs, (one, other) => Math.Abs((double)one - other))];
        int equal = measured.NewIds.AsSpan().CommonPrefixLength(reference.NewIds);
        return new CompareRow(mode.Name, mode.Counterpart, settings, Failure: null)
        {
            Model = measured.Model,
            TtftMs = Distribution.Of(measured.TtftMs),
            AnswerMs = Distribution.Of(measured.AnswerMs),
            DecodeTokensPerS = Distribution.Of(measured.TpotMs.Select(time => 1000 / time)),
            PeakLoadBytes = measured.PeakLoadBytes,
            PeakRunBytes = measured.PeakRunBytes,
            MaxLogprobDifference = differences.Max(),
            MeanLogprobDifference = differences.Average(),
            EqualTokens = equal,
            IsTextEqual = equal == reference.NewIds.Length,
        };
    }

    /// <summary>Most memory of the process in its whole life.</summary>
    internal long? PeakBytes => PeakLoadBytes > PeakRunBytes ? PeakLoadBytes : PeakRunBytes;
}
