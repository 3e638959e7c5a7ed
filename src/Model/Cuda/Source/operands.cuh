// Up to three products with the same input: what each multiplies with and where it leaves its results.
#pragma once
#include "common.cuh"

// GATED: silu(first) * second, as bfloat16. ROTATED: queries, and keys and values in the cache, as bfloat16.
enum Mode { STORE_BF16, STORE_FLOAT, ADD_FLOAT, STORE_GATED, STORE_ROTATED };

struct Operand
{
    const u8* weights;
    const void* scales;         // of codes
    void* output;               // [rows, outputs]
    int outputs;                // 0 where there is no such operand
};

__device__ __forceinline__ int ceiling(int a, int b) { return (a + b - 1) / b; }

// The operand of a tile of `size` outputs, and in `tile` which of its own that is.
__device__ __forceinline__ Operand operand_of(const Operand& first, const Operand& second, const Operand& third, int size, int& tile)
{
    if (tile < ceiling(first.outputs, size)) return first;
    tile -= ceiling(first.outputs, size);
    if (tile < ceiling(second.outputs, size)) return second;
    tile -= ceiling(second.outputs, size);
    return third;
}

__device__ __forceinline__ void store(const Operand& operand, int mode, int row, int output, float sum)
{
    if (output >= operand.outputs) return;
    long long at = (long long)row * operand.outputs + output;
    if (mode == STORE_BF16 || mode == STORE_GATED) reinterpret_cast<bf16*>(operand.output)[at] = to_bf16(sum);
    else if (mode == STORE_FLOAT) reinterpret_cast<float*>(operand.output)[at] = sum;
    else reinterpret_cast<float*>(operand.output)[at] += sum;
}
