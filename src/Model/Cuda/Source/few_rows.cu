// output = input · weightᵀ for few rows, of up to three weights in bfloat16 that share their input; weights go from memory to registers and are multiplied in float32.
//
// A warp has OUTPUTS results of each row at a time, its lanes side by side over the inputs: neighbouring lanes read neighbouring bytes, which is what reaches the memory's own rate. AHEAD steps of weights
// are always under way, on into the next results.
//
// ROWS: 1, 2 or 4. OUTPUTS: 1, or 4 where the outputs of every weight are a multiple of it. Grid: any number of blocks.
#include "few_rows.cuh"

#define AHEAD (OUTPUTS == 1 ? 4 : 2)

// A lane's 16 bytes of the weights of an output in a step; zeros behind the last input. weights: of this lane.
__device__ __forceinline__ uint4 load(const u8* weights, int step, int output, int inputs)
{
    return step * STEP + (int)threadIdx.x % WARP * 8 < inputs ? load_weights(weights + (long long)output * (inputs * 2) + step * (STEP * 2)) : make_uint4(0, 0, 0, 0);
}

// The same place in a group of outputs' first.
__device__ __forceinline__ const u8* weights_of(const Operand& a, const Operand& b, const Operand& c, int group, int inputs)
{
    const Operand operand = operand_of(a, b, c, OUTPUTS, group);
    return operand.weights + (long long)group * OUTPUTS * (inputs * 2) + threadIdx.x % WARP * 16;
}

__device__ __forceinline__ float multiply(u32 weights, u32 values, float sum)
{
    return fmaf(high_bf16(weights), high_bf16(values), fmaf(low_bf16(weights), low_bf16(values), sum));
}

__device__ __forceinline__ float multiply(uint4 weights, uint4 values, float sum)
{
    return multiply(weights.w, values.w, multiply(weights.z, values.z, multiply(weights.y, values.y, multiply(weights.x, values.x, sum))));
}

// prefetched: bytes of each row of its first weights that a warp brings to the second-level cache, behind those that it loads, while the kernels before still run.
extern "C" __global__ void __launch_bounds__(THREADS, OUTPUTS * ROWS > 8 ? 2 : 3) few_rows(const void* first, const void* second, float epsilon, int making, int rows, int inputs,
    int mode, int prefetched, const u8* weights0, void* output0, int outputs0, const u8* weights1, void* output1, int outputs1, const u8* weights2, void* output2, int outputs2)
{
    DYNAMIC_SHARED(bf16, shared);
    let_next_begin();
    const Operand a = { weights0, 0, output0, outputs0 }, b = { weights1, 0, output1, outputs1 }, c = { weights2, 0, output2, outputs2 };
    const int groups = ceiling(outputs0, OUTPUTS) + ceiling(outputs1, OUTPUTS) + ceiling(outputs2, OUTPUTS), steps = ceiling(inputs, STEP);
    const int lane = threadIdx.x % WARP, warps = gridDim.x * WARPS, stride = stride_of(inputs);
    int group = blockIdx.x * WARPS + threadIdx.x / WARP;
    uint4 ahead[AHEAD][OUTPUTS];
    const u8* next = weights_of(a, b, c, min(group, groups - 1), inputs);
#pragma unroll
    for (int u = 0; u < AHEAD; u++)
#pragma unroll
        for (int o = 0; o < OUTPUTS; o++) ahead[u][o] = load(next, u, o, inputs);
    if (lane < OUTPUTS && group < groups) prefetch_bytes(next - lane * 16 + (long long)lane * (inputs * 2) + AHEAD * STEP * 2, min(prefetched, (inputs - AHEAD * STEP) * 2));
    await_previous();
    make_input({ first, second, epsilon, making, rows, inputs }, shared);

#pragma unroll 1
    for (; group < groups; group += warps)
    {
        float sums[OUTPUTS][ROWS] = {};
#pragma unroll 1
        for (int start = 0; start < steps; start += AHEAD)
        {
            int following = start + AHEAD;
            bool is_more = following < steps || group + warps < groups;
            if (following >= steps && is_more)
            {
                next = weights_of(a, b, c, group + warps, inputs);
                following = 0;
            }
#pragma unroll
            for (int u = 0; u < AHEAD; u++)
            {
                if (start + u < steps)
                {
#pragma unroll
                    for (int row = 0; row < ROWS; row++)
                    {
                        uint4 values = *reinterpret_cast<const uint4*>(shared + min(row, rows - 1) * stride + (start + u) * STEP + lane * 8);
#pragma unroll
                        for (int o = 0; o < OUTPUTS; o++) sums[o][row] = multiply(ahead[u][o], values, sums[o][row]);
                    }
                }
                if (is_more)
#pragma unroll
                    for (int o = 0; o < OUTPUTS; o++) ahead[u][o] = load(next, following + u, o, inputs);
            }
        }
        int own = group;
        const Operand operand = operand_of(a, b, c, OUTPUTS, own);
#pragma unroll
        for (int o = 0; o < OUTPUTS; o++)
#pragma unroll
            for (int row = 0; row < ROWS; row++)
            {
                float sum = warp_sum(sums[o][row]);
                if (lane == (o * ROWS + row) % WARP && row < rows) store(operand, mode, row, own * OUTPUTS + o, sum);
            }
    }
}
