// Nothing interrupts a fiber, so that reading and writing is one step, and no race.
#pragma once
#include "numbers.h"

template <typename T> UNWATCHED inline T emulator_swap(T* address, T value)
{
    T old = *address;
    *address = value;
    return old;
}

#define ATOMICS(type) \
    UNWATCHED inline type atomicAdd(type* address, type value) { return emulator_swap(address, (type)(*address + value)); } \
    UNWATCHED inline type atomicExch(type* address, type value) { return emulator_swap(address, value); }
#define INTEGER_ATOMICS(type) \
    ATOMICS(type) \
    UNWATCHED inline type atomicSub(type* address, type value) { return emulator_swap(address, (type)(*address - value)); } \
    UNWATCHED inline type atomicMax(type* address, type value) { return emulator_swap(address, max(*address, value)); } \
    UNWATCHED inline type atomicMin(type* address, type value) { return emulator_swap(address, min(*address, value)); } \
    UNWATCHED inline type atomicAnd(type* address, type value) { return emulator_swap(address, (type)(*address & value)); } \
    UNWATCHED inline type atomicOr(type* address, type value) { return emulator_swap(address, (type)(*address | value)); } \
    UNWATCHED inline type atomicXor(type* address, type value) { return emulator_swap(address, (type)(*address ^ value)); } \
    UNWATCHED inline type atomicCAS(type* address, type expected, type value) { return emulator_swap(address, *address == expected ? value : *address); }
ATOMICS(float)
INTEGER_ATOMICS(int)
INTEGER_ATOMICS(unsigned)
INTEGER_ATOMICS(unsigned long long)
#undef ATOMICS
#undef INTEGER_ATOMICS

UNWATCHED inline unsigned atomicInc(unsigned* address, unsigned most) { return emulator_swap(address, *address >= most ? 0 : *address + 1); }
UNWATCHED inline unsigned atomicDec(unsigned* address, unsigned most) { return emulator_swap(address, *address == 0 || *address > most ? most : *address - 1); }
