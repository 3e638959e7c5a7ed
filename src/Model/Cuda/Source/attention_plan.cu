// Lays out a step's attention, once for all layers. Compiled for KV_HEADS, GROUP_SIZE, HEAD_DIM, BLOCK_SIZE, TILE_ROWS and PIECE.
//   1. A sequence with at least `chunk` tokens in the step is cut into tiles of TILE_ROWS tokens.
//   2. Every other token is a row. One that sees several pieces is split while `capacity` lasts, which is enough to occupy the device; the others are computed by one block each.
#include "attention.cuh"
#include "overlap.cuh"

#define THREADS 512

// The sum over the threads up to this one, which are THREADS.
__device__ __forceinline__ int sum_up_to_here(int x, int& whole)
{
    __shared__ int of_warps[THREADS / WARP];
    int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
#pragma unroll
    for (int distance = 1; distance < WARP; distance *= 2)
    {
        int other = __shfl_up_sync(FULL_WARP, x, distance);
        if (lane >= distance) x += other;
    }
    if (lane == WARP - 1) of_warps[warp] = x;
    __syncthreads();
    whole = 0;
    int before = 0;
    for (int w = 0; w < THREADS / WARP; w++)
    {
        if (w < warp) before += of_warps[w];
        whole += of_warps[w];
    }
    __syncthreads();
    return before + x;
}

// The sequence that a token row belongs to: the last that starts at it or before.
__device__ __forceinline__ int sequence_of(int row, const int* token_starts, int sequences)
{
    int low = 0, high = sequences - 1;
    while (low < high)
    {
        int middle = (low + high + 1) / 2;
        if (token_starts[middle] <= row) low = middle;
        else high = middle - 1;
    }
    return low;
}

extern "C" __global__ __launch_bounds__(THREADS) void plan_attention(const int* token_starts, const int* context_lengths, int tokens, int sequences, int chunk, int capacity,
                                                                     Work* rows, Work* pieces, Work* tiles, Plan* plan)
{
    __shared__ int split_pieces, fresh;
    begin_kernel();
    if (threadIdx.x == 0) split_pieces = fresh = 0;
    __syncthreads();
    int rows_before = 0, pieces_before = 0, tiles_before = 0, whole;
    for (int start = 0; start < tokens; start += THREADS)
    {
        int row = start + threadIdx.x;
        bool is_there = row < tokens;
        int sequence = is_there ? sequence_of(row, token_starts, sequences) : 0;
        int first = token_starts[sequence], left = token_starts[sequence + 1] - row, context = context_lengths[sequence];
        bool in_chunk = is_there && left + row - first >= chunk, is_row = is_there && !in_chunk;

        if (is_row) atomicMax(&fresh, row - first + 1);

        bool is_tile = in_chunk && (row - first) % TILE_ROWS == 0;
        int tile = tiles_before + sum_up_to_here(is_tile, whole) - 1;
        tiles_before += whole;
        if (is_tile) tiles[tile] = { row, sequence, context, left };

        int seen = max(context - left + 1, 0), wanted = is_row && seen > PIECE ? (seen + PIECE - 1) / PIECE : 0;
        int end = pieces_before + sum_up_to_here(wanted, whole);
        pieces_before += whole;
        bool is_split = wanted > 0 && end <= capacity;
        for (int p = end - wanted; is_split && p < end; p++) pieces[p] = { row, sequence, seen, end - wanted };
        if (is_split) atomicMax(&split_pieces, end);

        bool is_whole = is_row && !is_split;
        int place = rows_before + sum_up_to_here(is_whole, whole) - 1;
        rows_before += whole;
        if (is_whole) rows[place] = { row, sequence, seen, -1 };
    }
    __syncthreads();
    if (threadIdx.x == 0) *plan = { rows_before, split_pieces, fresh };
}
