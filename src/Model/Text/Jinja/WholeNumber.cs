namespace Llama.Model.Text.Jinja;

/// <summary>
/// An integer beyond 64 bits, only to be written again as it came: to compute with it would take time that grows with the square of its length, and requests have any.
/// </summary>
/// <param name="Digits">As JSON spells it, which is as Python does too.</param>
internal sealed record WholeNumber(string Digits);
