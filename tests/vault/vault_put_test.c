/* Round trips: whatever is put comes back, whatever its size and however it is read. */
#include "fixture.h"

static const size_t sizes[] = {
    0,       1,       63,      64,      65,        1000,          16320,       16336,        16337,
    65535,   65536,   65537,   262143,  262144,    262145,        1 << 20,     (4 << 20) - 1, 4 << 20,
    (4 << 20) + 1,    9000001,
};

static void every_size_comes_back(void **state)
{
    struct fixture f;
    uint8_t *p[COUNT(sizes) * 4];
    size_t n = 0;
    fixture_begin(&f, 4, 2);
    for (size_t k = 0; k < 4; k++)
        for (size_t i = 0; i < COUNT(sizes); i++, n++) {
            p[n] = fixture_bytes("rtzm"[k], sizes[i], i);
            assert_int_equal(fixture_put(&f, bytes_of(p[n], sizes[i])), n);
            if (n % 13 == 0)
                fixture_commit(&f, NULL);
        }
    fixture_commit(&f, NULL);
    for (size_t i = 0; i < n; i++)
        fixture_same(&f, i, bytes_of(p[i], sizes[i % COUNT(sizes)]));
    fixture_audit(&f);
    fixture_close(&f);
    fixture_open(&f);
    for (size_t i = 0; i < n; i++) {
        fixture_same(&f, i, bytes_of(p[i], sizes[i % COUNT(sizes)]));
        free(p[i]);
    }
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
