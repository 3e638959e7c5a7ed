// Histograms and sums of a block, in integers.
#pragma once
#include "sampling.cuh"

#ifndef THREADS
#define THREADS 512 // of a block that has a row to itself; divides BINS
#endif
#define WARPS (THREADS / WARP)

// Adds in shared memory, whose 64-bit additions would be loops around an exchange. The lower half first; who makes it overflow carries.
__device__ __forceinline__ void add_shared(u64* target, u64 x)
{
    u32* halves = reinterpret_cast<u32*>(target);
    u32 lower = (u32)x, before = atomicAdd(&halves[0], lower), upper = (u32)(x >> 32) + (before + lower < before);
    if (upper != 0) atomicAdd(&halves[1], upper);
}

// Adds to a histogram in shared memory, once for neighbours that fall into the same bin: in a flat distribution nearly all do.
struct BinSums
{
    u64* bins;
    int bin;
    u64 sum;

    __device__ __forceinline__ void add(int next, u64 measure)
    {
        if (next != bin) flush();
        bin = next;
        sum += measure;
    }

    __device__ __forceinline__ void flush()
    {
        if (sum != 0) add_shared(&bins[bin], sum);
        sum = 0;
    }
};

// The place at which a running sum reaches a target, and what was left of the target there.
struct Place { int index; u64 left; };

__device__ __forceinline__ u64 warp_running_sum(u64 x)
{
#pragma unroll
    for (int distance = 1; distance < WARP; distance *= 2)
    {
        u64 other = __shfl_up_sync(FULL_WARP, x, distance);
        if (threadIdx.x % WARP >= distance) x += other;
    }
    return x;
}

// The sum of all threads' values, for all.
__device__ u64 block_sum(u64 x)
{
    __shared__ u64 sums[WARPS];
    x = warp_sum(x);
    if (threadIdx.x % WARP == 0) sums[threadIdx.x / WARP] = x;
    __syncthreads();
    u64 sum = 0;
#pragma unroll 2
    for (int i = 0; i < WARPS; i++) sum += sums[i];
    __syncthreads();
    return sum;
}

// Where the running sum of values[BINS], in shared memory, reaches the target, which is not 0; index -1 if it does not. All threads have written theirs and passed a barrier.
__device__ Place find_place(const u64* values, u64 target)
{
    const int each = BINS / THREADS;
    __shared__ u64 sums[WARPS];
    __shared__ Place place;
    int first = threadIdx.x * each;
    u64 own = 0;
    for (int i = 0; i < each; i++) own += values[first + i];
    u64 before = warp_running_sum(own);
    if (threadIdx.x % WARP == WARP - 1) sums[threadIdx.x / WARP] = before;
    if (threadIdx.x == 0) place.index = -1;
    __syncthreads();
    before -= own;
    for (int i = 0; i < threadIdx.x / WARP; i++) before += sums[i];
    if (before < target && target - before <= own)
    {
        while (target - before > values[first]) before += values[first++];
        place.index = first;
        place.left = target - before;
    }
    __syncthreads();
    Place found = place;
    __syncthreads();
    return found;
}
