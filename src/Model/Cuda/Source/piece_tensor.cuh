// What one warp adds to a piece of a token's context, with the tensor cores: for bfloat16 queries over keys and values of bfloat16 or codes. Step by step, with a running softmax:
//   1. The keys of a tile of 16 tokens are the rows of a product and the query heads its columns, so that a key is read once for all of them.
//   2. When the step brings a new peak, what was added up so far is brought down to it.
//   3. The elements of the values are the rows of a second product, over the tokens, with the weights as columns.
// Keys and values come from memory straight into the registers of the products; those of the next step are under way meanwhile where there are registers for it.
// g = lane / 4 and t = lane % 4, as in tensor_core.cuh.
#pragma once
#include "attention.cuh"
#include "parts.cuh"
#include "tensor_core.cuh"

typedef Parts<KV, 4> KeyParts;
typedef Parts<KV, 8> ValueParts;

#define TILE_BYTES (TILE * HEAD_DIM * (int)sizeof(KV))
// Of keys, and of values, that a warp has under way: enough for the memory, and not too much for the registers. Where a warp has but two tiles of a piece, and heads are of 128 elements or fewer, that is
// all, so that it waits for memory once.
#define STEP_BYTES ((int)sizeof(KV) * (TILES <= 2 ? 4096 : 2048))

enum Which { ALL, SETTLED, FRESH }; // tokens: those in the cache since earlier steps, and the others

struct TensorPiece
{
    static constexpr int TOGETHER = 4 * TILE_BYTES <= STEP_BYTES && TILES >= 4 ? 4 : 2 * TILE_BYTES <= STEP_BYTES ? 2 : 1; // tiles of a step
    static constexpr int STEPS = TILES / TOGETHER;
    static constexpr bool ROOMY = HEAD_DIM <= 128; // whether registers hold the queries, and the next step's keys and values beside this one's
    static constexpr bool AHEAD = ROOMY && STEPS == 1; // whether what is settled is loaded before the kernels before are over
    static constexpr int AT_ONCE = 4; // queries that are loaded together where registers do not hold all
    static constexpr int DEPTH = HEAD_DIM / 16; // products over the elements of a head

    // A lane's part: of the keys of tokens g and g+8 of each tile, of the values of tokens 2t, 2t+1, 2t+8 and 2t+9.
    struct Keys { u32 words[TOGETHER][2][KeyParts::WORDS]; };
    struct Values { u32 words[TOGETHER][4][ValueParts::WORDS]; };

    const Cache& cache;
    const int kv_head, list, context, settled, g, t;
    const ACT* group;               // queries of the KV head
    Keys keys;                      // of a step; of the first one's what is settled is loaded ahead, where there is but one
    Values values;
    u32 queries[DEPTH][2];          // of head g of the list, in the order of KeyParts
    float mix[DEPTH][4];            // [elements 2m, 2m, 2m+1, 2m+1 of ValueParts of lane g; heads 2t, 2t+1, 2t, 2t+1]
    float peak[2], sum[2];          // of heads 2t and 2t+1; sums are those of the lane's own tokens
    int start, blocks;              // of lane l: the block of tokens 8 (l % 2) .. of the warp's tile l / 2

    // settled: tokens of the context that are in the cache since earlier steps.
    __device__ __forceinline__ TensorPiece(const Cache& cache, int kv_head, int list, int context, int settled)
        : cache(cache), kv_head(kv_head), list(list), context(context), settled(settled), g(threadIdx.x % WARP / 4), t(threadIdx.x % 4) {}

    // Once they are there. row: of the token.
    __device__ __forceinline__ void bring_queries(const ACT* row)
    {
        group = row + (long long)kv_head * GROUP_SIZE * HEAD_DIM;
        if (!ROOMY) return;
#pragma unroll
        for (int k = 0; k < DEPTH; k++) load_queries(k, queries[k]);
    }

    __device__ __forceinline__ void load_queries(int k, u32 (&columns)[2]) const
    {
        int head = list * LIST + g;
        uint2 x = head < GROUP_SIZE ? read<!ROOMY>(reinterpret_cast<const uint2*>(group + head * HEAD_DIM + KeyParts::element(t, 4 * k))) : make_uint2(0, 0); // if not roomy not before they are asked for
        columns[0] = x.x;
        columns[1] = x.y;
    }

