// output = input · weightᵀ for few rows, of up to three weights in codes that share their input; codes go from memory to registers, each lane's own 16 bytes of every unit, and are widened there.
//
// A block makes 16 outputs at a time; its warps share their inputs and their sums are added in order. Units come in batches by turns into one of two sets of registers, as in few_rows.cu.
//
// GATED: the first weight is a gate's and the second what it gates, with as many outputs; a block makes 16 of the one and the same of the other, and silu(gate) · up is stored.
//
// BITS, MINIMA, GRAIN: codes.cuh. ROWS: 1, 2, 4 or 8. BATCH: units of a batch. STATIC_BYTES: of shared memory, at most. RESIDENT: blocks that a multiprocessor is to hold. Grid: any number of blocks.
#include "codes.cuh"
#include "few_rows.cuh"
#include "silu.cuh"

#define PARTS (UNIT / (GRAIN < UNIT ? GRAIN : UNIT))  // of a unit, each with scales of its own
#define PART_FRAGMENTS (FRAGMENTS / PARTS)
#define OUTPUTS 16
#define WEIGHTS (GATED ? 2 : 1)                 // that a tile is of

// Codes and scales of a unit, as a lane has them.
struct Unit
{
    uint4 codes;
    float scales[PARTS][2], minima[PARTS][2]; // of outputs g and g + 8
};

struct Batch { Unit units[BATCH]; };

// The way of a warp through its share of the units of the block's tiles, batch by batch.
struct Walk
{
    const Operand &a, &b, &c;
    const int tiles, inputs, groups, group_shift, span, begin, end; // begin, end: units of this warp; span: of the warp that has most, for as many batches all warps go
    int tile, weight, unit;     // weight: of WEIGHTS
    const u8* codes;            // of this lane
    const float* scales;
    int minima;                 // floats from a scale to its minimum

    __device__ __forceinline__ Walk(const Operand& a, const Operand& b, const Operand& c, int tiles, int inputs, int groups, int group_shift)
        : a(a), b(b), c(c), tiles(tiles), inputs(inputs), groups(groups), group_shift(group_shift), span(ceiling(ceiling(inputs, UNIT), WARPS)), begin(share_of(threadIdx.x / WARP)), end(share_of(threadIdx.x / WARP + 1)), tile(blockIdx.x), weight(0)
    {
        enter();
    }

    __device__ __forceinline__ int share_of(int warp) const { return min(warp * span, ceiling(inputs, UNIT)); }

    __device__ __forceinline__ void enter()
    {
        int own = tile;
        const Operand operand = GATED ? weight == 0 ? a : b : operand_of(a, b, c, OUTPUTS, own);
        codes = operand.weights + (long long)own * ceiling(inputs, UNIT) * (WARP * 16) + threadIdx.x % WARP * 16;
        scales = operand.scales + (long long)own * groups * OUTPUTS + threadIdx.x % WARP / 4;
        minima = ceiling(operand.outputs, OUTPUTS) * groups * OUTPUTS;
        unit = begin;
    }

    // Loads a batch and goes on. Behind the last unit it is loaded once more, and multiplied with 0: without branches the units' products interleave.
    __device__ __forceinline__ void load(Batch& batch)
    {
        if (tile >= tiles) return;
#pragma unroll
        for (int u = 0; u < BATCH; u++) load(max(min(unit + u, end - 1), 0), batch.units[u]);
        if ((unit += BATCH) < begin + span) return;
        if (++weight == WEIGHTS)
        {
            weight = 0;
            tile += gridDim.x;
        }
        if (tile < tiles) enter();
    }

    __device__ __forceinline__ void load(int at, Unit& to) const
    {
        to.codes = load_weights(codes + at * (WARP * 16));
#pragma unroll
        for (int part = 0; part < PARTS; part++)
        {
            int group = min((at * UNIT + part * GRAIN) >> group_shift, groups - 1) * OUTPUTS;
#pragma unroll
            for (int half = 0; half < 2; half++)
            {
                to.scales[part][half] = load_constant(scales + group + half * 8);
                if (MINIMA) to.minima[part][half] = load_constant(scales + group + half * 8 + minima);
            }
        }
    }
};

// The fragments of a part's inputs; values: of this lane's row, from the unit's first input on.
__device__ __forceinline__ void read_input(const bf16* values, int part, u32 (&b)[PART_FRAGMENTS][2])
{
    int t = threadIdx.x % 4;
#if GRAIN == 16
    uint2 four = *reinterpret_cast<const uint2*>(values + part * 16 + 4 * t);
    b[0][0] = four.x; b[0][1] = four.y;
#else
#pragma unroll
    for (int chunk = 0; chunk < PART_FRAGMENTS / 2; chunk++)
    {
        uint4 eight = *reinterpret_cast<const uint4*>(values + (part * (PART_FRAGMENTS / 2) + chunk) * 32 + 8 * t);
        b[2 * chunk][0] = eight.x; b[2 * chunk][1] = eight.y; b[2 * chunk + 1][0] = eight.z; b[2 * chunk + 1][1] = eight.w;
    }
#endif
}

