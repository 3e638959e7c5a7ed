// All that stands before a kernel's source when it is compiled for the emulator.
#pragma once
#include "async_copy.h"
#include "atomics.h"
#include "overlap.h"
#include "tensor_core.h"
