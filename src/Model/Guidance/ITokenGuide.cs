namespace Llama.Model.Guidance;

/// <summary>
/// Where one sequence stands in what its output must look like: which tokens may come next. Created by the caller, then used by the engine's thread alone;
/// it advances with every token that the sequence takes on and is not touched by preemption.
/// </summary>
public interface ITokenGuide
{
    /// <summary>Whether the output is whole and nothing may follow, so that the sequence ends without drawing an end token.</summary>
    bool IsComplete { get; }

    /// <summary>Whether the output may end here: the sequence's stop tokens may be drawn beside <see cref="Allowed"/>.</summary>
    bool MayEnd { get; }

    /// <summary>Bit <c>t % 64</c> of word <c>t / 64</c> tells whether token <c>t</c> may come next; [⌈vocab / 64⌉], good until the next <see cref="Accept"/>.</summary>
    ReadOnlySpan<ulong> Allowed { get; }

    /// <summary>Gives the next token where the output's text is forced, so that the model need not be asked; does not advance.</summary>
    bool TryForce(out int token);

    /// <summary>Advances over a token that was allowed.</summary>
    void Accept(int token);
}
