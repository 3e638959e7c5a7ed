// A thread of a block: a fiber with the copies that it has under way.
#pragma once
#include <deque>
#include <vector>
#include "fibers.h"
#include "runtime.h"

namespace emulator
{

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

    // `number` moves it a little, so that all threads' variables do not share a few lines of the cache.
    void begin(void (*entry)(), unsigned number);

    // The target is spoilt at once: nobody may still read it, and nobody yet.
    void copy_later(const Copy& copy);
    void commit();

    // The oldest group, if there are more than so many.
    bool finish(size_t groups, std::vector<Copy>& group);

private:
    std::vector<Copy> _copies; // since the last commit
    std::deque<std::vector<Copy>> _groups;
};

}
