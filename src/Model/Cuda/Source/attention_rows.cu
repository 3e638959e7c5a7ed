// Attention of single tokens over the paged cache (Dao et al. 2023, "Flash-Decoding"). Compiled for ACT, KV, HEAD_DIM, GROUP_SIZE, KV_HEADS, BLOCK_SIZE and PIECE.
//   1. A job is a row or a piece of plan_attention, for up to LIST query heads of one KV head. Blocks take jobs by turns: how many there are is known on the device alone.
//   2. The warps of a block share a piece (piece_tensor.cuh, piece_plain.cuh) and their parts are added in order.
//   3. Pieces are added in order: in the block that computes a row, or for a row that was split in the block that is the last to finish a piece of it.
#include "overlap.cuh"
#include "piece_plain.cuh"
#include "piece_tensor.cuh"

#define THREADS (WARPS * WARP)
#define LEAST_BLOCKS (HEAD_DIM > 128 || PIECE <= 128 ? 2 : 3)

// Not unrolled: what a compiler would prepare for it would occupy registers all through the products.
#define EACH_ELEMENT(i) _Pragma("unroll 1") for (int i = threadIdx.x; i < HEADS * HEAD_DIM; i += THREADS)

// The tensor cores' products are of bfloat16.
template <typename A, typename K> struct PieceOf { typedef PlainPiece type; };
template <> struct PieceOf<bf16, bf16> { typedef TensorPiece type; };
template <> struct PieceOf<bf16, s8> { typedef TensorPiece type; };

// A sum and the next summand, each multiplied with a factor; so that rows and pieces are rounded in one way, whatever the compiler.
__device__ __forceinline__ float add_weighted(float sum, float keep, float next, float take) { return fmaf(next, take, sum * keep); }

// An element of pieces added so far, with their peak and the sum of their weights.
struct Element
{
    float mix, peak, sum;

    // The new peak is a number: every piece has a token.
    __device__ __forceinline__ void add(const Element& next)
    {
        float most = fmaxf(peak, next.peak), keep = exp2f(peak - most), take = exp2f(next.peak - most);
        peak = most;
        sum = add_weighted(sum, keep, next.sum, take);
        mix = add_weighted(mix, keep, next.mix, take);
    }
};

// The pieces of a row added so far: [HEADS, HEAD_DIM] with the peak and sum of each head.
struct Total
{
    float mix[HEADS * HEAD_DIM];
    float peak[HEADS], sum[HEADS];
    float keep[HEADS], take[HEADS]; // what the total and the next summand are multiplied with

    __device__ __forceinline__ void clear()
    {
        EACH_ELEMENT(i) mix[i] = 0;
        if (threadIdx.x < HEADS)
        {
            peak[threadIdx.x] = -INFINITY;
            sum[threadIdx.x] = 0;
        }
    }

    // As Element, one thread for each head.
    __device__ __forceinline__ void weigh(int head, float next_peak, float next_sum)
    {
        float most = fmaxf(peak[head], next_peak);
        keep[head] = exp2f(peak[head] - most);
        take[head] = exp2f(next_peak - most);
        peak[head] = most;
        sum[head] = add_weighted(sum[head], keep[head], next_sum, take[head]);
    }

    __device__ __forceinline__ void add(int i, float x) { mix[i] = add_weighted(mix[i], keep[i / HEAD_DIM], x, take[i / HEAD_DIM]); }
};

struct __align__(16) Block // pairs of floats are written at once
{
    WarpPart parts[WARPS];
    float share[WARPS][HEADS]; // what a warp's part is multiplied with
    Total total;
    bool is_last;
};

