// What a request asks to be changed in its row of logits before anything is drawn: biases, bans and penalties, in this order, as LogitEdits does on the host.
#include "sampling.cuh"

#define DONE 0xffffffffu

// Keeps the logits of all tokens in a list as the model made them.
__device__ void keep_originals(const float* logits, const int* tokens, int count, float* originals)
{
    for (int i = threadIdx.x; i < count; i += blockDim.x) originals[i] = logits[tokens[i]];
}

// A token that stands in the list twice gets both biases, in their order, from the thread of the first.
__device__ void add_biases(float* logits, const int* tokens, const float* biases, int count)
{
    for (int i = threadIdx.x; i < count; i += blockDim.x)
    {
        int token = tokens[i], before = 0;
        while (tokens[before] != token) before++;
        if (before < i) continue;
        float logit = logits[token];
        for (int j = i; j < count; j++)
            if (tokens[j] == token) logit = __fadd_rn(logit, biases[j]);
        logits[token] = logit;
    }
}

// Repetition counts prompt and output, presence and frequency the output alone. Whoever takes a token's count first edits it; the counts are zeros again afterwards.
__device__ void penalize(float* logits, const SamplingRow& row, const int* history, u32* counts)
{
    for (int i = row.prompt_length + threadIdx.x; i < row.history_length; i += blockDim.x) atomicAdd(&counts[history[i]], 1u);
    __syncthreads();
    for (int i = threadIdx.x; i < row.history_length; i += blockDim.x)
    {
        u32 count = atomicExch(&counts[history[i]], DONE);
        if (count == DONE) continue;
        float logit = logits[history[i]];
        logit = logit > 0 ? __fdiv_rn(logit, row.repetition) : __fmul_rn(logit, row.repetition);
        if (count > 0) logit = __fsub_rn(logit, __fadd_rn(row.presence, __fmul_rn((float)count, row.frequency)));
        logits[history[i]] = logit;
    }
    __syncthreads();
    for (int i = threadIdx.x; i < row.history_length; i += blockDim.x) counts[history[i]] = 0;
}

// A block edits every so manyth row, one after the other.
// counts: [blocks, vocab], zeros. originals: beside each token in the lists, for rows that want log-probabilities.
extern "C" __global__ void edit_logits(const SamplingRow* rows, int row_count, const int* lists, float* logits, int vocab, u32* counts, float* originals)
{
    for (int i = blockIdx.x; i < row_count; i += gridDim.x)
    {
        const SamplingRow row = rows[i];
        if (!(row.flags & ROW_ACTIVE) || row.bias_count + row.ban_count + row.history_length == 0) continue;
        float* values = logits + (long long)i * vocab;
        if (row.flags & ROW_LOGPROBS)
        {
            keep_originals(values, lists + row.biases, row.bias_count, originals + row.biases);
            keep_originals(values, lists + row.history, row.history_length, originals + row.history);
        }
        __syncthreads();
        add_biases(values, lists + row.biases, (const float*)(lists + row.biases + row.bias_count), row.bias_count);
        __syncthreads();
        for (int j = threadIdx.x; j < row.ban_count; j += blockDim.x) values[lists[row.bans + j]] = -INFINITY;
        __syncthreads();
        penalize(values, row, lists + row.history, counts + (long long)blockIdx.x * vocab);
        __syncthreads();
    }
}
