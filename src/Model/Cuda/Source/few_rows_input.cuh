// What the products with few rows share: the input in shared memory as bfloat16, where every block brings it for itself while its first weights are under way. An input that is to be normalised is not
// in the way of it: the factors of the norm, one for each row, are multiplied with the results.
//
// ROWS: of the input, at most. GROUP: inputs whose sums are wanted beside them, a power of two from 16 to 64; or 0. Block: THREADS.
#pragma once
#include "async_copy.cuh"
#include "operands.cuh"
#include "overlap.cuh"
#include "pairs.cuh"

#define THREADS 512
#define WARPS (THREADS / WARP)
#define PADDING 512             // inputs; behind them are zeros up to a multiple of it
#define AT_ONCE 4               // loads of a thread under way: what takes a block time here is waiting for them

struct Input
{
    const void* values;         // [rows, inputs] bfloat16, or float32 that is to be normalised
    const float* norm;          // weights of RMSNorm, [inputs]; null where the input is taken as it is
    float epsilon;
    int rows, inputs;
};

struct Norm { float squares[ROWS][WARPS]; }; // sums of a row's squares

__device__ __forceinline__ int padded(int inputs) { return ceiling(inputs, PADDING) * PADDING; }

// Elements from a row in shared memory to the next; neighbouring rows begin in different banks.
__device__ __forceinline__ int stride_of(int inputs) { return padded(inputs) + 32; }

// Behind the rows: sums of groups, [rows, sums_of_row].
__device__ __forceinline__ int sums_of_row(int inputs) { return GROUP == 0 ? 0 : padded(inputs) / max(GROUP, 1); }
__device__ __forceinline__ float* sums_of(const Input& input, bf16* shared) { return reinterpret_cast<float*>(shared + input.rows * stride_of(input.inputs)); }

// Behind those: the weights of the norm.
__device__ __forceinline__ float* norm_of(const Input& input, bf16* shared) { return sums_of(input, shared) + input.rows * sums_of_row(input.inputs); }

__device__ __forceinline__ int input_bytes(const Input& input)
{
    return input.rows * (stride_of(input.inputs) * 2 + sums_of_row(input.inputs) * 4) + (input.norm != 0 ? input.inputs * 4 : 0);
}

// Begins with what no kernel writes, as a group of copies. shared: input_bytes.
__device__ __forceinline__ void begin_input(const Input& input, bf16* shared)
{
    if (input.norm != 0)
        for (int i = threadIdx.x * 4; i < input.inputs; i += THREADS * 4) cp_async_16_constant(norm_of(input, shared) + i, input.norm + i);
    cp_async_commit();
}

// The sum of a group, of which each lane has COUNT inputs from input i on. Whole warps must come here.
template <int COUNT> __device__ __forceinline__ void put_sum(float sum, int i, int inputs, float* sums)
{
    if (GROUP == 0) return;
    const int lanes = max(GROUP, 1) / COUNT;
#pragma unroll
    for (int lane = 1; lane < lanes; lane *= 2) sum += __shfl_xor_sync(FULL_WARP, sum, lane);
    if (threadIdx.x % lanes == 0 && i / GROUP < sums_of_row(inputs)) sums[i / GROUP] = sum;
}

__device__ __forceinline__ float sum_of(u32 pair) { return low_bf16(pair) + high_bf16(pair); }

// meanwhile: what is done while the first loads are under way.
template <typename Meanwhile> __device__ __forceinline__ void copy_row(const bf16* from, int inputs, bf16* to, float* sums, Meanwhile meanwhile)
{
    for (int start = 0; start < stride_of(inputs); start += AT_ONCE * THREADS * 8)
    {
        uint4 x[AT_ONCE];
#pragma unroll
        for (int j = 0; j < AT_ONCE; j++)
        {
            int i = start + (j * THREADS + threadIdx.x) * 8;
            x[j] = i < inputs ? *reinterpret_cast<const uint4*>(from + i) : make_uint4(0, 0, 0, 0);
        }
        if (start == 0) meanwhile();
#pragma unroll
        for (int j = 0; j < AT_ONCE; j++)
        {
            int i = start + (j * THREADS + threadIdx.x) * 8;
            if (start + j * THREADS * 8 >= stride_of(inputs)) break;
            if (i < stride_of(inputs)) *reinterpret_cast<uint4*>(to + i) = x[j];
            put_sum<8>(sum_of(x[j].x) + sum_of(x[j].y) + sum_of(x[j].z) + sum_of(x[j].w), i, inputs, sums);
        }
    }
}

// to = from * weights, and the sum of the squares of what this thread has of `from`.
template <typename Meanwhile> __device__ __forceinline__ float copy_weighted(const float* from, const float* weights, int inputs, bf16* to, float* sums, Meanwhile meanwhile)
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
        if (start == 0) meanwhile();
#pragma unroll
        for (int j = 0; j < AT_ONCE; j++)
        {
            int i = start + (j * THREADS + threadIdx.x) * 4;
            if (start + j * THREADS * 4 >= stride_of(inputs)) break;
            float4 w = i < inputs ? *reinterpret_cast<const float4*>(weights + i) : make_float4(0, 0, 0, 0);
            squares = fmaf(x[j].x, x[j].x, fmaf(x[j].y, x[j].y, fmaf(x[j].z, x[j].z, fmaf(x[j].w, x[j].w, squares))));
            uint2 four = make_uint2(pack_bf16(x[j].x * w.x, x[j].y * w.y), pack_bf16(x[j].z * w.z, x[j].w * w.w));
            if (i < stride_of(inputs)) *reinterpret_cast<uint2*>(to + i) = four;
            put_sum<4>(sum_of(four.x) + sum_of(four.y), i, inputs, sums);
        }
    }
    return squares;
}

// Brings the rest, once the kernels before are over. meanwhile: what is begun between its loads and their arrival, LATER groups of copies after begin_input in all.
template <int LATER, typename Meanwhile> __device__ __forceinline__ void bring_input(const Input& input, bf16* shared, Norm& norm, Meanwhile meanwhile)
{
#pragma unroll 1
    for (int row = 0; row < input.rows; row++)
    {
        bf16* to = shared + row * stride_of(input.inputs);
        float* sums = sums_of(input, shared) + row * sums_of_row(input.inputs);
        long long at = (long long)row * input.inputs;
        auto begin = [&]
        {
            if (row == 0) meanwhile();
            cp_async_wait<LATER>(); // each thread reads of the norm's weights what it copied itself
        };
        if (input.norm == 0)
        {
            copy_row(reinterpret_cast<const bf16*>(input.values) + at, input.inputs, to, sums, begin);
            continue;
        }
        float squares = warp_sum(copy_weighted(reinterpret_cast<const float*>(input.values) + at, norm_of(input, shared), input.inputs, to, sums, begin));
        if (threadIdx.x % WARP == 0) norm.squares[row][threadIdx.x / WARP] = squares;
    }
    __syncthreads();
}

// What the results of a row are multiplied with: 1 / sqrt(mean(x^2) + epsilon), or 1.
__device__ __forceinline__ float factor_of(const Input& input, const Norm& norm, int row)
{
    if (input.norm == 0) return 1;
    float squares = 0;
#pragma unroll
    for (int w = 0; w < WARPS; w++) squares += norm.squares[row][w];
    return rsqrtf(__fdividef(squares, input.inputs) + input.epsilon);
}
