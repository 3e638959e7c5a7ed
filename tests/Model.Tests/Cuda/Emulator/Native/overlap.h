// What the source's overlap.cuh does with PTX. Blocks run one after the other, so nothing overlaps; what would go wrong if it did is seen all the same: whoever touches memory before it has waited.
#pragma once
#include "async_copy.h"

inline void let_next_begin() {}
inline void await_previous(HERE) { emulator_await_previous(at); }

// Only what is there.
UNWATCHED inline void prefetch(const void* global) { (void)*(const volatile char*)global; }
