/* A linkage as bytes: back again the same, and every cut and many a wrong byte refused without a crash. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct buf kept(bool across)
{
    struct buf to = {0};
    uint32_t *person;
    struct match_frame *f = across ? fixture_people(60, true, &person) : fixture_texts(60);
    struct match_linkage *l = NULL;
    const struct match_options o = {.across = across, .threads = 1, .threshold_ppm = 400000};
    if (!across)
        person = NULL;
    assert_int_equal(match_linkage_new(f, &o, &l, NULL), 0);
    match_linkage_put(l, f, &to);
    assert_int_equal(buf_check(&to, NULL), 0);
    match_linkage_free(l);
    match_frame_free(f);
    free(person);
    return to;
}

static void there_and_back(void **state)
{
    (void)state;
    for (unsigned across = 0; across < 2; across++) {
        OWN(buf_drop) struct buf first = kept(across == 1), second = {0};
        OWN(match_linkage_drop) struct match_linkage *l = NULL;
        OWN(match_frame_drop) struct match_frame *f = NULL;
        assert_int_equal(match_linkage_get(buf_bytes(&first), &l, &f, NULL), 0);
        match_linkage_put(l, f, &second);
        assert_int_equal(first.n, second.n);
        assert_memory_equal(first.p, second.p, first.n);
    }
}

static int get(struct bytes content)
{
    OWN(match_linkage_drop) struct match_linkage *l = NULL;
    OWN(match_frame_drop) struct match_frame *f = NULL;
    struct err e = {0};
    int rc = match_linkage_get(content, &l, &f, &e);
    assert_true(rc == 0 || e.text[0] != '\0');
    if (rc == 0) {
        /* Whatever was believed can be worked with. */
        struct match_result r;
        const struct match_options o = {.across = match_linkage_across(l)};
        assert_true(match_linkage_add(l, f, 1, NULL) <= 0);
        assert_int_equal(match_linkage_result(l, f, &o, &r, NULL), 0);
        match_result_release(&r);
    }
    return rc;
}

static void cut(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf whole = kept(true);
    for (size_t n = 0; n < whole.n; n += n < 3000 || whole.n - n < 3000 ? 7 : 997)
        assert_int_equal(get(bytes_of(whole.p, n)), ERR_DAMAGED);
    buf_put_u8(&whole, 0);
    assert_int_equal(get(buf_bytes(&whole)), ERR_DAMAGED);
}

static void wrong_bytes(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf whole = kept(false);
    unsigned refused = 0;
    for (size_t i = 0; i < 600; i++) {
        size_t at = (size_t)(match_mix(i) % whole.n);
        uint8_t was = whole.p[at];
        whole.p[at] ^= (uint8_t)(1u << i % 8);
        refused += get(buf_bytes(&whole)) != 0;
        whole.p[at] = was;
    }
    assert_true(refused > 300);
    whole.p[5] = 3;
    assert_int_equal(get(buf_bytes(&whole)), ERR_NEWER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(cut),
        cmocka_unit_test(wrong_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
