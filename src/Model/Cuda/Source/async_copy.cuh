// Copies from device memory to shared memory that go on while the thread computes. A thread's copies are gathered into groups (commit) and are there for this thread when it has waited for their
// group, and for the others of the block after a barrier behind that.
#pragma once
#include "common.cuh"

#ifndef CUDA_EMULATOR

// 16 bytes, both addresses aligned to 16; past the first-level cache. From memory comes the whole line, of which the neighbours take the rest.
__device__ __forceinline__ void cp_async_16(void* shared, const void* global)
{
    asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16;" :: "r"((u32)__cvta_generic_to_shared(shared)), "l"(__cvta_generic_to_global(global)) : "memory");
}

// The same, or 16 bytes of zero, for which nothing is read at the address.
__device__ __forceinline__ void cp_async_16_or_zero(void* shared, const void* global, bool present)
{
    asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16, %2;" :: "r"((u32)__cvta_generic_to_shared(shared)), "l"(__cvta_generic_to_global(global)), "r"(present ? 16 : 0) : "memory");
}

// The same of what no kernel writes.
__device__ __forceinline__ void cp_async_16_constant(void* shared, const void* global, bool present = true) { cp_async_16_or_zero(shared, global, present); }

// 4 bytes, both addresses aligned to 4.
__device__ __forceinline__ void cp_async_4(void* shared, const void* global)
{
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" :: "r"((u32)__cvta_generic_to_shared(shared)), "l"(__cvta_generic_to_global(global)) : "memory");
}

// Closes the group of all copies since the last.
__device__ __forceinline__ void cp_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Until at most the N newest groups are under way.
template <int N> __device__ __forceinline__ void cp_async_wait() { asm volatile("cp.async.wait_group %0;" :: "n"(N) : "memory"); }

#endif
