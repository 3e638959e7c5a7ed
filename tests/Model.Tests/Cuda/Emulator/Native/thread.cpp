#include "thread.h"
#include <string.h>

namespace emulator
{

void Thread::begin(void (*entry)(), unsigned number)
{
    stands = stack.begin(entry, number % 61 * 64);
    state = State::Ready;
    has_touched = has_awaited = false;
    _copies.clear();
    _groups.clear();
}

void Thread::copy_later(const Copy& copy, bool is_constant)
{
    if (!is_constant) note(copy.global);
    memset(copy.shared, 0xff, copy.bytes);
    _copies.push_back(copy);
}

void Thread::commit()
{
    _groups.push_back(std::move(_copies));
    _copies.clear();
}

bool Thread::finish(size_t groups, std::vector<Copy>& group)
{
    if (_groups.size() <= groups) return false;
    group = std::move(_groups.front());
    _groups.pop_front();
    return true;
}

}
