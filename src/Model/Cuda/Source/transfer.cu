// Copies from page-locked memory of the host into the device's, by a kernel: for the few kilobytes of a step that takes less time than handing over to a copy engine and back.
#include "common.cuh"

// to[i] = from[i], 16 bytes each; the first `indices` int32 of them are places in a table, and what stands there goes. One thread each.
extern "C" __global__ void transfer(uint4* to, const uint4* from, int count, const u32* table, int indices)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= count) return;
    uint4 words = from[i];
    int left = indices - 4 * i;
    if (left > 0) words.x = table[words.x];
    if (left > 1) words.y = table[words.y];
    if (left > 2) words.z = table[words.z];
    if (left > 3) words.w = table[words.w];
    to[i] = words;
}
