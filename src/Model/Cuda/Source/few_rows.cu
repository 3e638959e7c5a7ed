// output = input · weightᵀ for few rows, of up to three weights in bfloat16 that share their input; weights go from memory to registers and are multiplied in float32.
//
// A warp has OUTPUTS results of each row at a time, its lanes side by side over the inputs: neighbouring lanes read neighbouring bytes, which is what reaches the memory's own rate. Weights come in batches of
// four loads, by turns into one of two sets of registers: while one batch is computed with, the other is under way, on into the next results. Were both one set, a warp that waits for a batch would wait for
// the one behind it, because it has few counters of what is under way.
//
// GATED: the first weight is a gate's and the second what it gates, with as many outputs; half of a warp's results are of the one and half of the other, and silu(gate) · up is stored.
//
// ROWS: 1, 2 or 4. OUTPUTS: 1, or 4 where the outputs of every weight are a multiple of it; 4 if GATED. RESIDENT: blocks that a multiprocessor is to hold. Grid: any number of blocks.
#include "few_rows.cuh"
#include "silu.cuh"

#define WEIGHTS (GATED ? 2 : 1)         // that a group is of
#define WIDTH (OUTPUTS / WEIGHTS)       // outputs of a group in each

#define STEPS (4 / OUTPUTS)     // of a batch, of STEP inputs each
#define BATCH (STEPS * STEP)    // inputs

struct Batch { uint4 weights[STEPS][OUTPUTS]; };

// The way of a warp through its groups of outputs, batch by batch.
struct Walk
{
    const Operand &a, &b, &c;
    const int groups, inputs;
    int group, start;           // start: of the inputs
    const u8* weights;          // of this lane, for the group's first output
    const long long other;      // bytes from a gate's weights to those of what it gates

    __device__ __forceinline__ Walk(const Operand& a, const Operand& b, const Operand& c, int groups, int inputs)
        : a(a), b(b), c(c), groups(groups), inputs(inputs), group(threadIdx.x / WARP * gridDim.x + blockIdx.x), // so that no multiprocessor has all of those that are one more
          other(GATED ? b.weights - a.weights : 0)
    {
        enter();
    }

    __device__ __forceinline__ void enter()
    {
        int own = min(group, groups - 1);
        const Operand operand = GATED ? a : operand_of(a, b, c, WIDTH, own);
        weights = operand.weights + (long long)own * WIDTH * (inputs * 2) + threadIdx.x % WARP * 16;
        start = 0;
    }

    __device__ __forceinline__ const u8* output(int o) const { return weights + o / WIDTH * other + (long long)(o % WIDTH) * (inputs * 2); }

    // Loads a batch, zeros behind the last input, and goes on.
    __device__ __forceinline__ void load(Batch& batch)
    {
        if (group >= groups) return;
#pragma unroll
        for (int s = 0; s < STEPS; s++)
#pragma unroll
            for (int o = 0; o < OUTPUTS; o++)
                batch.weights[s][o] = start + s * STEP + (int)threadIdx.x % WARP * 8 < inputs ? load_weights(output(o) + (start + s * STEP) * 2) : make_uint4(0, 0, 0, 0);
        if ((start += BATCH) < inputs) return;
        group += gridDim.x * WARPS;
        if (group < groups) enter();
    }
};

__device__ __forceinline__ float multiply(u32 weights, u32 values, float sum)
{
    return fmaf(high_bf16(weights), high_bf16(values), fmaf(low_bf16(weights), low_bf16(values), sum));
}

__device__ __forceinline__ float multiply(uint4 weights, uint4 values, float sum)
{
    return multiply(weights.w, values.w, multiply(weights.z, values.z, multiply(weights.y, values.y, multiply(weights.x, values.x, sum))));
}

// values: of this lane.
__device__ __forceinline__ void multiply(const Batch& batch, const bf16* values, const Input& input, int start, float (&sums)[OUTPUTS][ROWS])
{
#pragma unroll
    for (int s = 0; s < STEPS; s++)
        if (start + s * STEP < input.inputs)
#pragma unroll
            for (int row = 0; row < ROWS; row++)
            {
                uint4 eight = *reinterpret_cast<const uint4*>(values + min(row, input.rows - 1) * stride_of(input.inputs) + start + s * STEP);
#pragma unroll
                for (int o = 0; o < OUTPUTS; o++) sums[o][row] = multiply(batch.weights[s][o], eight, sums[o][row]);
            }
}

extern "C" __global__ void __launch_bounds__(THREADS, RESIDENT) few_rows(const void* values, const float* norm, float epsilon, int rows, int inputs, int mode,
    const u8* weights0, void* output0, int outputs0, const u8* weights1, void* output1, int outputs1, const u8* weights2, void* output2, int outputs2)
{
    DYNAMIC_SHARED(bf16, shared);
    __shared__ Norm norms;
    let_next_begin();
    const Input input = { values, norm, epsilon, rows, inputs };
    const Operand a = { weights0, 0, output0, outputs0 }, b = { weights1, 0, output1, outputs1 }, c = { weights2, 0, output2, outputs2 };
    const int groups = ceiling(outputs0, WIDTH) + (GATED ? 0 : ceiling(outputs1, WIDTH) + ceiling(outputs2, WIDTH)), lane = threadIdx.x % WARP;
    Walk walk(a, b, c, groups, inputs);
    int group = walk.group, start = 0; // of what is computed
    Batch even, odd;
    walk.load(even);
    begin_input(input, shared);
    await_previous();
    bring_input(input, shared, norms);

    float sums[OUTPUTS][ROWS] = {};
    auto compute = [&](const Batch& batch)
    {
        multiply(batch, shared + lane * 8, input, start, sums);
        if ((start += BATCH) < inputs) return;
        int own = group;
        const Operand operand = GATED ? a : operand_of(a, b, c, WIDTH, own);
#pragma unroll
        for (int row = 0; row < ROWS; row++)
        {
            float factor = factor_of(input, norms, min(row, rows - 1)), results[OUTPUTS];
#pragma unroll
            for (int o = 0; o < OUTPUTS; o++)
            {
                results[o] = warp_sum(sums[o][row]) * factor;
                sums[o][row] = 0;
            }
#pragma unroll
            for (int o = 0; o < WIDTH; o++)
                if (lane == o * ROWS + row && row < rows) store(operand, mode, row, own * WIDTH + o, GATED ? silu(results[o]) * results[OUTPUTS - WIDTH + o] : results[o]);
        }
        start = 0;
        group += gridDim.x * WARPS;
    };
#pragma unroll 1
    while (group < groups)
    {
        walk.load(odd);
        compute(even);
        if (group >= groups) break;
        walk.load(even);
        compute(odd);
    }
}
