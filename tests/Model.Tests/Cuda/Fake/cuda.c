// A driver for tests: every function that is used of the real one, with its exact name and signature. Device memory is host memory and kernels are the C functions below; what is captured is
// done at the launch of its graph and not before. It counts what is alive, writes down each call, and fails the one it is told to.
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void (*kernel)(const unsigned* shape, void** arguments);

// What was enqueued: a kernel with copies of its arguments, a copy or a filling.
struct work { kernel run; unsigned shape[5]; uint64_t arguments[24]; void *target, *source; size_t bytes; int fill; };
struct graph { struct work work[64]; int count; };
struct stream { int flags; struct graph* capture; };

static int live, calls, contexts, fail_at = -1, fail_error;
static char record[1 << 16];
static __thread int has_context;

static int call(const char* format, ...)
{
    va_list values;
    size_t length = strlen(record);
    va_start(values, format);
    vsnprintf(record + length, sizeof record - length - 1, format, values);
    va_end(values);
    strcat(record, "\n");
    return calls++ == fail_at ? fail_error : 0;
}

#define CALL(...) do { int error = call(__VA_ARGS__); if (error) return error; } while (0)
#define NEEDS_CONTEXT if (!has_context || !contexts) return 201

const char* fake_record(void) { return record; }
int fake_live(void) { return live + contexts; }
int fake_calls(void) { return calls; }
void fake_fail(int at, int error) { fail_at = at < 0 ? -1 : calls + at; fail_error = error; }

int cuInit(unsigned flags) { CALL("cuInit %u", flags); return 0; }
int cuDriverGetVersion(int* version) { *version = 12040; return 0; }

int cuGetErrorName(int error, const char** name)
{
    switch (error)
    {
        case 1: *name = "CUDA_ERROR_INVALID_VALUE"; return 0;
        case 2: *name = "CUDA_ERROR_OUT_OF_MEMORY"; return 0;
        case 100: *name = "CUDA_ERROR_NO_DEVICE"; return 0;
        case 209: *name = "CUDA_ERROR_NO_BINARY_FOR_GPU"; return 0;
        case 500: *name = "CUDA_ERROR_NOT_FOUND"; return 0;
        case 700: *name = "CUDA_ERROR_ILLEGAL_ADDRESS"; return 0;
        case 802: *name = "CUDA_ERROR_SYSTEM_NOT_READY"; return 0;
        default: *name = 0; return 1;
    }
}

int cuGetErrorString(int error, const char** text) { *text = "text of the error"; return 0; }

int cuDeviceGetCount(int* count) { CALL("cuDeviceGetCount"); *count = 2; return 0; }
int cuDeviceGet(int* device, int ordinal) { CALL("cuDeviceGet %d", ordinal); *device = ordinal + 40; return 0; }

int cuDeviceGetName(char* name, int length, int device)
{
    CALL("cuDeviceGetName %d", device);
    snprintf(name, length, "Fake GPU %d", device);
    return 0;
}

int cuDeviceGetAttribute(int* value, int attribute, int device)
{
    CALL("cuDeviceGetAttribute %d %d", attribute, device);
    *value = attribute == 75 ? 9 : attribute == 76 ? 0 : attribute == 16 ? 132 : attribute == 97 ? 232448 : -1;
    return 0;
}

int cuDeviceTotalMem_v2(size_t* bytes, int device) { CALL("cuDeviceTotalMem_v2 %d", device); *bytes = 85ull << 30; return 0; }

int cuDevicePrimaryCtxRetain(void** context, int device)
{
    CALL("cuDevicePrimaryCtxRetain %d", device);
    contexts++;
    *context = (void*)(intptr_t)(device + 1000);
    return 0;
}

int cuDevicePrimaryCtxRelease_v2(int device) { contexts--; CALL("cuDevicePrimaryCtxRelease_v2 %d", device); return 0; }
int cuCtxSetCurrent(void* context) { CALL("cuCtxSetCurrent %d", (int)(intptr_t)context); has_context = 1; return 0; }

int cuMemGetInfo_v2(size_t* available, size_t* total) { NEEDS_CONTEXT; CALL("cuMemGetInfo_v2"); *available = 5ull << 30; *total = 85ull << 30; return 0; }

static int allocate(void** memory, size_t bytes)
{
    if (bytes == 0) return 1;
    if (bytes > 1 << 30) return 2;
    *memory = aligned_alloc(256, (bytes + 255) / 256 * 256);
    live++;
    return 0;
}

