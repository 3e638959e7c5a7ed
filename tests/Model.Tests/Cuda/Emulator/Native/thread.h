// A thread of a block: a fiber with the copies that it has under way.
#pragma once
#include <deque>
#include <vector>
#include "fibers.h"
#include "runtime.h"

namespace emulator
{

enum class State { Ready, AtBarrier, AtMeeting, Left };

struct Copy { void* shared; const void* global; size_t bytes; };

struct Thread
{
    Stack stack;
    void* stands = nullptr;
    State state = State::Ready;
    Place at = {};
    alignas(16) unsigned char result[16]; // of the last meeting

    void begin(void (*entry)());

    // The target is spoilt at once: nobody may still read it, and nobody yet.
    void copy_later(const Copy& copy);
    void commit();
    void wait(size_t groups);

private:
    std::vector<Copy> _copies; // since the last commit
    std::deque<std::vector<Copy>> _groups;
};

}
