// Sums and gathers over threads for tests, with NCCL's names and signatures: device memory is host memory, and a call is over when its work is done. A rank waits for the others as the real
// kernels do, until its communicator is aborted.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 8 };

struct message { struct message* next; size_t count; float data[]; };
struct group { pthread_mutex_t mutex; pthread_cond_t changed; int count, live, aborted, arrived; long generation; float* slots[MOST]; struct message* mail[MOST][MOST]; };
struct comm { struct group* group; int rank; };

static int live, aborted, fail;
static volatile int hold, held;

int fake_live(void) { return live; }
int fake_aborted(void) { return aborted; }
void fake_fail(int result) { fail = result; }
void fake_hold(int on) { hold = on; }
int fake_held(void) { return held; }

#ifndef VERSION
#define VERSION 22304
#endif

int ncclGetVersion(int* version) { *version = VERSION; return 0; }
const char* ncclGetErrorString(int result) { return result == 2 ? "unhandled system error" : "internal error"; }
int ncclGroupStart(void) { return fail; }
int ncclGroupEnd(void) { return fail; }

int ncclCommInitAll(struct comm** comms, int count, const int* devices)
{
    if (fail) return fail;
    struct group* group = calloc(1, sizeof *group);
    pthread_mutex_init(&group->mutex, 0);
    pthread_cond_init(&group->changed, 0);
    group->count = count;
    for (int rank = 0; rank < count; rank++)
    {
        for (int other = 0; other < rank; other++)
            if (devices[other] == devices[rank]) return 5;
        comms[rank] = malloc(sizeof **comms);
        *comms[rank] = (struct comm){ group, rank };
        live++;
    }
    return 0;
}

int ncclCommDestroy(struct comm* comm) { (void)comm; live--; return 0; }

int ncclCommAbort(struct comm* comm)
{
    pthread_mutex_lock(&comm->group->mutex);
    comm->group->aborted = 1;
    pthread_cond_broadcast(&comm->group->changed);
    pthread_mutex_unlock(&comm->group->mutex);
    live--;
    aborted++;
    return 0;
}

// Called with the mutex; all ranks, or an abort.
static void meet(struct group* group)
{
    long generation = group->generation;
    if (++group->arrived == group->count)
    {
        group->arrived = 0;
        group->generation++;
        pthread_cond_broadcast(&group->changed);
    }
    while (group->generation == generation && !group->aborted) pthread_cond_wait(&group->changed, &group->mutex);
}

int ncclAllReduce(const float* source, float* target, size_t count, int type, int operation, struct comm* comm, void* stream)
{
    for (held = hold; hold;) usleep(100);
    struct group* group = comm->group;
    if (fail) return fail;
    if (type != 7 || operation != 0 || !stream) return 4;
    pthread_mutex_lock(&group->mutex);
    float* mine = malloc(count * sizeof *mine);
    memcpy(mine, source, count * sizeof *mine);
    group->slots[comm->rank] = mine;
    meet(group);
    if (!group->aborted)
        for (size_t i = 0; i < count; i++)
        {
            float sum = 0;
            for (int rank = 0; rank < group->count; rank++) sum += group->slots[rank][i];
            target[i] = sum;
        }
    if (!group->aborted) meet(group);
    free(mine);
    pthread_mutex_unlock(&group->mutex);
    return 0;
}

int ncclSend(const float* source, size_t count, int type, int peer, struct comm* comm, void* stream)
{
    if (fail) return fail;
    if (type != 7 || !stream) return 4;
    struct message* message = malloc(sizeof *message + count * sizeof(float));
    message->next = 0;
    message->count = count;
    memcpy(message->data, source, count * sizeof(float));
    pthread_mutex_lock(&comm->group->mutex);
    struct message** last = &comm->group->mail[comm->rank][peer];
    while (*last) last = &(*last)->next;
    *last = message;
    pthread_cond_broadcast(&comm->group->changed);
    pthread_mutex_unlock(&comm->group->mutex);
    return 0;
}

int ncclRecv(float* target, size_t count, int type, int peer, struct comm* comm, void* stream)
{
    if (fail) return fail;
    if (type != 7 || !stream) return 4;
    pthread_mutex_lock(&comm->group->mutex);
    struct message** first = &comm->group->mail[peer][comm->rank];
    while (!*first && !comm->group->aborted) pthread_cond_wait(&comm->group->changed, &comm->group->mutex);
    struct message* message = *first;
    int result = message && message->count != count ? 4 : 0;
    if (message)
    {
        memcpy(target, message->data, (result ? 0 : count) * sizeof(float));
        *first = message->next;
        free(message);
    }
    pthread_mutex_unlock(&comm->group->mutex);
    return result;
}
