// One block of threads: who can go on, and who waits for whom.
#pragma once
#include <stdarg.h>
#include <memory>
#include <unordered_set>
#include <vector>
#include "races.h"
#include "runtime.h"
#include "thread.h"

namespace emulator
{

constexpr unsigned Lanes = 32, EveryLane = 0xffffffffu;

// Lanes of a warp that wait for each other.
struct Meeting
{
    unsigned mask, arrived;
    Meet kind;
    Together together;
    Place at;
};

struct Warp
{
    unsigned there; // lanes that have not left
    std::vector<Meeting> meetings;
    uint32_t met; // how often by __syncwarp since the last barrier
};

// What runs on one thread of the process, kept from launch to launch for its stacks.
class Block
{
public:
    Block();
    int run(const Launch& launch, Fault& fault);
    void meet(unsigned mask, Meet kind, Together together, const void* in, void* out, Place at);
    int barrier(bool value, Place at);

    // Every access to memory passes here.
    void touch(const void* address, size_t bytes, bool writes, const void* code)
    {
        current().note(address);
        if (writes && _launch->is_followed && is_global(address)) wrote(address, bytes);
        if (!_races.watches(address)) return;
        Touch now = touch_by(_current, _barriers, _warps[_current / Lanes].met, writes);
        if (Touch other = _races.touch(address, bytes, now)) race(now, other, code);
    }

    // Whether a kernel writes there that may still run, and was not waited for.
    bool is_unsettled(const void* address, size_t bytes);

    void touch_shared(const void* address, size_t bytes, bool writes, const char* what, Place at);
    void wait_for_copies(size_t groups);
    Thread& current() { return *_threads[_current]; }

    // Writes down what went wrong.
    void describe(const void* address, const void* code, const char* format, ...) __attribute__((format(printf, 4, 5)));
    void describe(const void* address, const void* code, const char* format, va_list values);

    // Ends the launch from within a thread.
    [[noreturn]] void abandon();

    // Where a launch goes on that was ended, with emulator_resume.
    void* outside() const { return _outside; }

private:
    static void enter();
    void prepare(const Launch& launch, Fault& fault);
    void begin(unsigned block);
    void spoil_shared();
    void leave();
    void pause(State state, Place at);
    void go_on(void** from);
    void wrote(const void* address, size_t bytes);
    Meeting& join(Warp& warp, unsigned mask, Meet kind, Together together, Place at);
    bool complete(Warp& warp, Meeting& meeting);
    void pass_barrier();
    [[noreturn]] void stuck();
    [[noreturn]] void race(Touch now, Touch other, const void* code);
    unsigned draw(unsigned below);
    bool holds(const void* memory, size_t size, const void* address, size_t bytes) const { return address >= memory && (const char*)address + bytes <= (const char*)memory + size; }

    const Launch* _launch = nullptr;
    Fault* _fault = nullptr;
    void* _outside = nullptr;
    unsigned long long _seed = 0;
    std::vector<std::unique_ptr<Thread>> _threads;
    std::vector<unsigned> _ready;
    std::vector<Warp> _warps;
    unsigned _current = 0, _left = 0, _at_barrier = 0, _came_true = 0, _were_true = 0;
    Place _copying = {}; // where the copy was asked for that is being done
    uint32_t _barriers = 0;
    Races _races;
    std::unordered_set<uintptr_t> _unsettled; // words that kernels wrote which may still run
    char* _dynamic_end;
};

}
