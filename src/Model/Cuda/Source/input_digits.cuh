// A row of the input as whole numbers in digits of 8 bits, which integer tensor cores multiply with codes as they are: those need not be widened, which costs more than multiplying.
//
// Of the inputs that a warp has at once, one SPAN in float32 and two in bfloat16, the largest has 22 bits and its sign; no other is off by more than half of its last bit. Of bfloat16 nothing is lost but of what
// is below 2^-14 of the largest; float32 that is normalised would lose far more if it were rounded to bfloat16. Where the largest is below 2^-105, the last bit is 2^-126.
//
// Three planes of signed digits, the highest first: x = (65536 · high + 256 · middle + low) · span. In the order in which a lane's codes have their inputs, so that what a lane reads of a unit lies
// together.
//
// BITS, GRAIN: codes.cuh, without minima and GRAIN at least 32.
#pragma once
#include "codes.cuh"
#include "few_rows_block.cuh"

#define PLANES 3
#define SPAN 128                // inputs of one scale
#define SPAN_BITS 21            // a span's largest is from 2^21 to 2^22
#define START_BYTES 32          // of a group
#define MIDDLE (BITS == 4 ? 8 : 128)    // that codes are raised by; those of outputs 8 to 15 of a tile, 4 bits further up in their byte, by 128 as well

// 1.5 · 2^23, whose last bit is 1: for whole n from -2^22 to 2^22 the bits of WHOLE + n are WHOLE_BITS + n. Sums of a group, at most 64 · 128 · 128 = 2^20, begin with these bits and are then read as floats.
#define WHOLE 12582912.0f
#define WHOLE_BITS 0x4b400000

// Neighbouring planes begin in different banks.
__device__ __forceinline__ int plane_bytes(int inputs) { return padded(inputs) + UNIT; }
__device__ __forceinline__ int starts_at(int inputs) { return PLANES * plane_bytes(inputs); }
__device__ __forceinline__ int spans_at(int inputs) { return starts_at(inputs) + padded(inputs) / GRAIN * START_BYTES; }
__device__ __forceinline__ int row_bytes(int inputs) { return spans_at(inputs) + padded(inputs) / SPAN * 4; }

struct Row
{
    u8* planes;
    int stride;                 // of planes
    int4* starts;               // [groups, 2]: what d of tensor_core.cuh begins with, of digits high and middle, and of low twice: WHOLE less what a group's codes are raised by, times its digits
    float* spans;

    __device__ __forceinline__ Row(u8* shared, int inputs) : planes(shared), stride(plane_bytes(inputs)), starts(reinterpret_cast<int4*>(shared + starts_at(inputs))), spans(reinterpret_cast<float*>(shared + spans_at(inputs))) {}

    // What a thread has from input i on, and its neighbours behind it. Whole warps must come.
    __device__ __forceinline__ void put(uint4 x, int i) const
    {
        const float eight[8] = { low_bf16(x.x), high_bf16(x.x), low_bf16(x.y), high_bf16(x.y), low_bf16(x.z), high_bf16(x.z), low_bf16(x.w), high_bf16(x.w) };
        put(eight, i);
    }

    __device__ __forceinline__ void put(float4 x, int i) const
    {
        const float four[4] = { x.x, x.y, x.z, x.w };
        put(four, i);
    }

    template <int COUNT> __device__ __forceinline__ void put(const float (&x)[COUNT], int i) const
    {
        const float scale = put_span<COUNT>(x, i);
        int sums[PLANES] = {};
#pragma unroll
        for (int four = 0; four < COUNT; four += 4)
        {
            u32 digits[PLANES];
            split(x + four, scale, digits);
#pragma unroll
            for (int plane = 0; plane < PLANES; plane++)
            {
                *reinterpret_cast<u32*>(planes + plane * stride + place_of(i + four)) = digits[plane];
                sums[plane] = add_bytes(sums[plane], digits[plane]);
            }
        }
        put_start<COUNT>(sums, i);
    }

private:
    // Where four inputs lie in a plane.
    static __device__ __forceinline__ int place_of(int i)
    {
        if (BITS == 8) return i;
        return i / 64 * 64 + i % 32 / 8 * 16 + i % 64 / 32 * 8 + i % 8;
    }

    // Of the warp's inputs, COUNT from each lane: what they are multiplied with to be whole. What is infinite or no number makes its spans none.
    template <int COUNT> __device__ __forceinline__ float put_span(const float* x, int i) const
    {
        u32 most = 0;
#pragma unroll
        for (int k = 0; k < COUNT; k++) most = max(most, __float_as_uint(x[k]) & 0x7fffffffu); // not fabsf, which may make another of what is no number, with any sign
        const u32 exponent = max(__reduce_max_sync(FULL_WARP, most) >> 23, (u32)SPAN_BITS + 1); // biased by 127
        if (i % SPAN < COUNT) spans[i / SPAN] = __uint_as_float(exponent == 255 ? 0x7fc00000u : (exponent - SPAN_BITS) << 23);
        return __uint_as_float((2 * 127 + SPAN_BITS - min(exponent, 254u)) << 23);
    }

    // Digits from -128 to 127: those of the number raised by 128 in each of them, lowered again.
    static __device__ __forceinline__ void split(const float* x, float scale, u32 (&digits)[PLANES])
    {
        const int second = BITS == 4 ? 2 : 1; // codes of 4 bits lie in pairs
        u32 a = whole(x[0], scale), b = whole(x[second], scale), c = whole(x[3 - second], scale), d = whole(x[3], scale);
        u32 ab = __byte_perm(a, b, 0x5140), cd = __byte_perm(c, d, 0x5140);
        digits[2] = __byte_perm(ab, cd, 0x5410) ^ 0x80808080u;
        digits[1] = __byte_perm(ab, cd, 0x7632) ^ 0x80808080u;
        digits[0] = __byte_perm(__byte_perm(a, b, 0x0062), __byte_perm(c, d, 0x0062), 0x5410) ^ 0x80808080u;
    }

    // The nearest whole number, raised by 128 in each digit.
    static __device__ __forceinline__ u32 whole(float x, float scale) { return __float_as_uint(fmaf(x, scale, WHOLE)) - WHOLE_BITS + 0x808080u; }

    template <int COUNT> __device__ __forceinline__ void put_start(const int (&sums)[PLANES], int i) const
    {
        int upper = (sums[0] << 16) + sums[1], low = sums[2]; // 16 bits each: at most 64 · 128
#pragma unroll
        for (int lane = 1; lane < GRAIN / COUNT; lane *= 2)
        {
            upper += __shfl_xor_sync(FULL_WARP, upper, lane);
            low += __shfl_xor_sync(FULL_WARP, low, lane);
        }
        if (i % GRAIN >= COUNT) return;
        const int middle = (short)upper, high = (upper - middle) >> 16;
        starts[i / GRAIN * 2] = make_int4(WHOLE_BITS - MIDDLE * high, WHOLE_BITS - MIDDLE * middle, WHOLE_BITS - 128 * high, WHOLE_BITS - 128 * middle);
        starts[i / GRAIN * 2 + 1] = make_int4(WHOLE_BITS - MIDDLE * low, WHOLE_BITS - MIDDLE * low, WHOLE_BITS - 128 * low, WHOLE_BITS - 128 * low);
    }
};