// Adds a piece, computed by all warps, to the total.
__device__ __forceinline__ void add_piece(Block& block)
{
    __syncthreads();
    if (threadIdx.x < HEADS)
    {
        int head = threadIdx.x;
        float peak = -INFINITY, sum = 0;
        for (int w = 0; w < WARPS; w++) peak = fmaxf(peak, block.parts[w].peak[head]);
        for (int w = 0; w < WARPS; w++)
        {
            block.share[w][head] = exp2f(block.parts[w].peak[head] - peak);
            sum = fmaf(block.parts[w].sum[head], block.share[w][head], sum);
        }
        block.total.weigh(head, peak, sum);
    }
    __syncthreads();
    EACH_ELEMENT(i)
    {
        int head = i / HEAD_DIM, element = i % HEAD_DIM;
        float x = 0;
        for (int w = 0; w < WARPS; w++) x = fmaf(block.parts[w].mix[head][element], block.share[w][head], x);
        block.total.add(i, x);
    }
    __syncthreads();
}

// Where the sums of split rows wait: mixes [pieces, LISTS, HEADS, HEAD_DIM], peaks [pieces, LISTS, HEADS, 2] (peak and sum), arrivals [pieces, LISTS] of a row's first piece, 0 between steps.
struct Scratch { float* mixes; float* peaks; int* arrivals; };

__device__ __forceinline__ void put_away(const Total& total, const Scratch& scratch, int at)
{
    EACH_ELEMENT(i) scratch.mixes[(long long)at * HEADS * HEAD_DIM + i] = total.mix[i];
    if (threadIdx.x >= HEADS) return;
    scratch.peaks[(at * HEADS + threadIdx.x) * 2] = total.peak[threadIdx.x];
    scratch.peaks[(at * HEADS + threadIdx.x) * 2 + 1] = total.sum[threadIdx.x];
}

// Whether all pieces of the row are there, for the block that brought the last.
__device__ __forceinline__ bool is_last_of(int pieces, int* arrivals, Block& block)
{
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0)
    {
        block.is_last = atomicAdd(arrivals, 1) == pieces - 1;
        if (block.is_last) *arrivals = 0;
    }
    __syncthreads();
    __threadfence();
    return block.is_last;
}

// Element i of a list's heads. A row of no context is 0.
__device__ __forceinline__ void put_out(int i, float mix, float sum, ACT* row, int kv_head, int list)
{
    int of_group = list * LIST + i / HEAD_DIM;
    if (of_group < GROUP_SIZE) row[(kv_head * GROUP_SIZE + of_group) * HEAD_DIM + i % HEAD_DIM] = from_float<ACT>(sum == 0 ? 0 : __fdividef(mix, sum));
}

// The sum of a row's pieces, each thread with elements of its own. Reads go past the first-level cache, which does not see what other multiprocessors wrote, and several are under way at once.
__device__ __forceinline__ void gather(const Scratch& scratch, int base, int pieces, int lists, ACT* row, int kv_head, int list)
{
    const int AT_ONCE = 4;
    EACH_ELEMENT(i)
    {
        Element total = { 0, -INFINITY, 0 };
        for (int start = 0; start < pieces; start += AT_ONCE)
        {
            Element parts[AT_ONCE];
#pragma unroll
            for (int p = 0; p < AT_ONCE; p++)
            {
                if (start + p >= pieces) continue;
                long long at = (long long)(base + start + p) * LISTS + lists;
                const volatile float *mix = scratch.mixes + at * HEADS * HEAD_DIM + i, *peak = scratch.peaks + (at * HEADS + i / HEAD_DIM) * 2;
                parts[p] = { *mix, peak[0], peak[1] };
            }
#pragma unroll
            for (int p = 0; p < AT_ONCE; p++)
                if (start + p < pieces) total.add(parts[p]);
        }
        put_out(i, total.mix, total.sum, row, kv_head, list);
    }
}

// What a block does at a time: a row, or a piece of one, for one list of heads.
struct Job
{
    Work work;
    int index;                  // of the row or piece
    bool is_piece;

    __device__ __forceinline__ Job(int at, int row_jobs, const Work* rows, const Work* pieces)
    {
        is_piece = at >= row_jobs;
        index = (is_piece ? at - row_jobs : at) / LISTS;
        const int* from = reinterpret_cast<const int*>((is_piece ? pieces : rows) + index);
        work = { load_settled(from), load_settled(from + 1), load_settled(from + 2), load_settled(from + 3) };
    }

