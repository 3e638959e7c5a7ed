// What the source's tensor_core.cuh does with PTX, as the PTX ISA draws it.
#pragma once
#include "warp.h"

namespace emulator
{

struct Tiles { float d[4]; unsigned a[4], b[2]; };
struct Floats { float values[4]; };
struct Words { unsigned values[4]; };

UNWATCHED inline void widen(unsigned pair, float* low, float* high)
{
    unsigned bits[2] = { pair << 16, pair & 0xffff0000u };
    __builtin_memcpy(low, &bits[0], 4);
    __builtin_memcpy(high, &bits[1], 4);
}

// With g = lane / 4 and t = lane % 4: of a row g (8 below it in a[1] and a[3]), columns 2t and 2t+1 (8 further in a[2] and a[3]); of b rows 2t and 2t+1 (8 further in b[1]) of column g.
UNWATCHED inline void unpack(const Tiles* const in[32], float (&a)[16][16], float (&b)[16][8])
{
    for (int lane = 0; lane < 32; lane++)
    {
        int g = lane / 4, t = lane % 4 * 2;
        for (int i = 0; i < 4; i++) widen(in[lane]->a[i], &a[g + i % 2 * 8][t + i / 2 * 8], &a[g + i % 2 * 8][t + i / 2 * 8 + 1]);
        for (int i = 0; i < 2; i++) widen(in[lane]->b[i], &b[t + i * 8][g], &b[t + i * 8 + 1][g]);
    }
}

UNWATCHED inline void multiply(const Tiles* const in[32], Floats* const out[32], unsigned)
{
    float a[16][16], b[16][8];
    unpack(in, a, b);
    for (int lane = 0; lane < 32; lane++)
        for (int i = 0; i < 4; i++)
        {
            int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
            float sum = in[lane]->d[i];
            for (int k = 0; k < 16; k++) sum += a[row][k] * b[k][column];
            out[lane]->values[i] = sum;
        }
}

struct WholeTiles { int d[4]; unsigned a[4], b[2]; };
struct Wholes { int values[4]; };

// Four to a word: of a row g (8 below it in a[1] and a[3]), columns 4t to 4t+3 (16 further in a[2] and a[3]), not signed; of b rows 4t to 4t+3 (16 further in b[1]) of column g, signed.
UNWATCHED inline void multiply_whole(const WholeTiles* const in[32], Wholes* const out[32], unsigned)
{
    int a[16][32], b[32][8];
    for (int lane = 0; lane < 32; lane++)
        for (int byte = 0; byte < 4; byte++)
        {
            int g = lane / 4, k = lane % 4 * 4 + byte;
            for (int i = 0; i < 4; i++) a[g + i % 2 * 8][k + i / 2 * 16] = (unsigned char)(in[lane]->a[i] >> byte * 8);
            for (int i = 0; i < 2; i++) b[k + i * 16][g] = (signed char)(in[lane]->b[i] >> byte * 8);
        }
    for (int lane = 0; lane < 32; lane++)
        for (int i = 0; i < 4; i++)
        {
            int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2, sum = in[lane]->d[i];
            for (int k = 0; k < 32; k++) sum += a[row][k] * b[k][column];
            out[lane]->values[i] = sum;
        }
}

template <bool Transposed> UNWATCHED inline void load(const unsigned short* const* const in[32], Words* const out[32], unsigned)
{
    for (int lane = 0; lane < 32; lane++)
        for (int matrix = 0; matrix < 4; matrix++)
        {
            const unsigned short* const* const* row = in + matrix * 8;
            int g = lane / 4, t = lane % 4 * 2;
            unsigned low = Transposed ? (*row[t])[g] : (*row[g])[t], high = Transposed ? (*row[t + 1])[g] : (*row[g])[t + 1];
            out[lane]->values[matrix] = high << 16 | low;
        }
}

template <bool Transposed> UNWATCHED inline void load(unsigned (&r)[4], const void* row, Place at)
{
    emulator_touch_shared(row, 16, false, "ldmatrix", at);
    Words words = meet<const unsigned short*, Words>(0xffffffffu, Meet::Whole, (const unsigned short*)row, load<Transposed>, at);
    for (int i = 0; i < 4; i++) r[i] = words.values[i];
}

}

UNWATCHED inline void mma_m16n8k16_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], HERE)
{
    emulator::Tiles tiles = { { d[0], d[1], d[2], d[3] }, { a[0], a[1], a[2], a[3] }, { b[0], b[1] } };
    emulator::Floats sums = emulator::meet<emulator::Tiles, emulator::Floats>(0xffffffffu, emulator::Meet::Whole, tiles, emulator::multiply, at);
    for (int i = 0; i < 4; i++) d[i] = sums.values[i];
}

UNWATCHED inline void mma_m16n8k32_u8_s8(int (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], HERE)
{
    emulator::WholeTiles tiles = { { d[0], d[1], d[2], d[3] }, { a[0], a[1], a[2], a[3] }, { b[0], b[1] } };
    emulator::Wholes sums = emulator::meet<emulator::WholeTiles, emulator::Wholes>(0xffffffffu, emulator::Meet::Whole, tiles, emulator::multiply_whole, at);
    for (int i = 0; i < 4; i++) d[i] = sums.values[i];
}

inline int add_bytes(int sum, unsigned four) { return __dp4a((int)four, 0x01010101, sum); }
UNWATCHED inline void ldmatrix_x4(unsigned (&r)[4], const void* row, HERE) { emulator::load<false>(r, row, at); }
UNWATCHED inline void ldmatrix_x4_trans(unsigned (&r)[4], const void* row, HERE) { emulator::load<true>(r, row, at); }
