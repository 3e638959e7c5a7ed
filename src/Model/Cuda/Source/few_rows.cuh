// What the products with few rows share: the input in shared memory as bfloat16, where every block brings it for itself while its first weights are under way. An input that is to be normalised is not
// in the way of it: the factors of the norm, one for each row, are multiplied with the results.
//
// ROWS: of the input, at most. Block: THREADS.
#pragma once
#include "async_copy.cuh"
#include "operands.cuh"
#include "overlap.cuh"
#include "pairs.cuh"

#define THREADS 256
#define WARPS (THREADS / WARP)
#define STEP 256                // inputs of a warp's 16 bytes a lane of bfloat16
#define AT_ONCE 4               // loads of a thread under way: what takes a block time here is waiting for them

struct Input
{
    const void* values;         // [rows, inputs] bfloat16, or float32 that is to be normalised
    const float* norm;          // weights of RMSNorm, [inputs]; null where the input is taken as it is
    float epsilon;
    int rows, inputs;
};

struct Norm { float squares[ROWS][WARPS]; }; // sums of a row's squares

// Elements from a row in shared memory to the next. Behind the inputs are zeros up to a whole step; neighbouring rows begin in different banks.
__device__ __forceinline__ int stride_of(int inputs) { return ceiling(inputs, STEP) * STEP + 32; }

// Behind the rows: the weights of the norm.
__device__ __forceinline__ float* norm_of(const Input& input, bf16* shared) { return reinterpret_cast<float*>(shared + ROWS * stride_of(input.inputs)); }

// Begins with what no kernel writes. shared: [ROWS, stride_of(inputs)] and, if there is a norm, [inputs] float32.
__device__ __forceinline__ void begin_input(const Input& input, bf16* shared)
{
    if (input.norm != 0)
        for (int i = threadIdx.x * 4; i < input.inputs; i += THREADS * 4) cp_async_16_constant(norm_of(input, shared) + i, input.norm + i);
    cp_async_commit();
}

__device__ __forceinline__ void copy_row(const bf16* from, int inputs, bf16* to)
{
    for (int i = threadIdx.x * 8; i < stride_of(inputs); i += THREADS * 8) cp_async_16_or_zero(to + i, from + min(i, inputs - 8), i < inputs);
}

// to = from * weights, and the sum of the squares of what this thread has of `from`.
__device__ __forceinline__ float copy_weighted(const float* from, const float* weights, int inputs, bf16* to)
{
    float squares = 0;
    for (int start = 0; start < stride_of(inputs); start += AT_ONCE * THREADS * 4)
    {
        float4 x[AT_ONCE];
#pragma unroll
        for (int j = 0; j < AT_ONCE; j++)
        {
            int i = start + (j * THREADS + threadIdx.x) * 4;
            x[j] = i < inputs ? *reinterpret_cast<const float4*>(from + i) : make_float4(0, 0, 0, 0);
        }
#pragma unroll
        for (int j = 0; j < AT_ONCE; j++)
        {
            int i = start + (j * THREADS + threadIdx.x) * 4;
            if (i >= stride_of(inputs)) continue;
            float4 w = i < inputs ? *reinterpret_cast<const float4*>(weights + i) : make_float4(0, 0, 0, 0);
            squares = fmaf(x[j].x, x[j].x, fmaf(x[j].y, x[j].y, fmaf(x[j].z, x[j].z, fmaf(x[j].w, x[j].w, squares))));
            *reinterpret_cast<uint2*>(to + i) = make_uint2(pack_bf16(x[j].x * w.x, x[j].y * w.y), pack_bf16(x[j].z * w.z, x[j].w * w.w));
        }
    }
    return squares;
}

// Brings the rest, once the kernels before are over.
__device__ __forceinline__ void bring_input(const Input& input, bf16* shared, Norm& norm)
{
    cp_async_wait<0>(); // each thread reads of the norm's weights what it copied itself
#pragma unroll 1
    for (int row = 0; row < input.rows; row++)
    {
        bf16* to = shared + row * stride_of(input.inputs);
        long long at = (long long)row * input.inputs;
        if (input.norm == 0)
        {
            copy_row(reinterpret_cast<const bf16*>(input.values) + at, input.inputs, to);
            continue;
        }
        float squares = warp_sum(copy_weighted(reinterpret_cast<const float*>(input.values) + at, norm_of(input, shared), input.inputs, to));
        if (threadIdx.x % WARP == 0) norm.squares[row][threadIdx.x / WARP] = squares;
    }
    cp_async_commit();
    cp_async_wait<0>();
    __syncthreads();
}

// What the results of a row are multiplied with: 1 / sqrt(mean(x^2) + epsilon), or 1.
__device__ __forceinline__ float factor_of(const Input& input, const Norm& norm, int row)
{
    if (input.norm == 0) return 1;
    float squares = 0;
#pragma unroll
    for (int w = 0; w < WARPS; w++) squares += norm.squares[row][w];
    return rsqrtf(squares / input.inputs + input.epsilon);
}
