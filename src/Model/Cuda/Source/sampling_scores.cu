// Log-probabilities of rows of logits as the model made them, as Logprobs has them on the host, once find_best and weigh have read the raw rows.
#include "sampling.cuh"

#define MOST_TOP 20

struct TokenLogprob { int token; float logprob; };

// The best tokens in order, by one warp: the best of the stretches' best ones is next, and the one below it in its stretch takes its place.
// Tokens that are impossible are left out. heads: [stretches] in shared memory.
__device__ int list_top(const float* logits, int vocab, u64* heads, int stretches, int count, double log_mass, TokenLogprob* top)
{
    int lane = threadIdx.x % WARP;
    for (int found = 0; found < count; found++)
    {
        u64 key = row_best(heads, stretches), next = 0;
        float logit = key_logit(key);
        if (key == 0 || logit == -INFINITY) return found;
        int stretch = key_token(key) / STRETCH;
        if (lane == 0) top[found] = { key_token(key), (float)(logits[key_token(key)] - log_mass) };
        each_logit(logits, vocab, stretch, [&](int, int token, float other)
        {
            u64 own = key_of(other, token);
            if (own < key && own > next) next = own;
        });
        next = warp_max(next);
        __syncwarp();
        if (lane == 0) heads[stretch] = next;
        __syncwarp();
    }
    return count;
}

// How many logits are larger, counted by the other warps.
__device__ void count_larger(const float* logits, int vocab, float own, int* larger)
{
    int count = 0;
    for (int token = threadIdx.x - WARP; token < vocab; token += blockDim.x - WARP) count += logits[token] > own;
    atomicAdd(larger, count);
}

// Scores one row; a block each, of two warps or more.
extern "C" __global__ void score(const SamplingRow* rows, const float* logits, int vocab, const u64* best, const u64* masses, double* log_masses, SampledRow* results, TokenLogprob* tops)
{
    __shared__ u64 heads[BINS];
    __shared__ int larger;
    const SamplingRow row = rows[blockIdx.x];
    if (!is_wanted(row, 1)) return;
    int stretches = (vocab + STRETCH - 1) / STRETCH;
    const float* values = logits + (long long)blockIdx.x * vocab;
    best += (long long)blockIdx.x * stretches;
    float max = key_logit(row_best(best, stretches));
    SampledRow* result = results + blockIdx.x;
    if (threadIdx.x == 0) result->max = max;
    if (!is_finite(max)) return;

    double log_mass = max + log((double)row_mass(masses + (long long)blockIdx.x * stretches, stretches) / MASS_OF_ONE);
    if (threadIdx.x == 0) larger = 0;
    for (int i = threadIdx.x; i < stretches; i += blockDim.x) heads[i] = best[i];
    __syncthreads();
    int top_count = 0;
    if (threadIdx.x < WARP) top_count = list_top(values, vocab, heads, stretches, row.top_count, log_mass, tops + blockIdx.x * MOST_TOP);
    else if (row.token >= 0) count_larger(values, vocab, values[row.token], &larger);
    __syncthreads();
    if (threadIdx.x != 0) return;
    log_masses[blockIdx.x] = log_mass;
    result->rank = 1 + larger;
    result->top_count = top_count;
    result->logprob = row.token < 0 ? 0.0f : (float)(values[row.token] - log_mass);
}
