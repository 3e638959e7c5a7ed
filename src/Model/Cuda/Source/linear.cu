// output = input · weightᵀ of up to three weights, [outputs, inputs] each, that share their input of [rows, inputs] bfloat16; by tensor cores, for any number of rows.
//
// 1. A block makes OUTPUTS × TOKENS results. Its 8 warps are SPLIT groups, which share the inputs among them, of 8 / SPLIT warps side by side over the outputs, 32 each.
// 2. Weights are read once, activations once for OUTPUTS of them, both by asynchronous copies into a ring of STAGES in shared memory: that, not the number of warps, is what hides the memory's
//    latency. A stage has STEP inputs for each group.
// 3. What a lane needs of 32 inputs lies in 16 bytes (codes.cuh): fragments are read from the ring without conflicts, and codes are widened in registers, exactly.
// 4. Sums over GRAIN inputs are scaled and added up in float32.
// 5. The groups' sums are added in their order. If the inputs are also shared among several blocks (gridDim.z), each leaves its sums in the workspace, and the last to come adds them in order.
//
// The order of a result's additions depends on SPLIT and gridDim.z, and not on TOKEN_TILES or the number of rows.
//
// BITS, MINIMA, FINE: codes.cuh. TOKEN_TILES: of 8 rows, in a block. SPLIT: 1, 2, 4 or 8. STAGES: at least 2.
// Grid: tiles of rows, tiles of outputs of all weights, blocks that share the inputs. Block: 256.
#include "async_copy.cuh"
#include "codes.cuh"

#define WARPS 8
#define OUTPUT_TILES 2                                  // of 16, of a warp
#define STEP (BITS == 16 ? 32 : 64)                     // inputs of a warp in a stage
#define UNITS (STEP / UNIT)
#define CHUNKS (STEP / 32)
#define TOKENS (8 * TOKEN_TILES)
#define OUTPUTS (16 * OUTPUT_TILES * WARPS / SPLIT)
#define INPUTS (STEP * SPLIT)                           // of a stage
#define PIECES (BITS == 16 ? 2 * OUTPUT_TILES : OUTPUT_TILES * UNITS) // 16 bytes that a lane has of a stage's weights
#define TOKEN_PIECES (SPLIT * CHUNKS * TOKEN_TILES)     // 512 bytes that a warp copies of a stage's activations
#define SCALE_STEPS (BITS == 16 ? 0 : STEP / GRAIN)
#define SCALES (SCALE_STEPS * OUTPUT_TILES * 16)        // floats of a warp in a stage
#define PIECE_BYTES (WARP * 16)
#define WEIGHT_BYTES (WARPS * PIECES * PIECE_BYTES)
#define SCALE_BYTES (WARPS * SCALES * 4 * (1 + MINIMA))
#define TOKEN_BYTES (TOKEN_PIECES * PIECE_BYTES)
#define STAGE_BYTES (WEIGHT_BYTES + SCALE_BYTES + TOKEN_BYTES)
#define SUM_STRIDE (OUTPUTS + 4)                        // so that a warp's lanes meet different banks

enum Mode { STORE_BF16, STORE_FLOAT, ADD_FLOAT };

// A block's part of a product.
struct Task
{
    const bf16* input;          // [rows, inputs]
    const u8* weights;
    const float* scales;
    void* output;               // [rows, outputs]
    int rows, inputs, outputs;
    int first_row, first_output;
    int groups, group_shift;    // a group has 2^group_shift inputs
    int warp, lane, part, side; // the group of this warp, and its place in it
};

// Where this lane's copies come from, for input 0.
struct Sources
{
    const u8* weights;
    const float* scales;
    const bf16* tokens;
    long long stride; // bytes between tiles of codes, or 8 rows of bfloat16
    int present;      // tiles, or 8 rows, that are there
    bool has_scales, has_tokens;
};

__device__ __forceinline__ int ceiling(int a, int b) { return (a + b - 1) / b; }

__device__ __forceinline__ u8* weights_of(u8* stage, const Task& task) { return stage + (task.warp * PIECES * WARP + task.lane) * 16; }
__device__ __forceinline__ float* scales_of(u8* stage, const Task& task) { return reinterpret_cast<float*>(stage + WEIGHT_BYTES) + task.warp * SCALES * (1 + MINIMA); }
__device__ __forceinline__ u8* tokens_of(u8* stage) { return stage + WEIGHT_BYTES + SCALE_BYTES; }

