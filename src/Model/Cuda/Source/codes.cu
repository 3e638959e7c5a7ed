// Codes from the host's order into the device's (codes.cuh), and from there to bfloat16.
// BITS: 8 or 4. MINIMA, GRAIN: codes.cuh.
#include "codes.cuh"
#include "overlap.cuh"

#define UNIT_CODES (128 / BITS) // of a lane

// The place of a lane's code within its tile and unit: output and input, both from 0 on. Where in 16 bytes a code lies is said by widen_fragment, and read_codes of few_rows_digits.cuh: bit is
// that of its lowest.
__device__ __forceinline__ void place_of(int lane, int code, int& output, int& input, int& word, int& bit)
{
    int fragment = code / 8, i = code % 8 / 2, half = code % 2;
    output = lane / 4 + i % 2 * 8;
    input = input_of(lane, fragment, i) + half;
    word = BITS == 4 ? fragment : 2 * fragment + i / 2;
    bit = BITS == 4 ? 4 * i + 16 * half : i % 2 * 8 + 16 * half;
}

// A code in the host's order. Each 64 codes hold `groups` groups, of which every one has four neighbours in turn; of 4 bits, 64 lie in the lower halves of 64 bytes and the next in the upper.
__device__ __forceinline__ u32 host_code(const u8* row, int input, int groups)
{
    int within = input % 64, width = 64 / groups, byte = (within % width / 4 * groups + within / width) * 4 + within % 4;
    return BITS == 4 ? row[input / 128 * 64 + byte] >> (input / 64 % 2 * 4) & 15 : row[input / 64 * 64 + byte];
}

// source: [outputs, row_bytes]. target: [tiles][units][lanes] of 16 bytes, one for each thread. groups: in 64 inputs, 4, 2 or 1.
extern "C" __global__ void pack_codes(const u8* source, int row_bytes, int outputs, int inputs, int groups, uint4* target)
{
    int units = (inputs + UNIT - 1) / UNIT, at = blockIdx.x * blockDim.x + threadIdx.x, lane = at % WARP, unit = at / WARP % units, tile = at / WARP / units;
    if (tile * 16 >= outputs) return;
    u32 words[4] = {};
#pragma unroll
    for (int code = 0; code < UNIT_CODES; code++)
    {
        int output, input, word, bit;
        place_of(lane, code, output, input, word, bit);
        output += tile * 16;
        input += unit * UNIT;
        u32 value = output < outputs && input < inputs ? host_code(source + (long long)output * row_bytes, input, groups) : 1u << (BITS - 1);
        words[word] |= value << bit;
    }
    target[at] = make_uint4(words[0], words[1], words[2], words[3]);
}

// scales, minima (or null): [outputs, source_groups] of group_size inputs. target: [tiles][groups][16], one for each thread, and minima behind them, less what the middle code stands for.
extern "C" __global__ void pack_scales(const float* scales, const float* minima, int source_groups, int group_size, int outputs, int groups, int group_shift, scale_t* target)
{
    int at = blockIdx.x * blockDim.x + threadIdx.x, output = at / 16 / groups * 16 + at % 16, group = at / 16 % groups, tiles = (outputs + 15) / 16;
    if (at >= tiles * groups * 16) return;
    long long from = (long long)output * source_groups + ((long long)group << group_shift) / group_size;
    float scale = output < outputs ? scales[from] : 0;
    target[at] = from_float<scale_t>(scale);
    if (MINIMA) target[tiles * groups * 16 + at] = from_float<scale_t>(output < outputs ? fmaf(-(float)(1 << (BITS - 1)), scale, minima[from]) : 0);
}

__device__ __forceinline__ u32 scaled(u32 pair, float scale, float minimum) { return pack_bf16(fmaf(low_bf16(pair), scale, -minimum), fmaf(high_bf16(pair), scale, -minimum)); }

// [count, inputs] bfloat16, the rows from first_tile · 16 on. A warp for each unit of each tile; of 32 inputs a lane has 8 of a row together, or where groups are of 16 twice 4.
extern "C" __global__ void widen_codes(const uint4* codes, const scale_t* scales, int outputs, int inputs, int groups, int group_shift, int first_tile, int tile_count, bf16* target)
{
    begin_kernel();
    const int PIECES = GRAIN == 16 ? 2 : 1, PIECE = 8 / PIECES;
    int units = (inputs + UNIT - 1) / UNIT, at = blockIdx.x * blockDim.x + threadIdx.x, lane = at % WARP, unit = at / WARP % units, tile = first_tile + at / WARP / units;
    if (tile >= first_tile + tile_count) return;
    uint4 words = codes[((long long)tile * units + unit) * WARP + lane];
#pragma unroll
    for (int chunk = 0; chunk < UNIT / 32; chunk++)
    {
        u32 a[2][4];
        widen_fragment(words, 2 * chunk, a[0]);
        widen_fragment(words, 2 * chunk + 1, a[1]);
#pragma unroll
        for (int half = 0; half < 2; half++)
#pragma unroll
            for (int piece = 0; piece < PIECES; piece++)
            {
                int output = tile * 16 + lane / 4 + half * 8, input = unit * UNIT + chunk * 32 + piece * 16 + lane % 4 * PIECE;
                if (output >= outputs || input >= inputs) continue;
                const scale_t* own = scales + ((long long)tile * groups + (input >> group_shift)) * 16 + output % 16;
                float scale = to_float(*own), minimum = MINIMA ? to_float(own[(long long)((outputs + 15) / 16) * groups * 16]) : 0;
                u32 pairs[4] = { scaled(a[piece][half], scale, minimum), scaled(a[piece][half + 2], scale, minimum), scaled(a[1][half], scale, minimum), scaled(a[1][half + 2], scale, minimum) };
                bf16* to = target + (long long)(output - first_tile * 16) * inputs + input;
                if (PIECES == 1) *reinterpret_cast<uint4*>(to) = make_uint4(pairs[0], pairs[1], pairs[2], pairs[3]);
                else *reinterpret_cast<uint2*>(to) = make_uint2(pairs[0], pairs[1]);
            }
    }
}
