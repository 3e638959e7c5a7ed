// Nothing interrupts a fiber, so that reading and writing is one step, and no race.
#pragma once
#include "numbers.h"

#define STEP __attribute__((no_sanitize("thread"))) inline

template <typename T> STEP T emulator_swap(T* address, T value)
{
    T old = *address;
    *address = value;
    return old;
}

#define ATOMICS(type) \
    STEP type atomicAdd(type* address, type value) { return emulator_swap(address, (type)(*address + value)); } \
    STEP type atomicExch(type* address, type value) { return emulator_swap(address, value); }
#define INTEGER_ATOMICS(type) \
    ATOMICS(type) \
    STEP type atomicSub(type* address, type value) { return emulator_swap(address, (type)(*address - value)); } \
    STEP type atomicMax(type* address, type value) { return emulator_swap(address, max(*address, value)); } \
    STEP type atomicMin(type* address, type value) { return emulator_swap(address, min(*address, value)); } \
    STEP type atomicAnd(type* address, type value) { return emulator_swap(address, (type)(*address & value)); } \
    STEP type atomicOr(type* address, type value) { return emulator_swap(address, (type)(*address | value)); } \
    STEP type atomicXor(type* address, type value) { return emulator_swap(address, (type)(*address ^ value)); } \
    STEP type atomicCAS(type* address, type expected, type value) { return emulator_swap(address, *address == expected ? value : *address); }
ATOMICS(float)
INTEGER_ATOMICS(int)
INTEGER_ATOMICS(unsigned)
INTEGER_ATOMICS(unsigned long long)
#undef ATOMICS
#undef INTEGER_ATOMICS

STEP unsigned atomicInc(unsigned* address, unsigned most) { return emulator_swap(address, *address >= most ? 0 : *address + 1); }
STEP unsigned atomicDec(unsigned* address, unsigned most) { return emulator_swap(address, *address == 0 || *address > most ? most : *address - 1); }
#undef STEP
