namespace Llama.Model.Offload;

/// <summary>What devices of the processor may take together, and what they have.</summary>
/// <param name="Limit">Bytes of all their limits.</param>
/// <param name="Sharers">How many devices there are.</param>
/// <param name="ResidentBytes">What the process has now.</param>
internal sealed record ProcessAccount(long Limit, int Sharers, Func<long> ResidentBytes)
{
    /// <summary>Bytes below the limit that are never planned to be used: what the process may grow by within a step.</summary>
    public long Reserve => Math.Max(8L << 20, Limit / 64);

    /// <summary>Bytes that one of the devices may take beyond what is taken now; below 0 when it is to give some back.</summary>
    public long Room => (Limit - Reserve - ResidentBytes()) / Sharers;
}
