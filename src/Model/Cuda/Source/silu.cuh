#pragma once
#include "common.cuh"

// A quotient by more than 2^126 is 0, so that the most negative gates end in 0 and not in inf / inf.
__device__ __forceinline__ float silu(float x) { return __fdividef(x, 1 + __expf(-x)); }
