using System.Runtime.CompilerServices;

namespace Llama.Model.Kernels.Simd.Attention;

/// <summary>
/// Softmax in parts (Milakov and Gimelshein 2018). A row's state is what some of its context came to: [lanes] the largest score, [lanes] sums of weights,
/// and the mix of values (<see cref="SimdMix{TLanes, TCache}"/>), both relative to the largest score. States of consecutive parts are merged, and the last is divided by its sum.
/// </summary>
internal static unsafe class SimdSoftmax<TLanes> where TLanes : struct, ILanes<TLanes>
{
    /// <summary>Floats before the mix.</summary>
    public static int Head => 2 * TLanes.Count;

    /// <summary>Turns scores into weights and notes the largest score and the sums. No scores at all make a state that changes nothing.</summary>
    /// <param name="scores">[padded] a whole number of registers; those from <paramref name="count"/> on become 0.</param>
    [MethodImpl(Compiled.AtOnce)]
    public static void Weigh(float* scores, int count, int padded, float* state)
    {
        int whole = count - count % TLanes.Count, i = 0;
        TLanes peak = TLanes.All(float.NegativeInfinity), sum = TLanes.Zero;
        for (; i < whole; i += TLanes.Count) peak = TLanes.Max(peak, TLanes.Load(scores + i));
        float largest = TLanes.Max(peak);
        for (; i < count; i++) largest = MathF.Max(largest, scores[i]);
        peak = TLanes.All(largest);
        for (i = 0; i < whole; i += TLanes.Count)
        {
            TLanes weight = Lanes.Exp(TLanes.Load(scores + i) - peak);
            TLanes.Store(weight, scores + i);
            sum += weight;
        }
        if (whole < count) TLanes.Store(Lanes.Exp(TLanes.Load(scores + whole) - peak), scores + whole);
        for (i = count; i < padded; i++) scores[i] = 0;
        if (whole < count) sum += TLanes.Load(scores + whole);
        TLanes.Store(peak, state);
        TLanes.Store(sum, state + TLanes.Count);
    }

    /// <summary>Adds a later part's state to that of all before it.</summary>
    /// <param name="floats">Of a state.</param>
    [MethodImpl(Compiled.AtOnce)]
    public static void Merge(float* state, float* part, int floats)
    {
        TLanes before = TLanes.Load(state), after = TLanes.Load(part), peak = TLanes.Max(before, after);
        TLanes keep = Lanes.Exp(before - peak), add = Lanes.Exp(after - peak);
        TLanes.Store(peak, state);
        for (int i = TLanes.Count; i < floats; i += TLanes.Count) TLanes.Store(TLanes.MultiplyAdd(TLanes.Load(state + i), keep, TLanes.Load(part + i) * add), state + i);
    }

    /// <summary>The sum of all weights.</summary>
    public static float SumOf(float* state) => TLanes.Sum(TLanes.Load(state + TLanes.Count));
}
