// What the source's overlap.cuh does with PTX. Blocks run one after the other, so nothing overlaps; what would go wrong if it did is seen all the same: whoever touches memory before it has waited.
#pragma once
#include "async_copy.h"

inline void let_next_begin() {}
inline void await_previous(HERE) { emulator_await_previous(at); }

// Only what is there.
UNWATCHED inline void prefetch(const void* global) { (void)*(const volatile char*)global; }
UNWATCHED inline void prefetch_bytes(const void* global, int bytes)
{
    if (bytes <= 0) return;
    if ((unsigned long)global % 16 != 0 || bytes % 16 != 0) emulator_fail("%d bytes to be fetched from %p: no multiples of 16", bytes, global);
    for (int at = 0; at < bytes; at += 16) prefetch((const char*)global + at);
}

// What no kernel writes.
UNWATCHED inline uint4 load_weights(const void* global)
{
    if ((unsigned long)global % 16 != 0) emulator_fail("16 bytes of weights at %p: no multiple of 16", global);
    return *(const uint4*)global;
}

UNWATCHED inline float load_constant(const float* global) { return *(const volatile float*)global; }
UNWATCHED inline float2 load_constant(const float2* global) { return make_float2(load_constant(&global->x), load_constant(&global->y)); }

// What was written before the first kernel that overlaps.
UNWATCHED inline int load_settled(const int* global) { return *(const volatile int*)global; }
