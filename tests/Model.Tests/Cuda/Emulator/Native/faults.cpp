#include "faults.h"
#include <signal.h>
#include <ucontext.h>

namespace emulator
{

namespace
{

// Read in a signal handler, where memory for it could not be allocated.
__attribute__((tls_model("initial-exec"))) thread_local Block* running;

struct sigaction before[NSIG];

void describe(const void* address, const char* format, ...)
{
    va_list values;
    va_start(values, format);
    running->describe(address, format, values);
    va_end(values);
}

void explain(int signal, const siginfo_t* info, const ucontext_t* context)
{
    if (signal == SIGFPE) describe(nullptr, "division of an integer by zero");
    else if (signal == SIGSEGV && running->current().stack.guards(info->si_addr)) describe(nullptr, "more than %zu KiB of local variables", StackBytes >> 10);
    else if (signal == SIGSEGV || signal == SIGBUS) describe(info->si_addr, "%s memory that is not there at %p", context->uc_mcontext.gregs[REG_ERR] & 2 ? "writes" : "reads", info->si_addr);
    else describe(nullptr, "trap");
}

// Goes on behind the launch, as if the last thread had left.
void handle(int signal, siginfo_t* info, void* at)
{
    ucontext_t* context = (ucontext_t*)at;
    if (running != nullptr)
    {
        explain(signal, info, context);
        context->uc_mcontext.gregs[REG_RSP] = (greg_t)running->outside();
        context->uc_mcontext.gregs[REG_RIP] = (greg_t)emulator_resume;
    }
    else if (before[signal].sa_flags & SA_SIGINFO) before[signal].sa_sigaction(signal, info, at);
    else if (before[signal].sa_handler != SIG_DFL && before[signal].sa_handler != SIG_IGN) before[signal].sa_handler(signal);
    else sigaction(signal, &before[signal], nullptr); // comes again, and ends the process
}

bool install()
{
    struct sigaction action = {};
    action.sa_sigaction = handle;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    for (int signal : { SIGSEGV, SIGBUS, SIGFPE, SIGILL }) sigaction(signal, &action, &before[signal]);
    return true;
}

}

FaultWatch::FaultWatch(Block& block)
{
    static bool installed = install();
    running = installed ? &block : nullptr;
}

FaultWatch::~FaultWatch() { running = nullptr; }

Block* FaultWatch::watched() { return running; }

}
