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

    /// <summary>Most tokens that one step takes: enough to keep the device's arithmetic busy with a prompt, not so many that running sequences wait for it long.</summary>
    public int BatchTokens { get; init; } = 512;

    /// <summary>Whether the runner begins a next step by itself where it may; its sequences then get the block of their next token a step early.</summary>
    public bool RunsAhead { get; init; }

    /// <summary>How many steps may have been begun and not be finished: more than one where the layers lie on several devices.</summary>
    public int StepsUnderWay { get; init; } = 1;

    /// <summary>From how many decoding sequences on they are spread over the steps under way; fewer go through all devices together, in one.</summary>
    public int SpreadFrom { get; init; } = 2;

    /// <summary>Most tokens in the cache at once.</summary>
    public long PoolTokens => (long)BlockCount * BlockSize;

    /// <summary>Most tokens of a prompt: the context, or the cache where that is smaller.</summary>
    public int LongestPrompt => (int)Math.Min(ContextLength, PoolTokens);

    /// <summary>Most tokens of prompt and output together. The last one drawn is never computed, so it needs no room in the cache.</summary>
    public int LongestSequence => (int)Math.Min(ContextLength, PoolTokens + 1);

    /// <summary>Whether a sequence can ever have this prompt and so many tokens behind it.</summary>
    public bool Hold(int promptLength, int maxTokens) => promptLength <= LongestPrompt && (long)promptLength + maxTokens <= LongestSequence;

    /// <summary>Most blocks one sequence can use.</summary>
    public int BlocksPerSequence => BlocksOf(ContextLength, BlockSize);

    /// <summary>Blocks that so many tokens take.</summary>
    public static int BlocksOf(int tokenCount, int blockSize) => (tokenCount + blockSize - 1) / blockSize;
}
