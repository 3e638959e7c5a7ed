// Codes widened to bfloat16 and multiplied with such an input by the tensor cores.
#pragma once
#include "few_rows_codes.cuh"
#include "few_rows_input.cuh"

#define GROUP_FRAGMENTS (GRAIN / 16)

// The fragments of a group's inputs; values: of this lane's row, from the step's first input on.
__device__ __forceinline__ void read_input(const bf16* values, int group, u32 (&b)[GROUP_FRAGMENTS][2])
{
    int t = threadIdx.x % 4;
#if GRAIN == 16
    uint2 four = *reinterpret_cast<const uint2*>(values + group * 16 + 4 * t);
    b[0][0] = four.x; b[0][1] = four.y;
#else
#pragma unroll
    for (int chunk = 0; chunk < GROUP_FRAGMENTS / 2; chunk++)
    {
        uint4 eight = *reinterpret_cast<const uint4*>(values + group * GRAIN + chunk * 32 + 8 * t);
        b[2 * chunk][0] = eight.x; b[2 * chunk][1] = eight.y; b[2 * chunk + 1][0] = eight.z; b[2 * chunk + 1][1] = eight.w;
    }
#endif
}

// What a warp has added up of an item, in the lanes as d of tensor_core.cuh: outputs are its rows, and rows of the input its columns.
struct Sums
{
    float of[4];

    __device__ __forceinline__ void clear() { of[0] = of[1] = of[2] = of[3] = 0; }

    __device__ __forceinline__ void add(const u8* cell, const Input& input, u8* values, int step)
    {
        const int g = threadIdx.x % WARP / 4, t = threadIdx.x % 4;
        const bf16* x = row_of(input, values, g).values + step * STEP; // of a column without a row any will do
        __syncwarp(); // scales are other lanes' copies
        uint4 codes[LINES];
#pragma unroll
        for (int line = 0; line < LINES; line++) codes[line] = *reinterpret_cast<const uint4*>(cell + line * LINE_BYTES);
        const scale_t* scales = reinterpret_cast<const scale_t*>(cell - threadIdx.x % WARP * 16 + LINES * LINE_BYTES) + g;
#pragma unroll
        for (int group = 0; group < GROUPS; group++)
        {
            u32 b[GROUP_FRAGMENTS][2];
            float d[4] = {};
            read_input(x, group, b);
#pragma unroll
            for (int f = 0; f < GROUP_FRAGMENTS; f++)
            {
                u32 a[4];
                int fragment = group * GROUP_FRAGMENTS + f;
                widen_raised(codes[fragment / FRAGMENTS], fragment % FRAGMENTS, a);
                mma_m16n8k16_bf16(d, a, b[f]);
            }
            const float scale[2] = { to_float(scales[group * ITEM_OUTPUTS]), to_float(scales[group * ITEM_OUTPUTS + 8]) }; // here, not above: fewer registers
#pragma unroll
            for (int i = 0; i < 4; i++)
            {
                float sum = GROUP == 0 ? 0 : row_of(input, values, 2 * t + i % 2).sums[step * GROUPS + group];
                of[i] = fmaf(scale[i / 2], RAISE > 0 ? fmaf(-RAISE, sum, d[i]) : d[i], of[i]);
                if (MINIMA) of[i] = fmaf(-to_float(scales[(GROUPS + group) * ITEM_OUTPUTS + i / 2 * 8]), sum, of[i]);
            }
        }
        __syncwarp(); // before they are copied over
    }

    // to: [ITEM_OUTPUTS, ROWS]
    __device__ __forceinline__ void put(float* to) const
    {
        const int g = threadIdx.x % WARP / 4, t = threadIdx.x % 4;
#pragma unroll
        for (int i = 0; i < 4; i++)
            if (2 * t + i % 2 < ROWS) to[(g + i / 2 * 8) * ROWS + 2 * t + i % 2] = of[i];
    }
};
