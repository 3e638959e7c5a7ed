using Llama.Scheduling;
using Llama.Server.Generating;

namespace Llama.Server.Telemetry;

/// <summary>What the log says about a generation: counts, never text.</summary>
/// <param name="Model">The served model.</param>
/// <param name="Usage">Token counts.</param>
/// <param name="TimeToFirstToken">Time until the first token of any answer.</param>
/// <param name="Endings">Why the answers ended, each reason once, with the number of answers where it is several.</param>
internal sealed record RequestSummary(string Model, Usage Usage, TimeSpan? TimeToFirstToken, string Endings)
{
    public static RequestSummary Of(Answers answers) => new(
        answers.Checkpoint.Name,
        answers.Usage,
        answers.Streams.Min(stream => stream.TimeToFirstToken),
        string.Join(", ", answers.Streams.GroupBy(stream => stream.Finish ?? FinishReason.Aborted).Select(Ending)));

    private static string Ending(IGrouping<FinishReason, TextStream> answers) => answers.Count() is > 1 and var count ? $"{count} {answers.Key}" : answers.Key.ToString();
}
