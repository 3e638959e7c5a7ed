// How attention is cut into work. A token's context is cut into pieces of PIECE tokens, at fixed places: its result is that of its pieces, added one after the other, whoever computes them. That
// makes it the same bit for bit in any batch and behind any cut of its prompt, where PIECE is the same for all steps.
#pragma once
#include "cache.cuh"

#define LIST 8          // query heads of one KV head that are computed together
#define LISTS (KV_HEADS * ((GROUP_SIZE + LIST - 1) / LIST))
#define HEADS (GROUP_SIZE < LIST ? GROUP_SIZE : LIST)

// One token's attention, or one piece of it, or a tile of a chunk's tokens; for all heads.
struct __align__(16) Work
{
    int row;            // of the token, or of the tile's first
    int sequence;
    int context;        // tokens that it sees; of a tile: that the sequence has
    int base;           // of a piece: index of its token's first piece; of a tile: tokens of the chunk from `row` on
};

// What plan_attention counted. fresh: most tokens of this step, its own included, that a row or a piece sees; all before them are in the cache since earlier steps.
struct Plan { int rows, pieces, fresh; };

#define LOG2_E 1.4426950408889634f // softmax goes by powers of 2
#define WARPS 4         // of a block that attends
#define TILE 16         // tokens that a warp of attend_rows takes together
#define TILES (PIECE / TILE / WARPS)

// One layer's cache and where each sequence's blocks are.
struct Cache
{
    const KV* keys;
    const KV* values;
    const float* key_scales;
    const float* value_scales;
    const int* block_tables;
    int stride;         // of block_tables
};

// What a warp hands on: softmax weights are powers of 2 relative to its peak; a warp without tokens has peak -inf, sum 0 and mix 0.
struct WarpPart
{
    float mix[HEADS][HEAD_DIM]; // sum of weight * value
    float peak[HEADS], sum[HEADS];
};

// Tokens of a piece go to the warps in tiles by turns, so that all have work in a short context.
__device__ __forceinline__ int first_token(int start, int tile) { return start + (tile * WARPS + (int)threadIdx.x / WARP) * TILE; }
