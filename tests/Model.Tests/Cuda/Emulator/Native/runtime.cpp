#include "runtime.h"
#include <link.h>
#include "block.h"
#include "faults.h"

using emulator::Block;
using emulator::FaultWatch;
using emulator::Place;

int emulator_run(const emulator::Launch* launch, emulator::Fault* fault)
{
    static thread_local Block block;
    return block.run(*launch, *fault);
}

void emulator_meet(unsigned mask, emulator::Meet kind, emulator::Together together, const void* in, void* out, Place at)
{
    FaultWatch::watched()->meet(mask, kind, together, in, out, at);
}

int emulator_barrier(bool value, Place at) { return FaultWatch::watched()->barrier(value, at); }

void emulator_touch_shared(const void* address, int bytes, bool writes, const char* what, Place at) { FaultWatch::watched()->touch_shared(address, bytes, writes, what, at); }

void emulator_copy_later(void* shared, const void* global, int bytes, Place at, bool is_constant)
{
    emulator_touch_shared(shared, bytes, true, "an asynchronous copy's target", at);
    if (is_constant && global != nullptr) emulator_read_settled(global, bytes);
    if ((uintptr_t)global % bytes != 0) emulator_fail("an asynchronous copy's source at %s:%d: the address %p is not a multiple of %d", at.file, at.line, global, bytes);
    FaultWatch::watched()->current().copy_later({ shared, global, (size_t)bytes, at }, is_constant);
}

void emulator_await_previous(Place at)
{
    emulator::Thread& thread = FaultWatch::watched()->current();
    if (thread.has_touched) emulator_fail("waits for the kernels before at %s:%d, and has touched memory that they could still write", at.file, at.line);
    thread.has_awaited = true;
}

void emulator_read_settled(const void* address, int bytes)
{
    if (FaultWatch::watched()->is_unsettled(address, bytes)) emulator_fail("reads at %p as settled what a kernel before it writes, and has not waited for it", address);
}

void emulator_commit() { FaultWatch::watched()->current().commit(); }

void emulator_wait(int groups) { FaultWatch::watched()->wait_for_copies(groups); }

void emulator_fail(const char* format, ...)
{
    Block& block = *FaultWatch::watched();
    va_list values;
    va_start(values, format);
    block.describe(nullptr, nullptr, format, values);
    va_end(values);
    block.abandon();
}

namespace
{

struct Search { uintptr_t inside; size_t module, bytes; };

int match(dl_phdr_info* info, size_t, void* at)
{
    Search& search = *(Search*)at;
    bool here = false;
    size_t bytes = 0;
    for (const ElfW(Phdr)* part = info->dlpi_phdr; part < info->dlpi_phdr + info->dlpi_phnum; part++)
    {
        here |= part->p_type == PT_LOAD && search.inside - info->dlpi_addr - part->p_vaddr < part->p_memsz;
        if (part->p_type == PT_TLS) bytes = part->p_memsz;
    }
    if (here) search = { search.inside, info->dlpi_tls_modid, bytes };
    return here;
}

}

extern "C" void* __tls_get_addr(size_t (*place)[2]);

unsigned emulator_static_shared(const emulator::Module* module, void** begin)
{
    Search search = { (uintptr_t)module, 0, 0 };
    dl_iterate_phdr(match, &search);
    size_t place[2] = { search.module, 0 };
    *begin = search.bytes == 0 ? nullptr : __tls_get_addr(&place);
    return (unsigned)search.bytes;
}
