// The tokens that truncation leaves of a row, for one block: what Candidates is on the host. A token is one bit, at the lane that has it (see sampling.cuh), so a warp walks over its stretch
// with one word per lane and no two threads touch one word.
#pragma once
#include "histogram.cuh"

#define DIGIT 10 // bits of a key that one histogram tells apart
#define KEY_BITS (5 * DIGIT)
#define ID_BITS 19

// Keys order the tokens of a row without equals: 31 bits that say how good, then the complement of the id.
__device__ __forceinline__ u64 ranked(u32 goodness, int token) { return (u64)goodness << ID_BITS | ((1 << ID_BITS) - 1 - token); }

struct Candidates
{
    const float* logits; // [vocab]
    float max, scale;
    int vocab, stretches;
    u32* kept;           // shared [stretches, WARP]
    u64* bins;           // shared [BINS]

    __device__ __forceinline__ float weight(float logit) const { return weight_of(exponent_of(logit, max, scale)); }

    __device__ __forceinline__ float weight(int token) const { return weight(logits[token]); }

    __device__ __forceinline__ u64 mass(int token) const { return mass_of(weight(token)); }

    template <typename Action> __device__ __forceinline__ void each_in(int stretch, Action action) const
    {
        int first = stretch * STRETCH + threadIdx.x % WARP;
#pragma unroll 1
        for (u32 left = kept[stretch * WARP + threadIdx.x % WARP]; left != 0; left &= left - 1) action(first + (__ffs(left) - 1) * WARP);
    }

    template <typename Action> __device__ __forceinline__ void each(Action action) const
    {
#pragma unroll 1
        for (int stretch = threadIdx.x / WARP; stretch < stretches; stretch += WARPS) each_in(stretch, action);
    }

    template <typename Measure> __device__ __forceinline__ u64 sum(Measure measure) const
    {
        u64 total = 0;
        each([&](int token) { total += measure(token); });
        return block_sum(total);
    }

    __device__ __forceinline__ void clear_bins() const
    {
        for (int i = threadIdx.x; i < BINS; i += THREADS) bins[i] = 0;
        __syncthreads();
    }

    // bins[stretch] = the mass of what is left of it. A barrier is due before and after.
    __device__ __forceinline__ void sum_stretches() const
    {
        clear_bins();
        for (int stretch = threadIdx.x / WARP; stretch < stretches; stretch += WARPS)
        {
            u64 sum = 0;
            each_in(stretch, [&](int token) { sum += mass(token); });
            sum = warp_sum(sum);
            if (threadIdx.x % WARP == 0) bins[stretch] = sum;
        }
    }

    // Keeps all tokens, whose masses by stretch are known. A barrier is due after it.
    __device__ __forceinline__ void take_all(const u64* masses) const
    {
        for (int i = threadIdx.x; i < BINS; i += THREADS) bins[i] = i < stretches ? masses[i] : 0;
        for (int i = threadIdx.x; i < stretches * WARP; i += THREADS) kept[i] = FULL_WARP;
    }

    // Starts with all tokens whose exponent is at least this.
    __device__ __forceinline__ void fill(float least) const
    {
        for (int stretch = threadIdx.x / WARP; stretch < stretches; stretch += WARPS)
        {
            u32 word = 0;
            each_logit<8>(logits, vocab, stretch, [&](int i, int, float logit) { word |= (u32)(exponent_of(logit, max, scale) >= least) << i; });
            kept[stretch * WARP + threadIdx.x % WARP] = word;
        }
    }

    template <typename Key> __device__ __forceinline__ void keep_from(u64 least, Key key) const
    {
        each([&](int token) { if (key(token) < least) kept[token / STRETCH * WARP + token % WARP] &= ~(1u << token % STRETCH / WARP); });
    }

    // The smallest of the fewest largest keys whose measures reach the target; 0 if all together do not. Digit by digit from the top: the first bin, from the largest digit down, at which
    // the running sum reaches the target holds the key that is sought.
    template <typename Key, typename Measure> __device__ __forceinline__ u64 last_of_top(u64 target, Key key, Measure measure) const
    {
        u64 prefix = 0;
        for (int shift = KEY_BITS - DIGIT; shift >= 0; shift -= DIGIT)
        {
            clear_bins();
            BinSums sums = { bins, 0, 0 };
            each([&](int token)
            {
                u64 digits = key(token) >> shift;
                if (digits >> DIGIT == prefix) sums.add(BINS - 1 - (int)(digits % BINS), measure(token));
            });
            sums.flush();
            __syncthreads();
            Place place = find_place(bins, target);
            if (place.index < 0) return 0;
            prefix = prefix << DIGIT | (BINS - 1 - place.index);
            target = place.left;
        }
        return prefix;
    }
};
