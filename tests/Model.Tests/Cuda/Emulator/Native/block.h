// One block of threads: who can go on, and who waits for whom.
#pragma once
#include <stdarg.h>
#include <memory>
#include <vector>
#include "runtime.h"
#include "thread.h"

namespace emulator
{

// Lanes of a warp that wait for each other.
struct Meeting
{
    static constexpr int MostBytes = 48;
    unsigned mask, arrived;
    bool whole;
    Together together;
    Place at;
    int in_bytes, out_bytes;
    alignas(16) unsigned char in[32 * MostBytes];
};

struct Warp
{
    unsigned there; // lanes that have not left
    std::vector<Meeting> meetings;
};

// What runs on one thread of the process, kept from launch to launch for its stacks.
class Block
{
public:
    Block();
    int run(const Launch& launch, Fault& fault);
    void meet(unsigned mask, bool whole, Together together, const void* in, int in_bytes, void* out, int out_bytes, Place at);
    int barrier(bool value, Place at);
    void require_shared(const void* address, size_t bytes, size_t alignment, const char* what, Place at);
    Thread& current() { return *_threads[_current]; }

    // Writes down what went wrong, and where.
    void describe(const void* address, const char* format, va_list values);

    // Where a launch that went wrong goes on: behind the switch to its first thread.
    void* outside() const { return _outside; }

private:
    static void enter();
    void prepare(const Launch& launch, Fault& fault);
    void begin(unsigned block);
    void spoil_shared();
    void leave();
    void pause(State state, Place at);
    void go_on(void** from);
    Meeting& join(Warp& warp, unsigned mask, bool whole, Together together, int in_bytes, int out_bytes, Place at);
    bool complete(Warp& warp, Meeting& meeting);
    [[noreturn]] void stuck();
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
    char* _dynamic_end;
};

}
