// A row of the input as bfloat16.
//
// GROUP: inputs whose sums are wanted beside them, a power of two from 16 to 64; or 0.
#pragma once
#include "few_rows_block.cuh"

#define BANKS_BYTES 128         // of all banks of shared memory

__device__ __forceinline__ int sum_bytes(int inputs) { return GROUP == 0 ? 0 : ceiling(padded(inputs) / max(GROUP, 1) * 4, BANKS_BYTES) * BANKS_BYTES; }

// Neighbouring rows begin in different banks.
__device__ __forceinline__ int row_bytes(int inputs) { return padded(inputs) * 2 + BANKS_BYTES / 2 + sum_bytes(inputs); }

__device__ __forceinline__ float sum_of(u32 pair) { return low_bf16(pair) + high_bf16(pair); }

struct Row
{
    bf16* values;
    float* sums;                // of groups

    __device__ __forceinline__ Row(u8* shared, int inputs) : values(reinterpret_cast<bf16*>(shared)), sums(reinterpret_cast<float*>(shared + padded(inputs) * 2 + BANKS_BYTES / 2)) {}

    // What a thread has from input i on, and its neighbours behind it. Whole warps must come.
    __device__ __forceinline__ void put(uint4 eight, int i) const
    {
        *reinterpret_cast<uint4*>(values + i) = eight;
        put_sum<8>(sum_of(eight.x) + sum_of(eight.y) + sum_of(eight.z) + sum_of(eight.w), i);
    }

    __device__ __forceinline__ void put(float4 x, int i) const
    {
        uint2 four = make_uint2(pack_bf16(x.x, x.y), pack_bf16(x.z, x.w));
        *reinterpret_cast<uint2*>(values + i) = four;
        put_sum<4>(sum_of(four.x) + sum_of(four.y), i);
    }

    template <int COUNT> __device__ __forceinline__ void put_sum(float sum, int i) const
    {
        if (GROUP == 0) return;
        const int lanes = max(GROUP, 1) / COUNT;
#pragma unroll
        for (int lane = 1; lane < lanes; lane *= 2) sum += __shfl_xor_sync(FULL_WARP, sum, lane);
        if (threadIdx.x % lanes == 0) sums[i / max(GROUP, 1)] = sum;
    }
};
