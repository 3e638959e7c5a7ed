// What stands behind a kernel's source: the table of its kernels, through which the driver calls them.
#pragma once
#include "emulator.h"

namespace emulator
{

template <typename T> constexpr char letter()
{
    static_assert(__is_pod(T) && !__is_class(T) && !__is_union(T) && (sizeof(T) == 4 || sizeof(T) == 8), "a kernel's parameters are pointers, int, unsigned, float or 64-bit integers");
    return sizeof(T) == 4 ? 'i' : 'l';
}

template <typename T> struct Letter { static constexpr char value = letter<T>(); };
template <typename T> struct Letter<T*> { static constexpr char value = 'p'; };

template <typename... P> struct Signature { static constexpr char letters[] = { Letter<P>::value..., 0 }; };
template <typename... P> constexpr const char* parameters(void (*)(P...)) { return Signature<P...>::letters; }

template <int... I> struct Numbers {};
template <typename... P, int... I> inline void call(void (*kernel)(P...), void** arguments, Numbers<I...>) { kernel(*(P*)arguments[I]...); }
template <typename... P> inline void call(void (*kernel)(P...), void** arguments) { call(kernel, arguments, Numbers<__integer_pack((int)sizeof...(P))...>()); }

// The first of __launch_bounds__' numbers; 1,024 without any.
constexpr int most_threads(int threads = 1024, int = 0, int = 0) { return threads; }

}