    // Begins with a piece of the context, and with what of it is settled. Before queries and the rest are there.
    __device__ __forceinline__ void begin(int sequence, int from)
    {
        start = from;
        int lane = threadIdx.x % (2 * TILES), token = clamped(first_token(start, lane / 2) + lane % 2 * 8);
        blocks = load_settled(cache.block_tables + (long long)sequence * cache.stride + token / BLOCK_SIZE);
        if (!AHEAD) return;
        load<SETTLED>(keys, 0);
        load<SETTLED>(values, 0);
    }

    // The part of this warp.
    __device__ __forceinline__ void attend(float scale, WarpPart& part)
    {
        clear();
        if (AHEAD) load_fresh();
        else if (ROOMY)
        {
            load<ALL>(keys, 0);
            load<ALL>(values, 0);
        }
#pragma unroll 1
        for (int step = 0; step < STEPS; step++)
        {
            float scores[TOGETHER][4];
            u32 weights[TOGETHER][2];
            if (!ROOMY) load<ALL>(keys, step);
            score(keys, step, scale, scores);
            if (ROOMY && step + 1 < STEPS) load<ALL>(keys, step + 1);
            soften(scores, step, weights);
            if (!ROOMY) load<ALL>(values, step);
            add(values, weights);
            if (ROOMY && step + 1 < STEPS) load<ALL>(values, step + 1);
        }
        hand_on(part);
    }

    __device__ __forceinline__ void clear()
    {
#pragma unroll
        for (int m = 0; m < DEPTH; m++)
#pragma unroll
            for (int i = 0; i < 4; i++) mix[m][i] = 0;
        peak[0] = peak[1] = -INFINITY;
        sum[0] = sum[1] = 0;
    }

    // What lies behind the context may be anything, and 0 * NaN is no 0: there its last token is read again, with weight 0.
    __device__ __forceinline__ int clamped(int token) const { return min(token, context - 1); }

    // The slot of token `at` of a tile, in this half of it. Whole warps must come here.
    __device__ __forceinline__ long long slot(int tile, int at, int half) const
    {
        return slot_of(__shfl_sync(FULL_WARP, blocks, 2 * tile + half), kv_head, clamped(first_token(start, tile) + at));
    }

    template <Which WHICH> __device__ __forceinline__ void load(Keys& keys, int step) const
    {
#pragma unroll
        for (int i = 0; i < TOGETHER; i++)
#pragma unroll
            for (int half = 0; half < 2; half++)
            {
                int tile = step * TOGETHER + i, at = g + 8 * half;
                const KV* head = cache.keys + slot(tile, at, half) * HEAD_DIM;
                if (is_of<WHICH>(first_token(start, tile) + at)) KeyParts::load<WHICH != ALL>(head, t, keys.words[i][half]);
            }
    }

    template <Which WHICH> __device__ __forceinline__ void load(Values& values, int step) const
    {
#pragma unroll
        for (int i = 0; i < TOGETHER; i++)
#pragma unroll
            for (int j = 0; j < 4; j++)
            {
                int tile = step * TOGETHER + i, at = 2 * t + j % 2 + j / 2 * 8;
                const KV* head = cache.values + slot(tile, at, j / 2) * HEAD_DIM;
                if (is_of<WHICH>(first_token(start, tile) + at)) ValueParts::load<WHICH != ALL>(head, g, values.words[i][j]);
            }
    }

    template <Which WHICH> __device__ __forceinline__ bool is_of(int token) const { return WHICH == ALL || (WHICH == SETTLED) == (token < settled); }

    // The rest of the only step.
    __device__ __forceinline__ void load_fresh()
    {
        if (first_token(start, TOGETHER - 1) + TILE <= settled) return;
        load<FRESH>(keys, 0);
        load<FRESH>(values, 0);
    }

    // The scale of codes of token g + 8 half of a tile, or 1.
    __device__ __forceinline__ float of_token(const float* scales, int tile, int half) const
    {
        if constexpr (Codes<KV>::value) return scales[slot(tile, g + 8 * half, half)];
        return 1;
    }

