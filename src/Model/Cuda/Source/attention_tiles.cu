// Attention of chunks of a prompt over the paged cache (Dao 2023, "FlashAttention-2"): bfloat16 queries, keys and values of bfloat16 or codes. Compiled for KV, HEAD_DIM, GROUP_SIZE, KV_HEADS,
// BLOCK_SIZE and TILE_ROWS (64 or 128).
//   1. A block has TILE_ROWS tokens of one sequence and one query head, each of its four warps a quarter of them, and goes through the context KEYS tokens at a time.
//   2. Keys and values of the next step are copied to shared memory while this one is computed; codes are widened there first, and their scales go to scores and weights.
//   3. scores = queries * keys; softmax with a running peak for each token; output += weights * values. A token sees the context up to itself.
// g = lane / 4 and t = lane % 4, as in tensor_core.cuh.
#include "async_copy.cuh"
#include "attention.cuh"
#include "tensor_core.cuh"

#define KEYS 64
#define THREADS (WARPS * WARP)
#define ROWS (TILE_ROWS / WARPS / 16)   // tiles of 16 tokens of a warp
#define PITCH (HEAD_DIM + 8)            // of a row in shared memory: eight rows lie in different banks
#define CHUNKS (HEAD_DIM / 8)           // of 16 bytes in a row of bfloat16

static_assert(TILE_ROWS == 64 || TILE_ROWS == 128, "tiles of 64 or 128 tokens");

typedef bf16 Row[PITCH];

// As they come from memory.
template <typename T> struct Stage;
template <> struct Stage<bf16> { Row keys[KEYS], values[KEYS]; };
template <> struct Stage<s8> { s8 keys[KEYS][HEAD_DIM], values[KEYS][HEAD_DIM]; float key_scales[KEYS], value_scales[KEYS]; };

// What codes are widened to.
template <typename T> struct Widened { };
template <> struct Widened<s8> { Row keys[KEYS], values[KEYS]; };

struct Shared
{
    Row queries[TILE_ROWS];
    Stage<KV> stages[2];
    Widened<KV> widened;
};

// What the products read.
struct Ready { const Row* keys; const Row* values; };

struct Tile
{
    const Work work;
    const int kv_head;
    const int* blocks;

    // Position of the tile's token `row` in its sequence.
    __device__ __forceinline__ int position(int row) const { return work.context - work.base + row; }
    __device__ __forceinline__ int rows() const { return min(work.base, TILE_ROWS); }
    // Tokens that its last token sees.
    __device__ __forceinline__ int seen() const { return position(rows()); }
    __device__ __forceinline__ long long slot(int token) const { return slot_of(blocks[token / BLOCK_SIZE], kv_head, token); }
};

__device__ __forceinline__ void copy_queries(const Tile& tile, const bf16* queries, int head, Row* to)
{
    for (int i = threadIdx.x; i < TILE_ROWS * CHUNKS; i += THREADS)
    {
        int row = i / CHUNKS, chunk = i % CHUNKS;
        bool is_there = row < tile.rows();
        long long from = ((long long)(tile.work.row + (is_there ? row : 0)) * KV_HEADS * GROUP_SIZE + head) * HEAD_DIM + chunk * 8;
        cp_async_16_or_zero(&to[row][chunk * 8], queries + from, is_there);
    }
}

__device__ __forceinline__ void copy_scales(const Tile&, const Cache&, int, Stage<bf16>&) { }

// Those of four tokens, which lie in one block, are 16 bytes.
__device__ __forceinline__ void copy_scales(const Tile& tile, const Cache& cache, int first, Stage<s8>& to)
{
    int key = threadIdx.x * 4;
    if (key >= KEYS) return;
    bool is_there = first + key < tile.work.context;
    long long from = is_there ? tile.slot(first + key) : 0;
    cp_async_16_or_zero(&to.key_scales[key], cache.key_scales + from, is_there);
    cp_async_16_or_zero(&to.value_scales[key], cache.value_scales + from, is_there);
}

