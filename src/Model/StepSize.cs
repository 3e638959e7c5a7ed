using System.Globalization;

namespace Llama.Model;

/// <summary>What the intermediates of a model must hold.</summary>
/// <param name="Tokens">Most token rows of a step.</param>
/// <param name="Samples">Most rows whose logits are wanted at once.</param>
/// <param name="ContextLength">Most tokens of one sequence.</param>
/// <param name="BlockSize">Tokens per block of the cache.</param>
internal readonly record struct StepSize(int Tokens, int Samples, int ContextLength, int BlockSize)
{
    /// <summary>Most blocks of one sequence.</summary>
    public int BlocksPerSequence => ModelLimits.BlocksOf(ContextLength, BlockSize);

    /// <summary>That of the largest step which the settings allow.</summary>
    /// <exception cref="ArgumentException">They do not go together, or not with the model.</exception>
    public static StepSize Of(ModelOptions options, LlamaConfig config, int tokens)
    {
        StepSize size = new(tokens, options.MaxSequences, ModelRunner.ContextLengthOf(options, config), options.BlockSize);
        long entries = (long)size.Samples * size.BlocksPerSequence;
        return entries <= Array.MaxLength ? size : throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
            $"Scheduler:MaxSequences={size.Samples}, Model:ContextLength={size.ContextLength} and Model:BlockSize={size.BlockSize} make {entries:N0} entries of block tables, "
            + $"and {Array.MaxLength:N0} are the most. Lower one of the first two, or raise Model:BlockSize."));
    }
}
