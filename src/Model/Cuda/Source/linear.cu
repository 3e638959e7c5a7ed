// output = input · weightᵀ of up to three weights, [outputs, inputs] each, that share their input of [rows, inputs] bfloat16; by tensor cores, for any number of rows.
//
// 1. A block makes OUTPUTS × TOKENS results. Its 8 warps are SPLIT groups, which share the inputs among them, of 8 / SPLIT warps side by side over the outputs, 32 each.
// 2. Weights are read once, activations once for OUTPUTS of them, both by asynchronous copies into a ring of STAGES in shared memory: that, not the number of warps, is what hides the memory's
//    latency. A stage has STEP inputs for each group.
// 3. Fragments are read from the ring without conflicts: of bfloat16 by ldmatrix; of codes each lane reads the 16 bytes that are its own (codes.cuh) and widens them in registers, exactly.
// 4. With codes, sums over GRAIN inputs are scaled and added up in float32.
// 5. The groups' sums are added in their order. If the inputs are also shared among several blocks (gridDim.z), each leaves its sums in the workspace, and the last to come adds them in order.
//
// The order of a result's additions depends on SPLIT and gridDim.z, and not on TOKEN_TILES or the number of rows.
//
// BITS, MINIMA, GRAIN: codes.cuh. TOKEN_TILES: of 8 rows, in a block. SPLIT: 1, 2, 4 or 8. STAGES: at least 2. RESIDENT: blocks that a
// multiprocessor is to hold, which bounds the registers.
// Grid: tiles of rows, tiles of outputs of all weights, blocks that share the inputs. Block: 256.
#include "async_copy.cuh"
#include "codes.cuh"
#include "operands.cuh"
#include "overlap.cuh"

#define WARPS 8
#define OUTPUT_TILES 2                                  // of 16, of a warp
#define STEP (BITS == 16 ? 32 : 64)                     // inputs of a warp in a stage
#define UNITS (STEP / UNIT)
#define CHUNKS (STEP / 32)
#define PARTS (STEP / GRAIN)
#define PART_FRAGMENTS (GRAIN / 16)
#define TOKENS (8 * TOKEN_TILES)
#define OUTPUTS (16 * OUTPUT_TILES * WARPS / SPLIT)
#define INPUTS (STEP * SPLIT)                           // of a stage
#define PIECES (BITS == 16 ? 2 * OUTPUT_TILES : OUTPUT_TILES * UNITS) // 16 bytes that a lane has of a stage's weights
#define TOKEN_PIECES (SPLIT * CHUNKS * TOKEN_TILES)     // 512 bytes that a warp copies of a stage's activations
#define SCALES (BITS == 16 ? 0 : PARTS * OUTPUT_TILES * 16) // of a warp in a stage
#define PIECE_BYTES (WARP * 16)
#define STAGE_WEIGHTS (BITS == 16 ? INPUTS * 2 : INPUTS / UNIT * PIECE_BYTES) // bytes from a stage to the next in device memory
#define WEIGHT_BYTES (WARPS * PIECES * PIECE_BYTES)
#define SCALE_LANES (16 / LANE_SCALES)                  // that copy 16 scales
#define SCALE_BYTES (WARPS * SCALES * (int)sizeof(scale_t) * (1 + MINIMA))
#define TOKEN_BYTES (TOKEN_PIECES * PIECE_BYTES)
#define STAGE_BYTES (WEIGHT_BYTES + SCALE_BYTES + TOKEN_BYTES)
#define SUM_STRIDE (OUTPUTS + 4)                        // so that a warp's lanes meet different banks

// A block's part of a product.
struct Task
{
    const bf16* input;          // [rows, inputs]
    Operand operand;
    int rows, inputs;
    int first_row, first_output;
    int groups, group_shift;    // a group has 2^group_shift inputs
    int warp, lane, part, side; // the group of this warp, and its place in it
};

// Where this lane's next copies come from.
struct Sources
{
    const u8* weights;
    const scale_t* scales; // of the tile's first group
    const bf16* tokens;
    long long stride;    // bytes between tiles of codes, or 8 rows of bfloat16
    int present;         // tiles, or 8 rows, that are there
    int input;           // the stage's first
    bool has_scales, has_tokens;
};

