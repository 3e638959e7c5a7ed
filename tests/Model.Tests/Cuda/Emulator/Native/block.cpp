#include "block.h"
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <algorithm>
#include <map>
#include <string>
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

// Not numbers as floats, −1 as integers: whoever reads what nobody wrote will see.
void Block::spoil_shared()
{
    memset(*_launch->module->dynamic_shared, 0xff, _dynamic_end - (char*)*_launch->module->dynamic_shared);
    memset(_launch->static_shared, 0xff, _launch->static_shared_bytes);
}

void Block::enter()
{
    Block& block = *FaultWatch::watched();
    block._launch->kernel->call(block._launch->arguments);
    block.leave();
}

void Block::leave()
{
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

int Block::barrier(bool value, Place at)
{
    _came_true += value;
    if (++_at_barrier < _launch->threads) pause(State::AtBarrier, at);
    else
    {
        for (unsigned i = 0; i < _launch->threads; i++)
            if (i != _current) _ready.push_back(i);
        for (unsigned i : _ready)
            if (_threads[i]->at.line != at.line) emulator_fail("waits at the barrier of %s:%d, thread %u at that of line %d: all must come to the same", at.file, at.line, i, _threads[i]->at.line);
        pass_barrier();
        _were_true = _came_true;
        _at_barrier = _came_true = 0;
    }
    return (int)_were_true;
}

void Block::pass_barrier()
{
    _barriers++;
    for (Warp& warp : _warps) warp.met = 0;
}

void Block::meet(unsigned mask, Meet kind, Together together, const void* in, void* out, Place at)
{
    Warp& warp = _warps[_current / Lanes];
    Meeting& meeting = join(warp, mask, kind, together, at);
    meeting.arrived |= 1u << _current % Lanes;
    current().in = in;
    current().out = out;
    if (!complete(warp, meeting)) pause(State::AtMeeting, at);
}

Meeting& Block::join(Warp& warp, unsigned mask, Meet kind, Together together, Place at)
{
    if (!(mask >> _current % Lanes & 1)) emulator_fail("at %s:%d names the lanes %08x, of which it is none", at.file, at.line, mask);
    for (Meeting& meeting : warp.meetings)
    {
        if (meeting.mask == mask && meeting.together == together && meeting.at.line == at.line) return meeting;
        if (meeting.mask & mask) emulator_fail("at %s:%d names the lanes %08x, of which some (%08x) wait at %s:%d for the lanes %08x", at.file, at.line, mask, meeting.arrived, meeting.at.file, meeting.at.line, meeting.mask);
    }
    warp.meetings.push_back({ mask, 0, kind, together, at });
    return warp.meetings.back();
}

// True if all who are awaited have come: then what they do together is done, and all but the current one can go on.
bool Block::complete(Warp& warp, Meeting& meeting)
{
    if ((meeting.mask & warp.there) != meeting.arrived) return false;
    if (meeting.kind == Meet::Whole && meeting.arrived != EveryLane) emulator_fail("at %s:%d all 32 lanes must come together, only %08x did: the others have left the kernel", meeting.at.file, meeting.at.line, meeting.arrived);
    const void* in[Lanes] = {};
    void* out[Lanes] = {};
    unsigned first = _current / Lanes * Lanes;
    for (unsigned lanes = meeting.arrived; lanes != 0; lanes &= lanes - 1)
    {
        unsigned lane = __builtin_ctz(lanes);
        in[lane] = _threads[first + lane]->in;
        out[lane] = _threads[first + lane]->out;
        if (first + lane != _current) _ready.push_back(first + lane);
    }
    meeting.together(in, out, meeting.arrived);
    warp.met += meeting.kind == Meet::Ordered;
    warp.meetings.erase(warp.meetings.begin() + (&meeting - warp.meetings.data()));
    return true;
}

// Nobody can go on: says how many threads are where.
void Block::stuck()
{
    std::map<std::string, unsigned> places;
    for (unsigned i = 0; i < _launch->threads; i++)
    {
        Thread& thread = *_threads[i];
        std::string place = thread.state == State::Left ? "left the kernel" : std::string(thread.state == State::AtBarrier ? "wait at the barrier of " : "wait for lanes of their warp at ") + thread.at.file + ":" + std::to_string(thread.at.line);
        places[place]++;
    }
    std::string text;
    for (auto& [place, count] : places) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + place;
    emulator_fail("nobody can go on: of %u threads %s", _launch->threads, text.c_str());
}

void Block::touch_shared(const void* address, size_t bytes, bool writes, const char* what, Place at)
{
    char* dynamic = (char*)*_launch->module->dynamic_shared;
    if (!holds(dynamic, _dynamic_end - dynamic, address, bytes) && !holds(_launch->static_shared, _launch->static_shared_bytes, address, bytes)) emulator_fail("%s at %s:%d: %p is not in the block's shared memory", what, at.file, at.line, address);
    if ((uintptr_t)address % bytes != 0) emulator_fail("%s at %s:%d: the address %p is not a multiple of %zu", what, at.file, at.line, address, bytes);
    touch(address, bytes, writes, nullptr);
}

void Block::race(Touch now, Touch other, const void* code)
{
    describe(nullptr, code, "%s shared memory that thread %u %s, with no barrier between the two", writes(now) ? "writes" : "reads", thread_of(other), writes(other) ? "wrote" : "read");
    abandon();
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
    _fault->code = code;
}

void Block::abandon()
{
    void* nowhere;
    emulator_switch(&nowhere, _outside);
    __builtin_unreachable();
}

void Block::wait_for_copies(size_t groups)
{
    for (std::vector<Copy> group; current().finish(groups, group);)
        for (const Copy& copy : group)
        {
            _copying = copy.at;
            touch(copy.shared, copy.bytes, true, nullptr);
            if (copy.global != nullptr) memcpy(copy.shared, copy.global, copy.bytes);
            else memset(copy.shared, 0, copy.bytes);
            _copying = {};
        }
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
