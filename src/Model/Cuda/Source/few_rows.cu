// output = input · weightᵀ for few rows, of up to three weights of one form that share their input; as fast as weights come from memory.
//
// A block makes a share of neighbouring outputs. Its work is a row of steps, one for LINES times 512 bytes of weights: first those of the first item of outputs (few_rows_bfloat16.cuh, few_rows_codes.cuh),
// then those of the next. Each warp has an equal part of them, wherever it begins and ends. A lane copies 16 bytes of each line of 512, its neighbours the bytes beside them, into a ring of DEPTH cells in
// shared memory and reads them there itself: so much can be under way as no registers hold, and those are left to attention, whose blocks find room beside these.
//
// The input waits in memory behind what is under way, and all wait for the input: of the steps only `ahead` are begun before it is asked for.
//
// What a warp has added up of an item lies in shared memory until all have; then each thread adds the parts of an output, always in the same order, and stores it: alone, or with the partner that it is
// gated by or turns with, which the block makes too.
//
// BITS, MINIMA, GRAIN: codes.cuh. ROWS: of the input, at most. LINES: of a step. DEPTH: steps of a warp that are under way. DIGITS: whether codes are multiplied as they are, with an input in digits.
// Grid: `more` blocks with one item more than `least`, and others; as many as there are multiprocessors, of which each is to hold one. Block: THREADS.
#define LINE_BYTES (WARP * 16)
#define GROUP (BITS == 4 || MINIMA ? GRAIN : 0)

#if BITS == 16
#include "input_bfloat16.cuh"
#include "few_rows_bfloat16.cuh"
#elif DIGITS
#include "input_digits.cuh"
#include "few_rows_digits.cuh"
#else
#include "input_bfloat16.cuh"
#include "few_rows_widened.cuh"
#endif
#include "silu.cuh"

#define PARTS (ITEM_OUTPUTS * ROWS)     // sums of an item

// What a block makes: `count` neighbouring items of all weights together, and behind them as many partners if they have some. Gated: partners are the same items of the second weight. Rotated: items are
// the first halves of heads, and partners the second.
struct Share
{
    const Operand &a, &b, &c;
    const int mode, half;       // half: items of half a head, if rotated
    const int first, count;

    // least: items of every block; more: blocks that have one more.
    __device__ __forceinline__ Share(const Operand& a, const Operand& b, const Operand& c, int mode, int half, int least, int more)
        : a(a), b(b), c(c), mode(mode), half(half), first(least * blockIdx.x + min((int)blockIdx.x, more)), count(least + ((int)blockIdx.x < more)) {}

    __device__ __forceinline__ bool has_partners() const { return mode >= STORE_GATED; }

    __device__ __forceinline__ int outputs() const { return count * ITEM_OUTPUTS; }

    __device__ __forceinline__ int items() const { return has_partners() ? 2 * count : count; }

    // The weight that item `at` of the block belongs to, and in `at` which of its own that is. run: items from it on that are neighbours in memory.
    __device__ __forceinline__ Operand operand(int& at, int& run) const
    {
        const bool is_partner = at >= count;
        run = (is_partner ? 2 * count : count) - at;
        at += first - (is_partner ? count : 0);
        if (mode == STORE_GATED) return is_partner ? b : a;
        const Operand operand = operand_of(a, b, c, mode == STORE_ROTATED ? 2 * ITEM_OUTPUTS : ITEM_OUTPUTS, at);
        if (mode != STORE_ROTATED) run = min(run, ceiling(operand.outputs, ITEM_OUTPUTS) - at);
        else
        {
            int head = at / half, within = at - head * half;
            run = min(run, half - within);
            at += (is_partner ? head + 1 : head) * half;
        }
        return operand;
    }

    __device__ __forceinline__ Operand operand(int& at) const
    {
        int run;
        return operand(at, run);
    }
};

// How queries and keys are turned (Su et al. 2021), and where keys and values lie in the cache: [blocks, heads, block_size, 2 * half].
struct Rotation
{
    const float *cosines, *sines; // [positions, half]
    const int *positions, *slots; // [rows]; a slot of -1 is not written
    int half, block_size;
};

