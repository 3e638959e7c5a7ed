// Weights in codes: an item is a tile of 16 outputs, and its steps are of LINES units each.
#pragma once
#include "codes.cuh"
#include "operands.cuh"
#include "async_copy.cuh"

#define STEP (LINES * UNIT)
#define GROUPS (STEP / GRAIN)                                   // of a step, each with scales of its own
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
