/* Rows of the index, and the names under which the bytes of items lie. */
#include "model/history.h"
#include "verify/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void a_row(const struct statement_received *r, const char *want)
{
    OWN(buf_drop) struct buf row = {0};
    verify_index_row(&(struct verify_row){.number = 7, .leaf = 12, .receipt = 3, .item = r}, &row);
    assert_string_equal(buf_text(&row), want);
}

#define NONE "0000000000000000000000000000000000000000000000000000000000000000"

static void rows(void **state)
{
    struct statement_received r = {.path = bytes_text("a/b,\"c\".Pdf"), .mode = 0644, .mtime = {-3, 5}, .bytes = 9};
    a_row(&r, "7,12,3,file,,data/items/000007.pdf,9," NONE ",420,-3,5,YS9iLCJjIi5QZGY=,\"a/b,\"\"c\"\".Pdf\"\n");
    r.type = STATEMENT_FOLDER;
    a_row(&r, "7,12,3,folder,,,,,420,-3,5,YS9iLCJjIi5QZGY=,\"a/b,\"\"c\"\".Pdf\"\n");
    r.type = STATEMENT_LINK;
    a_row(&r, "7,12,3,link,,,,,420,-3,5,YS9iLCJjIi5QZGY=,\"a/b,\"\"c\"\".Pdf\"\n");
    r.further_name = true;
    r.of = 11;
    a_row(&r, "7,12,3,name,11,,,,,,,YS9iLCJjIi5QZGY=,\"a/b,\"\"c\"\".Pdf\"\n");
    r.path = bytes_text("a\\b");
    a_row(&r, "7,12,3,name,11,,,,,,,YVxi,\"a\\b\"\n");
    r.path = bytes_text("\xff\\\n");
    a_row(&r, "7,12,3,name,11,,,,,,,/1wK,\"\\xff\\\\\\x0a\"\n");
}

static void names(void **state)
{
    static const struct {
        const char *name, *want;
    } cases[] = {
        {"a.txt", "data/items/000007.txt"},   {"a", "data/items/000007"},         {"a.TXT", "data/items/000007.txt"},
        {".txt", "data/items/000007"},        {"a.b/c", "data/items/000007"},     {"a.", "data/items/000007"},
        {"a.tar.gz", "data/items/000007.gz"}, {"a.con ", "data/items/000007"},
        {"a.12345678", "data/items/000007.12345678"},
        {"a.123456789", "data/items/000007"}, {"a.\xff", "data/items/000007"},    {"a.b\nc", "data/items/000007"},
        {"a./b", "data/items/000007"},        {"x/.hidden", "data/items/000007.hidden"},
    };
    char to[VERIFY_NAME_MAX];
    for (size_t i = 0; i < COUNT(cases); i++) {
        verify_item_file(7, bytes_text(cases[i].name), to);
        assert_string_equal(to, cases[i].want);
    }
    verify_item_file(UINT64_MAX, bytes_text("a.12345678"), to);
    assert_string_equal(to, "data/items/18446744073709551615.12345678");
}

static void policies(void **state)
{
    static struct history h;
    OWN(buf_drop) struct buf text = {0};
    uint8_t public_key[CRYPT_PUBLIC] = {9};
    assert_int_equal(crypt_start(NULL), 0);
    static struct history_log log;
    assert_int_equal(note_key_make("example.org/log", public_key, &log.key, NULL), 0);
    h.logs.list = &log;
    h.logs.count = 1;
    verify_policy_text(&h, &text);
    struct policy p;
    assert_int_equal(policy_parse(buf_bytes(&text), &p, NULL), 0);
    assert_true(p.logs == 1 && p.cosigners == 0 && p.quorum == -1);
    buf_clear(&text);
    h.policy = &p;
    p.log[0].name[0] = 'E';
    verify_policy_text(&h, &text);
    assert_non_null(strstr(buf_text(&text), "log Example.org/log+"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows), cmocka_unit_test(names), cmocka_unit_test(policies)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
