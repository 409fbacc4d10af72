/* What says a sealed name elsewhere is found by where it stands; what cannot be read is told. */
#include "sealed.h"

static int leak(void *context, const struct store_leak *x, struct err *e)
{
    (void)e;
    buf_printf(context, "%s%s;", statement_kind_name(x->kind), x->in_bytes ? " bytes" : "");
    return 0;
}

static int unread(void *context, const char *line, struct err *e)
{
    (void)e;
    buf_printf(context, "unread: %s;", line);
    return 0;
}

static void look(struct fixture *f, struct store *s, const char *expected)
{
    OWN(buf_drop) struct buf said = {0};
    const struct store_leak_each each = {leak, unread, &said};
    assert_int_equal(store_leaks(s, bytes_text(SEALED_RECORD), &each, &f->e), 0);
    if (strncmp(buf_text(&said), expected, strlen(expected)) != 0)
        fail_msg("%s", buf_text(&said));
}

static void test_where_a_name_stands(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    OWN(sealed_release) struct sealed x;
    const struct thing plain[] = {{"one", 't', 30, 1}}, named[] = {{"GIM HANEUL, letter", 't', 30, 2}};
    sealed_holders(f, s, &x);
    sealed_make(f, s, &x);
    assert_int_equal(fixture_intake(s, "a giver", plain, 1, &f->e), 0);
    assert_int_equal(fixture_note(s, "of 1971", &f->e), 0);
    look(f, s, "");
    assert_int_equal(fixture_intake(s, "gim haneul", named, 1, &f->e), 0);
    assert_int_equal(fixture_note(s, "she is Gim Haneul", &f->e), 0);
    look(f, s, "received;deposit;note;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(test_where_a_name_stands)};
    return FIXTURE_RUN(tests);
}
