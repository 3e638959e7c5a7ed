// CUDA C++ as far as the kernels use it, for g++. Nothing of the system is included: its names would meet those of the kernels.
#pragma once
#include "runtime.h"

#define __global__
#define __device__
#define __host__
#define __constant__
#define __noinline__ __attribute__((noinline))
#define __forceinline__ inline __attribute__((always_inline))
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __launch_bounds__(...)
#define __builtin_assume(condition)
#define INFINITY __builtin_inff()

// What is the emulator's own, and not looked at as the kernels are.
#define UNWATCHED __attribute__((no_sanitize("thread", "undefined")))

// Thread-local, because a module's thread-local memory is a range of its own, which can be filled before each block: it holds nothing but these.
#define __shared__ static thread_local
#define DYNAMIC_SHARED(type, name) type* name = reinterpret_cast<type*>(emulator::dynamic_shared)

#define VECTORS(type, name, align2, align4) \
    struct name##2 { type x, y; } __attribute__((aligned(align2))); \
    struct name##4 { type x, y, z, w; } __attribute__((aligned(align4))); \
    inline name##2 make_##name##2(type x, type y) { return { x, y }; } \
    inline name##4 make_##name##4(type x, type y, type z, type w) { return { x, y, z, w }; }
VECTORS(float, float, 8, 16)
VECTORS(int, int, 8, 16)
VECTORS(unsigned, uint, 8, 16)
VECTORS(short, short, 4, 8)
VECTORS(unsigned short, ushort, 4, 8)
VECTORS(signed char, char, 2, 4)
VECTORS(unsigned char, uchar, 2, 4)
VECTORS(long long, longlong, 16, 16)
VECTORS(unsigned long long, ulonglong, 16, 16)
#undef VECTORS

namespace emulator
{

static Indices indices;
static void* dynamic_shared;

constexpr Place here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) { return { file, line }; }

// memcpy without its name.
template <typename To, typename From> inline To bits(From from)
{
    static_assert(sizeof(To) == sizeof(From), "bits of another size");
    To to;
    __builtin_memcpy(&to, &from, sizeof to);
    return to;
}

}

#define threadIdx emulator::indices.thread
#define blockIdx emulator::indices.block
#define blockDim emulator::indices.block_size
#define gridDim emulator::indices.grid
#define warpSize 32

inline void __syncthreads(emulator::Place at = emulator::here()) { emulator_barrier(false, at); }
inline int __syncthreads_count(int value, emulator::Place at = emulator::here()) { return emulator_barrier(value != 0, at); }
inline int __syncthreads_or(int value, emulator::Place at = emulator::here()) { return emulator_barrier(value != 0, at) > 0; }
inline int __syncthreads_and(int value, emulator::Place at = emulator::here()) { return emulator_barrier(value == 0, at) == 0; }
inline void __threadfence() { __asm__ volatile("" ::: "memory"); }
inline void __threadfence_block() { __threadfence(); }

extern "C" int printf(const char* format, ...);
