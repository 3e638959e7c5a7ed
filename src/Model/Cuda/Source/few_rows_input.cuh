// What the products with few rows share: the input in shared memory, where every block brings it for itself while its first weights are under way. An input that is to be normalised is not in the way of
// it: the factors of the norm, one for each row, are multiplied with the results.
//
// How a row lies there say input_bfloat16.cuh and input_digits.cuh, one of which is included before: row_bytes, and Row, into which warps put what they have of it.
//
// ROWS: of the input, at most. Block: THREADS.
#pragma once
#include "async_copy.cuh"
#include "few_rows_block.cuh"
#include "overlap.cuh"

#define AT_ONCE (BITS < 16 && ROWS == 1 ? 3 : 4) // loads of a thread under way: what takes a block time here is waiting for them. For codes in half of the registers there is room for no more.

struct Input
{
    const void* values;         // [rows, inputs] bfloat16, or float32 that is to be normalised
    const float* norm;          // weights of RMSNorm, [inputs]; null where the input is taken as it is
    float epsilon;
    int rows, inputs;
};

struct Norm { float squares[ROWS][WARPS]; }; // sums of a row's squares

// Behind the rows: the weights of the norm.
__device__ __forceinline__ float* norm_of(const Input& input, u8* shared) { return reinterpret_cast<float*>(shared + input.rows * row_bytes(input.inputs)); }

__device__ __forceinline__ int input_bytes(const Input& input) { return input.rows * row_bytes(input.inputs) + (input.norm != 0 ? input.inputs * 4 : 0); }

// A row, or where there are not so many the last.
__device__ __forceinline__ Row row_of(const Input& input, u8* shared, int row)
{
    return Row(shared + (ROWS == 1 ? 0 : min(row, input.rows - 1) * row_bytes(input.inputs)), input.inputs);
}

// Begins with what no kernel writes, as a group of copies. shared: input_bytes.
__device__ __forceinline__ void begin_input(const Input& input, u8* shared)
{
    if (input.norm != 0)
        for (int i = threadIdx.x * 4; i < input.inputs; i += THREADS * 4) cp_async_16_constant(norm_of(input, shared) + i, input.norm + i);
    cp_async_commit();
}

// Copies a row, 16 bytes at once: 8 inputs, or 4 that are to be normalised, weighted for it, and then returns the sum of the squares of what this thread has of them. meanwhile: what is done while the
// first loads are under way.
template <typename Meanwhile> __device__ __forceinline__ float copy_row(const Input& input, int row, const float* norm, const Row& to, Meanwhile meanwhile)
{
    const int count = input.norm == 0 ? 8 : 4;
    const u8* from = reinterpret_cast<const u8*>(input.values) + (long long)row * input.inputs * (16 / count);
    float squares = 0;
    for (int start = 0; start < padded(input.inputs); start += AT_ONCE * THREADS * count)
    {
        uint4 x[AT_ONCE];
#pragma unroll
        for (int j = 0; j < AT_ONCE; j++)
        {
            int i = start + (j * THREADS + threadIdx.x) * count;
            x[j] = i < input.inputs ? *reinterpret_cast<const uint4*>(from + i * (16 / count)) : make_uint4(0, 0, 0, 0);
        }
        if (start == 0) meanwhile();
#pragma unroll
        for (int j = 0; j < AT_ONCE; j++)
        {
            int i = start + (j * THREADS + threadIdx.x) * count;
            if (i >= padded(input.inputs)) continue; // whole warps: PADDING is a multiple of what they have
            if (input.norm == 0)
            {
                to.put(x[j], i);
                continue;
            }
            float4 four = make_float4(__uint_as_float(x[j].x), __uint_as_float(x[j].y), __uint_as_float(x[j].z), __uint_as_float(x[j].w));
            float4 w = i < input.inputs ? *reinterpret_cast<const float4*>(norm + i) : make_float4(0, 0, 0, 0);
            squares = fmaf(four.x, four.x, fmaf(four.y, four.y, fmaf(four.z, four.z, fmaf(four.w, four.w, squares))));
            to.put(make_float4(four.x * w.x, four.y * w.y, four.z * w.z, four.w * w.w), i);
        }
    }
    return squares;
}

// Brings the rest, once the kernels before are over. meanwhile: what is begun between its loads and their arrival, LATER groups of copies after begin_input in all.
template <int LATER, typename Meanwhile> __device__ __forceinline__ void bring_input(const Input& input, u8* shared, Norm& norm, Meanwhile meanwhile)
{
#pragma unroll 1
    for (int row = 0; row < input.rows; row++)
    {
        float squares = copy_row(input, row, norm_of(input, shared), Row(shared + row * row_bytes(input.inputs), input.inputs), [&]
        {
            if (row == 0) meanwhile();
            cp_async_wait<LATER>(); // each thread reads of the norm's weights what it copied itself
        });
        if (input.norm == 0) continue;
        squares = warp_sum(squares);
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
