// Which tokens of a row may be drawn: top-k, top-p, min-p, typical-p, as Sampler.Truncate has them on the host.
#pragma once
#include "candidates.cuh"

#define SLACK 1e-3f // in exponents: above what weight_of and its argument are rounded by

// The least mass that is this share of a whole, and not nothing: the best token is always kept.
__device__ __forceinline__ u64 share_of(float share, u64 mass)
{
    u64 target = (u64)ceil((double)share * (double)mass);
    return target == 0 ? 1 : target;
}

// What Candidates.KeepTypical does on the host. Surprises are summed as differences from that of the best token, which a weight bounds: w ln w ≥ −1/e.
__device__ __forceinline__ void keep_typical(const Candidates& candidates, float share)
{
    float best = __fmul_rn(candidates.max, candidates.scale);
    auto scaled = [&](int token) { return __fmul_rn(candidates.logits[token], candidates.scale); };
    auto mass = [&](int token) { return candidates.mass(token); };
    u64 whole = candidates.sum(mass);
    u64 surprise = candidates.sum([&](int token) { return (u64)((double)candidates.weight(token) * ((double)best - (double)scaled(token)) * (double)MASS_OF_ONE); });
    double mean = (double)best - (double)surprise / (double)whole;
    auto nearness = [&](int token) { return ranked(0x7fffffffu - __float_as_uint((float)fabs((double)scaled(token) - mean)), token); };
    candidates.keep_from(candidates.last_of_top(share_of(share, whole), nearness, mass), nearness);
}

// Each filter keeps the first so many of all tokens ordered by weight, as Sampler.Truncate says. The first histogram spares them all but the best tokens.
__device__ __forceinline__ void truncate(const Candidates& candidates, const SamplingRow& row, const u64* masses, const u64* histogram)
{
    auto weight = [&](int token) { return ranked(__float_as_uint(candidates.weight(token)), token); };
    auto mass = [&](int token) { return candidates.mass(token); };
    auto whole = [&]() { return row_mass(masses, candidates.stretches); };
    float least = row.least;
    if (is_bounded(row))
    {
        for (int i = threadIdx.x; i < BINS; i += THREADS) candidates.bins[i] = histogram[i];
        __syncthreads();
        Place place = find_place(candidates.bins, row.top_k > 0 ? (u64)row.top_k : share_of(row.top_p, whole()));
        if (place.index >= 0) least = fmaxf(least, -(float)(place.index + 1) / BINS_PER_E - SLACK);
    }
    candidates.fill(least);
    if (row.top_k > 0) candidates.keep_from(candidates.last_of_top(row.top_k, weight, [](int) { return (u64)1; }), weight);
    if (row.top_p < 1) candidates.keep_from(candidates.last_of_top(share_of(row.top_p, row.top_k > 0 ? candidates.sum(mass) : whole()), weight, mass), weight);
    if (row.min_p > 0) candidates.keep_from((u64)__float_as_uint(row.min_p) << ID_BITS, weight);
    if (row.typical_p < 1) keep_typical(candidates, row.typical_p);
}
