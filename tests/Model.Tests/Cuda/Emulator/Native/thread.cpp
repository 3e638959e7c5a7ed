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

void Thread::wait(size_t groups)
{
    for (; _groups.size() > groups; _groups.pop_front())
        for (const Copy& copy : _groups.front())
            if (copy.global != nullptr) memcpy(copy.shared, copy.global, copy.bytes);
            else memset(copy.shared, 0, copy.bytes);
}

}
