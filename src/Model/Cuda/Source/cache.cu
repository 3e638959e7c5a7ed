// Writing the paged cache. Compiled for ACT (bf16 or float), KV (bf16, float or s8), HEAD_DIM, GROUP_SIZE, KV_HEADS and BLOCK_SIZE.
#include "cache.cuh"
#include "overlap.cuh"
#include "pairs.cuh"

#define QUERY_HEADS (KV_HEADS * GROUP_SIZE)
#define HALF (HEAD_DIM / 2)
#define STEPS ((HALF + 2 * WARP - 1) / (2 * WARP))

// A head's elements over the lanes of a warp: of each step two of the lower half and the two of the upper half that they turn with.
struct Head { float2 low[STEPS], high[STEPS]; };

__device__ __forceinline__ int element_of(int step) { return 2 * (step * WARP + threadIdx.x % WARP); }

__device__ __forceinline__ Head load_head(const ACT* from)
{
    Head head;
#pragma unroll
    for (int s = 0; s < STEPS; s++)
    {
        int i = element_of(s);
        head.low[s] = i < HALF ? load_pair(from + i) : make_float2(0, 0);
        head.high[s] = i < HALF ? load_pair(from + HALF + i) : make_float2(0, 0);
    }
    return head;
}

// The angles of a position, of a lane's elements.
struct Angles { float2 cosines[STEPS], sines[STEPS]; };

__device__ __forceinline__ Angles load_angles(const float* cosines, const float* sines)
{
    Angles angles;
#pragma unroll
    for (int s = 0; s < STEPS; s++)
    {
        int i = element_of(s);
        if (i >= HALF) continue;
        angles.cosines[s] = load_constant(reinterpret_cast<const float2*>(cosines + i));
        angles.sines[s] = load_constant(reinterpret_cast<const float2*>(sines + i));
    }
    return angles;
}

// Element i turns with element i + HALF by the angle of its position (Su et al. 2021).
__device__ __forceinline__ void rotate(Head& head, const Angles& angles)
{
#pragma unroll
    for (int s = 0; s < STEPS; s++)
    {
        if (element_of(s) >= HALF) continue;
        float2 c = angles.cosines[s], n = angles.sines[s], low = head.low[s], high = head.high[s];
        head.low[s] = make_float2(low.x * c.x - high.x * n.x, low.y * c.y - high.y * n.y);
        head.high[s] = make_float2(high.x * c.x + low.x * n.x, high.y * c.y + low.y * n.y);
    }
}

template <typename T> __device__ __forceinline__ void store_head(const Head& head, T* to)
{
#pragma unroll
    for (int s = 0; s < STEPS; s++)
    {
        int i = element_of(s);
        if (i >= HALF) continue;
        store_pair(to + i, head.low[s]);
        store_pair(to + HALF + i, head.high[s]);
    }
}

__device__ __forceinline__ float peak_of(const Head& head)
{
    float peak = 0;
#pragma unroll
    for (int s = 0; s < STEPS; s++)
        peak = fmaxf(peak, fmaxf(fmaxf(fabsf(head.low[s].x), fabsf(head.low[s].y)), fmaxf(fabsf(head.high[s].x), fabsf(head.high[s].y))));
    return warp_max(peak);
}

__device__ __forceinline__ void store_codes(s8* to, float2 pair, float scale)
{
    to[0] = (s8)rintf(pair.x / scale);
    to[1] = (s8)rintf(pair.y / scale);
}

// One head of one slot into the cache: as it is, or as codes with their scale.
template <typename T> __device__ __forceinline__ void store_slot(const Head& head, T* cache, float*, long long slot) { store_head(head, cache + slot * HEAD_DIM); }

template <> __device__ __forceinline__ void store_slot<s8>(const Head& head, s8* cache, float* scales, long long slot)
{
    float scale = fmaxf(peak_of(head), SMALLEST_PEAK) / LARGEST_CODE;
    if (threadIdx.x % WARP == 0) scales[slot] = scale;
    s8* to = cache + slot * HEAD_DIM;
#pragma unroll
    for (int s = 0; s < STEPS; s++)
    {
        int i = element_of(s);
        if (i >= HALF) continue;
        store_codes(to + i, head.low[s], scale);
        store_codes(to + HALF + i, head.high[s], scale);
    }
}

// Rotates the queries of each token in place, and its keys into the cache beside its values. A warp for each head: first those of the queries, then keys, then values.
// Grid: tokens, heads of all three / warps of a block. A slot of -1 is written nowhere.
extern "C" __global__ void rotate_and_store(ACT* queries, const ACT* keys, const ACT* values, const float* cosines, const float* sines, const int* positions, const int* slots,
                                            KV* cached_keys, KV* cached_values, float* key_scales, float* value_scales)
{
    let_next_begin();
    int head = blockIdx.y * (blockDim.x / WARP) + threadIdx.x / WARP, slot = load_settled(slots + blockIdx.x);
    long long token = blockIdx.x, angle = (long long)load_settled(positions + blockIdx.x) * HALF;
    Angles angles = {};
    if (head < QUERY_HEADS + KV_HEADS) angles = load_angles(cosines + angle, sines + angle);
    await_previous();
    if (head < QUERY_HEADS)
    {
        ACT* query = queries + (token * QUERY_HEADS + head) * HEAD_DIM;
        Head turned = load_head(query);
        rotate(turned, angles);
        store_head(turned, query);
        return;
    }
    head -= QUERY_HEADS;
    if (head >= 2 * KV_HEADS || slot < 0) return;
    bool is_key = head < KV_HEADS;
    head %= KV_HEADS;
    long long to = slot_of(slot / BLOCK_SIZE, head, slot);
    Head stored = load_head((is_key ? keys : values) + (token * KV_HEADS + head) * HEAD_DIM);
    if (is_key) rotate(stored, angles);
    store_slot(stored, is_key ? cached_keys : cached_values, is_key ? key_scales : value_scales, to);
}

// block[target] = block[source] for each pair (source, target) in order: every thread owns the same 16 bytes of all blocks, so that it sees what it wrote before.
// Grid: units of a block / threads.
extern "C" __global__ void copy_blocks(uint4* cache, const int2* pairs, int count, int units)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= units) return;
    for (int p = 0; p < count; p++) cache[(long long)pairs[p].y * units + i] = cache[(long long)pairs[p].x * units + i];
}