__device__ __forceinline__ Sources sources_of(const Task& task)
{
    Sources sources;
    int first = task.first_output + task.side * 16 * OUTPUT_TILES, tiles = ceiling(task.outputs, 16), g = task.lane / 4, t = task.lane % 4;
#if BITS == 16
    sources.weights = task.weights + ((long long)(first + g) * task.inputs + t * 8) * 2;
    sources.stride = 16LL * task.inputs;
    sources.present = ceiling(max(0, task.outputs - first - g), 8);
    sources.scales = 0;
    sources.has_scales = false;
#else
    sources.stride = (long long)ceiling(task.inputs, UNIT) * PIECE_BYTES;
    sources.weights = task.weights + first / 16 * sources.stride + task.lane * 16;
    sources.present = max(0, tiles - first / 16);
    int tile = task.lane / (4 * SCALE_STEPS); // scales: [tiles][steps][16], four a lane
    sources.scales = task.scales + (long long)(first / 16 + tile) * task.groups * 16 + t * 4;
    sources.has_scales = task.lane < SCALES / 4 && tile < sources.present;
#endif
    int row = task.first_row + task.warp % TOKEN_TILES * 8 + g;
    sources.tokens = task.input + (long long)row * task.inputs + task.warp / TOKEN_TILES * 32 + t * 8;
    sources.has_tokens = row < task.rows;
    return sources;
}

#if BITS == 16
// Behind the last input there must be zeros; behind the last output nothing: what is computed of it is not stored.
__device__ __forceinline__ void load_weights(const Task& task, const Sources& sources, u8* stage, int input)
{
    bool inside = input + task.lane % 4 * 8 < task.inputs;
    const u8* source = sources.weights + (long long)input * 2;
#pragma unroll
    for (int piece = 0; piece < PIECES; piece++)
        if (piece < sources.present) cp_async_16_or_zero(weights_of(stage, task) + piece * PIECE_BYTES, inside ? (const void*)(source + piece * sources.stride) : task.input, inside);
}
#else
// Behind the last unit nothing: any codes are finite, and the activations there are 0.
__device__ __forceinline__ void load_weights(const Task& task, const Sources& sources, u8* stage, int input)
{
    const u8* source = sources.weights + (long long)(input / UNIT) * PIECE_BYTES;
#pragma unroll
    for (int tile = 0; tile < OUTPUT_TILES; tile++)
#pragma unroll
        for (int unit = 0; unit < UNITS; unit++)
            if (tile < sources.present && input + unit * UNIT < task.inputs)
                cp_async_16(weights_of(stage, task) + (tile * UNITS + unit) * PIECE_BYTES, source + tile * sources.stride + unit * PIECE_BYTES);
    if (!sources.has_scales || input >= task.inputs) return;
    int group = min((input + task.lane / 4 % SCALE_STEPS * GRAIN) >> task.group_shift, task.groups - 1);
    float* target = scales_of(stage, task) + task.lane * 4;
    cp_async_16(target, sources.scales + group * 16);
    if (MINIMA) cp_async_16(target + SCALES, sources.scales + group * 16 + (long long)ceiling(task.outputs, 16) * task.groups * 16);
}
#endif

// [chunks of 32 inputs][tiles of 8 tokens][lanes] of 16 bytes. Behind the last input there must be zeros; a token that is not there changes no other's results.
__device__ __forceinline__ void load_tokens(const Task& task, const Sources& sources, u8* stage, int input)
{
    const int chunks = WARPS / TOKEN_TILES; // that the block's warps copy at once
    u8* target = tokens_of(stage) + (task.warp * WARP + task.lane) * 16;
    int at = input + task.warp / TOKEN_TILES * 32 + task.lane % 4 * 8;
#pragma unroll
    for (int piece = 0; piece < TOKEN_PIECES; piece += WARPS)
    {
        bool inside = at + piece / TOKEN_TILES * 32 < task.inputs;
        if (sources.has_tokens && task.warp < TOKEN_PIECES - piece)
            cp_async_16_or_zero(target + piece * PIECE_BYTES, inside ? sources.tokens + input + piece / WARPS * chunks * 32 : task.input, inside);
    }
}

__device__ __forceinline__ void load_stage(const Task& task, const Sources& sources, u8* stage, int input)
{
    load_weights(task, sources, stage, input + task.part * STEP);
    load_tokens(task, sources, stage, input);
}

