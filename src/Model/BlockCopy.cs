namespace Llama.Model;

/// <summary>One block of the KV cache to be copied to another, over all layers.</summary>
/// <param name="Source">Block to read.</param>
/// <param name="Target">Block to overwrite.</param>
public readonly record struct BlockCopy(int Source, int Target);
