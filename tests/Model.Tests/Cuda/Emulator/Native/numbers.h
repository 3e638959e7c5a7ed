// The functions of CUDA on single numbers. Fast ones are exact here: what they lose is within the tolerance that results are held to.
#pragma once
#include "cuda.h"

extern "C"
{
    float expf(float) noexcept; float exp2f(float) noexcept; float logf(float) noexcept; float log2f(float) noexcept; float log1pf(float) noexcept; float sqrtf(float) noexcept;
    float sinf(float) noexcept; float cosf(float) noexcept; float tanhf(float) noexcept; float powf(float, float) noexcept; float fmaf(float, float, float) noexcept;
    float fabsf(float) noexcept; float floorf(float) noexcept; float ceilf(float) noexcept; float rintf(float) noexcept; float roundf(float) noexcept; float truncf(float) noexcept;
    float fmaxf(float, float) noexcept; float fminf(float, float) noexcept; float fmodf(float, float) noexcept; float ldexpf(float, int) noexcept;
    double exp(double) noexcept; double exp2(double) noexcept; double log(double) noexcept; double log2(double) noexcept; double log1p(double) noexcept; double sqrt(double) noexcept;
    double pow(double, double) noexcept; double fma(double, double, double) noexcept; double fabs(double) noexcept; double floor(double) noexcept; double ceil(double) noexcept;
    double rint(double) noexcept; double round(double) noexcept; double trunc(double) noexcept; double fmax(double, double) noexcept; double fmin(double, double) noexcept;
    int abs(int) noexcept;
}

inline float rsqrtf(float x) { return 1 / sqrtf(x); }
inline float __expf(float x) { return expf(x); }
inline float __exp2f(float x) { return exp2f(x); }
inline float __logf(float x) { return logf(x); }
inline float __log2f(float x) { return log2f(x); }
inline float __fdividef(float x, float y) { return x / y; }
inline float __frcp_rn(float x) { return 1 / x; }
inline float __fsqrt_rn(float x) { return sqrtf(x); }
inline float __frsqrt_rn(float x) { return rsqrtf(x); }
inline float __fmul_rn(float x, float y) { return x * y; }
inline float __fadd_rn(float x, float y) { return x + y; }
inline float __fsub_rn(float x, float y) { return x - y; }
inline float __fdiv_rn(float x, float y) { return x / y; }
inline float __fmaf_rn(float x, float y, float z) { return fmaf(x, y, z); }
inline float __saturatef(float x) { return x > 0 ? x < 1 ? x : 1 : 0; }
inline bool isnan(float x) { return x != x; }
inline bool isinf(float x) { return fabsf(x) == INFINITY; }
inline bool isfinite(float x) { return fabsf(x) < INFINITY; }

inline unsigned __float_as_uint(float x) { return emulator::bits<unsigned>(x); }
inline int __float_as_int(float x) { return emulator::bits<int>(x); }
inline float __uint_as_float(unsigned x) { return emulator::bits<float>(x); }
inline float __int_as_float(int x) { return emulator::bits<float>(x); }
inline long long __double_as_longlong(double x) { return emulator::bits<long long>(x); }
inline double __longlong_as_double(long long x) { return emulator::bits<double>(x); }

// What is no number becomes any other that is none, with any sign (PTX ISA, "abs").
inline float emulator_absolute(float x) { return x != x ? __uint_as_float(0xffffffffu) : fabsf(x); }
#define fabsf emulator_absolute

// Out of range is the nearest that can be, not a number is 0, as the hardware has it and C++ does not.
template <typename T> inline T emulator_convert(float x, T least, T most) { return x != x ? 0 : x >= (float)most ? most : x <= (float)least ? least : (T)x; }
inline int __float2int_rn(float x) { return emulator_convert(rintf(x), -0x7fffffff - 1, 0x7fffffff); }
inline int __float2int_rz(float x) { return emulator_convert(truncf(x), -0x7fffffff - 1, 0x7fffffff); }
inline int __float2int_rd(float x) { return emulator_convert(floorf(x), -0x7fffffff - 1, 0x7fffffff); }
inline int __float2int_ru(float x) { return emulator_convert(ceilf(x), -0x7fffffff - 1, 0x7fffffff); }
inline unsigned __float2uint_rn(float x) { return emulator_convert(rintf(x), 0u, 0xffffffffu); }
inline unsigned __float2uint_rz(float x) { return emulator_convert(truncf(x), 0u, 0xffffffffu); }
inline float __int2float_rn(int x) { return (float)x; }
inline float __uint2float_rn(unsigned x) { return (float)x; }