// Where in 512 bytes of the ring row `row` of 8 has its bytes 16 · column to 16 · column + 15. ldmatrix wants 8 rows of a column to lie in different banks.
__device__ __forceinline__ int place_of(int row, int column) { return (row * 4 + (BITS == 16 ? column ^ row / 2 : column)) * 16; }

__device__ __forceinline__ u8* weights_of(u8* stage, const Task& task) { return stage + task.warp * PIECES * PIECE_BYTES; }
__device__ __forceinline__ scale_t* scales_of(u8* stage, const Task& task) { return reinterpret_cast<scale_t*>(stage + WEIGHT_BYTES) + task.warp * SCALES * (1 + MINIMA); }
__device__ __forceinline__ u8* tokens_of(u8* stage) { return stage + WEIGHT_BYTES + SCALE_BYTES; }

__device__ __forceinline__ Sources sources_of(const Task& task, int input)
{
    Sources sources;
    int first = task.first_output + task.side * 16 * OUTPUT_TILES, own = input + task.part * STEP, g = task.lane / 4, t = task.lane % 4;
    sources.input = input;
#if BITS == 16
    sources.weights = task.operand.weights + ((long long)(first + g) * task.inputs + own + t * 8) * 2;
    sources.stride = 16LL * task.inputs;
    sources.present = ceiling(max(0, task.operand.outputs - first - g), 8);
    sources.scales = 0;
    sources.has_scales = false;
#else
    sources.stride = (long long)ceiling(task.inputs, UNIT) * PIECE_BYTES;
    sources.weights = task.operand.weights + first / 16 * sources.stride + own / UNIT * PIECE_BYTES + task.lane * 16;
    sources.present = max(0, ceiling(task.operand.outputs, 16) - first / 16);
    int tile = task.lane / (SCALE_LANES * PARTS); // scales: [tiles][parts][16], LANE_SCALES a lane
    sources.scales = reinterpret_cast<const scale_t*>(task.operand.scales) + (long long)(first / 16 + tile) * task.groups * 16 + task.lane % SCALE_LANES * LANE_SCALES;
    sources.has_scales = task.lane < SCALES / LANE_SCALES && tile < sources.present;
#endif
    int row = task.first_row + task.warp % TOKEN_TILES * 8 + g;
    sources.tokens = task.input + (long long)row * task.inputs + input + task.warp / TOKEN_TILES * 32 + t * 8;
    sources.has_tokens = row < task.rows;
    return sources;
}

#if BITS == 16
// Behind the last input there must be zeros; behind the last output nothing: what is computed of it is not stored.
__device__ __forceinline__ void load_weights(const Task& task, const Sources& sources, u8* stage)
{
    bool inside = sources.input + task.part * STEP + task.lane % 4 * 8 < task.inputs;
#pragma unroll
    for (int piece = 0; piece < PIECES; piece++)
        if (piece < sources.present) cp_async_16_or_zero(weights_of(stage, task) + piece * PIECE_BYTES + place_of(task.lane / 4, task.lane % 4), sources.weights + piece * sources.stride, inside);
}
#else
// Behind the last unit nothing: any codes are finite, and the activations there are 0.
__device__ __forceinline__ void load_weights(const Task& task, const Sources& sources, u8* stage)
{
    int own = sources.input + task.part * STEP;
#pragma unroll
    for (int unit = 0; unit < UNITS; unit++)
#pragma unroll
        for (int tile = 0; tile < OUTPUT_TILES; tile++)
            if (tile < sources.present && own + unit * UNIT < task.inputs)
                cp_async_16(weights_of(stage, task) + (tile * UNITS + unit) * PIECE_BYTES + task.lane * 16, sources.weights + tile * sources.stride + unit * PIECE_BYTES);
    if (!sources.has_scales || own >= task.inputs) return;
    const scale_t* source = sources.scales + min((own + task.lane / SCALE_LANES % PARTS * GRAIN) >> task.group_shift, task.groups - 1) * 16;
    scale_t* target = scales_of(stage, task) + task.lane * LANE_SCALES;
    cp_async_16(target, source);
    if (MINIMA) cp_async_16(target + SCALES, source + (long long)ceiling(task.operand.outputs, 16) * task.groups * 16);
}
#endif