    __device__ __forceinline__ int first() const { return is_piece ? (index - work.base) * PIECE : 0; } // of its tokens
    __device__ __forceinline__ int end() const { return is_piece ? min(first() + PIECE, work.context) : work.context; }

    // Brings the keys and values of its first piece to the second-level cache. All but the newest tokens' are there since earlier steps.
    __device__ __forceinline__ void prefetch(const Cache& cache, int kv_head) const
    {
        for (int i = threadIdx.x; i < 2 * PIECE / BLOCK_SIZE; i += THREADS)
        {
            int token = first() + i / 2 * BLOCK_SIZE;
            if (token >= end()) continue;
            int block = load_settled(cache.block_tables + (long long)work.sequence * cache.stride + token / BLOCK_SIZE);
            prefetch_bytes((i % 2 == 0 ? cache.keys : cache.values) + slot_of(block, kv_head, 0) * HEAD_DIM, BLOCK_SIZE * HEAD_DIM * (int)sizeof(KV));
        }
    }
};

extern "C" __global__ __launch_bounds__(THREADS, LEAST_BLOCKS) void attend_rows(const ACT* queries, const KV* keys, const KV* values, const float* key_scales, const float* value_scales,
                                                                                const int* block_tables, int stride, float scale, const Work* rows, const Work* pieces, const Plan* plan,
                                                                                float* mixes, float* peaks, int* arrivals, ACT* output)
{
    typedef typename PieceOf<ACT, KV>::type Piece;
    __shared__ Block block;
    let_next_begin();
    const Cache cache = { keys, values, key_scales, value_scales, block_tables, stride };
    const Scratch scratch = { mixes, peaks, arrivals };
    const int first_row_jobs = load_settled(&plan->rows) * LISTS;
    if (blockIdx.x >= first_row_jobs + load_settled(&plan->pieces) * LISTS) // makes room; but for the first, lest the next kernel waits for nobody
    {
        if (blockIdx.x == 0) await_previous();
        return;
    }
    const int fresh = load_settled(&plan->fresh);
    Job job(blockIdx.x, first_row_jobs, rows, pieces);
    if (!Piece::AHEAD) job.prefetch(cache, blockIdx.x % LISTS % KV_HEADS);
    for (int at = blockIdx.x;;)
    {
        const int lists = at % LISTS, kv_head = lists % KV_HEADS, list = lists / KV_HEADS;
        const long long row = (long long)job.work.row * KV_HEADS * GROUP_SIZE * HEAD_DIM;
        Piece piece(cache, kv_head, list, job.work.context, max(job.work.context - fresh, 0));
        if (Piece::AHEAD && job.first() < job.end()) piece.begin(job.work.sequence, job.first());
        if (at == blockIdx.x) await_previous();
        piece.bring_queries(queries + row);
        block.total.clear();
        for (int start = job.first(); start < job.end(); start += PIECE)
        {
            if (!Piece::AHEAD || start > job.first()) piece.begin(job.work.sequence, start);
            piece.attend(scale * LOG2_E, block.parts[threadIdx.x / WARP]);
            add_piece(block);
        }
        __syncthreads();
        if (job.is_piece)
        {
            int count = (job.work.context + PIECE - 1) / PIECE;
            put_away(block.total, scratch, job.index * LISTS + lists);
            if (is_last_of(count, arrivals + job.work.base * LISTS + lists, block)) gather(scratch, job.work.base, count, lists, output + row, kv_head, list);
        }
        else EACH_ELEMENT(i) put_out(i, block.total.mix[i], block.total.sum[i / HEAD_DIM], output + row, kv_head, list);
        const int row_jobs = load_settled(&plan->rows) * LISTS; // once more: the products need the registers
        if ((at += gridDim.x) >= row_jobs + load_settled(&plan->pieces) * LISTS) return;
        job = Job(at, row_jobs, rows, pieces);
        __syncthreads();
    }
}
