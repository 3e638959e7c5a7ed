namespace Llama.Model;

/// <summary>What the intermediates of a model must hold.</summary>
/// <param name="Tokens">Most token rows of a step.</param>
/// <param name="Samples">Most rows whose logits are wanted at once.</param>
/// <param name="ContextLength">Most tokens of one sequence.</param>
/// <param name="BlockSize">Tokens per block of the cache.</param>
internal readonly record struct StepSize(int Tokens, int Samples, int ContextLength, int BlockSize)
{
    /// <summary>Most blocks of one sequence.</summary>
    public int BlocksPerSequence => (ContextLength + BlockSize - 1) / BlockSize;
}