// Two fragments of 32 inputs for each tile of outputs.
__device__ __forceinline__ void read_weights(const u8* weights, int chunk, u32 (&a)[OUTPUT_TILES][2][4])
{
#pragma unroll
    for (int tile = 0; tile < OUTPUT_TILES; tile++)
    {
#if BITS == 16
        uint4 upper = *reinterpret_cast<const uint4*>(weights + 2 * tile * PIECE_BYTES), lower = *reinterpret_cast<const uint4*>(weights + (2 * tile + 1) * PIECE_BYTES);
        a[tile][0][0] = upper.x; a[tile][0][1] = lower.x; a[tile][0][2] = upper.y; a[tile][0][3] = lower.y;
        a[tile][1][0] = upper.z; a[tile][1][1] = lower.z; a[tile][1][2] = upper.w; a[tile][1][3] = lower.w;
#else
        uint4 unit = *reinterpret_cast<const uint4*>(weights + (tile * UNITS + chunk * 32 / UNIT) * PIECE_BYTES);
        widen_fragment(unit, 2 * chunk % FRAGMENTS, a[tile][0]);
        widen_fragment(unit, 2 * chunk % FRAGMENTS + 1, a[tile][1]);
#endif
    }
}

__device__ __forceinline__ void read_tokens(const u8* tokens, int lane, u32 (&b)[2][2])
{
    if (FINE)
    {
        const u8* own = tokens + lane / 4 * 64 + lane % 4 * 8;
        uint2 first = *reinterpret_cast<const uint2*>(own), second = *reinterpret_cast<const uint2*>(own + 32);
        b[0][0] = first.x; b[0][1] = first.y; b[1][0] = second.x; b[1][1] = second.y;
    }
    else
    {
        uint4 both = *reinterpret_cast<const uint4*>(tokens + lane * 16);
        b[0][0] = both.x; b[0][1] = both.y; b[1][0] = both.z; b[1][1] = both.w;
    }
}

#if BITS == 16
__device__ __forceinline__ void multiply(const u32 (&a)[OUTPUT_TILES][2][4], const u32 (&b)[2][2], const float*, int, float (&sums)[OUTPUT_TILES][4])
{
#pragma unroll
    for (int tile = 0; tile < OUTPUT_TILES; tile++)
    {
        mma_m16n8k16_bf16(sums[tile], a[tile][0], b[0]);
        mma_m16n8k16_bf16(sums[tile], a[tile][1], b[1]);
    }
}
#else
// scales: of this chunk, [tiles][steps][16], from row g on.
__device__ __forceinline__ void multiply(const u32 (&a)[OUTPUT_TILES][2][4], const u32 (&b)[2][2], const float* scales, int step, float (&sums)[OUTPUT_TILES][4])
{
    const int parts = 32 / GRAIN, fragments = 2 / parts;
#pragma unroll
    for (int part = 0; part < parts; part++)
    {
        float tokens[4] = {};  // sums of the activations: a product with ones
        if (MINIMA)
        {
            const u32 ones[4] = { ONE_BF16X2, ONE_BF16X2, ONE_BF16X2, ONE_BF16X2 };
#pragma unroll
            for (int f = 0; f < fragments; f++) mma_m16n8k16_bf16(tokens, ones, b[part * fragments + f]);
        }
#pragma unroll
        for (int tile = 0; tile < OUTPUT_TILES; tile++)
        {
            const float* own = scales + (tile * SCALE_STEPS + step + part) * 16;
            float d[4] = {};
#pragma unroll
            for (int f = 0; f < fragments; f++) mma_m16n8k16_bf16(d, a[tile][part * fragments + f], b[part * fragments + f]);
#pragma unroll
            for (int i = 0; i < 4; i++)
            {
                sums[tile][i] = fmaf(own[i / 2 * 8], d[i], sums[tile][i]);
                if (MINIMA) sums[tile][i] = fmaf(-own[SCALES + i / 2 * 8], tokens[i % 2], sums[tile][i]);
            }
        }
    }
}
#endif