// What the first stages will copy of the weights, which no kernel writes: they are on their way while the activations are computed.
__device__ __forceinline__ void prefetch_weights(const Task& task, const Sources& sources, int stages)
{
    for (int stage = 0; stage < stages; stage++)
    {
        const u8* weights = sources.weights + (long long)stage * STAGE_WEIGHTS;
        int own = sources.input + stage * INPUTS + task.part * STEP;
#if BITS == 16
        for (int piece = 0; piece < PIECES; piece++)
            if (piece < sources.present && own + task.lane % 4 * 8 < task.inputs) prefetch(weights + piece * sources.stride);
#else
        for (int piece = 0; piece < PIECES; piece++)
            if (piece / UNITS < sources.present && own + piece % UNITS * UNIT < task.inputs) prefetch(weights + piece / UNITS * sources.stride + piece % UNITS * PIECE_BYTES);
#endif
    }
}

// [chunks of 32 inputs][tiles of 8 tokens] of 512 bytes. Behind the last input there must be zeros; a token that is not there changes no other's results.
__device__ __forceinline__ void load_tokens(const Task& task, const Sources& sources, u8* stage)
{
    const int inputs = WARPS / TOKEN_TILES * 32; // that the block's warps copy at once
    u8* target = tokens_of(stage) + task.warp * PIECE_BYTES + place_of(task.lane / 4, task.lane % 4);
    int at = sources.input + task.warp / TOKEN_TILES * 32 + task.lane % 4 * 8;
#pragma unroll
    for (int piece = 0; piece < TOKEN_PIECES; piece += WARPS)
        if (sources.has_tokens && (TOKEN_PIECES >= WARPS || task.warp < TOKEN_PIECES))
            cp_async_16_or_zero(target + piece * PIECE_BYTES, sources.tokens + piece / WARPS * inputs, at + piece / WARPS * inputs < task.inputs);
}

// Copies the next stage. A group of copies is closed also where there is none, so that the number of groups under way says which is there.
__device__ __forceinline__ void load_stage(const Task& task, Sources& sources, u8* stage, bool is_there)
{
    if (is_there)
    {
        load_weights(task, sources, stage);
        load_tokens(task, sources, stage);
        sources.weights += STAGE_WEIGHTS;
        sources.tokens += INPUTS;
        sources.input += INPUTS;
    }
    cp_async_commit();
}

// The fragments of a part's weights and, of one tile of tokens, of its activations.
#if BITS == 16
__device__ __forceinline__ void read_weights(const u8* weights, int lane, int, u32 (&a)[OUTPUT_TILES][PART_FRAGMENTS][4])
{
#pragma unroll
    for (int tile = 0; tile < OUTPUT_TILES; tile++)
#pragma unroll
        for (int f = 0; f < PART_FRAGMENTS; f++) ldmatrix_x4(a[tile][f], weights + (2 * tile + lane / 8 % 2) * PIECE_BYTES + place_of(lane % 8, 2 * f + lane / 16));
}

__device__ __forceinline__ void read_tokens(const u8* tokens, int lane, int, u32 (&b)[PART_FRAGMENTS][2])
{
    u32 columns[4];
    ldmatrix_x4(columns, tokens + place_of(lane % 8, lane / 8));
    b[0][0] = columns[0]; b[0][1] = columns[1]; b[1][0] = columns[2]; b[1][1] = columns[3];
}
#else
__device__ __forceinline__ void read_weights(const u8* weights, int lane, int part, u32 (&a)[OUTPUT_TILES][PART_FRAGMENTS][4])
{
#pragma unroll
    for (int tile = 0; tile < OUTPUT_TILES; tile++)
#pragma unroll
        for (int f = 0; f < PART_FRAGMENTS; f++)
        {
            int fragment = part * PART_FRAGMENTS + f;
            uint4 unit = *reinterpret_cast<const uint4*>(weights + (tile * UNITS + fragment / FRAGMENTS) * PIECE_BYTES + lane * 16);
            widen_fragment(unit, fragment % FRAGMENTS, a[tile][f]);
        }
}

__device__ __forceinline__ void read_tokens(const u8* tokens, int lane, int part, u32 (&b)[PART_FRAGMENTS][2])
{
#if GRAIN == 16
    uint2 half = *reinterpret_cast<const uint2*>(tokens + part / 2 * TOKEN_TILES * PIECE_BYTES + lane / 4 * 64 + part % 2 * 32 + lane % 4 * 8);
    b[0][0] = half.x; b[0][1] = half.y;
#else
#pragma unroll
    for (int chunk = 0; chunk < GRAIN / 32; chunk++)
    {
        uint4 both = *reinterpret_cast<const uint4*>(tokens + (part * (GRAIN / 32) + chunk) * TOKEN_TILES * PIECE_BYTES + lane * 16);
        b[2 * chunk][0] = both.x; b[2 * chunk][1] = both.y; b[2 * chunk + 1][0] = both.z; b[2 * chunk + 1][1] = both.w;
    }
#endif
}
#endif

