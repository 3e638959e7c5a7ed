// A thread of a block: a fiber with the copies that it has under way.
#pragma once
#include <stdint.h>
#include <deque>
#include <vector>
#include "fibers.h"
#include "runtime.h"

namespace emulator
{

// Where EmulatedMemory takes from: the device's memory, and what is page-locked.
constexpr uintptr_t MemoryBegin = 0x100000000000, MemoryEnd = 0x200000000000;

inline bool is_global(const void* address) { return (uintptr_t)address - MemoryBegin < MemoryEnd - MemoryBegin; }

enum class State { Ready, AtBarrier, AtMeeting, Left };

struct Copy { void* shared; const void* global; size_t bytes; Place at; };

struct Thread
{
    Stack stack;
    void* stands = nullptr;
    State state = State::Ready;
    Place at = {};
    const void* in = nullptr; // of the meeting that it waits in, on its stack
    void* out = nullptr;
    bool has_touched = false; // memory that other kernels can write
    bool has_awaited = false; // the kernels before

    // `number` moves it a little, so that all threads' variables do not share a few lines of the cache.
    void begin(void (*entry)(), unsigned number);

    void note(const void* address) { has_touched |= is_global(address); }

    // The target is spoilt at once: nobody may still read it, and nobody yet.
    void copy_later(const Copy& copy, bool is_constant); // constant: no kernel writes the source
    void commit();

    // The oldest group, if there are more than so many.
    bool finish(size_t groups, std::vector<Copy>& group);

private:
    std::vector<Copy> _copies; // since the last commit
    std::deque<std::vector<Copy>> _groups;
};

}
