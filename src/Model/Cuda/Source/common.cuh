// What all kernels share. No header of the CUDA toolkit is included anywhere: where this is compiled (NVRTC) there may be none. The same sources compile as C++ for the tests' emulator, which
// defines CUDA_EMULATOR and supplies what is marked "device only" here.
#pragma once

typedef unsigned char u8;
typedef signed char s8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

// Bits of a bfloat16: the upper half of a float32.
struct bf16 { u16 bits; };

// Bits of a float16 (IEEE 754, binary16).
struct f16 { u16 bits; };

#ifndef CUDA_EMULATOR
#undef INFINITY // which some compilers bring along
#define INFINITY __int_as_float(0x7f800000)
#define DYNAMIC_SHARED(type, name) extern __shared__ __align__(16) unsigned char name##_bytes[]; type* name = reinterpret_cast<type*>(name##_bytes)
#endif

#define WARP 32
#define FULL_WARP 0xffffffffu

__device__ __forceinline__ float to_float(float x) { return x; }
__device__ __forceinline__ float to_float(bf16 x) { return __uint_as_float((u32)x.bits << 16); }
__device__ __forceinline__ float to_float(f16 x)
{
#ifndef CUDA_EMULATOR
    float result;
    asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(x.bits));
    return result;
#else
    u32 sign = (u32)(x.bits & 0x8000) << 16, rest = (u32)(x.bits & 0x7fff) << 13;
    if (rest >= 0x7c00u << 13) return __uint_as_float(sign | rest | 0x7f800000u); // infinite, or no number
    return __uint_as_float(sign | __float_as_uint(__uint_as_float(rest) * 0x1p112f)); // the exponents' bases are 112 apart; below the normal ones too
#endif
}

// To the nearest, ties to even; a NaN stays one. One instruction on the device, and its arithmetic elsewhere.
__device__ __forceinline__ bf16 to_bf16(float x)
{
#ifndef CUDA_EMULATOR
    bf16 result;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(result.bits) : "f"(x));
#else
    u32 bits = __float_as_uint(x);
    u32 rounded = (bits + 0x7fffu + (bits >> 16 & 1)) >> 16;
    bf16 result = { (u16)(x != x ? bits >> 16 | 0x40 : rounded) };
#endif
    return result;
}

// The same, but what is beyond the largest, 65504, becomes that one.
__device__ __forceinline__ f16 to_f16(float x)
{
    if (x == x) x = fmaxf(-65504.0f, fminf(x, 65504.0f));
#ifndef CUDA_EMULATOR
    f16 result;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(result.bits) : "f"(x));
#else
    u32 sign = __float_as_uint(x) >> 16 & 0x8000, rest = __float_as_uint(x) & 0x7fffffffu;
    u32 rounded = rest < 113u << 23 ? (u32)rintf(fabsf(x) * 0x1p24f) : (rest + 0xfffu + (rest >> 13 & 1) - (112u << 23)) >> 13; // below 2^-14 in steps of 2^-24
    f16 result = { (u16)(sign | (x != x ? 0x7e00 : rounded)) };
#endif
    return result;
}

template <typename T> __device__ __forceinline__ T from_float(float x);
template <> __device__ __forceinline__ float from_float<float>(float x) { return x; }
template <> __device__ __forceinline__ bf16 from_float<bf16>(float x) { return to_bf16(x); }
template <> __device__ __forceinline__ f16 from_float<f16>(float x) { return to_f16(x); }

// Two neighbours, the first in the lower half.
__device__ __forceinline__ u32 pack_bf16(float low, float high)
{
#ifndef CUDA_EMULATOR
    u32 pair;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
    return pair;
#else
    return (u32)to_bf16(low).bits | (u32)to_bf16(high).bits << 16;
#endif
}
__device__ __forceinline__ float low_bf16(u32 pair) { return __uint_as_float(pair << 16); }
__device__ __forceinline__ float high_bf16(u32 pair) { return __uint_as_float(pair & 0xffff0000u); }

__device__ __forceinline__ float warp_sum(float x)
{
#pragma unroll
    for (int lane = WARP / 2; lane > 0; lane /= 2) x += __shfl_xor_sync(FULL_WARP, x, lane);
    return x;
}

__device__ __forceinline__ float warp_max(float x)
{
#pragma unroll
    for (int lane = WARP / 2; lane > 0; lane /= 2) x = fmaxf(x, __shfl_xor_sync(FULL_WARP, x, lane));
    return x;
}
