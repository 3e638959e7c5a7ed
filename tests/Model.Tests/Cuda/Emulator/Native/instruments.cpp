// What the compiler calls where it was told to look closely: -fsanitize=thread before memory is touched, -fsanitize=undefined where something is wrong. Its own libraries are made for whole
// processes; these make faults of launches.
#include <stddef.h>
#include <stdint.h>
#include "faults.h"

namespace
{

struct Source { const char* file; uint32_t line, column; };
struct Type { uint16_t kind, info; char name[1]; };
struct Misfit { Source at; const Type* type; unsigned char log_alignment, kind; };

inline void touch(const void* address, size_t bytes, bool writes, const void* code)
{
    if (emulator::Block* block = emulator::FaultWatch::watched()) block->touch(address, bytes, writes, code);
}

}

// The last byte of the instruction that called.
#define CALLER ((const char*)__builtin_return_address(0) - 1)

extern "C"
{
    void __tsan_init() {}

#define TOUCH(bytes) \
    void __tsan_read##bytes(void* address) { touch(address, bytes, false, CALLER); } \
    void __tsan_write##bytes(void* address) { touch(address, bytes, true, CALLER); } \
    void __tsan_unaligned_read##bytes(void* address) { touch(address, bytes, false, CALLER); } \
    void __tsan_unaligned_write##bytes(void* address) { touch(address, bytes, true, CALLER); }
    TOUCH(1)
    TOUCH(2)
    TOUCH(4)
    TOUCH(8)
    TOUCH(16)
#undef TOUCH
    void __tsan_read_range(void* address, size_t bytes) { touch(address, bytes, false, CALLER); }
    void __tsan_write_range(void* address, size_t bytes) { touch(address, bytes, true, CALLER); }

#undef CALLER

    void __ubsan_handle_type_mismatch_v1(const Misfit* misfit, const void* address)
    {
        if (address == nullptr) emulator_fail("%s:%u touches %s at the null pointer", misfit->at.file, misfit->at.line, misfit->type->name);
        emulator_fail("%s:%u touches %s at %p, which is not a multiple of %u", misfit->at.file, misfit->at.line, misfit->type->name, address, 1u << misfit->log_alignment);
    }

    void __ubsan_handle_out_of_bounds(const Misfit* misfit, uintptr_t index) { emulator_fail("%s:%u takes element %lld of %s", misfit->at.file, misfit->at.line, (long long)index, misfit->type->name); }

    void __ubsan_handle_shift_out_of_bounds(const Misfit* misfit, uintptr_t, uintptr_t by) { emulator_fail("%s:%u shifts %s by %lld", misfit->at.file, misfit->at.line, misfit->type->name, (long long)by); }

    void __ubsan_handle_divrem_overflow(const Misfit* misfit, uintptr_t, uintptr_t) { emulator_fail("%s:%u divides %s by zero", misfit->at.file, misfit->at.line, misfit->type->name); }

#define OVERFLOW(operation, what) \
    void __ubsan_handle_##operation##_overflow(const Misfit* misfit, uintptr_t left, uintptr_t right) \
    { \
        emulator_fail("%s:%u " what " %s beyond its range (%lld, %lld)", misfit->at.file, misfit->at.line, misfit->type->name, (long long)left, (long long)right); \
    }
    OVERFLOW(add, "adds")
    OVERFLOW(sub, "subtracts")
    OVERFLOW(mul, "multiplies")
    OVERFLOW(negate, "negates")
#undef OVERFLOW
}
