// output = input · weightᵀ for few rows, of up to three weights in bfloat16 that share their input; weights go from memory to registers and are multiplied in float32.
//
// A warp has one output of all rows at a time, its lanes side by side over the inputs: neighbouring lanes read neighbouring bytes, which is what reaches the memory's own rate. AHEAD steps of weights are
// always under way, on into the next output. Two blocks of a multiprocessor are enough for the memory, and leave room for two of the next kernel, whose first weights then come while this one ends.
//
// ROWS: 1, 2 or 4. Grid: any number of blocks.
#include "few_rows.cuh"

#define AHEAD (ROWS == 1 ? 6 : 4)

// A lane's 16 bytes of an output's weights in a step; zeros behind the last input. weights: of this lane.
__device__ __forceinline__ uint4 load(const u8* weights, int step, int inputs)
{
    return step * STEP + (int)threadIdx.x % WARP * 8 < inputs ? load_weights(weights + step * (STEP * 2)) : make_uint4(0, 0, 0, 0);
}

__device__ __forceinline__ const u8* weights_of(const Operand& a, const Operand& b, const Operand& c, int output, int inputs)
{
    const Operand operand = operand_of(a, b, c, 1, output);
    return operand.weights + (long long)output * (inputs * 2) + threadIdx.x % WARP * 16;
}

__device__ __forceinline__ float multiply(u32 weights, u32 values, float sum)
{
    return fmaf(high_bf16(weights), high_bf16(values), fmaf(low_bf16(weights), low_bf16(values), sum));
}

__device__ __forceinline__ float multiply(uint4 weights, uint4 values, float sum)
{
    return multiply(weights.w, values.w, multiply(weights.z, values.z, multiply(weights.y, values.y, multiply(weights.x, values.x, sum))));
}

extern "C" __global__ void __launch_bounds__(THREADS, 4) few_rows(const void* values, const float* norm, float epsilon, int rows, int inputs, int mode,
    const u8* weights0, void* output0, int outputs0, const u8* weights1, void* output1, int outputs1, const u8* weights2, void* output2, int outputs2)
{
    DYNAMIC_SHARED(bf16, shared);
    __shared__ Norm norms;
    let_next_begin();
    const Input input = { values, norm, epsilon, rows, inputs };
    const Operand a = { weights0, 0, output0, outputs0 }, b = { weights1, 0, output1, outputs1 }, c = { weights2, 0, output2, outputs2 };
    const int outputs = outputs0 + outputs1 + outputs2, steps = ceiling(inputs, STEP), lane = threadIdx.x % WARP, warps = gridDim.x * WARPS;
    int output = threadIdx.x / WARP * gridDim.x + blockIdx.x; // so that no multiprocessor has all of those that are one more
    uint4 ahead[AHEAD];
    const u8* next = weights_of(a, b, c, min(output, outputs - 1), inputs);
#pragma unroll
    for (int u = 0; u < AHEAD; u++) ahead[u] = load(next, u, inputs);
    begin_input(input, shared);
    await_previous();
    bring_input(input, shared, norms);

#pragma unroll 1
    for (; output < outputs; output += warps)
    {
        float sums[ROWS] = {};
#pragma unroll 1
        for (int start = 0; start < steps; start += AHEAD)
        {
            int following = start + AHEAD;
            bool is_more = following < steps || output + warps < outputs;
            if (following >= steps && is_more)
            {
                next = weights_of(a, b, c, output + warps, inputs);
                following = 0;
            }
#pragma unroll
            for (int u = 0; u < AHEAD; u++)
            {
                if (start + u < steps)
#pragma unroll
                    for (int row = 0; row < ROWS; row++)
                        sums[row] = multiply(ahead[u], *reinterpret_cast<const uint4*>(shared + min(row, rows - 1) * stride_of(inputs) + (start + u) * STEP + lane * 8), sums[row]);
                if (is_more) ahead[u] = load(next, following + u, inputs);
            }
        }
        int own = output;
        const Operand operand = operand_of(a, b, c, 1, own);
#pragma unroll
        for (int row = 0; row < ROWS; row++)
        {
            float sum = warp_sum(sums[row]);
            if (lane == row && row < rows) store(operand, mode, row, own, sum * factor_of(input, norms, row));
        }
    }
}
