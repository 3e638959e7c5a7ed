// Blocks of the products with few rows.
#pragma once
#include "operands.cuh"

#define THREADS 512
#define WARPS (THREADS / WARP)
#define PADDING 512             // inputs; behind them are zeros up to a multiple of it

__device__ __forceinline__ int padded(int inputs) { return ceiling(inputs, PADDING) * PADDING; }
