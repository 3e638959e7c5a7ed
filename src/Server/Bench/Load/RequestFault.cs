namespace Llama.Server.Bench.Load;

/// <summary>Requests that went wrong in the same way.</summary>
/// <param name="Fault">How.</param>
/// <param name="IsRefusal">Whether the server asked to come again.</param>
/// <param name="Count">How many.</param>
/// <param name="Example">What the first was told.</param>
internal sealed record RequestFault(string Fault, bool IsRefusal, int Count, string? Example)
{
    /// <summary>Most frequent first.</summary>
    public static RequestFault[] Of(IEnumerable<RequestOutcome> outcomes) =>
    [
        .. from outcome in outcomes
           where outcome.Kind is OutcomeKind.Failed or OutcomeKind.Refused
           group outcome by (outcome.Fault, IsRefusal: outcome.Kind == OutcomeKind.Refused) into kind
           orderby kind.Count() descending, kind.Key.Fault
           select new RequestFault(kind.Key.Fault!, kind.Key.IsRefusal, kind.Count(), kind.First().Detail),
    ];
}
