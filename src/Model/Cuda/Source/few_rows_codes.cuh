// Weights in codes: an item is a tile of 16 outputs, and its steps are of two units each, which are widened to bfloat16 and multiplied by the tensor cores.
#pragma once
#include "codes.cuh"
#include "few_rows_input.cuh"

#define STEP (LINES * UNIT)
#define GROUPS (STEP / GRAIN)                                   // of a step, each with scales of its own
#define GROUP_FRAGMENTS (GRAIN / 16)
#define ITEM_OUTPUTS 16
#define SCALE_ROWS (GROUPS * (1 + MINIMA))                      // of 16 scales, and behind those of all groups as many minima
#define SCALE_LANES (ITEM_OUTPUTS / LANE_SCALES)                // that copy a row
#define CELL_BYTES (LINES * LINE_BYTES + SCALE_ROWS * SCALE_LANES * 16)

// What a product's weights have in common.
struct Form
{
    int steps, units, groups, group_shift;

    __device__ __forceinline__ Form(int inputs, int groups, int group_shift) : steps(ceiling(inputs, STEP)), units(ceiling(inputs, UNIT)), groups(groups), group_shift(group_shift) {}
};

// Where steps come from: of neighbouring items if those have whole steps, else of one.
struct Source
{
    const u8* codes;            // of this lane
    const scale_t* scales;      // LANE_SCALES of each row that this lane copies, of the item
    long long minima;           // from a scale to its minimum
    int left, step;             // left: units; step: of the item

    // Begins with a step of an item. Returns how many items follow, `run` at most.
    __device__ __forceinline__ int enter(const Operand& operand, int item, int from, int run, const Form& form)
    {
        if (form.units % LINES != 0) run = 1;
        step = from;
        left = run * form.units - step * LINES;
        codes = operand.weights + ((long long)item * form.units + step * LINES) * LINE_BYTES + threadIdx.x % WARP * 16;
        scales = reinterpret_cast<const scale_t*>(operand.scales) + (long long)item * form.groups * ITEM_OUTPUTS + threadIdx.x % SCALE_LANES * LANE_SCALES;
        minima = (long long)ceiling(operand.outputs, ITEM_OUTPUTS) * form.groups * ITEM_OUTPUTS;
        return run;
    }

    // Copies a step and goes on. cell: of this lane.
    __device__ __forceinline__ void bring(u8* cell, const Form& form)
    {
#pragma unroll
        for (int line = 0; line < LINES; line++) cp_async_16_constant(cell + line * LINE_BYTES, codes + (left > line ? line * LINE_BYTES : 0), left > line);
#pragma unroll
        for (int first = 0; first < SCALE_ROWS; first += WARP / SCALE_LANES)
        {
            int row = first + threadIdx.x % WARP / SCALE_LANES;
            if (row >= SCALE_ROWS) continue;
            int group = min((step * STEP + row % GROUPS * GRAIN) >> form.group_shift, form.groups - 1);
            cp_async_16_constant(cell + LINES * LINE_BYTES + first * (SCALE_LANES * 16), scales + group * ITEM_OUTPUTS + (MINIMA && row >= GROUPS ? minima : 0));
        }
        codes += LINES * LINE_BYTES;
        left -= LINES;
        if (++step < form.steps) return;
        step = 0;
        scales += form.groups * ITEM_OUTPUTS;
    }

    __device__ __forceinline__ bool is_over() const { return left <= 0; }
};

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

    __device__ __forceinline__ void add(const u8* cell, const Input& input, bf16* values, int step)
    {
        const int g = threadIdx.x % WARP / 4, t = threadIdx.x % 4;
        const bf16* x = values + min(g, input.rows - 1) * stride_of(input.inputs) + step * STEP; // of a column without a row any will do
        const float* sums = sums_of(input, values) + step * GROUPS;
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
                float sum = GROUP == 0 ? 0 : sums[min(2 * t + i % 2, input.rows - 1) * sums_of_row(input.inputs) + group];
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