// Keys and values of KEYS tokens; zeros behind the context, where anything may lie.
__device__ __forceinline__ void copy_stage(const Tile& tile, const Cache& cache, int first, Stage<KV>& to)
{
    constexpr int PER_CHUNK = 16 / (int)sizeof(KV), COUNT = HEAD_DIM / PER_CHUNK;
#pragma unroll
    for (int i = threadIdx.x; i < KEYS * COUNT; i += THREADS)
    {
        int key = i / COUNT, element = i % COUNT * PER_CHUNK, token = first + key;
        bool is_there = token < tile.work.context;
        long long from = is_there ? tile.slot(token) * HEAD_DIM + element : 0;
        cp_async_16_or_zero(&to.keys[key][element], cache.keys + from, is_there);
        cp_async_16_or_zero(&to.values[key][element], cache.values + from, is_there);
    }
    copy_scales(tile, cache, first, to);
}

// Eight codes at a time. bfloat16 has their values exactly.
__device__ __forceinline__ void widen(const s8 (*codes)[HEAD_DIM], Row* to)
{
    for (int i = threadIdx.x; i < KEYS * CHUNKS; i += THREADS)
    {
        int key = i / CHUNKS, element = i % CHUNKS * 8;
        uint2 from = *reinterpret_cast<const uint2*>(&codes[key][element]);
        u32 pairs[4];
#pragma unroll
        for (int j = 0; j < 4; j++)
        {
            u32 two = (j < 2 ? from.x : from.y) >> j % 2 * 16;
            pairs[j] = pack_bf16((s8)two, (s8)(two >> 8));
        }
        *reinterpret_cast<uint4*>(&to[key][element]) = make_uint4(pairs[0], pairs[1], pairs[2], pairs[3]);
    }
}

__device__ __forceinline__ Ready make_ready(const Stage<bf16>& stage, Widened<bf16>&) { return { stage.keys, stage.values }; }

__device__ __forceinline__ Ready make_ready(const Stage<s8>& stage, Widened<s8>& to)
{
    widen(stage.keys, to.keys);
    widen(stage.values, to.values);
    __syncthreads();
    return { to.keys, to.values };
}

// What a warp computes: tile m of its rows has token g in places 0 and 1, and token g+8 in places 2 and 3, of two neighbouring columns 2t and 2t+1 of eight.
struct WarpTile
{
    const int g = threadIdx.x % WARP / 4, t = threadIdx.x % 4, lane = threadIdx.x % WARP, first_row = threadIdx.x / WARP * ROWS * 16;
    float output[ROWS][HEAD_DIM / 8][4] = {};
    float peak[ROWS][2], sum[ROWS][2] = {}; // of tokens g and g+8; sums are those of the lane's own columns

    __device__ __forceinline__ WarpTile()
    {
        for (int m = 0; m < ROWS; m++) peak[m][0] = peak[m][1] = -INFINITY;
    }

    __device__ __forceinline__ int row(int m, int place) const { return first_row + m * 16 + g + place / 2 * 8; }

    __device__ __forceinline__ void score(const Row* queries, const Row* keys, float (&scores)[ROWS][KEYS / 8][4]) const
    {
#pragma unroll
        for (int k = 0; k < HEAD_DIM / 16; k++)
        {
            u32 rows[ROWS][4];
#pragma unroll
            for (int m = 0; m < ROWS; m++) ldmatrix_x4(rows[m], &queries[first_row + m * 16 + lane % 16][k * 16 + lane / 16 * 8]);
#pragma unroll
            for (int n = 0; n < KEYS / 16; n++)
            {
                u32 columns[4];
                ldmatrix_x4(columns, &keys[n * 16 + lane / 16 * 8 + lane % 8][k * 16 + lane / 8 % 2 * 8]);
                const u32 low[2] = { columns[0], columns[1] }, high[2] = { columns[2], columns[3] };
#pragma unroll
                for (int m = 0; m < ROWS; m++)
                {
                    mma_m16n8k16_bf16(scores[m][2 * n], rows[m], low);
                    mma_m16n8k16_bf16(scores[m][2 * n + 1], rows[m], high);
                }
            }
        }
    }