    // scores: by tile [tokens g, g, g+8, g+8; heads 2t, 2t+1, 2t, 2t+1], as exponents of 2.
    __device__ __forceinline__ void score(const Keys& keys, int step, float scale, float (&scores)[TOGETHER][4])
    {
#pragma unroll
        for (int i = 0; i < TOGETHER; i++)
        {
            int tile = step * TOGETHER + i;
            float products[4] = { 0, 0, 0, 0 };
#pragma unroll
            for (int k = 0; k < DEPTH; k++)
            {
                if (!ROOMY && k % AT_ONCE == 0)
#pragma unroll
                    for (int next = k; next < k + AT_ONCE && next < DEPTH; next++) load_queries(next, queries[next]);
                u32 rows[4];
#pragma unroll
                for (int j = 0; j < 4; j++) rows[j] = pair_of<KV>(keys.words[i][j % 2], 2 * k + j / 2);
                mma_m16n8k16_bf16(products, rows, queries[k]);
            }
#pragma unroll
            for (int half = 0; half < 2; half++)
            {
                bool is_seen = first_token(start, tile) + g + 8 * half < context;
                float factor = scale * of_token(cache.key_scales, tile, half);
                scores[i][2 * half] = is_seen ? products[2 * half] * factor : -INFINITY;
                scores[i][2 * half + 1] = is_seen ? products[2 * half + 1] * factor : -INFINITY;
            }
        }
    }

    // weights: the columns of the second product, by tile [tokens 2t and 2t+1, tokens 2t+8 and 2t+9] of head g.
    __device__ __forceinline__ void soften(float (&scores)[TOGETHER][4], int step, u32 (&weights)[TOGETHER][2])
    {
#pragma unroll
        for (int head = 0; head < 2; head++)
        {
            float most = peak[head];
#pragma unroll
            for (int i = 0; i < TOGETHER; i++) most = fmaxf(most, fmaxf(scores[i][head], scores[i][head + 2]));
#pragma unroll
            for (int lane = 4; lane < WARP; lane *= 2) most = fmaxf(most, __shfl_xor_sync(FULL_WARP, most, lane));
            float level = most == -INFINITY ? 0 : most, keep = exp2f(peak[head] - level); // no token so far: 0, not NaN
            sum[head] *= keep;
#pragma unroll
            for (int m = 0; m < DEPTH; m++) mix[m][head] *= keep, mix[m][head + 2] *= keep;
#pragma unroll
            for (int i = 0; i < TOGETHER; i++)
#pragma unroll
                for (int j = head; j < 4; j += 2)
                {
                    scores[i][j] = exp2f(scores[i][j] - level);
                    sum[head] += scores[i][j];
                }
            peak[head] = most;
        }
#pragma unroll
        for (int i = 0; i < TOGETHER; i++)
#pragma unroll
            for (int half = 0; half < 2; half++)
            {
                float factor = of_token(cache.value_scales, step * TOGETHER + i, half);
                weights[i][half] = turn(pack_bf16(scores[i][2 * half] * factor, scores[i][2 * half + 1] * factor));
            }
    }

    // From [token g; heads 2t, 2t+1] to [tokens 2t, 2t+1; head g].
    __device__ __forceinline__ u32 turn(u32 pair) const
    {
        u32 even = __shfl_sync(FULL_WARP, pair, 8 * t + g / 2), odd = __shfl_sync(FULL_WARP, pair, 8 * t + 4 + g / 2);
        return __byte_perm(even, odd, g % 2 == 0 ? 0x5410 : 0x7632);
    }

    __device__ __forceinline__ void add(const Values& values, const u32 (&weights)[TOGETHER][2])
    {
#pragma unroll
        for (int i = 0; i < TOGETHER; i++)
#pragma unroll
            for (int m = 0; m < DEPTH; m++)
            {
                u32 pairs[4], rows[4];
#pragma unroll
                for (int j = 0; j < 4; j++) pairs[j] = pair_of<KV>(values.words[i][j], m);
#pragma unroll
                for (int j = 0; j < 4; j++) rows[j] = __byte_perm(pairs[j / 2 * 2], pairs[j / 2 * 2 + 1], j % 2 == 0 ? 0x5410 : 0x7632);
                mma_m16n8k16_bf16(mix[m], rows, weights[i]);
            }
    }

    __device__ __forceinline__ void hand_on(WarpPart& part)
    {
#pragma unroll
        for (int i = 0; i < 2; i++)
        {
            int head = 2 * t + i;
#pragma unroll
            for (int lane = 4; lane < WARP; lane *= 2) sum[i] += __shfl_xor_sync(FULL_WARP, sum[i], lane);
            if (head >= HEADS) continue;
#pragma unroll
            for (int m = 0; m < DEPTH; m++)
                *reinterpret_cast<float2*>(&part.mix[head][ValueParts::element(g, 2 * m)]) = make_float2(mix[m][i], mix[m][i + 2]);
            if (g != 0) continue;
            part.peak[head] = peak[i];
            part.sum[head] = sum[i];
        }
    }
};
