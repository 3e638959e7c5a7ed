// Products for tests, by the published definition of cublasGemmEx: by columns, sums of float32, bfloat16 or float32 in and out. It insists on a stream and on a workspace that was set
// after it, which the real one forgets at a new stream.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct handle { void *stream, *workspace; size_t bytes; int math; };

static int live, fail;

int fake_live(void) { return live; }
void fake_fail(int status) { fail = status; }

#ifndef MAJOR
#define MAJOR 12
#endif

int cublasGetProperty(int type, int* value) { *value = type == 0 ? MAJOR : 5; return 0; }
const char* cublasGetStatusName(int status) { return status == 3 ? "CUBLAS_STATUS_ALLOC_FAILED" : "CUBLAS_STATUS_OTHER"; }
int cublasCreate_v2(struct handle** handle) { if (fail) return fail; *handle = calloc(1, sizeof **handle); live++; return 0; }
int cublasDestroy_v2(struct handle* handle) { free(handle); live--; return 0; }
int cublasSetStream_v2(struct handle* handle, void* stream) { handle->stream = stream; handle->workspace = 0; return 0; }
int cublasSetWorkspace_v2(struct handle* handle, void* workspace, size_t bytes) { handle->workspace = workspace; handle->bytes = bytes; return 0; }
int cublasSetMathMode(struct handle* handle, int mode) { handle->math = mode; return 0; }

static float get(const void* memory, int type, size_t at)
{
    if (type == 0) return ((const float*)memory)[at];
    uint32_t bits = (uint32_t)((const uint16_t*)memory)[at] << 16;
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

static void set(void* memory, int type, size_t at, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, 4);
    if (type == 0) ((float*)memory)[at] = value;
    else ((uint16_t*)memory)[at] = (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static int is_type(int type) { return type == 0 || type == 14; }

int cublasGemmEx(
    struct handle* handle, int transa, int transb, int m, int n, int k, const float* alpha, const void* a, int atype, int lda, const void* b, int btype, int ldb,
    const float* beta, void* c, int ctype, int ldc, int compute, int algorithm)
{
    if (fail) return fail;
    if (!handle->stream || !handle->workspace || handle->bytes != 32 << 20 || handle->math != 16) return 1;
    if (!is_type(atype) || btype != atype || !is_type(ctype) || compute != 68 || algorithm != -1) return 15;
    if (lda < (transa ? k : m) || ldb < (transb ? n : k) || ldc < m || m <= 0 || n <= 0 || k <= 0) return 7;
    for (int j = 0; j < n; j++)
        for (int i = 0; i < m; i++)
        {
            float sum = 0;
            for (int l = 0; l < k; l++)
                sum += get(a, atype, transa ? l + (size_t)i * lda : i + (size_t)l * lda) * get(b, btype, transb ? j + (size_t)l * ldb : l + (size_t)j * ldb);
            size_t at = i + (size_t)j * ldc;
            set(c, ctype, at, *alpha * sum + (*beta == 0 ? 0 : *beta * get(c, ctype, at)));
        }
    return 0;
}
