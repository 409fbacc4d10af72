/* Randomness: nothing repeats, nothing wiped is handed out, a child process does not draw what its parent draws. */
#include "crypt/crypt.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>

#include <cmocka.h>

enum { DRAWS = 20000, DRAW = 13 }; /* 13 does not divide the pool: refills come in the middle of draws */

static int start(void **state)
{
    (void)state;
    return crypt_start(NULL);
}

static int compare_draws(const void *a, const void *b)
{
    return memcmp(a, b, DRAW);
}

static void draws_differ(void **state)
{
    (void)state;
    static uint8_t draw[DRAWS + 1][DRAW]; /* one of zeros: what the pool is wiped with must not come out */
    for (size_t i = 0; i < DRAWS; i++)
        crypt_random_fast(draw[i], DRAW);
    qsort(draw, DRAWS + 1, DRAW, compare_draws);
    for (size_t i = 0; i < DRAWS; i++)
        assert_memory_not_equal(draw[i], draw[i + 1], DRAW);
}

/* Of 20,000 x 104 bits about half are ones; 10 standard deviations are 7,211. */
static void bits_are_balanced(void **state)
{
    (void)state;
    long ones = 0;
    for (size_t i = 0; i < DRAWS; i++) {
        uint8_t draw[DRAW];
        crypt_random_fast(draw, DRAW);
        for (size_t j = 0; j < DRAW; j++)
            ones += __builtin_popcount(draw[j]);
    }
    assert_in_range(ones, DRAWS * DRAW * 4 - 7211, DRAWS * DRAW * 4 + 7211);
}

/* Whatever the size, the whole of it is filled: after eight draws no byte is left that was never changed. */
static void every_size_is_filled(void **state)
{
    (void)state;
    static const size_t size[] = {0, 1, 31, 1023, 1024, 1025, 4095, 4096, 4097, 10000};
    for (size_t i = 0; i < COUNT(size); i++) {
        uint8_t any[10001] = {0}, draw[10001];
        for (int repeat = 0; repeat < 8; repeat++) {
            memset(draw, 0, sizeof draw);
            if (repeat % 2 == 0)
                crypt_random_fast(draw, size[i]);
            else
                crypt_random(draw, size[i]);
            for (size_t j = 0; j < sizeof draw; j++)
                any[j] |= draw[j];
        }
        for (size_t j = 0; j < size[i]; j++)
            assert_int_not_equal(any[j], 0);
        for (size_t j = size[i]; j < sizeof any; j++)
            assert_int_equal(any[j], 0);
    }
}

static void child_draws_its_own(void **state)
{
    (void)state;
    uint8_t mine[32], childs[32];
    crypt_random_fast(mine, sizeof mine); /* the pool is filled now, and inherited */
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        crypt_random_fast(childs, sizeof childs);
        _exit(write(ends[1], childs, sizeof childs) == sizeof childs ? 0 : 1);
    }
    assert_int_equal(read(ends[0], childs, sizeof childs), sizeof childs);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    crypt_random_fast(mine, sizeof mine);
    assert_memory_not_equal(mine, childs, sizeof mine);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void *draw_in_thread(void *to)
{
    crypt_random_fast(to, 32);
    return NULL;
}

static void threads_draw_their_own(void **state)
{
    (void)state;
    uint8_t mine[32], others[32];
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, draw_in_thread, others), 0);
    crypt_random_fast(mine, sizeof mine);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_memory_not_equal(mine, others, sizeof mine);
}

static void equal_compares_all_bytes(void **state)
{
    (void)state;
    uint8_t a[33] = {0}, b[33] = {0};
    assert_true(crypt_equal(a, b, sizeof a));
    for (size_t i = 0; i < sizeof a; i++) {
        b[i] = 0x80;
        assert_false(crypt_equal(a, b, sizeof a));
        assert_true(crypt_equal(a, b, i));
        b[i] = 0;
    }
}

static void wiping_leaves_zeros(void **state)
{
    (void)state;
    static const uint8_t zeros[40];
    uint8_t a[41];
    memset(a, 0xaa, sizeof a);
    crypt_wipe(a, sizeof zeros);
    assert_memory_equal(a, zeros, sizeof zeros);
    assert_int_equal(a[40], 0xaa);
    struct key key = {{1, 2, 3}};
    key_drop(&key);
    assert_memory_equal(key.b, zeros, CRYPT_KEY);
    key_drop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_differ),
        cmocka_unit_test(bits_are_balanced),
        cmocka_unit_test(every_size_is_filled),
        cmocka_unit_test(child_draws_its_own),
        cmocka_unit_test(threads_draw_their_own),
        cmocka_unit_test(equal_compares_all_bytes),
        cmocka_unit_test(wiping_leaves_zeros),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
