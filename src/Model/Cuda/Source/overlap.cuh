// Kernels that overlap. Where a graph was recorded for it (ICudaDriver.BeginCapture) the blocks of a kernel take their places as soon as all blocks of the one before have theirs: the device then
// idles neither while a kernel ends nor until the next has begun. Until the kernel before is over, nothing may be touched that a kernel writes; so each begins with begin_kernel, but for those
// that find something to do meanwhile. Source: PTX ISA, "griddepcontrol". Devices before sm_90 have none of it, and elsewhere than in such a graph both return at once.
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

#endif

__device__ __forceinline__ void begin_kernel()
{
    let_next_begin();
    await_previous();
}
