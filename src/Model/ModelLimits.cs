namespace Llama.Model;

/// <summary>What a loaded model can hold.</summary>
/// <param name="VocabSize">Number of token ids.</param>
/// <param name="ContextLength">Most tokens, prompt and output together, of one sequence.</param>
/// <param name="BlockSize">Tokens per block of the KV cache.</param>
/// <param name="BlockCount">Blocks in the pool.</param>
public sealed record ModelLimits(int VocabSize, int ContextLength, int BlockSize, int BlockCount)
{
    /// <summary>Elements of a hidden state, and so of an embedding.</summary>
    public int HiddenSize { get; init; }

    /// <summary>Most blocks one sequence can use.</summary>
    public int BlocksPerSequence => (ContextLength + BlockSize - 1) / BlockSize;
}
