// What one warp adds to a piece of a token's context, in float32 and for every type: head by head, a token at a time with the head's elements over the lanes.
#pragma once
#include "attention.cuh"

struct PlainPiece
{
    static constexpr bool AHEAD = false;
    static constexpr int COUNT = (HEAD_DIM + WARP - 1) / WARP; // elements of a lane: lane, lane + 32, ...
    static constexpr int SHARE = PIECE / WARPS;               // tokens of a warp
    static constexpr int OF_LANE = SHARE / WARP;

    const Cache& cache;
    const int kv_head, list, context, lane;
    const ACT* row;
    const int* blocks;
    int start;

    __device__ __forceinline__ PlainPiece(const Cache& cache, int kv_head, int list, int context, int) : cache(cache), kv_head(kv_head), list(list), context(context), lane(threadIdx.x % WARP) { }

    __device__ __forceinline__ void bring_queries(const ACT* from) { row = from; }

    __device__ __forceinline__ void begin(int sequence, int from)
    {
        blocks = cache.block_tables + (long long)sequence * cache.stride;
        start = from;
    }

    __device__ __forceinline__ void attend(float scale, WarpPart& part)
    {
        for (int head = 0; head < HEADS && list * LIST + head < GROUP_SIZE; head++)
        {
            float weights[OF_LANE], mix[COUNT] = {};
            score(row + (kv_head * GROUP_SIZE + list * LIST + head) * HEAD_DIM, blocks, start, scale, weights);
            float peak = -INFINITY, sum = 0;
#pragma unroll
            for (int i = 0; i < OF_LANE; i++) peak = fmaxf(peak, weights[i]);
            peak = warp_max(peak);
#pragma unroll
            for (int i = 0; i < OF_LANE; i++) sum += weights[i] = exp2f(weights[i] - (peak == -INFINITY ? 0 : peak));
            sum = warp_sum(sum);
            add_values(weights, blocks, start, mix);
#pragma unroll
            for (int i = 0; i < COUNT; i++)
                if (lane + i * WARP < HEAD_DIM) part.mix[head][lane + i * WARP] = mix[i];
            if (lane != 0) continue;
            part.peak[head] = peak;
            part.sum[head] = sum;
        }
    }

    // Token n of the warp's share.
    static __device__ __forceinline__ int token_of(int start, int n) { return first_token(start, n / TILE) + n % TILE; }

    static __device__ __forceinline__ float of_slot(const float* scales, long long slot)
    {
        if constexpr (Codes<KV>::value) return scales[slot];
        return 1;
    }

    __device__ __forceinline__ void load(const KV* head, float (&x)[COUNT])
    {
#pragma unroll
        for (int i = 0; i < COUNT; i++) x[i] = lane + i * WARP < HEAD_DIM ? to_float(head[lane + i * WARP]) : 0;
    }

    // scores: of the tokens lane, lane + 32, ... of the share.
    __device__ __forceinline__ void score(const ACT* query, const int* blocks, int start, float scale, float (&scores)[OF_LANE])
    {
        float q[COUNT];
#pragma unroll
        for (int i = 0; i < COUNT; i++) q[i] = lane + i * WARP < HEAD_DIM ? to_float(query[lane + i * WARP]) : 0;
#pragma unroll
        for (int i = 0; i < OF_LANE; i++)
        {
            scores[i] = -INFINITY;
#pragma unroll 4
            for (int n = i * WARP; n < (i + 1) * WARP; n++)
            {
                int token = token_of(start, n);
                if (token >= context) continue;
                long long slot = slot_of(blocks[token / BLOCK_SIZE], kv_head, token);
                float key[COUNT], product = 0;
                load(cache.keys + slot * HEAD_DIM, key);
#pragma unroll
                for (int j = 0; j < COUNT; j++) product = fmaf(q[j], key[j], product);
                product = warp_sum(product) * scale * of_slot(cache.key_scales, slot);
                if (n % WARP == lane) scores[i] = product;
            }
        }
    }

    __device__ __forceinline__ void add_values(const float (&weights)[OF_LANE], const int* blocks, int start, float (&mix)[COUNT])
    {
#pragma unroll
        for (int i = 0; i < OF_LANE; i++)
#pragma unroll 4
            for (int n = i * WARP; n < (i + 1) * WARP; n++)
            {
                int token = token_of(start, n);
                if (token >= context) continue;
                long long slot = slot_of(blocks[token / BLOCK_SIZE], kv_head, token);
                float value[COUNT], weight = __shfl_sync(FULL_WARP, weights[i], n % WARP) * of_slot(cache.value_scales, slot);
                load(cache.values + slot * HEAD_DIM, value);
#pragma unroll
                for (int j = 0; j < COUNT; j++) mix[j] = fmaf(weight, value[j], mix[j]);
            }
    }
};
