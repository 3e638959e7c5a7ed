// Who touched each word of a block's shared memory last, to find two threads of which one writes with nothing between them that makes the other wait: that the order drawn made it come out right
// means nothing. Barriers order all threads of a block; __syncwarp orders those of a warp, and nothing else does, shuffles and votes neither.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <vector>

namespace emulator
{

// What a thread did to a word and when, in 64 bits: from the lowest 1 bit whether it wrote, 4 bits which bytes, 17 bits after how many __syncwarp of its warp since the last barrier, 10 bits which
// thread, and 32 bits after how many barriers, counted on from block to block so that what an earlier block did is before.
typedef uint64_t Touch;

constexpr int BytesAt = 1, MeetingsAt = 5, ThreadAt = 22, BarriersAt = 32;

constexpr Touch touch_by(unsigned thread, uint32_t barriers, uint32_t meetings, bool writes) { return (Touch)barriers << BarriersAt | (Touch)thread << ThreadAt | (Touch)(meetings & 0x1ffff) << MeetingsAt | writes; }
constexpr bool writes(Touch touch) { return touch & 1; }
constexpr unsigned thread_of(Touch touch) { return touch >> ThreadAt & 0x3ff; }

// True if of two touches after the same barrier nothing makes one wait for the other: those of a warp wait from one __syncwarp to the next.
inline bool race(Touch before, Touch now)
{
    Touch difference = before ^ now, same_warp_other_meeting = difference >> (ThreadAt + 5) == 0 && (difference >> MeetingsAt & 0x1ffff) != 0;
    return ((before | now) & 1) && (before & now) >> BytesAt & 15 && difference >> ThreadAt != 0 && !same_warp_other_meeting;
}

class Races
{
public:
    // The ranges that are shared memory, for the blocks to come.
    void watch(const void* first, size_t first_bytes, const void* second, size_t second_bytes)
    {
        _ranges[0].set(first, first_bytes);
        _ranges[1].set(second, second_bytes);
    }

    // Whether an address is in them.
    bool watches(const void* address) const { return (uintptr_t)address - _ranges[0].begin < _ranges[0].size || (uintptr_t)address - _ranges[1].begin < _ranges[1].size; }

    // Who raced, or 0.
    Touch touch(const void* address, size_t bytes, Touch now)
    {
        for (Range& range : _ranges)
        {
            uintptr_t begin = (uintptr_t)address - range.begin;
            if (begin < range.size) return range.touch(begin, begin + bytes, now);
        }
        return 0;
    }

private:
    // The last few: if more threads than that read a word between two barriers, whoever writes it races with those that are left, too.
    struct Word
    {
        Touch last[4];

        Touch touch(Touch now)
        {
            Touch* place = &last[writes(last[0])];
            for (Touch& other : last)
                if ((other ^ now) >> BarriersAt != 0 || ((other ^ now) >> ThreadAt == 0 && ((other ^ now) & 31 & ~(now & 1)) == 0)) place = &other;
                else if (race(other, now)) return other;
            *place = now;
            return 0;
        }
    };

    struct Range
    {
        uintptr_t begin;
        size_t size;
        std::vector<Word> words;

        void set(const void* address, size_t bytes)
        {
            begin = (uintptr_t)address & ~(uintptr_t)3;
            size = (uintptr_t)address + bytes - begin;
            if (words.size() < size / 4 + 4) words.resize(size / 4 + 4);
        }

        Touch touch(uintptr_t at, uintptr_t end, Touch now)
        {
            for (Word* word = &words[at / 4]; at < end; at = (at | 3) + 1, word++)
            {
                Touch bytes = 15u << at % 4 & 15u >> (end - at < 4 - at % 4 ? 4 - at % 4 - (end - at) : 0);
                if (Touch other = word->touch(now | bytes << BytesAt)) return other;
            }
            return 0;
        }
    } _ranges[2];
};

}
