/* Pairs by words: rare ones, those never seen, and the limit of a block. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct match_frame *texts(const char *const *title, unsigned count)
{
    static const struct match_field field = {"title", MATCH_TEXT, false};
    struct match_frame *f = NULL;
    assert_int_equal(match_frame_new(&field, 1, &f, NULL), 0);
    for (unsigned i = 0; i < count; i++) {
        const struct bytes value = bytes_text(title[i]);
        assert_int_equal(match_frame_add(f, &value, 0, NULL), 0);
    }
    return f;
}

static size_t pairs_of(const struct match_frame *f, const struct match_words *w, size_t records)
{
    uint64_t *pairs;
    size_t count;
    assert_int_equal(match_word_pairs(f, w, records, &pairs, &count, NULL), 0);
    for (size_t i = 0; i < count; i++) {
        assert_true(pairs[i] >> 32 < (pairs[i] & 0xFFFFFFFF) && (pairs[i] & 0xFFFFFFFF) < records);
        assert_true(i == 0 || pairs[i - 1] < pairs[i]);
    }
    free(pairs);
    return count;
}

static void seen_and_unseen(void **state)
{
    (void)state;
    static const char *const titles[] = {"red box", "red key", "blue lamp", "green lamp amber", "amber stone"};
    struct match_frame *f = texts(titles, 5);
    struct match_words early = {0}, now = {0};
    assert_int_equal(match_words_count(f, &now, NULL), 0);
    assert_int_equal(pairs_of(f, &now, 5), 3); /* red, lamp, amber */
    assert_int_equal(pairs_of(f, &now, 3), 1);
    /* As if the model had been fitted to the first three: amber is new, lamp was seen once. */
    assert_int_equal(match_words_count(f, &early, NULL), 0);
    early.count = 6; /* red box key blue lamp */
    early.often[5] = 1;
    assert_int_equal(match_words_often(&early, 7), 0);
    assert_int_equal(pairs_of(f, &early, 5), 3);
    assert_int_equal(pairs_of(f, &early, 4), 2);
    match_words_release(&early);
    match_words_release(&now);
    match_frame_free(f);
}

static void limits(void **state)
{
    (void)state;
    for (unsigned n = 59; n <= 61; n++) {
        const char *titles[61];
        for (unsigned i = 0; i < n; i++)
            titles[i] = "same words";
        struct match_frame *f = texts(titles, n);
        struct match_words w = {0};
        assert_int_equal(match_words_count(f, &w, NULL), 0);
        assert_int_equal(pairs_of(f, &w, n), n > 60 ? 0 : n * (n - 1) / 2);
        match_words_release(&w);
        match_frame_free(f);
    }
}

static void none(void **state)
{
    (void)state;
    struct fixture x;
    fixture_start(&x, 50, false);
    assert_int_equal(pairs_of(x.f, &x.words, 50), 0); /* no field of words */
    fixture_stop(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seen_and_unseen),
        cmocka_unit_test(limits),
        cmocka_unit_test(none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