// Where result i of a block comes from and goes to.
struct Place
{
    int row, at, output;        // at: of the block's
    Operand operand;

    Place() = default;
    __device__ __forceinline__ Place(const Share& share, int i) : row(ROWS == 1 ? 0 : i / share.outputs()), at(i - row * share.outputs())
    {
        int own = item();
        operand = share.operand(own);
        output = own * ITEM_OUTPUTS + at % ITEM_OUTPUTS;
    }

    __device__ __forceinline__ int item() const { return at / ITEM_OUTPUTS; }

    __device__ __forceinline__ int part() const { return at % ITEM_OUTPUTS * ROWS + row; }

    __device__ __forceinline__ float residual() const { return output < operand.outputs ? reinterpret_cast<const float*>(operand.output)[(long long)row * operand.outputs + output] : 0; }

    // The cosine and sine that it turns by.
    __device__ __forceinline__ float2 angle(const Rotation& rotation) const
    {
        int at = load_settled(rotation.positions + row) * rotation.half + output % rotation.half;
        return make_float2(load_constant(rotation.cosines + at), load_constant(rotation.sines + at));
    }

    // What is no query goes into the cache.
    __device__ __forceinline__ void store(const Rotation& rotation, bool is_query, float low, float high) const
    {
        const int width = 2 * rotation.half, heads = operand.outputs / width, head = output / width;
        long long at = (long long)row * operand.outputs + output;
        if (!is_query)
        {
            int slot = load_settled(rotation.slots + row);
            if (slot < 0) return;
            at = (((long long)(slot / rotation.block_size) * heads + head) * rotation.block_size + slot % rotation.block_size) * width + (output - head * width);
        }
        bf16* to = reinterpret_cast<bf16*>(operand.output) + at;
        to[0] = to_bf16(low);
        to[rotation.half] = to_bf16(high);
    }
};

// What a result needs beside its sums.
struct Result
{
    Place place;
    float factor;
    float2 beside;              // the residual that it is added to, or the cosine and sine that it turns by

    Result() = default;
    __device__ __forceinline__ Result(const Share& share, int i, const Input& input, const Norm& norms, const Rotation& rotation) : place(share, i), factor(factor_of(input, norms, place.row)), beside(make_float2(0, 0))
    {
        if (share.mode == ADD_FLOAT) beside.x = place.residual();
        if (share.mode == STORE_ROTATED) beside = place.angle(rotation);
    }
};

// The way of a warp through its part of the steps.
struct Way
{
    const Share& share;
    const Form& form;
    int item, left;             // item: the next that is not begun with
    Source source;

    __device__ __forceinline__ Way(const Share& share, const Form& form, int item, int step, int count) : share(share), form(form), item(item), left(count)
    {
        if (left > 0) enter(step);
        else let_next_begin();
    }

    __device__ __forceinline__ void enter(int step)
    {
        int own = item, run;
        const Operand operand = share.operand(own, run);
        item += source.enter(operand, own, step, run, form);
    }

    // Begins to copy a step, if there is one left, as a group of its own. When there is none any more the next kernel's blocks may come.
    __device__ __forceinline__ void bring(u8* cell)
    {
        if (left > 0)
        {
            source.bring(cell, form);
            if (--left == 0) let_next_begin();
            else if (source.is_over()) enter(0);
        }
        cp_async_commit();
    }
};

// Sums that wait in shared memory for the end: of the items, from warps that have their first step; and of warps that begin within an item.
struct Waiting
{
    float* items;               // [items, PARTS]
    float* heads;               // [WARPS, PARTS]
    int* item_of_head;          // [WARPS], -1 where there is none

    __device__ __forceinline__ Waiting(u8* shared, int count) : items(reinterpret_cast<float*>(shared)), heads(items + count * PARTS), item_of_head(reinterpret_cast<int*>(heads + WARPS * PARTS)) {}

    __device__ __forceinline__ float sum(int item, int part) const
    {
        float sum = items[item * PARTS + part];
#pragma unroll
        for (int warp = 0; warp < WARPS; warp++)
            if (item_of_head[warp] == item) sum += heads[warp * PARTS + part];
        return sum;
    }
};

