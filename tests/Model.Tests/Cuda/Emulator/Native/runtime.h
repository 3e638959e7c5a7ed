// What a module and the driver ask of the runtime, which is one library for all modules of the process. A block's threads are fibers of the calling thread: each runs until it must wait for
// others, and which goes on then is drawn from a seed, so that what is only right in one order goes wrong.
#pragma once

struct uint3 { unsigned x, y, z; };

namespace emulator
{

// A line of a kernel's source.
struct Place { const char* file; int line; };

// Does for all lanes what a warp does together: in[32] and out[32] by lane, `present` the lanes that are there.
typedef void (*Together)(const void* in, void* out, unsigned present);

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
};

// What went wrong, for the driver; `address` where memory was touched that is not there.
struct Fault { char text[1024]; const void* address; };

}

extern "C"
{
    // Where the calling thread has the `__shared__` variables of a module, and how many bytes they are.
    unsigned emulator_static_shared(const emulator::Module* module, void** begin);

    // Runs a grid on the calling thread. 0, or 1 and what went wrong.
    int emulator_run(const emulator::Launch* launch, emulator::Fault* fault);

    // Waits until all lanes of the mask that have not left the kernel call it, with the same `together` at the same place. With `whole` all 32 must.
    void emulator_meet(unsigned mask, bool whole, emulator::Together together, const void* in, int in_bytes, void* out, int out_bytes, emulator::Place at);

    // Waits for all threads of the block: how many of them came with a value other than 0.
    int emulator_barrier(bool value, emulator::Place at);

    // Queues a copy to shared memory, for which nothing is done before it is waited for. Without a source it is of zeros.
    void emulator_copy_later(void* shared, const void* global, int bytes, emulator::Place at);
    void emulator_commit();
    void emulator_wait(int groups);

    // Ends the launch with a fault unless that many bytes at the address are shared memory of the block, aligned as said.
    void emulator_require_shared(const void* address, int bytes, int alignment, const char* what, emulator::Place at);

    // Ends the launch with a fault, printf-like; never returns.
    [[noreturn]] void emulator_fail(const char* format, ...);
}
