#include "estimate/estimate_internal.h"

#include <pthread.h>
#include <stdatomic.h>

struct pool {
    void (*work)(void *with, size_t index);
    void *with;
    size_t jobs;
    atomic_size_t next;
};

static void *run(void *arg)
{
    struct pool *p = arg;
    for (size_t i; (i = atomic_fetch_add(&p->next, 1)) < p->jobs;)
        p->work(p->with, i);
    return NULL;
}

void estimate_pool_run(unsigned threads, size_t jobs, void (*work)(void *with, size_t index), void *with)
{
    struct pool p = {.work = work, .with = with, .jobs = jobs};
    pthread_t thread[ESTIMATE_THREADS_MAX];
    unsigned started = 0;
    for (; started + 1 < threads && started + 1 < jobs && started < ESTIMATE_THREADS_MAX; started++)
        if (pthread_create(&thread[started], NULL, run, &p) != 0)
            break; /* fewer hands, the same work */
    (void)run(&p);
    for (unsigned i = 0; i < started; i++)
        (void)pthread_join(thread[i], NULL);
}
