// Weights as the tensor cores take them, and how codes lie in device memory. With g = lane / 4 and t = lane % 4, 16 outputs and 16 inputs of weights are a fragment (`a` of tensor_core.cuh).
//
// A sum does not mind the order of its inputs, so long as weights and activations agree on it. Of 32 inputs lane t takes 8t to 8t+7, the first four for one fragment and the last four for a
// second: just what it has of the activations when it reads 16 bytes of a row. Where groups are of 16 inputs, a fragment must not reach over two of them: the first holds inputs 4t to 4t+3 and
// the second 16+4t to 16+4t+3.
//
// Codes are packed [tiles of 16 outputs][units][lanes] of 16 bytes, each of which is that lane's part of all fragments of a unit: 32 inputs of 8 bits or 64 of 4 bits. Their scales, and behind
// them the minima, are [tiles][groups][16] of scale_t: float32, or float16 where there are no minima. A weight is scale · (code − middle) − minimum, the middle being 128 or 8. Padding has
// scale and minimum 0.
//
// BITS: of a code, 8 or 4, or 16 for weights in bfloat16, row by row as in their file. MINIMA: whether there are any. GRAIN: inputs whose sum
// is scaled, 16, 32 or 64: no more than a group has. Of bfloat16: 32.
#pragma once
#include "tensor_core.cuh"

#define UNIT (BITS == 4 ? 64 : 32)       // inputs of 16 bytes of each lane
#define FRAGMENTS (UNIT / 16)            // of a unit
#define ONE_BF16X2 0x3f803f80u

#if MINIMA
typedef float scale_t;
#else
typedef f16 scale_t;                     // as exact as codes need it, for a few percent fewer bytes
#endif
#define LANE_SCALES (16 / (int)sizeof(scale_t)) // of 16 bytes

#ifdef CUDA_EMULATOR
__device__ __forceinline__ u32 add_bf16x2(u32 a, u32 b) { return pack_bf16(low_bf16(a) + low_bf16(b), high_bf16(a) + high_bf16(b)); }
__device__ __forceinline__ u32 and_or(u32 x, u32 mask, u32 bits) { return (x & mask) | bits; }
__device__ __forceinline__ u32 and_xor(u32 x, u32 mask, u32 bits) { return (x & mask) ^ bits; }
#else
// Both halves; here always exact. There is no addition before sm_90, so it is a · 1 + b.
__device__ __forceinline__ u32 add_bf16x2(u32 a, u32 b)
{
    u32 d;
    asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(ONE_BF16X2), "r"(b));
    return d;
}

// One instruction: with two constants the compiler would make two of it.
__device__ __forceinline__ u32 and_or(u32 x, u32 mask, u32 bits)
{
    u32 d;
    asm("lop3.b32 %0, %1, %2, %3, 0xea;" : "=r"(d) : "r"(x), "r"(mask), "r"(bits));
    return d;
}

__device__ __forceinline__ u32 and_xor(u32 x, u32 mask, u32 bits)
{
    u32 d;
    asm("lop3.b32 %0, %1, %2, %3, 0x6a;" : "=r"(d) : "r"(x), "r"(mask), "r"(bits));
    return d;
}
#endif

// Two codes of 4 bits, at bits 0 and 16, less 8: 128 + code has the code as its last bits.
__device__ __forceinline__ u32 widen_nibbles(u32 codes) { return add_bf16x2(and_or(codes, 0x000f000fu, 0x43004300u), 0xc308c308u); }

// The same without the subtraction.
__device__ __forceinline__ u32 widen_nibbles_raised(u32 codes) { return and_or(codes, 0x000f000fu, 0x43004300u); }

// Two codes of 8 bits, at bits 0 and 16, less 128: 128 + the lower 7 bits, less 256, or less 128 where the eighth is set.
__device__ __forceinline__ u32 widen_bytes(u32 codes) { return add_bf16x2(and_or(codes, 0x007f007fu, 0x43004300u), and_xor(codes, 0x00800080u, 0xc380c380u)); }

__device__ __forceinline__ u32 word_of(uint4 words, int i) { return i == 0 ? words.x : i == 1 ? words.y : i == 2 ? words.z : words.w; }

#if BITS == 4
// Nibble i is the lower half of a[i], nibble i + 4 its upper half.
__device__ __forceinline__ void widen_fragment(uint4 unit, int fragment, u32 (&a)[4])
{
    u32 word = word_of(unit, fragment);
#pragma unroll
    for (int i = 0; i < 4; i++) a[i] = widen_nibbles(word >> (4 * i));
}

// The same, each raised by RAISE, which costs less. They are exact.
#define RAISE 136.0f
__device__ __forceinline__ void widen_raised(uint4 unit, int fragment, u32 (&a)[4])
{
    u32 word = word_of(unit, fragment);
#pragma unroll
    for (int i = 0; i < 4; i++) a[i] = widen_nibbles_raised(word >> (4 * i));
}

#elif BITS == 8
// Bytes 0 and 2 of a word are a[0], bytes 1 and 3 a[1]; of the next, a[2] and a[3].
__device__ __forceinline__ void widen_fragment(uint4 unit, int fragment, u32 (&a)[4])
{
#pragma unroll
    for (int i = 0; i < 4; i++) a[i] = widen_bytes(word_of(unit, 2 * fragment + i / 2) >> (i % 2 * 8));
}

#define RAISE 0.0f
__device__ __forceinline__ void widen_raised(uint4 unit, int fragment, u32 (&a)[4]) { widen_fragment(unit, fragment, a); }
#endif

// Within a unit: the first of the two neighbouring inputs that a[i] of a fragment holds. Its output is g, or g + 8 where i is odd.
__device__ __forceinline__ int input_of(int lane, int fragment, int i)
{
    int t = lane % 4, j = fragment % 2;
    return fragment / 2 * 32 + (GRAIN == 16 ? 16 * j + 4 * t : 8 * t + 4 * j) + i / 2 * 2;
}