// factor: 1, or 0 of a unit that is not there.
__device__ __forceinline__ void multiply(const Unit& unit, const bf16* values, float factor, float (&sums)[4])
{
    const u32 ones[4] = { ONE_BF16X2, ONE_BF16X2, ONE_BF16X2, ONE_BF16X2 };
#pragma unroll
    for (int part = 0; part < PARTS; part++)
    {
        u32 b[PART_FRAGMENTS][2];
        float d[4] = {}, inputs[4] = {}; // inputs: their sums, a product with ones
        read_input(values, part, b);
#pragma unroll
        for (int f = 0; f < PART_FRAGMENTS; f++)
        {
            u32 a[4];
            widen_fragment(unit.codes, part * PART_FRAGMENTS + f, a);
            mma_m16n8k16_bf16(d, a, b[f]);
            if (MINIMA) mma_m16n8k16_bf16(inputs, ones, b[f]);
        }
#pragma unroll
        for (int i = 0; i < 4; i++)
        {
            sums[i] = fmaf(factor * unit.scales[part][i / 2], d[i], sums[i]);
            if (MINIMA) sums[i] = fmaf(-factor * unit.minima[part][i / 2], inputs[i % 2], sums[i]);
        }
    }
}

extern "C" __global__ void __launch_bounds__(THREADS, RESIDENT) few_rows(const void* input_values, const float* norm, float epsilon, int rows, int inputs, int mode, int groups, int group_shift,
    const u8* weights0, const float* scales0, void* output0, int outputs0, const u8* weights1, const float* scales1, void* output1, int outputs1,
    const u8* weights2, const float* scales2, void* output2, int outputs2)
{
    DYNAMIC_SHARED(bf16, shared);
    __shared__ Norm norms;
    __shared__ float parts[2][WEIGHTS][WARPS][ROWS][OUTPUTS]; // by turns, so that one barrier a tile is enough
    static_assert(sizeof(parts) + sizeof(Norm) <= STATIC_BYTES, "more shared memory than CudaFewRowsForm counts");
    let_next_begin();
    const Input input = { input_values, norm, epsilon, rows, inputs };
    const Operand a = { weights0, scales0, output0, outputs0 }, b = { weights1, scales1, output1, outputs1 }, c = { weights2, scales2, output2, outputs2 };
    const int tiles = ceiling(outputs0, OUTPUTS) + (GATED ? 0 : ceiling(outputs1, OUTPUTS) + ceiling(outputs2, OUTPUTS));
    const int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP, g = lane / 4, t = lane % 4;
    Walk walk(a, b, c, tiles, inputs, groups, group_shift);
    int tile = blockIdx.x, weight = 0, unit = walk.begin, turn = 0; // of what is computed
    Batch even, odd;
    walk.load(even);
    begin_input(input, shared);
    await_previous();
    bring_input(input, shared, norms);
    const bf16* values = shared + min(g, rows - 1) * stride_of(inputs); // of a column without a row any will do

    float sums[4] = {};
    auto compute = [&](const Batch& batch)
    {
#pragma unroll
        for (int u = 0; u < BATCH; u++)
            multiply(batch.units[u], values + max(min(unit + u, walk.end - 1), 0) * UNIT, unit + u < walk.end ? 1.0f : 0.0f, sums);
        if ((unit += BATCH) < walk.begin + walk.span) return;
#pragma unroll
        for (int i = 0; i < 4; i++)
        {
            if (2 * t + i % 2 < ROWS) parts[turn][weight][warp][2 * t + i % 2][g + i / 2 * 8] = sums[i];
            sums[i] = 0;
        }
        unit = walk.begin;
        if (++weight < WEIGHTS) return;
        __syncthreads();
        if (warp == tile / gridDim.x % WARPS)
        {
            int own = tile;
            const Operand operand = GATED ? a : operand_of(a, b, c, OUTPUTS, own);
#pragma unroll 1
            for (int i = lane; i < rows * OUTPUTS; i += WARP)
            {
                float factor = factor_of(input, norms, i / OUTPUTS), results[WEIGHTS] = {};
#pragma unroll
                for (int w = 0; w < WEIGHTS; w++)
#pragma unroll
                    for (int part = 0; part < WARPS; part++) results[w] += parts[turn][w][part][i / OUTPUTS][i % OUTPUTS];
                float result = results[0] * factor;
                store(operand, mode, i / OUTPUTS, own * OUTPUTS + i % OUTPUTS, GATED ? silu(result) * (results[WEIGHTS - 1] * factor) : result);
            }
        }
        weight = 0;
        turn ^= 1;
        tile += gridDim.x;
    };
#pragma unroll 1
    while (tile < tiles)
    {
        walk.load(odd);
        compute(even);
        if (tile >= tiles) break;
        walk.load(even);
        compute(odd);
    }
}