static int release(void* memory) { if (!memory) return 1; free(memory); live--; return 0; }

int cuMemAlloc_v2(void** memory, size_t bytes) { NEEDS_CONTEXT; CALL("cuMemAlloc_v2 %zu", bytes); return allocate(memory, bytes); }
int cuMemFree_v2(void* memory) { NEEDS_CONTEXT; release(memory); CALL("cuMemFree_v2"); return 0; }
int cuMemHostAlloc(void** memory, size_t bytes, unsigned flags) { NEEDS_CONTEXT; CALL("cuMemHostAlloc %zu %u", bytes, flags); return allocate(memory, bytes); }
int cuMemFreeHost(void* memory) { NEEDS_CONTEXT; release(memory); CALL("cuMemFreeHost"); return 0; }
int cuMemcpy(void* target, void* source, size_t bytes) { NEEDS_CONTEXT; CALL("cuMemcpy %zu", bytes); memcpy(target, source, bytes); return 0; }

static void run(struct work* work)
{
    void* arguments[24];
    for (int i = 0; i < 24; i++) arguments[i] = work->arguments + i;
    if (work->run) work->run(work->shape, arguments);
    else if (work->source) memcpy(work->target, work->source, work->bytes);
    else memset(work->target, work->fill, work->bytes);
}

static void enqueue(struct stream* stream, struct work work)
{
    if (stream->capture) stream->capture->work[stream->capture->count++] = work;
    else run(&work);
}

int cuMemcpyAsync(void* target, void* source, size_t bytes, struct stream* stream)
{
    NEEDS_CONTEXT;
    CALL("cuMemcpyAsync %zu", bytes);
    enqueue(stream, (struct work){ .target = target, .source = source, .bytes = bytes });
    return 0;
}

int cuMemsetD8Async(void* target, unsigned char value, size_t bytes, struct stream* stream)
{
    NEEDS_CONTEXT;
    CALL("cuMemsetD8Async %u %zu", value, bytes);
    enqueue(stream, (struct work){ .target = target, .fill = value, .bytes = bytes });
    return 0;
}

int cuModuleLoadDataEx(void** module, const char* image, unsigned count, int* options, void** values)
{
    NEEDS_CONTEXT;
    call("cuModuleLoadDataEx %c%c%c %u %d %d %zu", image[0], image[1], image[2], count, options[0], options[1], (size_t)values[1]);
    if (calls - 1 == fail_at) { snprintf(values[0], (size_t)values[1], "ptxas fatal: line 1"); return fail_error; }
    *module = malloc(1);
    live++;
    return 0;
}

int cuModuleUnload(void* module) { NEEDS_CONTEXT; release(module); CALL("cuModuleUnload"); return 0; }

// y[i] = factor * x[i] + shift for each of count, done by the one "thread" that this machine has.
static void scale(const unsigned* shape, void** arguments)
{
    float *y = *(float**)arguments[0], *x = *(float**)arguments[1], factor = *(float*)arguments[3];
    for (int i = 0; i < *(int*)arguments[2]; i++) y[i] = factor * x[i] + (float)*(long long*)arguments[4];
}

int cuModuleGetFunction(void** function, void* module, const char* name)
{
    NEEDS_CONTEXT;
    CALL("cuModuleGetFunction %s", name);
    if (strcmp(name, "scale")) return 500;
    *(kernel*)function = scale;
    return 0;
}

int cuFuncSetAttribute(void* function, int attribute, int value) { NEEDS_CONTEXT; CALL("cuFuncSetAttribute %d %d", attribute, value); return 0; }

int cuLaunchKernel(void* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, struct stream* stream, void** arguments, void** extra)
{
    struct work work = { .shape = { gx, gy, gz, bx, shared } };
    NEEDS_CONTEXT;
    CALL("cuLaunchKernel %u %u %u %u %u %u %u %d", gx, gy, gz, bx, by, bz, shared, extra == 0);
    *(void**)&work.run = function;
    for (int i = 0; i < 5; i++) memcpy(work.arguments + i, arguments[i], 8); // as the real one: what the addresses point to is read now
    enqueue(stream, work);
    return 0;
}

#ifndef OLD_DRIVER
struct attribute { int id; char pad[4]; union { char bytes[64]; int allowed; } value; };
struct configuration { unsigned gx, gy, gz, bx, by, bz, shared; struct stream* stream; struct attribute* attributes; unsigned count; };

