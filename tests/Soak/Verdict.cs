namespace Llama.Soak;

/// <summary>One thing that must hold, and whether it does.</summary>
/// <param name="IsGood">Whether.</param>
/// <param name="What">What, with its figures.</param>
internal sealed record Verdict(bool IsGood, string What)
{
    public override string ToString() => $"{(IsGood ? "PASS" : "FAIL")} {What}";
}
