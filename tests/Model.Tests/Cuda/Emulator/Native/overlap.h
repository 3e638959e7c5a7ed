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

// What was written before the first kernel that overlaps, or never is.
template <typename T> UNWATCHED inline T emulator_settled(const T* global)
{
    emulator_read_settled(global, sizeof(T));
    T x;
    for (unsigned i = 0; i < sizeof(T); i++) ((char*)&x)[i] = ((const volatile char*)global)[i];
    return x;
}
inline float load_constant(const float* global) { return emulator_settled(global); }
inline float2 load_constant(const float2* global) { return emulator_settled(global); }
inline int load_settled(const int* global) { return emulator_settled(global); }
inline unsigned load_settled(const unsigned* global) { return emulator_settled(global); }
inline unsigned short load_settled(const unsigned short* global) { return emulator_settled(global); }
inline uint2 load_settled(const uint2* global) { return emulator_settled(global); }
inline uint4 load_settled(const uint4* global) { return emulator_settled(global); }
