// Where a token's key and value lie in the paged cache: [blocks, KV_HEADS, BLOCK_SIZE, HEAD_DIM] of KV; the scales of codes: [blocks, KV_HEADS, BLOCK_SIZE] float32.
#pragma once
#include "common.cuh"

#define LARGEST_CODE 127.0f
#define SMALLEST_PEAK 1e-30f

static_assert(HEAD_DIM % 16 == 0 && HEAD_DIM <= 256, "heads of 16, 32, ... 256 elements");
static_assert(BLOCK_SIZE >= 8 && (BLOCK_SIZE & (BLOCK_SIZE - 1)) == 0, "blocks of 8, 16, 32, ... tokens");

__device__ __forceinline__ float to_float(s8 code) { return code; }

// Of a head in a block, in units of HEAD_DIM elements or of one scale. Of `token` only its place in the block counts.
__device__ __forceinline__ long long slot_of(int block, int kv_head, int token) { return ((long long)block * KV_HEADS + kv_head) * BLOCK_SIZE + token % BLOCK_SIZE; }

// Whether the cache holds codes with scales.
template <typename T> struct Codes { static constexpr bool value = false; };
template <> struct Codes<s8> { static constexpr bool value = true; };
