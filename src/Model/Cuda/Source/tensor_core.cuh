// Products of small tiles that a warp computes together (PTX ISA, "Matrix multiply-accumulate operation using mma instruction"). Every lane of the warp must be there. With g = lane / 4 and
// t = lane % 4, two bfloat16 per u32, the lower half first:
//   a [16, 16]  a[0]: row g, columns 2t and 2t+1;  a[1]: row g+8, the same;  a[2]: row g, columns 2t+8 and 2t+9;  a[3]: row g+8, the same
//   b [16, 8]   b[0]: rows 2t and 2t+1 of column g;  b[1]: rows 2t+8 and 2t+9 of it
//   d [16, 8]   d[0], d[1]: row g, columns 2t and 2t+1;  d[2], d[3]: row g+8, the same
#pragma once
#include "common.cuh"

#ifndef CUDA_EMULATOR

__device__ __forceinline__ u32 shared_address(const void* shared) { return (u32)__cvta_generic_to_shared(shared); }

// d += a · b, accumulated in float32.
__device__ __forceinline__ void mma_m16n8k16_bf16(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2])
{
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// d += a · b of whole numbers, exactly, those of a from 0 to 255 and those of b signed, four per u32:
//   a [16, 32]  a[0]: row g, columns 4t to 4t+3;  a[1]: row g+8, the same;  a[2]: row g, columns 4t+16 to 4t+19;  a[3]: row g+8, the same
//   b [32, 8]   b[0]: rows 4t to 4t+3 of column g;  b[1]: rows 4t+16 to 4t+19 of it
//   d           as above
__device__ __forceinline__ void mma_m16n8k32_u8_s8(int (&d)[4], const u32 (&a)[4], const u32 (&b)[2])
{
    asm("mma.sync.aligned.m16n8k32.row.col.s32.u8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// sum and four signed bytes.
__device__ __forceinline__ int add_bytes(int sum, u32 four)
{
    int d;
    asm("dp4a.s32.s32 %0, %1, %2, %3;" : "=r"(d) : "r"(four), "r"(0x01010101), "r"(sum));
    return d;
}

// Four matrices of 8 × 8 16-bit elements from shared memory: lane l gives the address of row l % 8 of matrix l / 8 (16 bytes, aligned to 16), and gets of matrix i in r[i] elements 2t and 2t+1 of
// row g. With the rows of `a` in matrices 0 and 1 (columns 0 to 7) and 2 and 3 (columns 8 to 15), r is `a`.
__device__ __forceinline__ void ldmatrix_x4(u32 (&r)[4], const void* row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared_address(row)) : "memory");
}

// The same of the transposed matrices: r[i] has elements g of rows 2t and 2t+1 of matrix i. What is stored [k, n] becomes `b`.
__device__ __forceinline__ void ldmatrix_x4_trans(u32 (&r)[4], const void* row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared_address(row)) : "memory");
}

#endif
