// Nothing interrupts a fiber, so that reading and writing is one step.
#pragma once
#include "numbers.h"

template <typename T> inline T emulator_swap(T* address, T value)
{
    T old = *address;
    *address = value;
    return old;
}

#define ATOMICS(type) \
    inline type atomicAdd(type* address, type value) { return emulator_swap(address, (type)(*address + value)); } \
    inline type atomicExch(type* address, type value) { return emulator_swap(address, value); }
#define INTEGER_ATOMICS(type) \
    ATOMICS(type) \
    inline type atomicSub(type* address, type value) { return emulator_swap(address, (type)(*address - value)); } \
    inline type atomicMax(type* address, type value) { return emulator_swap(address, max(*address, value)); } \
    inline type atomicMin(type* address, type value) { return emulator_swap(address, min(*address, value)); } \
    inline type atomicAnd(type* address, type value) { return emulator_swap(address, (type)(*address & value)); } \
    inline type atomicOr(type* address, type value) { return emulator_swap(address, (type)(*address | value)); } \
    inline type atomicXor(type* address, type value) { return emulator_swap(address, (type)(*address ^ value)); } \
    inline type atomicCAS(type* address, type expected, type value) { return emulator_swap(address, *address == expected ? value : *address); }
ATOMICS(float)
INTEGER_ATOMICS(int)
INTEGER_ATOMICS(unsigned)
INTEGER_ATOMICS(unsigned long long)
#undef ATOMICS
#undef INTEGER_ATOMICS

inline unsigned atomicInc(unsigned* address, unsigned most) { return emulator_swap(address, *address >= most ? 0 : *address + 1); }
inline unsigned atomicDec(unsigned* address, unsigned most) { return emulator_swap(address, *address == 0 || *address > most ? most : *address - 1); }
