namespace Llama.Model.Guidance.RegularExpressions;

/// <summary><c>^</c> or <c>$</c> as it was read; <see cref="AnchorPlacement"/> takes them all away.</summary>
internal sealed record Anchor(bool IsStart, int Position) : Expression;
