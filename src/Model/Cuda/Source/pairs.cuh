// Two neighbouring elements at once; every width of a Llama is even.
#pragma once
#include "common.cuh"

__device__ __forceinline__ float2 load_pair(const float* x) { return *reinterpret_cast<const float2*>(x); }

__device__ __forceinline__ float2 load_pair(const bf16* x)
{
    u32 pair = *reinterpret_cast<const u32*>(x);
    return make_float2(low_bf16(pair), high_bf16(pair));
}

__device__ __forceinline__ void store_pair(float* x, float2 pair) { *reinterpret_cast<float2*>(x) = pair; }
__device__ __forceinline__ void store_pair(bf16* x, float2 pair) { *reinterpret_cast<u32*>(x) = pack_bf16(pair.x, pair.y); }
