// What the sampling kernels share: the parameters of a row, the order of tokens, and their weights.
//
// A row of logits is cut into stretches of 1,024 tokens, one for a warp: lane l has the tokens 32 i + l of it, i = 0 … 31. Masses are integers, so that a sum does not depend on the order in
// which it is made: how many blocks or threads share a row, and what else is in the batch, cannot change a draw.
#pragma once
#include "common.cuh"

#define STRETCH 1024
#define STEPS (STRETCH / WARP)
#define BINS 1024           // of a histogram; also the most stretches of a row
#define BINS_PER_E 8        // bins of the first histogram for each factor e of weight
#define LEAST_EXPONENT -87.0f // what weighs less weighs nothing
#define MASS_OF_ONE 17592186044416.0f // 2⁴⁴ for weight 1: 2¹⁹ tokens do not overflow, and weights from 2⁻²¹ on are exact

#define ROW_ACTIVE 1
#define ROW_GREEDY 2
#define ROW_LOGPROBS 4

// One row to draw from or to score: CudaSamplingRow in C#. Lists are places in an array of int32 that all rows share.
struct SamplingRow
{
    u64 random;         // 53 random bits
    u32 flags;
    float scale;        // 1 / temperature
    float top_p, min_p, typical_p;
    float least;        // no token is kept whose exponent is below this: ln min_p, with room for rounding
    int top_k;
    int mask;           // which bitset of allowed tokens; -1 for none
    int token;          // to be scored; -1 for none
    int top_count;      // alternatives wanted
    int biases, bias_count; // ids, then as many float32
    int bans, ban_count;
    int history, history_length, prompt_length;
    float presence, frequency, repetition;
};

// What comes of a row: CudaSampledRow in C#, in memory of the host.
struct SampledRow
{
    int token;
    int rank;
    int top_count;
    float logprob;
    float max;          // largest logit; what is no finite number says why nothing was drawn
};

__device__ __forceinline__ bool is_finite(float x) { return (__float_as_uint(x) & 0x7f800000u) != 0x7f800000u; }

// Raw logits are read for the rows that want log-probabilities, before anything is edited.
__device__ __forceinline__ bool is_wanted(const SamplingRow& row, int raw) { return (row.flags & ROW_ACTIVE) && (!raw || (row.flags & ROW_LOGPROBS)); }

__device__ __forceinline__ bool is_bounded(const SamplingRow& row) { return row.top_k > 0 || row.top_p < 1; }

__device__ __forceinline__ bool is_truncated(const SamplingRow& row) { return is_bounded(row) || row.min_p > 0 || row.typical_p < 1; }

// A larger key is a larger logit, or of two equal ones (the two zeros are) that with the lower id. A NaN is above all.
__device__ __forceinline__ u64 key_of(float logit, int token)
{
    u32 bits = logit == 0 ? 0 : __float_as_uint(logit);
    u32 ordered = logit != logit ? 0xffffffffu : bits >> 31 ? ~bits : bits | 0x80000000u;
    return (u64)ordered << 32 | ~(u32)token;
}

__device__ __forceinline__ int key_token(u64 key) { return (int)~(u32)key; }

__device__ __forceinline__ float key_logit(u64 key)
{
    u32 ordered = (u32)(key >> 32);
    return __uint_as_float(ordered >> 31 ? ordered & 0x7fffffffu : ~ordered);
}

// What the weight is the exponential of.
__device__ __forceinline__ float exponent_of(float logit, float max, float scale) { return __fmul_rn(__fsub_rn(logit, max), scale); }

// eˣ for x ≤ 0, operation by operation as LogitRow.Exp has it on the host (an …_rn is never contracted to a fused one): both have the same bits.
__device__ __forceinline__ float weight_of(float x)
{
    float clamped = fmaxf(x, LEAST_EXPONENT);
    float n = floorf(__fadd_rn(__fmul_rn(clamped, 1.44269504f), 0.5f));
    float r = __fadd_rn(__fsub_rn(clamped, __fmul_rn(n, 0.693359375f)), __fmul_rn(n, 2.12194440e-4f));
    float y = __fadd_rn(__fmul_rn(1.9875691500e-4f, r), 1.3981999507e-3f);
    y = __fadd_rn(__fmul_rn(y, r), 8.3334519073e-3f);
    y = __fadd_rn(__fmul_rn(y, r), 4.1665795894e-2f);
    y = __fadd_rn(__fmul_rn(y, r), 1.6666665459e-1f);
    y = __fadd_rn(__fmul_rn(y, r), 5.0000001201e-1f);
    y = __fadd_rn(__fadd_rn(__fmul_rn(__fmul_rn(y, r), r), r), 1.0f);
    return x < LEAST_EXPONENT ? 0.0f : __fmul_rn(y, __uint_as_float((u32)((int)n + 127) << 23));
}

__device__ __forceinline__ u64 mass_of(float weight) { return (u64)(weight * MASS_OF_ONE); }

__device__ __forceinline__ u64 warp_max(u64 x)
{
#pragma unroll
    for (int lane = WARP / 2; lane > 0; lane /= 2)
    {
        u64 other = __shfl_xor_sync(FULL_WARP, x, lane);
        x = other > x ? other : x;
    }
    return x;
}

__device__ __forceinline__ u64 warp_sum(u64 x)
{
#pragma unroll
    for (int lane = WARP / 2; lane > 0; lane /= 2) x += __shfl_xor_sync(FULL_WARP, x, lane);
    return x;
}

// The largest key of a row, by each warp for itself.
__device__ __forceinline__ u64 row_best(const u64* best, int stretches)
{
    u64 key = 0;
#pragma unroll 2
    for (int i = threadIdx.x % WARP; i < stretches; i += WARP) key = best[i] > key ? best[i] : key;
    return warp_max(key);
}

// The mass of a row, by each warp for itself.
__device__ __forceinline__ u64 row_mass(const u64* masses, int stretches)
{
    u64 mass = 0;
#pragma unroll 2
    for (int i = threadIdx.x % WARP; i < stretches; i += WARP) mass += masses[i];
    return warp_sum(mass);
}

// Calls action(i, token, logit) for the tokens of a lane in its warp's stretch; beyond the vocabulary the logit is −∞. Loads run ahead of what is done with them.
template <int ahead = 16, typename Action> __device__ __forceinline__ void each_logit(const float* logits, int vocab, int stretch, Action action)
{
    int first = stretch * STRETCH + threadIdx.x % WARP;
    for (int i = 0; i < STEPS; i += ahead)
    {
        float loaded[ahead];
#pragma unroll
        for (int j = 0; j < ahead; j++) loaded[j] = logits[min(first + (i + j) * WARP, vocab - 1)]; // without a condition, which would hold up the next load
#pragma unroll
        for (int j = 0; j < ahead; j++)
        {
            int token = first + (i + j) * WARP;
            action(i + j, token, token < vocab ? loaded[j] : -INFINITY);
        }
    }
}