    // Hides what a token does not see.
    __device__ __forceinline__ void mask(const Tile& tile, int first, float (&scores)[ROWS][KEYS / 8][4]) const
    {
#pragma unroll
        for (int m = 0; m < ROWS; m++)
#pragma unroll
            for (int n = 0; n < KEYS / 8; n++)
#pragma unroll
                for (int i = 0; i < 4; i++)
                    if (first + n * 8 + 2 * t + i % 2 > tile.position(row(m, i))) scores[m][n][i] = -INFINITY;
    }

    // Scores become weights. The first step of a tile has a token that every row sees, so peaks are numbers from then on.
    __device__ __forceinline__ void soften(float scale, float (&scores)[ROWS][KEYS / 8][4])
    {
#pragma unroll
        for (int m = 0; m < ROWS; m++)
#pragma unroll
            for (int half = 0; half < 2; half++)
            {
                float most = peak[m][half];
#pragma unroll
                for (int n = 0; n < KEYS / 8; n++) most = fmaxf(most, fmaxf(scores[m][n][2 * half], scores[m][n][2 * half + 1]));
                most = fmaxf(most, __shfl_xor_sync(FULL_WARP, most, 1));
                most = fmaxf(most, __shfl_xor_sync(FULL_WARP, most, 2));
                float keep = exp2f((peak[m][half] - most) * scale), level = -most * scale;
                peak[m][half] = most;
                sum[m][half] *= keep;
                if (__any_sync(FULL_WARP, keep != 1))
                {
#pragma unroll
                    for (int n = 0; n < HEAD_DIM / 8; n++) output[m][n][2 * half] *= keep, output[m][n][2 * half + 1] *= keep;
                }
#pragma unroll
                for (int n = 0; n < KEYS / 8; n++)
#pragma unroll
                    for (int i = 2 * half; i < 2 * half + 2; i++)
                    {
                        scores[m][n][i] = exp2f(fmaf(scores[m][n][i], scale, level));
                        sum[m][half] += scores[m][n][i];
                    }
            }
    }

    // Scales of codes, by token. A token that is not seen has weight 0 and perhaps no number as scale.
    __device__ __forceinline__ void scale_columns(const float* scales, float (&scores)[ROWS][KEYS / 8][4]) const
    {
#pragma unroll
        for (int n = 0; n < KEYS / 8; n++)
        {
            float even = scales[n * 8 + 2 * t], odd = scales[n * 8 + 2 * t + 1];
#pragma unroll
            for (int m = 0; m < ROWS; m++)
#pragma unroll
                for (int i = 0; i < 4; i++) scores[m][n][i] = scores[m][n][i] == 0 ? 0 : scores[m][n][i] * (i % 2 == 0 ? even : odd);
        }
    }

    __device__ __forceinline__ void scale_keys(const Stage<bf16>&, float (&)[ROWS][KEYS / 8][4]) const { }
    __device__ __forceinline__ void scale_values(const Stage<bf16>&, float (&)[ROWS][KEYS / 8][4]) const { }
    __device__ __forceinline__ void scale_keys(const Stage<s8>& stage, float (&scores)[ROWS][KEYS / 8][4]) const { scale_columns(stage.key_scales, scores); }
    __device__ __forceinline__ void scale_values(const Stage<s8>& stage, float (&weights)[ROWS][KEYS / 8][4]) const { scale_columns(stage.value_scales, weights); }