#if BITS == 16
__device__ __forceinline__ void multiply(const u32 (&a)[OUTPUT_TILES][PART_FRAGMENTS][4], const u32 (&b)[PART_FRAGMENTS][2], const scale_t*, float (&sums)[OUTPUT_TILES][4])
{
#pragma unroll
    for (int f = 0; f < PART_FRAGMENTS; f++)
#pragma unroll
        for (int tile = 0; tile < OUTPUT_TILES; tile++) mma_m16n8k16_bf16(sums[tile], a[tile][f], b[f]);
}
#else
// scales: of this part and row g, [tiles][parts][16].
__device__ __forceinline__ void multiply(const u32 (&a)[OUTPUT_TILES][PART_FRAGMENTS][4], const u32 (&b)[PART_FRAGMENTS][2], const scale_t* scales, float (&sums)[OUTPUT_TILES][4])
{
    float d[OUTPUT_TILES][4] = {}, tokens[4] = {}; // tokens: sums of the activations, a product with ones
    const u32 ones[4] = { ONE_BF16X2, ONE_BF16X2, ONE_BF16X2, ONE_BF16X2 };
#pragma unroll
    for (int f = 0; f < PART_FRAGMENTS; f++)
    {
        if (MINIMA) mma_m16n8k16_bf16(tokens, ones, b[f]);
#pragma unroll
        for (int tile = 0; tile < OUTPUT_TILES; tile++) mma_m16n8k16_bf16(d[tile], a[tile][f], b[f]);
    }
#pragma unroll
    for (int tile = 0; tile < OUTPUT_TILES; tile++)
#pragma unroll
        for (int i = 0; i < 4; i++)
        {
            const scale_t* own = scales + tile * PARTS * 16 + i / 2 * 8;
            sums[tile][i] = fmaf(to_float(*own), d[tile][i], sums[tile][i]);
            if (MINIMA) sums[tile][i] = fmaf(-to_float(own[SCALES]), tokens[i % 2], sums[tile][i]);
        }
}
#endif

__device__ __forceinline__ void compute_stage(const Task& task, u8* stage, float (&sums)[TOKEN_TILES][OUTPUT_TILES][4])
{
    const u8 *weights = weights_of(stage, task), *tokens = tokens_of(stage) + task.part * CHUNKS * TOKEN_TILES * PIECE_BYTES;
    const scale_t* scales = scales_of(stage, task) + task.lane / 4;
#pragma unroll(TOKEN_TILES >= 4 ? 1 : PARTS)
    for (int part = 0; part < PARTS; part++)
    {
        u32 a[OUTPUT_TILES][PART_FRAGMENTS][4];
        read_weights(weights, task.lane, part, a);
#pragma unroll
        for (int tile = 0; tile < TOKEN_TILES; tile++)
        {
            u32 b[PART_FRAGMENTS][2];
            read_tokens(tokens + tile * PIECE_BYTES, task.lane, part, b);
            multiply(a, b, scales + part * 16, sums[tile]);
        }
    }
}

// [groups of warps][tokens][outputs]
__device__ __forceinline__ void leave_sums(const Task& task, float* shared, const float (&sums)[TOKEN_TILES][OUTPUT_TILES][4])
{
#pragma unroll
    for (int tokens = 0; tokens < TOKEN_TILES; tokens++)
#pragma unroll
        for (int tile = 0; tile < OUTPUT_TILES; tile++)
#pragma unroll
            for (int i = 0; i < 4; i++)
            {
                int token = tokens * 8 + task.lane % 4 * 2 + i % 2, output = (task.side * OUTPUT_TILES + tile) * 16 + task.lane / 4 + i / 2 * 8;
                shared[(task.part * TOKENS + token) * SUM_STRIDE + output] = sums[tokens][tile][i];
            }
}

// Whether this block is the last of those that share the inputs. Leaves the counter at 0 for the next launch.
__device__ __forceinline__ bool is_last(u32* counter)
{
    __shared__ u32 arrived;
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) arrived = atomicAdd(counter, 1u);
    __syncthreads();
    if (arrived != gridDim.z - 1) return false;
    if (threadIdx.x == 0) *counter = 0;
    __threadfence();
    return true;
}

