// Draws a token from each row of logits [rows, vocab] float32, as Sampler does on the host. Three kernels: the largest logit, the weights' masses, the draw.
#include "truncation.cuh"

// best[row, stretch] = the largest key, after what the row's mask does not allow was set to −∞ in place. Also clears the histograms that weigh adds to.
extern "C" __global__ void find_best(const SamplingRow* rows, const u32* masks, int mask_words, float* logits, int vocab, int raw, u64* best, u64* histograms)
{
    const SamplingRow row = rows[blockIdx.y];
    if (!is_wanted(row, raw)) return;
    if (!raw && is_bounded(row))
        for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < BINS; i += gridDim.x * blockDim.x) histograms[(long long)blockIdx.y * BINS + i] = 0;

    int stretches = (vocab + STRETCH - 1) / STRETCH, stretch = (blockIdx.x * blockDim.x + threadIdx.x) / WARP, lane = threadIdx.x % WARP;
    if (stretch >= stretches) return;
    float* values = logits + (long long)blockIdx.y * vocab;
    u32 allowed = FULL_WARP; // lane i's word is for what all lanes read as their i-th
    if (!raw && row.mask >= 0) allowed = stretch * STEPS + lane < mask_words ? masks[(long long)row.mask * mask_words + stretch * STEPS + lane] : 0;
    u64 key = 0;
    each_logit(values, vocab, stretch, [&](int i, int token, float logit)
    {
        bool banned = !(__shfl_sync(FULL_WARP, allowed, i) >> lane & 1);
        if (banned && token < vocab) values[token] = logit = -INFINITY;
        u64 own = key_of(logit, token);
        key = own > key ? own : key;
    });
    key = warp_max(key);
    if (lane == 0) best[(long long)blockIdx.y * stretches + stretch] = key;
}

// masses[row, stretch] = the sum of its weights. For a row whose tokens are limited by number or share also what falls into each bin of exponents, best first: counts or masses.
extern "C" __global__ void weigh(const SamplingRow* rows, const float* logits, int vocab, int raw, const u64* best, u64* masses, u64* histograms)
{
    __shared__ u64 bins[BINS];
    const SamplingRow row = rows[blockIdx.y];
    if (!is_wanted(row, raw) || (!raw && (row.flags & ROW_GREEDY))) return;
    int stretches = (vocab + STRETCH - 1) / STRETCH, stretch = (blockIdx.x * blockDim.x + threadIdx.x) / WARP, lane = threadIdx.x % WARP;
    float max = key_logit(row_best(best + (long long)blockIdx.y * stretches, stretches)), scale = raw ? 1.0f : row.scale;
    if (!is_finite(max)) return;
    bool binned = !raw && is_bounded(row);
    if (binned)
    {
        for (int i = threadIdx.x; i < BINS; i += blockDim.x) bins[i] = 0;
        __syncthreads();
    }

    const float* values = logits + (long long)blockIdx.y * vocab;
    u64 mass = 0;
    BinSums sums = { bins, 0, 0 };
    each_logit(values, vocab, stretch, [&](int, int, float logit)
    {
        float exponent = exponent_of(logit, max, scale), weight = weight_of(exponent);
        u64 own = mass_of(weight);
        mass += own;
        if (binned && weight > 0) sums.add((int)(-exponent * BINS_PER_E), row.top_k > 0 ? 1 : own);
    });
    mass = warp_sum(mass);
    if (lane == 0 && stretch < stretches) masses[(long long)blockIdx.y * stretches + stretch] = mass;
    if (!binned) return;
    sums.flush();
    __syncthreads();
    for (int i = threadIdx.x; i < BINS; i += blockDim.x)
        if (bins[i] != 0) atomicAdd(&histograms[(long long)blockIdx.y * BINS + i], bins[i]);
}

