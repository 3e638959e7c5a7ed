// A compiler for tests: it "compiles" to a text of all that it was given, knows sm_75 to sm_90 (or NEWEST), and refuses -DMISTAKE.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct program { char text[1 << 18]; char log[256]; };

#ifndef MAJOR
#define MAJOR 12
#endif
#ifndef NEWEST
#define NEWEST 90
#endif

int nvrtcVersion(int* major, int* minor) { *major = MAJOR; *minor = 3; return 0; }
int nvrtcGetNumSupportedArchs(int* count) { *count = 3; return 0; }
int nvrtcGetSupportedArchs(int* architectures) { architectures[0] = 75; architectures[1] = 80; architectures[2] = NEWEST; return 0; }
const char* nvrtcGetErrorString(int error) { return error == 6 ? "NVRTC_ERROR_COMPILATION" : "NVRTC_ERROR_OTHER"; }

int nvrtcCreateProgram(struct program** program, const char* source, const char* name, int count, const char* const* headers, const char* const* names)
{
    struct program* p = *program = calloc(1, sizeof **program);
    sprintf(p->text, "%s %zu", name, strlen(source));
    for (int i = 0; i < count; i++) sprintf(p->text + strlen(p->text), "\n%s %zu", names[i], strlen(headers[i]));
    return 0;
}

int nvrtcDestroyProgram(struct program** program) { free(*program); *program = 0; return 0; }

int nvrtcCompileProgram(struct program* p, int count, const char* const* options)
{
    int is_wrong = 0;
    for (int i = 0; i < count; i++)
    {
        sprintf(p->text + strlen(p->text), "\n%s", options[i]);
        is_wrong |= strcmp(options[i], "-DMISTAKE") == 0;
    }
    if (!is_wrong) return 0;
    strcpy(p->log, "a.cu(1): warning: odd\na.cu(2): error: first\na.cu(3): error: second\n");
    return 6;
}

int nvrtcGetProgramLogSize(struct program* p, size_t* size) { *size = strlen(p->log) + 1; return 0; }
int nvrtcGetProgramLog(struct program* p, char* log) { strcpy(log, p->log); return 0; }
int nvrtcGetCUBINSize(struct program* p, size_t* size) { *size = strlen(p->text) + 5; return 0; }
int nvrtcGetCUBIN(struct program* p, char* cubin) { memcpy(cubin, "CUBIN", 5); memcpy(cubin + 5, p->text, strlen(p->text)); return 0; }
int nvrtcGetPTXSize(struct program* p, size_t* size) { *size = strlen(p->text) + 4; return 0; }
int nvrtcGetPTX(struct program* p, char* ptx) { memcpy(ptx, "PTX", 3); strcpy(ptx + 3, p->text); return 0; }
