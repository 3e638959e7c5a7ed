// Weights in bfloat16, row by row: an item is one output, and its steps are of LINES times 256 inputs each, which are multiplied in float32.
#pragma once
#include "few_rows_input.cuh"

#define ITEM_OUTPUTS 1
#define LINE (WARP * 8)                 // inputs of 16 bytes of each lane
#define STEP (LINES * LINE)
#define CELL_BYTES (LINES * LINE_BYTES)

// What a product's weights have in common.
struct Form
{
    int inputs, steps;          // steps: of an item

    __device__ __forceinline__ Form(int inputs, int, int) : inputs(inputs), steps(ceiling(inputs, STEP)) {}
};

// Where steps come from: of neighbouring items if those have whole steps, else of one.
struct Source
{
    const u8* weights;          // of this lane
    int left;                   // inputs, from this lane's first on

    // Begins with a step of an item. Returns how many items follow, `run` at most.
    __device__ __forceinline__ int enter(const Operand& operand, int item, int step, int run, const Form& form)
    {
        int lane = threadIdx.x % WARP * 8;
        if (form.inputs % STEP != 0) run = 1;
        weights = operand.weights + ((long long)item * form.inputs + step * STEP + lane) * 2;
        left = run * form.inputs - step * STEP - lane;
        return run;
    }

    // Copies a step and goes on. cell: of this lane.
    __device__ __forceinline__ void bring(u8* cell, const Form&)
    {
#pragma unroll
        for (int line = 0; line < LINES; line++) cp_async_16_constant(cell + line * LINE_BYTES, weights + (left > line * LINE ? line * LINE_BYTES : 0), left > line * LINE);
        weights += LINES * LINE_BYTES;
        left -= STEP;
    }

    __device__ __forceinline__ bool is_over() const { return left + (int)threadIdx.x % WARP * 8 <= 0; }
};

__device__ __forceinline__ float multiply(u32 weights, u32 values, float sum)
{
    return fmaf(high_bf16(weights), high_bf16(values), fmaf(low_bf16(weights), low_bf16(values), sum));
}

// What a lane has added up of an item.
struct Sums
{
    float of[ROWS];

    __device__ __forceinline__ void clear()
    {
#pragma unroll
        for (int row = 0; row < ROWS; row++) of[row] = 0;
    }

    __device__ __forceinline__ void add(const u8* cell, const Input& input, u8* values, int step)
    {
#pragma unroll
        for (int line = 0; line < LINES; line++)
        {
            const uint4 w = *reinterpret_cast<const uint4*>(cell + line * LINE_BYTES); // which this lane copied itself
#pragma unroll
            for (int row = 0; row < ROWS; row++)
            {
                const uint4 x = *reinterpret_cast<const uint4*>(row_of(input, values, row).values + step * STEP + line * LINE + threadIdx.x % WARP * 8);
                of[row] = multiply(w.w, x.w, multiply(w.z, x.z, multiply(w.y, x.y, multiply(w.x, x.x, of[row]))));
            }
        }
    }

    __device__ __forceinline__ void put(float* to) const
    {
#pragma unroll
        for (int row = 0; row < ROWS; row++)
        {
            float sum = warp_sum(of[row]);
            if (threadIdx.x % WARP == row) to[row] = sum;
        }
    }
};
