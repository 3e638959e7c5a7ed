// What is done with a block's shared memory.
#include <string.h>
#include "block.h"

namespace emulator
{

// Not numbers as floats, −1 as integers: whoever reads what nobody wrote will see.
void Block::spoil_shared()
{
    memset(*_launch->module->dynamic_shared, 0xff, _dynamic_end - (char*)*_launch->module->dynamic_shared);
    memset(_launch->static_shared, 0xff, _launch->static_shared_bytes);
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

}
