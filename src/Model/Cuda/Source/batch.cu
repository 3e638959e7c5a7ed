// The input of a step that the host has not seen: constants none.
#include "common.cuh"

// tokenIds[i] = drawn[tokenIds[i]]: in comes which row of the step before drew the token, out goes the token. One thread a row.
extern "C" __global__ void take_drawn(int* tokenIds, const int* drawn, int count)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) tokenIds[i] = drawn[tokenIds[i]];
}
