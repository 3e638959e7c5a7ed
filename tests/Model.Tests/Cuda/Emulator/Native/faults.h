// Signals that a kernel causes become faults of its launch. All others go to whoever had the signal before: the .NET runtime makes exceptions of its own.
#pragma once
#include "block.h"

namespace emulator
{

// From here to the end of its scope the calling thread's signals are the block's.
class FaultWatch
{
public:
    explicit FaultWatch(Block& block);
    ~FaultWatch();

    // The block that runs on the calling thread, or null.
    static Block* watched();
};

}