inline double __ll2double_rn(long long x) { return (double)x; }
inline double __ull2double_rn(unsigned long long x) { return (double)x; }
inline long long __double2ll_rn(double x) { return (long long)rint(x); }
inline unsigned long long __double2ull_rn(double x) { return (unsigned long long)rint(x); }
inline unsigned long long __float2ull_rn(float x) { return (unsigned long long)rintf(x); }
inline long long __float2ll_rn(float x) { return (long long)rintf(x); }

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz((unsigned)x); }
inline int __clzll(long long x) { return x == 0 ? 64 : __builtin_clzll((unsigned long long)x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline unsigned __umulhi(unsigned x, unsigned y) { return (unsigned)((unsigned long long)x * y >> 32); }
inline int __mulhi(int x, int y) { return (int)((long long)x * y >> 32); }
inline unsigned long long __umul64hi(unsigned long long x, unsigned long long y) { return (unsigned long long)((unsigned __int128)x * y >> 64); }

inline unsigned __brev(unsigned x)
{
    unsigned reversed = 0;
    for (int i = 0; i < 32; i++) reversed |= (x >> i & 1) << (31 - i);
    return reversed;
}

// Bytes of y:x by the four selectors; a selector's bit 3 spreads the sign of its byte.
inline unsigned __byte_perm(unsigned x, unsigned y, unsigned selectors)
{
    unsigned long long bytes = (unsigned long long)y << 32 | x;
    unsigned result = 0;
    for (int i = 0; i < 4; i++)
    {
        unsigned selector = selectors >> 4 * i & 15, value = (unsigned)(bytes >> 8 * (selector & 7)) & 255;
        result |= (selector & 8 ? (value & 128 ? 255u : 0u) : value) << 8 * i;
    }
    return result;
}

inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned by) { return (unsigned)(((unsigned long long)high << 32 | low) >> (by & 31)); }
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned by) { return (unsigned)((((unsigned long long)high << 32 | low) << (by & 31)) >> 32); }

inline int __dp4a(int x, int y, int sum)
{
    for (int i = 0; i < 4; i++) sum += (int)(signed char)(x >> 8 * i) * (int)(signed char)(y >> 8 * i);
    return sum;
}

#define EXTREMES(type) \
    inline type max(type x, type y) { return x > y ? x : y; } \
    inline type min(type x, type y) { return x < y ? x : y; }
EXTREMES(int)
EXTREMES(unsigned)
EXTREMES(long)
EXTREMES(unsigned long)
EXTREMES(long long)
EXTREMES(unsigned long long)
#undef EXTREMES
inline unsigned max(int x, unsigned y) { return max((unsigned)x, y); }
inline unsigned max(unsigned x, int y) { return max(x, (unsigned)y); }
inline unsigned min(int x, unsigned y) { return min((unsigned)x, y); }
inline unsigned min(unsigned x, int y) { return min(x, (unsigned)y); }
inline float max(float x, float y) { return fmaxf(x, y); }
inline float min(float x, float y) { return fminf(x, y); }
inline double max(double x, double y) { return fmax(x, y); }
inline double min(double x, double y) { return fmin(x, y); }

template <typename T> inline T __ldg(const T* address) { return *address; }
template <typename T> inline T __ldcs(const T* address) { return *address; }
template <typename T> inline T __ldcg(const T* address) { return *address; }
template <typename T> inline T __ldca(const T* address) { return *address; }
template <typename T> inline void __stcs(T* address, T value) { *address = value; }
template <typename T> inline void __stcg(T* address, T value) { *address = value; }