// For a single row half of the registers, beside which a block of attention has room.
extern "C" __global__ void __launch_bounds__(THREADS, ROWS == 1 && !MINIMA ? 2 : 1) few_rows(const void* input_values, const float* norm, float epsilon, int rows, int inputs, int mode, int least, int more, int ahead, int groups, int group_shift,
    const u8* weights0, const void* scales0, void* output0, int outputs0, const u8* weights1, const void* scales1, void* output1, int outputs1,
    const u8* weights2, const void* scales2, void* output2, int outputs2, const float* cosines, const float* sines, const int* positions, const int* slots, int half, int block_size)
{
    DYNAMIC_SHARED(u8, shared);
    __shared__ Norm norms;
    const Input input = { input_values, norm, epsilon, rows, inputs };
    const Operand a = { weights0, scales0, output0, outputs0 }, b = { weights1, scales1, output1, outputs1 }, c = { weights2, scales2, output2, outputs2 };
    const Form form(inputs, groups, group_shift);
    const Rotation rotation = { cosines, sines, positions, slots, half, block_size };
    const Share share(a, b, c, mode, half / ITEM_OUTPUTS, least, more);
    const int warp = threadIdx.x / WARP, lane = threadIdx.x % WARP, all = share.items() * form.steps, begin = all * warp / WARPS, end = all * (warp + 1) / WARPS;
    int item = share.items() * warp / WARPS, step = begin - item * form.steps; // of the first

    u8* ring = shared + warp * DEPTH * CELL_BYTES + lane * 16;
    u8* values = shared + WARPS * DEPTH * CELL_BYTES;
    const Waiting waiting(values + input_bytes(input), share.items());

    begin_input(input, values);
    Way way(share, form, item, step, end - begin);
#pragma unroll 1
    for (int i = 0; i < ahead; i++) way.bring(ring + i * CELL_BYTES);
    await_previous();
    bring_input<DEPTH>(input, values, norms, [&]
    {
#pragma unroll 1
        for (int i = ahead; i < DEPTH; i++) way.bring(ring + i * CELL_BYTES);
    });

    // What a thread's first result needs is found while weights are waited for, and not at the end.
    const int results = rows * share.outputs();
    Result next;
    if ((int)threadIdx.x < results) next = Result(share, threadIdx.x, input, norms, rotation);

    bool is_head = step > 0;
    if (lane == 0) waiting.item_of_head[warp] = is_head && begin < end ? item : -1;
    int cell = 0;
    Sums sums;
    sums.clear();
#pragma unroll 1
    for (int left = end - begin; left > 0; left--)
    {
        cp_async_wait<DEPTH - 1>();
        sums.add(ring + cell, input, values, step);
        way.bring(ring + cell);
        cell = cell == (DEPTH - 1) * CELL_BYTES ? 0 : cell + CELL_BYTES;
        bool is_over = ++step == form.steps;
        if (!is_over && left > 1) continue;
        sums.put(is_head ? waiting.heads + warp * PARTS : waiting.items + item * PARTS);
        sums.clear();
        is_head = false;
        step = 0;
        item++;
    }
    __syncthreads();

#pragma unroll 1
    for (int i = threadIdx.x; i < results;)
    {
        const Place& place = next.place;
        float result = waiting.sum(place.item(), place.part()) * next.factor, partner = share.has_partners() ? waiting.sum(place.item() + share.count, place.part()) * next.factor : 0;
        if (mode == STORE_ROTATED)
        {
            bool is_turned = place.operand.output != output2; // no value
            float cosine = is_turned ? next.beside.x : 1, sine = is_turned ? next.beside.y : 0;
            place.store(rotation, place.operand.output == output0, result * cosine - partner * sine, partner * cosine + result * sine);
        }
        else store(place.operand, mode == ADD_FLOAT ? STORE_FLOAT : mode, place.row, place.output, mode == STORE_GATED ? silu(result) * partner : next.beside.x + result);
        if ((i += THREADS) >= results) break;
        next = Result(share, i, input, norms, rotation);
    }
}
