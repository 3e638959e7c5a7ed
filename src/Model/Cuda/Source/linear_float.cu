// output = input · weightᵀ of up to three weights, all float32, on the ordinary units: tensor cores would round. A warp makes OUTPUTS results of each of ROWS rows; its lanes share the inputs and
// add up across at the end. The order of a result's additions depends on nothing but the number of inputs.
//
// ROWS: of a block, 1 to 8. Grid: tiles of rows, tiles of outputs of all weights. Block: 256.
#include "overlap.cuh"

#define WARPS 8
#define OUTPUTS 4 // of a warp

__device__ __forceinline__ float dot(float4 a, float4 b, float sum) { return fmaf(a.w, b.w, fmaf(a.z, b.z, fmaf(a.y, b.y, fmaf(a.x, b.x, sum)))); }

// add: whether to add to what output holds. inputs: a multiple of 4.
extern "C" __global__ void __launch_bounds__(256, 2) linear_float(const float* input, int rows, int inputs, int add,
    const float* weights0, float* output0, int outputs0, const float* weights1, float* output1, int outputs1, const float* weights2, float* output2, int outputs2)
{
    const int block_outputs = WARPS * OUTPUTS;
    begin_kernel();
    int tile = blockIdx.y, lane = threadIdx.x % WARP, row = blockIdx.x * ROWS;
    const float* weights = weights0;
    float* output = output0;
    int outputs = outputs0, tiles0 = (outputs0 + block_outputs - 1) / block_outputs, tiles1 = (outputs1 + block_outputs - 1) / block_outputs;
    if (tile >= tiles0 + tiles1) { tile -= tiles0 + tiles1; weights = weights2; output = output2; outputs = outputs2; }
    else if (tile >= tiles0) { tile -= tiles0; weights = weights1; output = output1; outputs = outputs1; }
    int first = tile * block_outputs + threadIdx.x / WARP * OUTPUTS, last = outputs - 1;
    if (first > last) return;

    float sums[ROWS][OUTPUTS] = {};
#pragma unroll(ROWS == 1 ? 2 : 1)
    for (int i = lane * 4; i < inputs; i += WARP * 4)
    {
        float4 w[OUTPUTS];
#pragma unroll
        for (int o = 0; o < OUTPUTS; o++) w[o] = *reinterpret_cast<const float4*>(weights + (long long)min(first + o, last) * inputs + i);
#pragma unroll
        for (int r = 0; r < ROWS; r++)
        {
            float4 x = *reinterpret_cast<const float4*>(input + (long long)min(row + r, rows - 1) * inputs + i);
#pragma unroll
            for (int o = 0; o < OUTPUTS; o++) sums[r][o] = dot(w[o], x, sums[r][o]);
        }
    }
#pragma unroll
    for (int r = 0; r < ROWS; r++)
#pragma unroll
        for (int o = 0; o < OUTPUTS; o++)
        {
            float sum = warp_sum(sums[r][o]);
            if (lane != 0 || row + r >= rows || first + o > last) continue;
            float* target = output + (long long)(row + r) * outputs + first + o;
            *target = add ? *target + sum : sum;
        }
}
