// What the source's async_copy.cuh does with PTX. Nothing is copied before it is waited for, and the target is spoilt at once: that is what a kernel may rely on, no more.
#pragma once
#include "warp.h"

inline void cp_async_16(void* shared, const void* global, HERE) { emulator_copy_later(shared, global, 16, at); }
inline void cp_async_16_constant(void* shared, const void* global, bool present = true, HERE) { emulator_copy_later(shared, present ? global : nullptr, 16, at, true); }
inline void cp_async_16_or_zero(void* shared, const void* global, bool present, HERE) { emulator_copy_later(shared, present ? global : nullptr, 16, at); }
inline void cp_async_4(void* shared, const void* global, HERE) { emulator_copy_later(shared, global, 4, at); }
inline void cp_async_commit() { emulator_commit(); }
template <int N> inline void cp_async_wait() { emulator_wait(N); }
