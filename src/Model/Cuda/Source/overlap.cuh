// Kernels that overlap. Where a graph was recorded for it (ICudaDriver.BeginCapture) the blocks of a kernel take their places as soon as all blocks of the one before have theirs: the device then
// idles neither while a kernel ends nor until the next has begun. Until the kernel before is over, nothing may be touched that a kernel writes; so each begins with begin_kernel, but for those
// that find something to do meanwhile. A kernel is over when all its blocks are: of each at least one must wait, or the next would not wait for the one before it. Source: PTX ISA, "griddepcontrol". Devices before sm_90 have none of it, and elsewhere than in such a graph both return at once.
#pragma once
#include "common.cuh"

#ifndef CUDA_EMULATOR

// Lets the next kernel's blocks take places as soon as all of this one's have done the same or left.
__device__ __forceinline__ void let_next_begin()
{
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

// Waits until all that was enqueued before is done, for this thread to see.
__device__ __forceinline__ void await_previous()
{
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

// Has device memory brought to the second-level cache, where a later write is seen too; of no use where nothing overlaps.
__device__ __forceinline__ void prefetch(const void* global)
{
#if __CUDA_ARCH__ >= 900
    asm volatile("prefetch.global.L2 [%0];" :: "l"(__cvta_generic_to_global(global)));
#endif
}

// The same of many bytes at once, a multiple of 16 at a multiple of 16. CUDA 11 has no instruction for it and goes without.
__device__ __forceinline__ void prefetch_bytes(const void* global, int bytes)
{
#if __CUDA_ARCH__ >= 900 && __CUDACC_VER_MAJOR__ >= 12
    if (bytes > 0) asm volatile("cp.async.bulk.prefetch.L2.global [%0], %1;" :: "l"(__cvta_generic_to_global(global)), "r"(bytes) : "memory");
#endif
}

// What no kernel writes can be read before await_previous.
__device__ __forceinline__ float load_constant(const float* global) { return __ldg(global); }
__device__ __forceinline__ float2 load_constant(const float2* global) { return __ldg(global); }

// What is written before the first kernel that overlaps, past the first-level cache: the kernel before may have left there what it held in the step before.
__device__ __forceinline__ int load_settled(const int* global)
{
    int x;
    asm volatile("ld.global.cg.s32 %0, [%1];" : "=r"(x) : "l"(__cvta_generic_to_global(global)));
    return x;
}

__device__ __forceinline__ u32 load_settled(const u32* global) { return load_settled(reinterpret_cast<const int*>(global)); }

__device__ __forceinline__ u16 load_settled(const u16* global)
{
    u16 x;
    asm volatile("ld.global.cg.u16 %0, [%1];" : "=h"(x) : "l"(__cvta_generic_to_global(global)));
    return x;
}

__device__ __forceinline__ uint2 load_settled(const uint2* global)
{
    uint2 x;
    asm volatile("ld.global.cg.v2.u32 {%0, %1}, [%2];" : "=r"(x.x), "=r"(x.y) : "l"(__cvta_generic_to_global(global)));
    return x;
}

__device__ __forceinline__ uint4 load_settled(const uint4* global)
{
    uint4 x;
    asm volatile("ld.global.cg.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(x.x), "=r"(x.y), "=r"(x.z), "=r"(x.w) : "l"(__cvta_generic_to_global(global)));
    return x;
}

#endif

__device__ __forceinline__ void begin_kernel()
{
    let_next_begin();
    await_previous();
}
