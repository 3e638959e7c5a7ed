#include "thread.h"
#include <string.h>

namespace emulator
{

void Thread::begin(void (*entry)())
{
    stands = stack.begin(entry);
    state = State::Ready;
    _copies.clear();
    _groups.clear();
}

void Thread::copy_later(const Copy& copy)
{
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
