// What the source's tensor_core.cuh does with PTX, as the PTX ISA draws it.
#pragma once
#include "warp.h"

namespace emulator
{

struct Tiles { float d[4]; unsigned a[4], b[2]; };
struct Floats { float values[4]; };
struct Words { unsigned values[4]; };

inline float half_of(unsigned pair, int upper) { return __uint_as_float(upper ? pair & 0xffff0000u : pair << 16); }

// Element of a: lanes hold row g = lane / 4 (and 8 below it in a[1], a[3]), columns 2 (lane % 4) and the next (and 8 further in a[2], a[3]).
inline float a_at(const Tiles* in, int row, int column) { return half_of(in[row % 8 * 4 + column % 8 / 2].a[row / 8 + column / 8 * 2], column & 1); }

// Element of b: lanes hold column lane / 4, rows 2 (lane % 4) and the next (and 8 further in b[1]).
inline float b_at(const Tiles* in, int row, int column) { return half_of(in[column * 4 + row % 8 / 2].b[row / 8], row & 1); }

inline void multiply(const Tiles* in, Floats* out, unsigned)
{
    for (int row = 0; row < 16; row++)
        for (int column = 0; column < 8; column++)
        {
            int lane = row % 8 * 4 + column / 2, place = row / 8 * 2 + column % 2;
            float sum = in[lane].d[place];
            for (int k = 0; k < 16; k++) sum += a_at(in, row, k) * b_at(in, k, column);
            out[lane].values[place] = sum;
        }
}

template <bool Transposed> inline void load(const unsigned short* const* rows, Words* out, unsigned)
{
    for (int lane = 0; lane < 32; lane++)
        for (int matrix = 0; matrix < 4; matrix++)
        {
            const unsigned short* const* row = rows + matrix * 8;
            int g = lane / 4, t = lane % 4 * 2;
            unsigned low = Transposed ? row[t][g] : row[g][t], high = Transposed ? row[t + 1][g] : row[g][t + 1];
            out[lane].values[matrix] = high << 16 | low;
        }
}

template <bool Transposed> inline void load(unsigned (&r)[4], const void* row, Place at)
{
    emulator_require_shared(row, 16, 16, "ldmatrix", at);
    Words words = meet<const unsigned short*, Words>(0xffffffffu, true, (const unsigned short*)row, load<Transposed>, at);
    for (int i = 0; i < 4; i++) r[i] = words.values[i];
}

}

inline void mma_m16n8k16_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], HERE)
{
    emulator::Tiles tiles = { { d[0], d[1], d[2], d[3] }, { a[0], a[1], a[2], a[3] }, { b[0], b[1] } };
    emulator::Floats sums = emulator::meet<emulator::Tiles, emulator::Floats>(0xffffffffu, true, tiles, emulator::multiply, at);
    for (int i = 0; i < 4; i++) d[i] = sums.values[i];
}

inline void ldmatrix_x4(unsigned (&r)[4], const void* row, HERE) { emulator::load<false>(r, row, at); }
inline void ldmatrix_x4_trans(unsigned (&r)[4], const void* row, HERE) { emulator::load<true>(r, row, at); }
