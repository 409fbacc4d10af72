/* The whole pipeline at once, with one to eight workers: what the thread sanitizer is to see. */
#include "fixture.h"

static void mixed_intake(unsigned threads)
{
    struct fixture f;
    enum { OBJECTS = 160 };
    uint8_t *p[OBJECTS];
    size_t n[OBJECTS];
    uint64_t leaf[OBJECTS];
    size_t kept = 0;
    fixture_begin(&f, 2, threads);
    for (size_t i = 0; i < OBJECTS; i++) {
        n[kept] = i % 16 == 5 ? 4500000 + i * 1000 : i % 8 == 3 ? 300000 : i * 97;
        p[kept] = fixture_bytes("rtmz"[i / 2 % 4], n[kept], i / 4); /* some are the same */
        if (i % 11 == 7) {
            struct err e = {0};
            struct fixture_source s = {.bytes = bytes_of(p[kept], n[kept])};
            s.fail_at = i % 2 == 0 ? n[kept] / 2 + 1 : 0;
            struct vault_source source = fixture_source(&s);
            struct vault_digest digest;
            if (vault_put(f.w, &source, &digest, &e) == 0)
                vault_forget(f.w);
            free(p[kept]);
            continue;
        }
        leaf[kept] = fixture_put(&f, bytes_of(p[kept], n[kept]));
        kept++;
        if (i % 40 == 39)
            fixture_commit(&f, NULL);
    }
    fixture_commit(&f, NULL);
    for (size_t i = 0; i < kept; i++) {
        fixture_same(&f, leaf[i], bytes_of(p[i], n[i]));
        free(p[i]);
    }
    fixture_audit(&f);
    fixture_end(&f);
}

static void one_worker(void **state)
{
    mixed_intake(1);
}

static void two_workers(void **state)
{
    mixed_intake(2);
}

static void as_many_as_there_may_be(void **state)
{
    mixed_intake(100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_worker),
        cmocka_unit_test(two_workers),
        cmocka_unit_test(as_many_as_there_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
