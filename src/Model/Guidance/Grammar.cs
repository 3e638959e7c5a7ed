namespace Llama.Model.Guidance;

/// <summary>A set of texts that an output must be one of. Immutable and safe to share between threads.</summary>
public sealed partial class Grammar
{
    internal Grammar(Expression start) => Start = start;

    internal Expression Start { get; }
}
