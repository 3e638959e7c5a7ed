namespace Llama.Model.Verification;

/// <summary>One comparison.</summary>
/// <param name="Check">What was compared.</param>
/// <param name="On">Over which shapes or model.</param>
/// <param name="Error">The worst difference relative to the largest value of the reference, or a count of what differs; NaN when it could not be found.</param>
/// <param name="Tolerance">The most that it may be.</param>
/// <param name="Note">Why it could not be found; null otherwise.</param>
public sealed record CheckResult(string Check, string On, double Error, double Tolerance, string? Note = null)
{
    /// <summary>Whether it is within the tolerance. What is no number is not.</summary>
    public bool Passed => Error <= Tolerance;

    /// <summary>Makes a comparison. Whatever it throws is a failure of that check alone.</summary>
    internal static CheckResult Of(string check, string on, double tolerance, Func<double> error)
    {
        try
        {
            return new CheckResult(check, on, error(), tolerance);
        }
        catch (Exception e) // of any kind: the checks behind this one say where else it fails
        {
            return new CheckResult(check, on, double.NaN, tolerance, $"{e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}");
        }
    }
}
