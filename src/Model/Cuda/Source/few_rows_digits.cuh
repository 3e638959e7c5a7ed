// Codes multiplied with an input in digits by integer tensor cores, as they are: of 4 bits, those of outputs 0 to 7 and, 16 times as large, those of outputs 8 to 15.
//
// Columns 0 to 3 of b are the planes of the first row, the last of them twice, and columns 4 to 7 those of the second; where there is none, of the first again.
#pragma once
#include "few_rows_codes.cuh"
#include "few_rows_input.cuh"

#define LANE_DIGITS (UNIT / 4)  // bytes of a plane that a lane reads of a unit
#define CHUNKS (UNIT / 32)      // of a unit: what is multiplied at once

// A chunk of a lane's codes, as a of tensor_core.cuh, where widen_fragment has them.
__device__ __forceinline__ void read_codes(uint4 unit, int chunk, u32 (&a)[4])
{
#if BITS == 4
    const u32 first = word_of(unit, 2 * chunk), second = word_of(unit, 2 * chunk + 1);
    a[0] = first & 0x0f0f0f0fu;
    a[1] = first & 0xf0f0f0f0u;
    a[2] = second & 0x0f0f0f0fu;
    a[3] = second & 0xf0f0f0f0u;
#else
    a[0] = __byte_perm(unit.x, unit.y, 0x6420);
    a[1] = __byte_perm(unit.x, unit.y, 0x7531);
    a[2] = __byte_perm(unit.z, unit.w, 0x6420);
    a[3] = __byte_perm(unit.z, unit.w, 0x7531);
#endif
}

struct Digits { u32 b[CHUNKS][2]; };

__device__ __forceinline__ Digits read_digits(const u8* at)
{
#if BITS == 4
    uint4 both = *reinterpret_cast<const uint4*>(at);
    return { { { both.x, both.y }, { both.z, both.w } } };
#else
    uint2 one = *reinterpret_cast<const uint2*>(at);
    return { { { one.x, one.y } } };
#endif
}

// What a warp has added up of an item. Of four neighbouring lanes two have a row: one its upper digits, 256 · high + middle, and one the low ones, by the same instructions 256 · low + low.
struct Sums
{
    float of[2];                // outputs g and g + 8

    __device__ __forceinline__ void clear() { of[0] = of[1] = 0; }

    __device__ __forceinline__ void add(const u8* cell, const Input& input, u8* values, int step)
    {
        const int g = threadIdx.x % WARP / 4, t = threadIdx.x % 4;
        const Row columns = row_of(input, values, g / 4), results = row_of(input, values, t / 2); // of columns without a row any will do
        const u8* digits = columns.planes + min(g % 4, PLANES - 1) * columns.stride + step * STEP + t * LANE_DIGITS;
        const int4* starts = results.starts + step * GROUPS * 2 + t % 2;
        __syncwarp(); // scales are other lanes' copies
        const scale_t* scales = reinterpret_cast<const scale_t*>(cell - threadIdx.x % WARP * 16 + LINES * LINE_BYTES) + g;
        uint4 codes;
        Digits unit;
        float sums[2] = {};
#pragma unroll
        for (int group = 0; group < GROUPS; group++)
        {
            const int4 start = starts[group * 2];
            int d[4] = { start.x, start.y, start.z, start.w };
#pragma unroll
            for (int i = 0; i < GRAIN / 32; i++)
            {
                const int chunk = group * (GRAIN / 32) + i;
                if (chunk % CHUNKS == 0)
                {
                    codes = *reinterpret_cast<const uint4*>(cell + chunk / CHUNKS * LINE_BYTES);
                    unit = read_digits(digits + chunk / CHUNKS * UNIT);
                }
                u32 a[4];
                read_codes(codes, chunk % CHUNKS, a);
                mma_m16n8k32_u8_s8(d, a, unit.b[chunk % CHUNKS]);
            }
#pragma unroll
            for (int i = 0; i < 2; i++)
                sums[i] = fmaf(to_float(scales[group * ITEM_OUTPUTS + i * 8]), fmaf(__int_as_float(d[2 * i]) - WHOLE, 256, __int_as_float(d[2 * i + 1]) - WHOLE), sums[i]);
            if ((group + 1) % (SPAN / GRAIN) != 0 && group + 1 < GROUPS) continue;
            const float span = results.spans[(u32)(step * STEP + group * GRAIN) / SPAN];
#pragma unroll
            for (int i = 0; i < 2; i++)
            {
                of[i] = fmaf(span, sums[i], of[i]);
                sums[i] = 0;
            }
        }
        __syncwarp(); // before they are copied over
    }

    // to: [ITEM_OUTPUTS, ROWS]
    __device__ __forceinline__ void put(float* to) const
    {
        const int g = threadIdx.x % WARP / 4, t = threadIdx.x % 4;
#pragma unroll
        for (int i = 0; i < 2; i++)
        {
            float sum = of[i] * (t % 2 == 0 ? 256 : 1 / 257.0f);
            if (BITS == 4 && i == 1) sum /= 16;
            sum += __shfl_xor_sync(FULL_WARP, sum, 1);
            if (t % 2 == 0 && t / 2 < ROWS) to[(g + i * 8) * ROWS + t / 2] = sum;
        }
    }
};
