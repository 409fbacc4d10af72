/* What was refused is remembered in order, and known again. */
#include "fixture.h"

static void what_was_added_stands_there_in_order_once_settled(void **state)
{
    struct verbs_refusals r = {0};
    struct chance chance = {3};
    OWN(buf_drop) struct buf path = {0};
    enum { MANY = 5000 };
    for (uint64_t i = 0; i < MANY; i++) {
        buf_clear(&path);
        buf_printf(&path, "%0*u", 1 + (int)(i % 60), (unsigned)i);
        assert_int_equal(verbs_refusals_add(&r, buf_bytes(&path), "io", i * 3, NULL), 0);
        memset(path.p, 'x', path.n); /* it was copied */
    }
    verbs_refusals_settle(&r);
    assert_int_equal(r.count, MANY);
    for (size_t k = 0; k < MANY; k++) {
        size_t i = chance_below(&chance, MANY);
        buf_clear(&path);
        buf_printf(&path, "%0*u", 1 + (int)(i % 60), (unsigned)i);
        assert_true(bytes_equal(r.list[i].path, buf_bytes(&path)));
        assert_int_equal(r.list[i].bytes, i * 3);
    }
    verbs_refusals_release(&r);
    assert_int_equal(r.count, 0);
    verbs_refusals_release(&r);
}

/* Whatever the names are, the statement is no longer than was said beforehand. */
static void a_statement_of_them_is_no_longer_than_foretold(void **state)
{
    static const char *const pieces[] = {"a", "\xff", "\"", "\\", "\x01", "\xea\xb0\x80", "e\xcc\x81", "\xe2\x80\xae"};
    struct chance chance = {4};
    for (int i = 0; i < 300; i++) {
        OWN(verbs_refusals_release) struct verbs_refusals r = {0};
        OWN(buf_drop) struct buf text = {0};
        OWN(buf_drop) struct buf values = {0};
        struct key secret = {{7}};
        size_t kinds = 1 + chance_below(&chance, COUNT(pieces));
        for (size_t k = chance_below(&chance, 40); k > 0; k--) {
            OWN(buf_drop) struct buf path = {0};
            for (size_t n = 1 + chance_below(&chance, 200); n > 0; n--)
                buf_put_text(&path, pieces[COUNT(pieces) - 1 - chance_below(&chance, kinds)]);
            assert_int_equal(verbs_refusals_add(&r, buf_bytes(&path), "unreadable", chance_u64(&chance) >> 11, NULL),
                             0);
        }
        verbs_refusals_settle(&r);
        struct statement s = {.kind = STATEMENT_PART,
                              .part = {.deposit = 1, .refused = r.list, .refused_count = r.count}};
        assert_int_equal(statement_make(&s, &secret, &text, &values, NULL), 0);
        assert_in_range(values.n, 1, verbs_refusals_bytes(&r) + 256); /* the list itself and its salts */
    }
}

static void nothing_is_known_where_nothing_was_refused(void **state)
{
    struct verbs_refusals none = {0};
    assert_false(verbs_refusals_have(&none, bytes_text("a"), "io"));
}

static void earlier(struct fixture *f, struct verbs_refusals *ret)
{
    OWN(store_drop) struct store *s = NULL;
    struct store_place place = {
        .root = f->repository, .state_folder = "state", .config_folder = "config", .identity = &f->identity};
    assert_int_equal(store_open(&place, STORE_READ, &s, NULL), 0);
    assert_int_equal(verbs_refusals_earlier(store_index(s), ret, NULL), 0);
}

static void have(const struct verbs_refusals *r, const char *path, const char *reason, bool expected)
{
    if (verbs_refusals_have(r, bytes_text(path), reason) != expected)
        fail_msg("%s: %s", path, reason);
}

static void what_receipts_refused_is_known_by_path_and_reason(void **state)
{
    static const char *const names[] = {"odd/a", "odd/ab", "odd/a b", "odd/\xff", "odd/z"};
    struct fixture *f = *state;
    OWN(verbs_refusals_release) struct verbs_refusals first = {0}, second = {0}, third = {0};
    earlier(f, &first);
    assert_int_equal(first.count, 0);
    scratch_mkdir("odd");
    for (size_t i = 0; i < COUNT(names); i++)
        assert_int_equal(mkfifo(names[i], 0600), 0);
    assert_int_equal(fixture_run(f, "intake", "odd", NULL), 0);
    assert_int_equal(fixture_run(f, "intake", "/dev/null", NULL), 0);
    earlier(f, &second);
    assert_int_equal(second.count, COUNT(names) + 1);
    for (size_t i = 0; i < COUNT(names); i++)
        have(&second, names[i], "fifo", true);
    have(&second, "dev/null", "device", true);
    have(&second, "odd/a", "socket", false);
    have(&second, "odd/", "fifo", false);
    have(&second, "odd/abc", "fifo", false);
    have(&second, "", "fifo", false);
    /* A receipt that is set aside tells nothing any more: the refusals are news again. */
    assert_int_equal(fixture_run(f, "set-aside", "1", "--reason", "wrong", NULL), 0);
    earlier(f, &third);
    assert_int_equal(third.count, 1);
    have(&third, "odd/a", "fifo", false);
    have(&third, "dev/null", "device", true);
    assert_int_equal(fixture_json(f, "intake", "odd", NULL), 0);
    assert_int_equal(fixture_number(f, "refused.files"), COUNT(names));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_stands_there_in_order_once_settled),
        cmocka_unit_test(a_statement_of_them_is_no_longer_than_foretold),
        cmocka_unit_test(nothing_is_known_where_nothing_was_refused),
        cmocka_unit_test(what_receipts_refused_is_known_by_path_and_reason),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