    __device__ __forceinline__ void add(const Row* values, const float (&weights)[ROWS][KEYS / 8][4])
    {
#pragma unroll
        for (int k = 0; k < KEYS / 16; k++)
        {
            u32 rows[ROWS][4];
#pragma unroll
            for (int m = 0; m < ROWS; m++)
#pragma unroll
                for (int i = 0; i < 4; i++) rows[m][i] = pack_bf16(weights[m][2 * k + i / 2][i % 2 * 2], weights[m][2 * k + i / 2][i % 2 * 2 + 1]);
#pragma unroll
            for (int n = 0; n < HEAD_DIM / 16; n++)
            {
                u32 columns[4];
                ldmatrix_x4_trans(columns, &values[k * 16 + lane % 16][n * 16 + lane / 16 * 8]);
                const u32 low[2] = { columns[0], columns[1] }, high[2] = { columns[2], columns[3] };
#pragma unroll
                for (int m = 0; m < ROWS; m++)
                {
                    mma_m16n8k16_bf16(output[m][2 * n], rows[m], low);
                    mma_m16n8k16_bf16(output[m][2 * n + 1], rows[m], high);
                }
            }
        }
    }

    // By way of the warp's own rows of `rows`, so that 16 bytes are written at a time.
    __device__ __forceinline__ void put_out(const Tile& tile, int head, Row* rows, bf16* to)
    {
#pragma unroll
        for (int m = 0; m < ROWS; m++)
#pragma unroll
            for (int half = 0; half < 2; half++)
            {
                float whole = sum[m][half];
                whole += __shfl_xor_sync(FULL_WARP, whole, 1);
                whole += __shfl_xor_sync(FULL_WARP, whole, 2);
                float share = 1 / whole;
#pragma unroll
                for (int n = 0; n < HEAD_DIM / 8; n++)
                    *reinterpret_cast<u32*>(&rows[row(m, 2 * half)][n * 8 + 2 * t]) = pack_bf16(output[m][n][2 * half] * share, output[m][n][2 * half + 1] * share);
            }
        __syncwarp();
        for (int i = lane; i < ROWS * 16 * CHUNKS; i += WARP)
        {
            int row = first_row + i / CHUNKS, element = i % CHUNKS * 8;
            if (row >= tile.rows()) continue;
            long long at = ((long long)(tile.work.row + row) * KV_HEADS * GROUP_SIZE + head) * HEAD_DIM + element;
            *reinterpret_cast<uint4*>(to + at) = *reinterpret_cast<const uint4*>(&rows[row][element]);
        }
    }
};

// Grid: query heads, tiles; the last tiles first, which see most.
extern "C" __global__ __launch_bounds__(THREADS) void attend_tiles(const bf16* queries, const KV* keys, const KV* values, const float* key_scales, const float* value_scales,
                                                                   const int* block_tables, int stride, float scale, const Work* tiles, bf16* output)
{
    DYNAMIC_SHARED(Shared, shared);
    const int head = blockIdx.x;
    const Cache cache = { keys, values, key_scales, value_scales, block_tables, stride };
    const Work work = tiles[gridDim.y - 1 - blockIdx.y];
    const Tile tile = { work, head / GROUP_SIZE, block_tables + (long long)work.sequence * stride };
    const int steps = (tile.seen() + KEYS - 1) / KEYS;

    copy_queries(tile, queries, head, shared->queries);
    copy_stage(tile, cache, 0, shared->stages[0]);
    cp_async_commit();
    WarpTile warp;
    for (int step = 0; step < steps; step++)
    {
        const Stage<KV>& stage = shared->stages[step % 2];
        if (step + 1 < steps) copy_stage(tile, cache, (step + 1) * KEYS, shared->stages[(step + 1) % 2]);
        cp_async_commit();
        cp_async_wait<1>();
        __syncthreads();
        const Ready ready = make_ready(stage, shared->widened);
        const int first = step * KEYS;
        if (warp.first_row < tile.rows() && first <= tile.position(warp.first_row + ROWS * 16 - 1))
        {
            float scores[ROWS][KEYS / 8][4] = {};
            warp.score(shared->queries, ready.keys, scores);
            warp.scale_keys(stage, scores);
            if (first + KEYS - 1 > tile.position(warp.first_row)) warp.mask(tile, first, scores);
            warp.soften(scale * LOG2_E, scores);
            warp.scale_values(stage, scores);
            warp.add(ready.values, scores);
        }
        __syncthreads();
    }
    warp.put_out(tile, head, shared->queries, output);
}
