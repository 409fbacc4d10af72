#include "fixture.h"

#include <stdatomic.h>
#include <unistd.h>

struct number {
    uint64_t n;
    uint64_t twice;
    void *held; /* freed at the end */
};

struct counting {
    uint64_t next, end_at;
    unsigned ticks, tick_at;
};

static _Atomic unsigned released;

/* Some are slower than those behind them. */
static void twice(void *context, void *job)
{
    struct number *j = job;
    (void)context;
    if (j->n % 7 == 0)
        usleep(300);
    j->twice = 2 * j->n;
}

static int in_order(void *context, void *job, struct err *e)
{
    struct counting *c = context;
    struct number *j = job;
    assert_int_equal(j->n, c->next);
    assert_int_equal(j->twice, 2 * c->next);
    j->twice = 0;
    c->next++;
    return c->next == c->end_at ? err_set(e, ERR_STOPPED, "enough") : 0;
}

static int tick(void *context, struct err *e)
{
    struct counting *c = context;
    return ++c->ticks == c->tick_at ? err_set(e, ERR_STOPPED, "asked to end") : 0;
}

static void release(void *job)
{
    struct number *j = job;
    atomic_fetch_add(&released, j->held != NULL);
    free(j->held);
}

static struct store_crew *crew(struct counting *c, unsigned threads, void (*work)(void *context, void *job))
{
    struct err e = {0};
    struct store_crew *ret = NULL;
    struct store_crew_setup setup = {threads, sizeof(struct number), work, in_order, tick, release, c};
    if (store_crew_new(&setup, &ret, &e) != 0)
        fail_msg("%s", e.text);
    return ret;
}

static int give(struct store_crew *c, uint64_t n, struct err *e)
{
    void *slot = NULL;
    int rc = store_crew_slot(c, &slot, e);
    if (rc != 0)
        return rc;
    struct number *j = slot;
    if (j->held == NULL)
        j->held = malloc(16);
    assert_int_equal(j->twice, 0);
    j->n = n;
    store_crew_give(c);
    return 0;
}

static void test_settled_in_order(void **state)
{
    (void)state;
    static const unsigned threads[] = {0, 1, 2, 3, 16, STORE_CREW_MAX};
    for (size_t i = 0; i < COUNT(threads); i++) {
        struct counting c = {0};
        struct err e = {0};
        OWN(store_crew_drop) struct store_crew *w = crew(&c, threads[i], twice);
        for (uint64_t n = 0; n < 1000; n++)
            assert_int_equal(give(w, n, &e), 0);
        assert_int_equal(store_crew_finish(w, &e), 0);
        assert_int_equal(c.next, 1000);
        assert_int_equal(give(w, 1000, &e), 0); /* and further ones after that */
        assert_int_equal(store_crew_finish(w, &e), 0);
        assert_int_equal(c.next, 1001);
        assert_int_equal(store_crew_finish(w, &e), 0);
    }
}

/* An error of the one who settles ends it; whatever was begun or not is released. */
static void test_ended_by_the_settling(void **state)
{
    (void)state;
    for (uint64_t at = 1; at < 40; at += 6) {
        struct counting c = {.end_at = at};
        struct err e = {0};
        struct store_crew *w = crew(&c, 3, twice);
        uint64_t n = 0;
        int rc = 0;
        atomic_store(&released, 0);
        while (rc == 0 && n < 100)
            rc = give(w, n++, &e);
        if (rc == 0)
            rc = store_crew_finish(w, &e);
        assert_int_equal(rc, ERR_STOPPED);
        assert_string_equal(e.text, "enough");
        assert_int_equal(c.next, at);
        store_crew_free(w);
        assert_true(atomic_load(&released) > 0);
    }
}

static void slow(void *context, void *job)
{
    usleep(400000);
    twice(context, job);
}

/* While all are at work it asks whether to go on; without threads, after each job. */
static void test_ended_by_a_tick(void **state)
{
    (void)state;
    for (unsigned threads = 0; threads <= 2; threads += 2) {
        struct counting c = {.tick_at = 2};
        struct err e = {0};
        OWN(store_crew_drop) struct store_crew *w = crew(&c, threads, slow);
        for (uint64_t n = 0; n < 3; n++)
            assert_int_equal(give(w, n, &e), 0);
        assert_int_equal(store_crew_finish(w, &e), ERR_STOPPED);
        assert_string_equal(e.text, "asked to end");
        assert_int_equal(c.next, threads == 0 ? 2 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settled_in_order),
        cmocka_unit_test(test_ended_by_the_settling),
        cmocka_unit_test(test_ended_by_a_tick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
