/*
 * Work by several threads, told in order by one.
 *
 * A ring of jobs: given at ${given}, taken by whichever thread is free at ${taken}, settled at ${settled}, always in
 * the order in which they were given and always by the thread that gave them.  Where no thread is to be had that one
 * does the work, too.
 */
#include "store/store_internal.h"

#include <time.h>
#include <unistd.h>

enum { SLOTS_EACH = 4, TICK_MS = 50 };

enum job_state { JOB_FREE, JOB_GIVEN, JOB_DONE };

struct store_crew {
    struct store_crew_setup setup;
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    pthread_t thread[STORE_CREW_MAX];
    unsigned threads;
    size_t slots;
    uint8_t *jobs;
    enum job_state *state;
    uint64_t given, taken, settled;
    bool ending;
};

static void *job_at(struct store_crew *c, uint64_t n)
{
    return c->jobs + (size_t)(n % c->slots) * c->setup.job_bytes;
}

static void *work(void *context)
{
    struct store_crew *c = context;
    (void)pthread_mutex_lock(&c->lock);
    for (;;) {
        while (!c->ending && c->taken == c->given)
            (void)pthread_cond_wait(&c->work, &c->lock);
        if (c->ending)
            break;
        uint64_t mine = c->taken++;
        (void)pthread_mutex_unlock(&c->lock);
        c->setup.work(c->setup.context, job_at(c, mine));
        (void)pthread_mutex_lock(&c->lock);
        c->state[mine % c->slots] = JOB_DONE;
        (void)pthread_cond_signal(&c->done);
    }
    (void)pthread_mutex_unlock(&c->lock);
    return NULL;
}

void store_crew_free(struct store_crew *c)
{
    if (c == NULL)
        return;
    (void)pthread_mutex_lock(&c->lock);
    c->ending = true;
    (void)pthread_cond_broadcast(&c->work);
    (void)pthread_mutex_unlock(&c->lock);
    for (unsigned i = 0; i < c->threads; i++)
        (void)pthread_join(c->thread[i], NULL);
    for (size_t i = 0; c->jobs != NULL && i < c->slots; i++)
        c->setup.release(c->jobs + i * c->setup.job_bytes);
    (void)pthread_mutex_destroy(&c->lock);
    (void)pthread_cond_destroy(&c->work);
    (void)pthread_cond_destroy(&c->done);
    free(c->jobs);
    free(c->state);
    free(c);
}

void store_crew_drop(struct store_crew **c)
{
    store_crew_free(*c);
    *c = NULL;
}

unsigned store_crew_threads(const struct store *s)
{
    long processors = s->threads > 0 ? (long)s->threads : sysconf(_SC_NPROCESSORS_ONLN);
    return processors < 1 ? 1 : processors > STORE_CREW_MAX ? STORE_CREW_MAX : (unsigned)processors;
}

static void locks_init(struct store_crew *c)
{
    pthread_condattr_t monotonic;
    (void)pthread_mutex_init(&c->lock, NULL);
    (void)pthread_cond_init(&c->work, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&c->done, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
}

int store_crew_new(const struct store_crew_setup *setup, struct store_crew **ret, struct err *e)
{
    OWN(store_crew_drop) struct store_crew *c = calloc(1, sizeof *c);
    if (c == NULL)
        return err_memory(e);
    c->setup = *setup;
    c->slots = setup->slots != 0 ? setup->slots : ((size_t)setup->threads + 1) * SLOTS_EACH;
    locks_init(c);
    c->jobs = calloc(c->slots, setup->job_bytes);
    c->state = calloc(c->slots, sizeof *c->state);
    if (c->jobs == NULL || c->state == NULL)
        return err_memory(e);
    for (; c->threads < setup->threads && c->threads < STORE_CREW_MAX; c->threads++)
        if (pthread_create(&c->thread[c->threads], NULL, work, c) != 0)
            break; /* fewer do it too, and where there is none, the one who gives */
    *ret = TAKE(c);
    return 0;
}

static enum job_state state_of(struct store_crew *c, uint64_t n)
{
    (void)pthread_mutex_lock(&c->lock);
    enum job_state state = c->state[n % c->slots];
    (void)pthread_mutex_unlock(&c->lock);
    return state;
}

static void wait_a_while(struct store_crew *c)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += TICK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    (void)pthread_mutex_lock(&c->lock);
    if (c->state[c->settled % c->slots] != JOB_DONE)
        (void)pthread_cond_timedwait(&c->done, &c->lock, &until);
    (void)pthread_mutex_unlock(&c->lock);
}

/* The oldest job, when it is done. */
static int settle_one(struct store_crew *c, struct err *e)
{
    if (c->threads == 0) {
        c->setup.work(c->setup.context, job_at(c, c->settled));
    } else if (state_of(c, c->settled) != JOB_DONE) {
        wait_a_while(c);
        return c->setup.tick(c->setup.context, e);
    }
    int rc = c->setup.settle(c->setup.context, job_at(c, c->settled), e);
    c->state[c->settled % c->slots] = JOB_FREE; /* nobody else looks at it until it is given again */
    c->settled++;
    return rc == 0 && c->threads == 0 ? c->setup.tick(c->setup.context, e) : rc;
}

int store_crew_slot(struct store_crew *c, void **ret, struct err *e)
{
    int rc = 0;
    while (rc == 0 && c->given - c->settled == c->slots)
        rc = settle_one(c, e);
    while (rc == 0 && c->settled < c->given && state_of(c, c->settled) == JOB_DONE)
        rc = settle_one(c, e);
    *ret = job_at(c, c->given);
    return rc;
}

void store_crew_give(struct store_crew *c)
{
    (void)pthread_mutex_lock(&c->lock);
    c->state[c->given % c->slots] = JOB_GIVEN;
    c->given++;
    (void)pthread_cond_signal(&c->work);
    (void)pthread_mutex_unlock(&c->lock);
}

int store_crew_finish(struct store_crew *c, struct err *e)
{
    int rc = 0;
    while (rc == 0 && c->settled < c->given)
        rc = settle_one(c, e);
    return rc;
}
