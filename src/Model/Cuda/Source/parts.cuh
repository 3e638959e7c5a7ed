// A head of HEAD_DIM elements of T held by PARTS neighbouring lanes, in the widest loads that the lanes can share evenly: first 16 bytes per lane as often as they fit, then 8, 4 and 2.
// So neighbouring lanes read neighbouring bytes, and a lane holds other elements than a tile's layout says: sums over elements do not mind, and outputs go where `element` says.
#pragma once
#include "cache.cuh"
#include "overlap.cuh"

template <bool OVERLAPS, typename T> __device__ __forceinline__ T read(const T* global)
{
    if constexpr (OVERLAPS) return load_settled(global);
    return *global;
}

template <typename T, int PARTS> struct Parts
{
    static constexpr int BYTES = HEAD_DIM * (int)sizeof(T) / PARTS; // of a lane
    static constexpr int WORDS = (BYTES + 3) / 4;

    // Reads a lane's part of a head, of which nothing is written meanwhile. OVERLAPS: whether while kernels before this one may still run, past the first-level cache.
    template <bool OVERLAPS> static __device__ __forceinline__ void load(const T* head, int part, u32* words)
    {
        const char* from = reinterpret_cast<const char*>(head);
#pragma unroll
        for (int b = 0; b + 16 <= BYTES; b += 16)
        {
            uint4 x = read<OVERLAPS>(reinterpret_cast<const uint4*>(from + b * PARTS + part * 16));
            words[b / 4] = x.x;
            words[b / 4 + 1] = x.y;
            words[b / 4 + 2] = x.z;
            words[b / 4 + 3] = x.w;
        }
        constexpr int AT_8 = BYTES / 16 * 16, AT_4 = BYTES / 8 * 8, AT_2 = BYTES / 4 * 4;
        if constexpr (BYTES % 16 >= 8)
        {
            uint2 x = read<OVERLAPS>(reinterpret_cast<const uint2*>(from + AT_8 * PARTS + part * 8));
            words[AT_8 / 4] = x.x;
            words[AT_8 / 4 + 1] = x.y;
        }
        if constexpr (BYTES % 8 >= 4) words[AT_4 / 4] = read<OVERLAPS>(reinterpret_cast<const u32*>(from + AT_4 * PARTS + part * 4));
        if constexpr (BYTES % 4 >= 2) words[AT_2 / 4] = read<OVERLAPS>(reinterpret_cast<const u16*>(from + AT_2 * PARTS + part * 2));
    }

    // Which element of the head the lane has at place i.
    static __device__ __forceinline__ int element(int part, int i)
    {
        int b = i * (int)sizeof(T);
        int width = b < BYTES / 16 * 16 ? 16 : b < BYTES / 8 * 8 ? 8 : b < BYTES / 4 * 4 ? 4 : 2;
        int within = b % width, before = b - within;
        return (before * PARTS + part * width + within) / (int)sizeof(T);
    }
};

// Words of 16-bit pairs: a bfloat16's word is one already, of a word of four codes it is the lower or upper half, whose values bfloat16 has exactly.
template <typename T> __device__ __forceinline__ u32 pair_of(const u32* words, int i) { return words[i]; }

template <> __device__ __forceinline__ u32 pair_of<s8>(const u32* words, int i)
{
    u32 codes = words[i / 2] >> i % 2 * 16;
    float low = (float)(s8)codes, high = (float)(s8)(codes >> 8);
    return __byte_perm(__float_as_uint(low), __float_as_uint(high), 0x7632);
}
