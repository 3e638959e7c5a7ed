// How the threads of a block wait for each other.
#include <string.h>
#include <map>
#include <string>
#include "block.h"

namespace emulator
{

static bool same(Place one, Place other) { return one.line == other.line && strcmp(one.file, other.file) == 0; }

int Block::barrier(bool value, Place at)
{
    _came_true += value;
    if (++_at_barrier < _launch->threads) pause(State::AtBarrier, at);
    else
    {
        for (unsigned i = 0; i < _launch->threads; i++)
            if (i != _current) _ready.push_back(i);
        for (unsigned i : _ready)
            if (!same(_threads[i]->at, at)) emulator_fail("waits at the barrier of %s:%d, thread %u at that of %s:%d: all must come to the same", at.file, at.line, i, _threads[i]->at.file, _threads[i]->at.line);
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
        if (meeting.mask == mask && meeting.together == together && same(meeting.at, at)) return meeting;
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

}
