// What the lanes of a warp do together. Reading from a lane that is not there is a fault: the hardware answers with anything.
#pragma once
#include "numbers.h"

namespace emulator
{

template <typename In, typename Out> UNWATCHED inline Out meet(unsigned mask, Meet kind, In in, void (*together)(const In* const*, Out* const*, unsigned), Place at)
{
    Out out;
    emulator_meet(mask, kind, (Together)together, &in, &out, at);
    return out;
}

// A shuffle's lane gives its value and says whose it wants.
template <typename T> struct Wish { T value; int lane; };

template <typename T> UNWATCHED inline void shuffle(const Wish<T>* const in[32], T* const out[32], unsigned present)
{
    for (int lane = 0; lane < 32; lane++)
        if (present >> lane & 1)
        {
            int source = in[lane]->lane;
            if (!(present >> source & 1)) emulator_fail("a shuffle's lane %d reads lane %d, which is not in its mask or has left the kernel", lane, source);
            *out[lane] = in[source]->value;
        }
}

UNWATCHED inline int lane() { return (int)(threadIdx.x & 31); }

template <typename T> UNWATCHED inline T shuffle(unsigned mask, T value, int source, Place at) { return meet<Wish<T>, T>(mask, Meet::Some, { value, source }, shuffle<T>, at); }

template <typename T> UNWATCHED inline void answer(T* const out[32], unsigned present, T value)
{
    for (int lane = 0; lane < 32; lane++)
        if (present >> lane & 1) *out[lane] = value;
}

UNWATCHED inline void ballot(const int* const in[32], unsigned* const out[32], unsigned present)
{
    unsigned votes = 0;
    for (int lane = 0; lane < 32; lane++) votes |= present >> lane & 1 && *in[lane] ? 1u << lane : 0;
    answer(out, present, votes);
}

template <typename T> UNWATCHED inline void match(const T* const in[32], unsigned* const out[32], unsigned present)
{
    for (int lane = 0; lane < 32; lane++)
    {
        unsigned equal = 0;
        for (int other = 0; other < 32; other++) equal |= present >> lane & present >> other & 1 && *in[lane] == *in[other] ? 1u << other : 0;
        if (present >> lane & 1) *out[lane] = equal;
    }
}

template <typename T, T (*Combine)(T, T)> UNWATCHED inline void reduce(const T* const in[32], T* const out[32], unsigned present)
{
    int first = __builtin_ctz(present);
    T result = *in[first];
    for (int lane = first + 1; lane < 32; lane++)
        if (present >> lane & 1) result = Combine(result, *in[lane]);
    answer(out, present, result);
}

template <typename T> UNWATCHED inline T add(T x, T y) { return x + y; }
template <typename T> UNWATCHED inline T both(T x, T y) { return x & y; }
template <typename T> UNWATCHED inline T either(T x, T y) { return x | y; }

UNWATCHED inline void nothing(const int* const[32], int* const[32], unsigned) {}

}

#define HERE emulator::Place at = emulator::here()
UNWATCHED inline void __syncwarp(unsigned mask = 0xffffffffu, HERE) { emulator::meet<int, int>(mask, emulator::Meet::Ordered, 0, emulator::nothing, at); }

// A source outside the segment of `width` lanes means the lane's own, as in the PTX ISA.
template <typename T> UNWATCHED inline T __shfl_sync(unsigned mask, T value, int source, int width = 32, HERE) { return emulator::shuffle(mask, value, (emulator::lane() & -width) | (source & (width - 1)), at); }

template <typename T> UNWATCHED inline T __shfl_xor_sync(unsigned mask, T value, int by, int width = 32, HERE)
{
    int source = emulator::lane() ^ by;
    return emulator::shuffle(mask, value, source >= (emulator::lane() & -width) + width ? emulator::lane() : source, at);
}

template <typename T> UNWATCHED inline T __shfl_up_sync(unsigned mask, T value, unsigned by, int width = 32, HERE)
{
    int source = emulator::lane() - (int)by;
    return emulator::shuffle(mask, value, source < (emulator::lane() & -width) ? emulator::lane() : source, at);
}

template <typename T> UNWATCHED inline T __shfl_down_sync(unsigned mask, T value, unsigned by, int width = 32, HERE)
{
    int source = emulator::lane() + (int)by;
    return emulator::shuffle(mask, value, source >= (emulator::lane() & -width) + width ? emulator::lane() : source, at);
}

UNWATCHED inline unsigned __ballot_sync(unsigned mask, int value, HERE) { return emulator::meet<int, unsigned>(mask, emulator::Meet::Some, value, emulator::ballot, at); }
UNWATCHED inline int __any_sync(unsigned mask, int value, HERE) { return __ballot_sync(mask, value, at) != 0; }
UNWATCHED inline int __all_sync(unsigned mask, int value, HERE) { return __ballot_sync(mask, !value, at) == 0; }
template <typename T> UNWATCHED inline unsigned __match_any_sync(unsigned mask, T value, HERE) { return emulator::meet<T, unsigned>(mask, emulator::Meet::Some, value, emulator::match<T>, at); }

#define REDUCTION(name, type, combine) \
    UNWATCHED inline type name(unsigned mask, type value, HERE) { return emulator::meet<type, type>(mask, emulator::Meet::Some, value, emulator::reduce<type, combine>, at); }
REDUCTION(__reduce_add_sync, int, emulator::add<int>)
REDUCTION(__reduce_add_sync, unsigned, emulator::add<unsigned>)
REDUCTION(__reduce_max_sync, int, max)
REDUCTION(__reduce_max_sync, unsigned, max)
REDUCTION(__reduce_min_sync, int, min)
REDUCTION(__reduce_min_sync, unsigned, min)
REDUCTION(__reduce_and_sync, unsigned, emulator::both<unsigned>)
REDUCTION(__reduce_or_sync, unsigned, emulator::either<unsigned>)
#undef REDUCTION
