namespace Llama.Model;

/// <summary>How many blocks the KV cache gets, and why.</summary>
/// <param name="BlockCount">Blocks in the pool.</param>
/// <param name="Reason">How that was derived, for the start-up lines.</param>
internal sealed record KvPoolSize(int BlockCount, string Reason)
{
    /// <summary>Derives the pool from free memory: as many blocks as fit its share, but no more than all sequences at full length could use.</summary>
    /// <param name="options">Limits and shares.</param>
    /// <param name="contextLength">Tokens of a full sequence.</param>
    /// <param name="bytesPerBlock">Bytes of one block over all layers.</param>
    /// <param name="freeBytes">Free memory once the weights are loaded.</param>
    /// <param name="defaultUtilization">Share of it when the setting is empty.</param>
    /// <exception cref="InsufficientMemoryException">Not even one full sequence fits.</exception>
    public static KvPoolSize Derive(ModelOptions options, int contextLength, long bytesPerBlock, long freeBytes, double defaultUtilization)
    {
        if (options.BlockCount is int set) return new KvPoolSize(set, "as set by Model:BlockCount");
        freeBytes = Math.Max(0, freeBytes); // less than none where the process has taken more than its limit leaves
        int perSequence = (contextLength + options.BlockSize - 1) / options.BlockSize;
        long useful = (long)perSequence * options.MaxSequences;
        double utilization = options.MemoryUtilization ?? defaultUtilization;
        long fitting = (long)(freeBytes * utilization / bytesPerBlock);
        long count = Math.Min(Math.Min(useful, fitting), int.MaxValue / options.BlockSize);
        if (count < perSequence)
            throw new InsufficientMemoryException($"A sequence of {contextLength:N0} tokens needs {perSequence * bytesPerBlock >> 20:N0} MiB of KV cache, but {utilization:P0} of the "
                + $"{freeBytes >> 20:N0} MiB free are {(long)(freeBytes * utilization) >> 20:N0} MiB. Lower Model:ContextLength, raise Model:MemoryUtilization or free memory.");
        return new KvPoolSize((int)count, count == useful
            ? $"enough for {options.MaxSequences:N0} sequences of {contextLength:N0} tokens, within {utilization:P0} of {freeBytes >> 20:N0} MiB free"
            : $"{utilization:P0} of {freeBytes >> 20:N0} MiB free");
    }
}
