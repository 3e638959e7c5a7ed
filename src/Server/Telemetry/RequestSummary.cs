using Llama.Server.Generating;

namespace Llama.Server.Telemetry;

/// <summary>What the log says about a generation: counts, never text.</summary>
/// <param name="Model">The served model.</param>
/// <param name="Usage">Token counts.</param>
/// <param name="TimeToFirstToken">Time until the first token of any answer.</param>
/// <param name="Endings">Why each answer ended.</param>
internal sealed record RequestSummary(string Model, Usage Usage, TimeSpan? TimeToFirstToken, string Endings)
{
    public static RequestSummary Of(Answers answers) => new(
        answers.Checkpoint.Name,
        answers.Usage,
        answers.Streams.Min(stream => stream.TimeToFirstToken),
        string.Join(',', answers.Streams.Select(stream => stream.Finish?.ToString() ?? "Aborted")));
}
