namespace Llama.Model.Sampling;

/// <summary>
/// Random numbers without state: a draw is a function of the sequence's seed and the token's position, so it is the same whatever shares the batch, after
/// preemption, and on every device.
/// </summary>
internal static class CounterRandom
{
    private const ulong Golden = 0x9e3779b97f4a7c15; // 2⁶⁴ / φ, the increment of splitmix64

    /// <summary>Uniform in [0, 1), with 53 random bits.</summary>
    public static double Uniform(ulong seed, int position) => Bits(seed, position) * (1.0 / (1UL << 53));

    /// <summary>The 53 bits of <see cref="Uniform"/>.</summary>
    public static ulong Bits(ulong seed, int position) => Mix(Mix(seed) + (ulong)position * Golden) >> 11;

    // splitmix64 (Steele, Lea & Flood 2014). The seed is mixed too: neighbouring seeds must not be the same stream a step apart.
    private static ulong Mix(ulong z)
    {
        z += Golden;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
    }
}
