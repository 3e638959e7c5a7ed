using System.Globalization;

namespace Llama.Server.Bench.Load;

/// <summary>What an answer must keep to be good, in milliseconds; null where it need not. <c>ttft:200 tpot:50 e2e:3000</c>.</summary>
internal sealed record Goodput(double? Ttft, double? Tpot, double? EndToEnd)
{
    /// <summary>Reads the targets; each is a metric, a colon and milliseconds.</summary>
    public static bool TryParse(IEnumerable<string> targets, out Goodput? goodput, out string? fault)
    {
        (goodput, fault) = (null, null);
        Goodput sum = new(null, null, null);
        foreach (string target in targets)
        {
            string[] parts = target.Split(':');
            bool isNumber = double.TryParse(parts[^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double limit) && parts.Length == 2;
            if (!isNumber || sum.With(parts[0], limit) is not { } next)
            {
                fault = $"--goodput is '{target}'; give targets in milliseconds such as ttft:200 tpot:50 e2e:3000.";
                return false;
            }
            sum = next;
        }
        goodput = sum == new Goodput(null, null, null) ? null : sum;
        return true;
    }

    /// <summary>Whether an answer kept to all of it. One without a measure for a target has nothing that could be too slow.</summary>
    public bool IsMet(RequestOutcome outcome) =>
        outcome.Kind == OutcomeKind.Completed && !(outcome.Ttft > Ttft) && !(outcome.Tpot > Tpot) && !(outcome.EndToEnd > EndToEnd);

    private Goodput? With(string metric, double limit) => metric.ToLowerInvariant() switch
    {
        "ttft" => this with { Ttft = limit },
        "tpot" => this with { Tpot = limit },
        "e2e" => this with { EndToEnd = limit },
        _ => null,
    };
}
