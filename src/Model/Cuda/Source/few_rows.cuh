// What the products with few rows share: the input in shared memory as bfloat16, made there of what it is made of, so that norms and gates need no kernels of their own. Every block does it for itself;
// its first weights are under way meanwhile.
//
// ROWS: of the input, at most. Block: THREADS.
#pragma once
#include "operands.cuh"
#include "overlap.cuh"
#include "pairs.cuh"
#include "silu.cuh"

#define THREADS 256
#define WARPS (THREADS / WARP)
#define STEP 256                // inputs of a warp's 16 bytes a lane of bfloat16

// What the input is made of.
enum Making
{
    AS_IT_IS,                   // first: [rows, inputs] bfloat16
    NORMED,                     // RMSNorm of first, [rows, inputs] float32, with the weights second, [inputs] float32
    GATED                       // silu(first) * second, both [rows, inputs] bfloat16
};

struct Input
{
    const void* first;
    const void* second;
    float epsilon;
    int making, rows, inputs;
};

// Elements from a row in shared memory to the next. Behind the inputs are zeros up to a whole step; neighbouring rows begin in different banks.
__device__ __forceinline__ int stride_of(int inputs) { return ceiling(inputs, STEP) * STEP + 32; }

__device__ __forceinline__ void sum_over_block(float (&x)[ROWS])
{
    __shared__ float of_warps[ROWS][WARPS];
    int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
#pragma unroll
    for (int row = 0; row < ROWS; row++)
    {
        x[row] = warp_sum(x[row]);
        if (lane == 0) of_warps[row][warp] = x[row];
    }
    __syncthreads();
#pragma unroll
    for (int row = 0; row < ROWS; row++) x[row] = warp_sum(lane < WARPS ? of_warps[row][lane] : 0);
}

// 1 / sqrt(mean(x^2) + epsilon) of each row.
__device__ __forceinline__ void norms_of(const Input& input, float (&factors)[ROWS])
{
#pragma unroll
    for (int row = 0; row < ROWS; row++)
    {
        factors[row] = 0;
        const float* values = reinterpret_cast<const float*>(input.first) + (long long)row * input.inputs;
        if (row < input.rows)
#pragma unroll 2
            for (int i = 4 * threadIdx.x; i < input.inputs; i += 4 * THREADS)
            {
                float2 a = load_pair(values + i), b = load_pair(values + i + 2);
                factors[row] += fmaf(a.x, a.x, a.y * a.y) + fmaf(b.x, b.x, b.y * b.y);
            }
    }
    sum_over_block(factors);
#pragma unroll
    for (int row = 0; row < ROWS; row++) factors[row] = rsqrtf(factors[row] / input.inputs + input.epsilon);
}

// A pair of the input, from i on.
__device__ __forceinline__ u32 pair_at(const Input& input, int row, int i, float factor)
{
    long long at = (long long)row * input.inputs + i;
    if (input.making == AS_IT_IS) return *reinterpret_cast<const u32*>(reinterpret_cast<const bf16*>(input.first) + at);
    if (input.making == NORMED)
    {
        float2 x = load_pair(reinterpret_cast<const float*>(input.first) + at), weight = load_pair(reinterpret_cast<const float*>(input.second) + i);
        return pack_bf16(x.x * factor * weight.x, x.y * factor * weight.y);
    }
    float2 gate = load_pair(reinterpret_cast<const bf16*>(input.first) + at), up = load_pair(reinterpret_cast<const bf16*>(input.second) + at);
    return pack_bf16(silu(gate.x) * up.x, silu(gate.y) * up.y);
}

// shared: [ROWS, stride_of(inputs)].
__device__ __forceinline__ void make_input(const Input& input, bf16* shared)
{
    float factors[ROWS];
    if (input.making == NORMED) norms_of(input, factors);
    int stride = stride_of(input.inputs);
#pragma unroll
    for (int row = 0; row < ROWS; row++)
        if (row < input.rows)
#pragma unroll 2
            for (int i = 2 * threadIdx.x; i < stride; i += 2 * THREADS)
                reinterpret_cast<u32*>(shared)[(row * stride + i) / 2] = i < input.inputs ? pair_at(input, row, i, factors[row]) : 0;
    __syncthreads();
}