// The token of a stretch at which the running sum of masses, in the order of ids, reaches the target; by each warp for itself.
__device__ __forceinline__ int token_at(const Candidates& candidates, int stretch, u64 target)
{
    u32 word = candidates.kept[stretch * WARP + threadIdx.x % WARP];
    int found = -1;
    each_logit<8>(candidates.logits, candidates.vocab, stretch, [&](int i, int, float logit)
    {
        if (found >= 0) return;
        u64 upto = warp_running_sum(word >> i & 1 ? mass_of(candidates.weight(logit)) : 0);
        u32 reached = __ballot_sync(FULL_WARP, upto >= target);
        if (reached != 0) found = stretch * STRETCH + i * WARP + __ffs(reached) - 1;
        target -= __shfl_sync(FULL_WARP, upto, WARP - 1);
    });
    return found;
}

// A token by its share of the mass. Random bits r / 2⁵³ of the whole are reached by the token at which the running sum passes ⌊r · whole / 2⁵³⌋.
__device__ __forceinline__ int draw_token(const Candidates& candidates, const SamplingRow& row, const u64* masses, const u64* histogram)
{
    if (is_truncated(row))
    {
        truncate(candidates, row, masses, histogram);
        candidates.sum_stretches();
    }
    else candidates.take_all(masses);
    __syncthreads();
    u64 whole = 0;
    for (int i = threadIdx.x; i < candidates.stretches; i += THREADS) whole += candidates.bins[i];
    Place place = find_place(candidates.bins, __umul64hi(row.random << 11, block_sum(whole)) + 1);
    return token_at(candidates, place.index, place.left);
}

// The logit of the drawn token as the model made it: the edits kept what they overwrote beside each token of their lists (see sampling_edits.cu).
__device__ __forceinline__ float original_logit(const SamplingRow& row, int token, float logit, const int* lists, const float* originals)
{
    __shared__ int place;
    if (threadIdx.x == 0) place = -1;
    __syncthreads();
    for (int i = threadIdx.x; i < row.bias_count; i += THREADS)
        if (lists[row.biases + i] == token) atomicMax(&place, row.biases + i);
    for (int i = threadIdx.x; i < row.history_length; i += THREADS)
        if (lists[row.history + i] == token) atomicMax(&place, row.history + i);
    __syncthreads();
    return place < 0 ? logit : originals[place];
}

// Draws from one row; a block each. results[row] has what score left there.
extern "C" __global__ void __launch_bounds__(THREADS, 2) draw(const SamplingRow* rows, const float* logits, int vocab, const u64* best, const u64* masses, const u64* histograms,
    const int* lists, const float* originals, const double* log_masses, SampledRow* results, int* tokens)
{
    DYNAMIC_SHARED(u32, kept); // [stretches, WARP]
    __shared__ u64 bins[BINS];
    const SamplingRow& row = rows[blockIdx.x];
    SampledRow* result = results + blockIdx.x;
    if (!(row.flags & ROW_ACTIVE) || ((row.flags & ROW_LOGPROBS) && !is_finite(result->max)))
    {
        tokens[blockIdx.x] = 0; // which a following step may take as its input
        return;
    }

    int stretches = (vocab + STRETCH - 1) / STRETCH;
    const float* values = logits + (long long)blockIdx.x * vocab;
    u64 key = row_best(best + (long long)blockIdx.x * stretches, stretches);
    float max = key_logit(key);
    int token = key_token(key);
    Candidates candidates = { values, max, row.scale, vocab, stretches, kept, bins };
    if (is_finite(max) && !(row.flags & ROW_GREEDY)) token = draw_token(candidates, row, masses + (long long)blockIdx.x * stretches, histograms + (long long)blockIdx.x * BINS);
    float logprob = row.flags & ROW_LOGPROBS ? (float)(original_logit(row, token, values[token], lists, originals) - log_masses[blockIdx.x]) : 0.0f;
    if (threadIdx.x != 0) return;
    tokens[blockIdx.x] = result->token = token;
    result->logprob = logprob;
    result->max = max;
}