__device__ __forceinline__ void finish(const Task& task, const float* shared, int mode, float* workspace, u32* counters)
{
    int tokens = min(TOKENS, task.rows - task.first_row), block = blockIdx.y * gridDim.x + blockIdx.x, blocks = gridDim.x * gridDim.y;
    volatile float* partial = workspace + (long long)block * TOKENS * OUTPUTS; // [gridDim.z] of [blocks, tokens, outputs]
    long long stride = (long long)blocks * TOKENS * OUTPUTS;
    for (int i = threadIdx.x; i < tokens * OUTPUTS; i += WARPS * WARP)
    {
        float sum = 0;
#pragma unroll
        for (int part = 0; part < SPLIT; part++) sum += shared[(part * TOKENS + i / OUTPUTS) * SUM_STRIDE + i % OUTPUTS];
        if (gridDim.z == 1) store(task.operand, mode, task.first_row + i / OUTPUTS, task.first_output + i % OUTPUTS, sum);
        else partial[blockIdx.z * stride + i] = sum;
    }
    if (gridDim.z == 1 || !is_last(counters + block)) return;
    for (int i = threadIdx.x; i < tokens * OUTPUTS; i += WARPS * WARP)
    {
        float sum = 0;
        for (int z = 0; z < gridDim.z; z++) sum += partial[z * stride + i];
        store(task.operand, mode, task.first_row + i / OUTPUTS, task.first_output + i % OUTPUTS, sum);
    }
}

// scales: null for bfloat16. workspace: [gridDim.z][blocks of x and y][TOKENS, OUTPUTS] and counters: [blocks of x and y], all 0, where gridDim.z > 1.
extern "C" __global__ void __launch_bounds__(256, RESIDENT) linear(const bf16* input, int rows, int inputs, int groups, int group_shift, int mode, float* workspace, u32* counters,
    const u8* weights0, const void* scales0, void* output0, int outputs0, const u8* weights1, const void* scales1, void* output1, int outputs1,
    const u8* weights2, const void* scales2, void* output2, int outputs2)
{
    DYNAMIC_SHARED(u8, ring);
    let_next_begin();
    int tile = blockIdx.y, warp = threadIdx.x / WARP;
    Operand operand = operand_of({ weights0, scales0, output0, outputs0 }, { weights1, scales1, output1, outputs1 }, { weights2, scales2, output2, outputs2 }, OUTPUTS, tile);
    Task task = { input, operand, rows, inputs, (int)blockIdx.x * TOKENS, 0, groups, group_shift, warp, (int)threadIdx.x % WARP, warp % SPLIT, warp / SPLIT };
    task.first_output = tile * OUTPUTS;

    int stages = ceiling(inputs, INPUTS), begin = (int)((long long)blockIdx.z * stages / gridDim.z), end = (int)((long long)(blockIdx.z + 1) * stages / gridDim.z);
    Sources sources = sources_of(task, begin * INPUTS);
    prefetch_weights(task, sources, min(STAGES - 1, end - begin));
    await_previous();
    float sums[TOKEN_TILES][OUTPUT_TILES][4] = {};
#pragma unroll 1
    for (int ahead = 0; ahead < STAGES - 1; ahead++) load_stage(task, sources, ring + ahead * STAGE_BYTES, begin + ahead < end);
    int ready = 0, free = (STAGES - 1) * STAGE_BYTES; // places of the stage to be computed and of the one to be copied
#pragma unroll 1
    for (int stage = begin; stage < end; stage++)
    {
        cp_async_wait<STAGES - 2>();
        __syncthreads(); // and none reads the stage before this one any more, whose place is the free one
        load_stage(task, sources, ring + free, stage + STAGES - 1 < end);
        if (stage * INPUTS + task.part * STEP < inputs) compute_stage(task, ring + ready, sums);
        free = ready;
        ready = ready == (STAGES - 1) * STAGE_BYTES ? 0 : ready + STAGE_BYTES;
    }
    cp_async_wait<0>();
    __syncthreads();
    float* shared = reinterpret_cast<float*>(ring);
    leave_sums(task, shared, sums);
    __syncthreads();
    finish(task, shared, mode, workspace, counters);
}
