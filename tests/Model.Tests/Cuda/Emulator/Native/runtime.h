// What a module and the driver ask of the runtime, which is one library for all modules of the process. A block's threads are fibers of the calling thread: each runs until it must wait for
// others, and which goes on then is drawn from a seed, so that what is only right in one order goes wrong.
#pragma once

struct uint3 { unsigned x, y, z; };

namespace emulator
{

// A line of a kernel's source.
struct Place { const char* file; int line; };

// What a meeting of lanes is: they hear of each other; they wait for each other's memory, too; all 32 compute together.
enum class Meet { Some, Ordered, Whole };

// Does for all lanes what a warp does together: by lane, where it gave what and where it awaits what; `present` are the lanes that are there.
typedef void (*Together)(const void* const in[32], void* const out[32], unsigned present);

// What a kernel sees of where it is. One for each loaded module.
struct Indices { uint3 thread, block, block_size, grid; };

// `parameters` has a letter for each: p pointer, i 4 bytes, l 8 bytes.
struct Kernel { const char* name; void (*call)(void** arguments); const char* parameters; int most_threads; };

struct Module { Indices* indices; void** dynamic_shared; const Kernel* kernels; };

struct Launch
{
    const Module* module;
    const Kernel* kernel;
    void** arguments;
    unsigned grid[3];
    unsigned threads;
    unsigned shared_bytes;
    unsigned seed;
    void* static_shared;
    unsigned static_shared_bytes;
    unsigned overlaps; // whether a kernel before it may still run
    unsigned anew; // whether all before those that may is over
    unsigned is_followed; // whether a kernel behind it may run before it is over
};

// What went wrong, for the driver: `address` where memory was touched that is not there, `offset` the instruction's in its module, or 0.
struct Fault { char text[1024]; const void* address; unsigned long offset; };

}

extern "C"
{
    // Where the calling thread has the `__shared__` variables of a module, and how many bytes they are.
    unsigned emulator_static_shared(const emulator::Module* module, void** begin);

    // Runs a grid on the calling thread. 0, or 1 and what went wrong.
    int emulator_run(const emulator::Launch* launch, emulator::Fault* fault);

    // Waits until all lanes of the mask that have not left the kernel call it, with the same `together` at the same place.
    void emulator_meet(unsigned mask, emulator::Meet kind, emulator::Together together, const void* in, void* out, emulator::Place at);

    // Waits for all threads of the block: how many of them came with a value other than 0.
    int emulator_barrier(bool value, emulator::Place at);

    // Queues a copy to shared memory, for which nothing is done before it is waited for. Without a source it is of zeros.
    void emulator_copy_later(void* shared, const void* global, int bytes, emulator::Place at, bool is_constant = false);
    void emulator_commit();
    void emulator_wait(int groups);

    // Waits for the kernels before this one, until when nothing that they could write may have been touched.
    void emulator_await_previous(emulator::Place at);

    // Reads what is said to be settled: nothing that kernels wrote which may still run, until those were waited for.
    void emulator_read_settled(const void* address, int bytes);

    // Touches shared memory, aligned to as many bytes, other than by the processor's own instructions.
    void emulator_touch_shared(const void* address, int bytes, bool writes, const char* what, emulator::Place at);

    // Ends the launch with a fault, printf-like; never returns.
    [[noreturn]] void emulator_fail(const char* format, ...);
}
