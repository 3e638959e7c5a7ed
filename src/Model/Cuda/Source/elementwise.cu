// What is done to every element of an activation. Compiled for ACT (bf16 or float). The residual stream is float32.
#include "overlap.cuh"
#include "pairs.cuh"
#include "silu.cuh"

// output[t] = table[ids[t] - first], or zeros where the table, of so many rows, has no such row. Grid: tokens.
template <typename T> __device__ __forceinline__ void embed(const T* table, const int* ids, int first, int rows, float* output, int columns)
{
    begin_kernel();
    int row = ids[blockIdx.x] - first;
    bool is_there = row >= 0 && row < rows;
    const T* from = table + (long long)row * columns;
    float* to = output + (long long)blockIdx.x * columns;
    for (int i = 2 * threadIdx.x; i < columns; i += 2 * blockDim.x) store_pair(to + i, is_there ? load_pair(from + i) : make_float2(0, 0));
}

extern "C" __global__ void embed_bf16(const bf16* table, const int* ids, int first, int rows, float* output, int columns) { embed(table, ids, first, rows, output, columns); }
extern "C" __global__ void embed_float(const float* table, const int* ids, int first, int rows, float* output, int columns) { embed(table, ids, first, rows, output, columns); }

// output[i] = input[indices[i]]. Grid: rows of the output.
extern "C" __global__ void take_rows(const float* input, const int* indices, int first, int rows, float* output, int columns) { embed(input, indices, first, rows, output, columns); }

// The sum over a block whose threads are whole warps, the same in every thread.
__device__ __forceinline__ float block_sum(float x)
{
    __shared__ float of_warps[WARP];
    x = warp_sum(x);
    if (threadIdx.x % WARP == 0) of_warps[threadIdx.x / WARP] = x;
    __syncthreads();
    return warp_sum(threadIdx.x % WARP < blockDim.x / WARP ? of_warps[threadIdx.x % WARP] : 0);
}

// output = input / sqrt(mean(input^2) + epsilon) * weight. Grid: rows. May be done in place: each thread reads twice what it alone writes.
template <typename T> __device__ __forceinline__ void normalise(const float* input, const float* weight, float epsilon, T* output, int columns)
{
    begin_kernel();
    const float* row = input + (long long)blockIdx.x * columns;
    T* to = output + (long long)blockIdx.x * columns;
    float squares = 0;
#pragma unroll 4
    for (int i = 2 * threadIdx.x; i < columns; i += 2 * blockDim.x)
    {
        float2 x = load_pair(row + i);
        squares = fmaf(x.x, x.x, fmaf(x.y, x.y, squares));
    }
    float factor = rsqrtf(block_sum(squares) / columns + epsilon);
#pragma unroll 4
    for (int i = 2 * threadIdx.x; i < columns; i += 2 * blockDim.x)
    {
        float2 x = load_pair(row + i), w = load_pair(weight + i);
        store_pair(to + i, make_float2(x.x * factor * w.x, x.y * factor * w.y));
    }
}

extern "C" __global__ void rms_norm(const float* input, const float* weight, float epsilon, ACT* output, int columns) { normalise(input, weight, epsilon, output, columns); }
extern "C" __global__ void rms_norm_float(const float* input, const float* weight, float epsilon, float* output, int columns) { normalise(input, weight, epsilon, output, columns); }

// gate = silu(gate) * up over `pairs` pairs of elements, four of them at once per thread so that enough is under way.
extern "C" __global__ void silu_multiply(ACT* gate, const ACT* up, long long pairs)
{
    begin_kernel();
    const int AT_ONCE = 4;
    long long step = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < pairs; i += AT_ONCE * step)
    {
        float2 g[AT_ONCE], u[AT_ONCE];
#pragma unroll
        for (int j = 0; j < AT_ONCE; j++)
            if (i + j * step < pairs)
            {
                g[j] = load_pair(gate + 2 * (i + j * step));
                u[j] = load_pair(up + 2 * (i + j * step));
            }
#pragma unroll
        for (int j = 0; j < AT_ONCE; j++)
            if (i + j * step < pairs) store_pair(gate + 2 * (i + j * step), make_float2(silu(g[j].x) * u[j].x, silu(g[j].y) * u[j].y));
    }
}