__device__ __forceinline__ void compute_stage(const Task& task, u8* stage, float (&sums)[TOKEN_TILES][OUTPUT_TILES][4])
{
    const u8 *weights = weights_of(stage, task), *tokens = tokens_of(stage) + task.part * CHUNKS * TOKEN_TILES * PIECE_BYTES;
    const float* scales = scales_of(stage, task) + task.lane / 4;
#pragma unroll(TOKEN_TILES >= 4 ? 1 : CHUNKS)
    for (int chunk = 0; chunk < CHUNKS; chunk++)
    {
        u32 a[OUTPUT_TILES][2][4];
        read_weights(weights, chunk, a);
#pragma unroll
        for (int tile = 0; tile < TOKEN_TILES; tile++)
        {
            u32 b[2][2];
            read_tokens(tokens + (chunk * TOKEN_TILES + tile) * PIECE_BYTES, task.lane, b);
            multiply(a, b, scales, chunk * (32 / GRAIN), sums[tile]);
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

__device__ __forceinline__ void store(const Task& task, int mode, int token, int output, float sum)
{
    if (task.first_output + output >= task.outputs) return;
    long long at = (long long)(task.first_row + token) * task.outputs + task.first_output + output;
    if (mode == STORE_BF16) reinterpret_cast<bf16*>(task.output)[at] = to_bf16(sum);
    else if (mode == STORE_FLOAT) reinterpret_cast<float*>(task.output)[at] = sum;
    else reinterpret_cast<float*>(task.output)[at] += sum;
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
        if (gridDim.z == 1) store(task, mode, i / OUTPUTS, i % OUTPUTS, sum);
        else partial[blockIdx.z * stride + i] = sum;
    }
    if (gridDim.z == 1 || !is_last(counters + block)) return;
    for (int i = threadIdx.x; i < tokens * OUTPUTS; i += WARPS * WARP)
    {
        float sum = 0;
        for (int z = 0; z < gridDim.z; z++) sum += partial[z * stride + i];
        store(task, mode, i / OUTPUTS, i % OUTPUTS, sum);
    }
}

// scales: null for bfloat16. workspace: [gridDim.z][blocks of x and y][TOKENS, OUTPUTS] and counters: [blocks of x and y], all 0, where gridDim.z > 1.
extern "C" __global__ void __launch_bounds__(256, RESIDENT) linear(const bf16* input, int rows, int inputs, int groups, int group_shift, int mode, float* workspace, u32* counters,
    const u8* weights0, const float* scales0, void* output0, int outputs0, const u8* weights1, const float* scales1, void* output1, int outputs1,
    const u8* weights2, const float* scales2, void* output2, int outputs2)
{
    DYNAMIC_SHARED(u8, ring);
    int tile = blockIdx.y, warp = threadIdx.x / WARP;
    Task task = { input, weights0, scales0, output0, rows, inputs, outputs0, (int)blockIdx.x * TOKENS, 0, groups, group_shift, warp, (int)threadIdx.x % WARP, warp % SPLIT, warp / SPLIT };
    if (tile >= ceiling(outputs0, OUTPUTS))
    {
        tile -= ceiling(outputs0, OUTPUTS);
        task.weights = weights1; task.scales = scales1; task.output = output1; task.outputs = outputs1;
        if (tile >= ceiling(outputs1, OUTPUTS))
        {
            tile -= ceiling(outputs1, OUTPUTS);
            task.weights = weights2; task.scales = scales2; task.output = output2; task.outputs = outputs2;
        }
    }
    task.first_output = tile * OUTPUTS;

    Sources sources = sources_of(task);
    int stages = ceiling(inputs, INPUTS), begin = (int)((long long)blockIdx.z * stages / gridDim.z), end = (int)((long long)(blockIdx.z + 1) * stages / gridDim.z);
    float sums[TOKEN_TILES][OUTPUT_TILES][4] = {};
#pragma unroll 1
    for (int ahead = 0; ahead < STAGES - 1; ahead++)
    {
        if (begin + ahead < end) load_stage(task, sources, ring + ahead * STAGE_BYTES, (begin + ahead) * INPUTS);
        cp_async_commit();
    }
    int ready = 0, free = (STAGES - 1) * STAGE_BYTES; // places of the stage to be computed and of the one to be copied
#pragma unroll 1
    for (int stage = begin; stage < end; stage++)
    {
        cp_async_wait<STAGES - 2>();
        __syncthreads(); // and none reads the stage before this one any more, whose place is the free one
        if (stage + STAGES - 1 < end) load_stage(task, sources, ring + free, (stage + STAGES - 1) * INPUTS);
        cp_async_commit();
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