int cuLaunchKernelEx(const struct configuration* wanted, void* function, void** arguments, void** extra)
{
    struct work work = { .shape = { wanted->gx, wanted->gy, wanted->gz, wanted->bx, wanted->shared } };
    NEEDS_CONTEXT;
    CALL("cuLaunchKernelEx %u %u %u %u %u %u %u %d, %u attribute %d = %d", wanted->gx, wanted->gy, wanted->gz, wanted->bx, wanted->by, wanted->bz, wanted->shared, extra == 0, wanted->count,
        wanted->attributes[0].id, wanted->attributes[0].value.allowed);
    *(void**)&work.run = function;
    for (int i = 0; i < 5; i++) memcpy(work.arguments + i, arguments[i], 8);
    enqueue(wanted->stream, work);
    return 0;
}
#endif

int cuStreamCreate(struct stream** stream, unsigned flags) { NEEDS_CONTEXT; CALL("cuStreamCreate %u", flags); *stream = calloc(1, sizeof **stream); live++; return 0; }
int cuStreamDestroy_v2(struct stream* stream) { NEEDS_CONTEXT; release(stream); CALL("cuStreamDestroy_v2"); return 0; }
int cuStreamSynchronize(struct stream* stream) { NEEDS_CONTEXT; CALL("cuStreamSynchronize %d", stream == 0); return 0; }
int cuStreamWaitEvent(struct stream* stream, float* event, unsigned flags) { NEEDS_CONTEXT; CALL("cuStreamWaitEvent %d %u", stream != 0 && event != 0, flags); return 0; }

int cuStreamBeginCapture_v2(struct stream* stream, int mode)
{
    NEEDS_CONTEXT;
    CALL("cuStreamBeginCapture_v2 %d", mode);
    stream->capture = calloc(1, sizeof(struct graph));
    live++;
    return 0;
}

int cuStreamEndCapture(struct stream* stream, struct graph** graph)
{
    NEEDS_CONTEXT;
    *graph = stream->capture;
    stream->capture = 0;
    int error = call("cuStreamEndCapture");
    if (error) { release(*graph); *graph = 0; }
    return error;
}

static int instantiate(struct graph** runnable, struct graph* graph)
{
    *runnable = malloc(sizeof **runnable);
    **runnable = *graph;
    live++;
    return 0;
}

#ifdef OLD_DRIVER
int cuGraphInstantiate_v2(struct graph** runnable, struct graph* graph, void** node, char* text, size_t bytes)
{
    NEEDS_CONTEXT;
    CALL("cuGraphInstantiate_v2 %d %d %zu", node == 0, text == 0, bytes);
    return instantiate(runnable, graph);
}
#else
int cuGraphInstantiateWithFlags(struct graph** runnable, struct graph* graph, unsigned long long flags)
{
    NEEDS_CONTEXT;
    CALL("cuGraphInstantiateWithFlags %llu", flags);
    return instantiate(runnable, graph);
}
#endif

int cuGraphLaunch(struct graph* runnable, struct stream* stream)
{
    NEEDS_CONTEXT;
    CALL("cuGraphLaunch");
    for (int i = 0; i < runnable->count; i++) enqueue(stream, runnable->work[i]);
    return 0;
}

int cuGraphDestroy(struct graph* graph) { NEEDS_CONTEXT; release(graph); CALL("cuGraphDestroy"); return 0; }
int cuGraphExecDestroy(struct graph* runnable) { NEEDS_CONTEXT; release(runnable); CALL("cuGraphExecDestroy"); return 0; }

int cuEventCreate(float** event, unsigned flags) { NEEDS_CONTEXT; CALL("cuEventCreate %u", flags); *event = calloc(1, sizeof **event); live++; return 0; }
int cuEventDestroy_v2(float* event) { NEEDS_CONTEXT; release(event); CALL("cuEventDestroy_v2"); return 0; }
int cuEventRecord(float* event, struct stream* stream) { NEEDS_CONTEXT; CALL("cuEventRecord"); *event = (float)calls; return 0; }
int cuEventSynchronize(float* event) { NEEDS_CONTEXT; CALL("cuEventSynchronize"); return 0; }
int cuEventElapsedTime(float* milliseconds, float* start, float* end) { NEEDS_CONTEXT; CALL("cuEventElapsedTime"); *milliseconds = *end - *start; return 0; }
