// Fibers of one thread, switched by hand: x86-64 as the System V ABI has it.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

extern "C"
{
    // Saves where the caller is and goes on where another did.
    void emulator_switch(void** from, void* to);

    // The second half of it: goes on where the stack pointer says.
    void emulator_resume();
}

namespace emulator
{

// Together no power of two: the same places of all stacks would share a few lines of the caches.
constexpr size_t StackBytes = 64 << 10, GuardBytes = 68 << 10;

// A stack with room below it that nothing may touch.
class Stack
{
public:
    Stack()
    {
        _memory = (char*)mmap(nullptr, GuardBytes + StackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        mprotect(_memory, GuardBytes, PROT_NONE);
    }

    ~Stack() { munmap(_memory, GuardBytes + StackBytes); }
    Stack(const Stack&) = delete;

    // Where a fiber stands that will begin with `entry`: what emulator_resume pops, and above it the return address of a function that never returns.
    void* begin(void (*entry)(), size_t below_top) const
    {
        void** top = (void**)(_memory + GuardBytes + StackBytes - below_top);
        *--top = nullptr;
        *--top = (void*)entry;
        for (int i = 0; i < 6; i++) *--top = nullptr;
        return top;
    }

    bool guards(const void* address) const { return (const char*)address >= _memory && (const char*)address < _memory + GuardBytes; }

private:
    char* _memory;
};

}
