using System.Globalization;
using static Llama.Model.Offload.MemorySize;

namespace Llama.Model;

/// <summary>How many blocks the KV cache gets, and why.</summary>
/// <param name="BlockCount">Blocks in the pool.</param>
/// <param name="Reason">How that was derived, for the start-up lines.</param>
internal sealed record KvPoolSize(int BlockCount, string Reason)
{
    /// <summary>As many blocks as are set, or else as all sequences at full length could use.</summary>
    /// <param name="options">Limits.</param>
    /// <param name="contextLength">Tokens of a full sequence.</param>
    public static KvPoolSize Most(ModelOptions options, int contextLength)
    {
        if (options.BlockCount is int set) return new KvPoolSize(set, "as set by Model:BlockCount");
        long useful = (long)ModelLimits.BlocksOf(contextLength, options.BlockSize) * options.MaxSequences;
        return new KvPoolSize((int)Math.Min(useful, int.MaxValue / options.BlockSize), string.Create(CultureInfo.InvariantCulture, $"enough for {options.MaxSequences:N0} sequences of {contextLength:N0} tokens"));
    }

    /// <summary>Derives the pool from free memory: as many blocks as fit its share, but no more than are of use.</summary>
    /// <param name="options">Limits and shares.</param>
    /// <param name="contextLength">Tokens of a full sequence.</param>
    /// <param name="bytesPerBlock">Bytes of one block over all layers.</param>
    /// <param name="freeBytes">Free memory once the weights are loaded.</param>
    /// <param name="defaultUtilization">Share of it when the setting is empty.</param>
    /// <exception cref="InsufficientMemoryException">Not even one full sequence fits.</exception>
    public static KvPoolSize Derive(ModelOptions options, int contextLength, long bytesPerBlock, long freeBytes, double defaultUtilization)
    {
        KvPoolSize most = Most(options, contextLength);
        if (options.BlockCount is not null) return most;
        freeBytes = Math.Max(0, freeBytes); // less than none where weights that are still to be packed take more
        int perSequence = ModelLimits.BlocksOf(contextLength, options.BlockSize);
        double utilization = options.MemoryUtilization ?? defaultUtilization;
        string share = string.Create(CultureInfo.InvariantCulture, $"{utilization:P0} of {Mebibytes(freeBytes)} free");
        long fitting = (long)(freeBytes * utilization / bytesPerBlock);
        if (fitting < perSequence)
            throw new InsufficientMemoryException(string.Create(CultureInfo.InvariantCulture, $"A sequence of {contextLength:N0} tokens needs {Mebibytes(perSequence * bytesPerBlock)} of KV cache, but {utilization:P0} of the "
                + $"{Mebibytes(freeBytes)} free are {Mebibytes((long)(freeBytes * utilization))}. Lower Model:ContextLength, raise Model:MemoryUtilization or free memory."));
        return fitting < most.BlockCount ? new KvPoolSize((int)fitting, share) : most with { Reason = $"{most.Reason}, within {share}" };
    }
}
