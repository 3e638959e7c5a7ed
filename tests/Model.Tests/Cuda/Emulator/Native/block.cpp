#include "block.h"
#include <dlfcn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <algorithm>
#include "faults.h"

namespace emulator
{

constexpr size_t MostShared = 256 << 10;

// Dynamic shared memory ends where nothing may be touched.
Block::Block()
{
    char* memory = (char*)mmap(nullptr, MostShared + GuardBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    _dynamic_end = memory + MostShared;
    mprotect(_dynamic_end, GuardBytes, PROT_NONE);
}

int Block::run(const Launch& launch, Fault& fault)
{
    prepare(launch, fault);
    std::vector<unsigned> blocks(launch.grid[0] * launch.grid[1] * launch.grid[2]);
    for (unsigned i = 0; i < blocks.size(); i++) blocks[i] = i;
    for (unsigned i = (unsigned)blocks.size(); i > 1; i--) std::swap(blocks[i - 1], blocks[draw(i)]);
    FaultWatch watch(*this);
    for (unsigned block : blocks)
    {
        begin(block);
        go_on(&_outside);
        if (fault.text[0] != 0) return 1;
    }
    return 0;
}

void Block::prepare(const Launch& launch, Fault& fault)
{
    _launch = &launch;
    _fault = &fault;
    fault = {};
    if (launch.anew) _unsettled.clear();
    _seed = launch.seed * 0x9e3779b97f4a7c15ull + 1;
    while (_threads.size() < launch.threads) _threads.push_back(std::make_unique<Thread>());
    _warps.resize((launch.threads + Lanes - 1) / Lanes);
    *launch.module->dynamic_shared = _dynamic_end - (launch.shared_bytes + 15) / 16 * 16;
    _races.watch(*launch.module->dynamic_shared, launch.shared_bytes, launch.static_shared, launch.static_shared_bytes);
    launch.module->indices->grid = { launch.grid[0], launch.grid[1], launch.grid[2] };
    launch.module->indices->block_size = { launch.threads, 1, 1 };
}

void Block::begin(unsigned block)
{
    unsigned x = _launch->grid[0], y = _launch->grid[1];
    _launch->module->indices->block = { block % x, block / x % y, block / x / y };
    spoil_shared();
    pass_barrier();
    _left = _at_barrier = _came_true = 0;
    _copying = {};
    _ready.clear();
    for (unsigned i = 0; i < _launch->threads; i++)
    {
        _threads[i]->begin(enter, i);
        _ready.push_back(i);
    }
    for (unsigned i = 0; i < _warps.size(); i++)
    {
        unsigned lanes = std::min(Lanes, _launch->threads - i * Lanes);
        _warps[i].there = lanes == Lanes ? EveryLane : (1u << lanes) - 1;
        _warps[i].meetings.clear();
    }
}

void Block::enter()
{
    Block& block = *FaultWatch::watched();
    block._launch->kernel->call(block._launch->arguments);
    block.leave();
}

void Block::leave()
{
    if (_launch->overlaps && current().has_touched && !current().has_awaited) emulator_fail("touched memory and did not wait for the kernels before, which may still run: begin_kernel of overlap.cuh does");
    Warp& warp = _warps[_current / Lanes];
    warp.there &= ~(1u << _current % Lanes);
    for (size_t i = warp.meetings.size(); i-- > 0;) complete(warp, warp.meetings[i]);
    _left++;
    pause(State::Left, {});
}

void Block::pause(State state, Place at)
{
    current().state = state;
    current().at = at;
    go_on(&current().stands);
}

// Any thread that can, or out of the block when all have left.
void Block::go_on(void** from)
{
    if (_ready.empty())
    {
        if (_left < _launch->threads) stuck();
        emulator_switch(from, _outside);
        return;
    }
    unsigned& drawn = _ready[draw((unsigned)_ready.size())];
    _current = drawn;
    drawn = _ready.back();
    _ready.pop_back();
    _launch->module->indices->thread.x = _current;
    current().state = State::Ready;
    emulator_switch(from, current().stands);
}

void Block::wrote(const void* address, size_t bytes)
{
    for (uintptr_t word = (uintptr_t)address / 4; word <= ((uintptr_t)address + bytes - 1) / 4; word++) _unsettled.insert(word);
}

bool Block::is_unsettled(const void* address, size_t bytes)
{
    if (!_launch->overlaps || current().has_awaited) return false;
    for (uintptr_t word = (uintptr_t)address / 4; word <= ((uintptr_t)address + bytes - 1) / 4; word++)
        if (_unsettled.count(word) != 0) return true;
    return false;
}

void Block::describe(const void* address, const void* code, const char* format, ...)
{
    va_list values;
    va_start(values, format);
    describe(address, code, format, values);
    va_end(values);
}

void Block::describe(const void* address, const void* code, const char* format, va_list values)
{
    uint3 block = _launch->module->indices->block;
    int length = snprintf(_fault->text, sizeof _fault->text, "%s, block (%u, %u, %u), thread %u: ", _launch->kernel->name, block.x, block.y, block.z, _current);
    if (_copying.file != nullptr) length += snprintf(_fault->text + length, sizeof _fault->text - length, "the asynchronous copy of %s:%d ", _copying.file, _copying.line);
    vsnprintf(_fault->text + length, sizeof _fault->text - length, format, values);
    _fault->address = address;
    Dl_info library, modules;
    bool is_kernels = dladdr(code, &library) && dladdr(_launch->module, &modules) && library.dli_fbase == modules.dli_fbase;
    _fault->offset = is_kernels ? (uintptr_t)code - (uintptr_t)library.dli_fbase : 0;
}

void Block::abandon()
{
    void* nowhere;
    emulator_switch(&nowhere, _outside);
    __builtin_unreachable();
}

// xorshift64*
unsigned Block::draw(unsigned below)
{
    _seed ^= _seed >> 12;
    _seed ^= _seed << 25;
    _seed ^= _seed >> 27;
    return (unsigned)((_seed * 0x2545f4914f6cdd1dull >> 32) * below >> 32);
}

}
