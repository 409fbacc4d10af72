/* Reading: every form of a field, every limit at it and one past it, and the same rows however the file is cut. */
#include "table/table.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct bytes text(const char *s)
{
    return bytes_text(s);
}

/* All rows as one text: fields between [ and ], rows ended by /; or the line of the error. */
static void read_all(struct bytes content, const struct table_options *options, struct buf *to,
                     struct table_notes *ret_notes)
{
    struct table *t = NULL;
    struct err e = {0};
    if (table_open_bytes(content, "x.csv", options, &t, &e) != 0) {
        buf_printf(to, "%s", e.text);
        return;
    }
    for (size_t i = 0; i < table_columns(t); i++)
        buf_printf(to, "<%.*s>", (int)table_header(t, i).n, (const char *)table_header(t, i).p);
    struct table_row row;
    int rc;
    while ((rc = table_next(t, &row, &e)) == 1) {
        for (size_t i = 0; i < row.count; i++) {
            buf_put_text(to, "[");
            buf_put_bytes(to, row.fields[i]);
            buf_put_text(to, "]");
        }
        buf_put_text(to, "/");
    }
    if (rc != 0)
        buf_printf(to, "%s", e.text);
    if (ret_notes != NULL)
        *ret_notes = *table_notes(t);
    table_close(t);
}

static void forms(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"a,b\n1,2\n", "<a><b>[1][2]/"},
        {"a,b\r\n1,2\r\n", "<a><b>[1][2]/"},
        {"\xEF\xBB\xBF" "a,b\n1,2", "<a><b>[1][2]/"},
        {" a , b\n 1, 2\n", "<a><b>[ 1][ 2]/"},
        {"a;b\n1,5;2\n", "<a><b>[1,5][2]/"},
        {"a\tb\n1\t\n", "<a><b>[1][]/"},
        {"a,b\n\"1,\"\"x\"\"\",\"2\n3\"\r\n4,5\n", "<a><b>[1,\"x\"][2\n3]/[4][5]/"},
        {"a,b\n\n1,2\n\r\n\n3,4\n", "<a><b>[1][2]/[3][4]/"},
        {"\"a\",\"b\"\n\"1\",\"\"", "<a><b>[1][]/"},
        {"a,b\n1\n1,2,\n1,2,3\n", "<a><b>[1][]/[1][2]/[1][2]/"},
        {"a,b\n\"1\" x,2\n", "<a><b>[1 x][2]/"},
        {"a,b\n1 \"x\",2\n", "<a><b>[1 \"x\"][2]/"},
        {"a\n\xFF\n", "<a>[\xFF]/"},
        {"", "x.csv is empty: a table begins with the names of its columns"},
        {"\n\n", "x.csv is empty: a table begins with the names of its columns"},
        {"a,b,a\n", "x.csv: two columns are called \"a\""},
        {"a,b\n1,\"2\n3,4\n", "<a><b>x.csv, line 2: a quote is opened here and never closed"},
        {"a,\xFF\n", "x.csv, line 1: the names of the columns are not UTF-8"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        OWN(buf_drop) struct buf got = {0};
        read_all(text(cases[i].in), NULL, &got, NULL);
        assert_string_equal(buf_text(&got), cases[i].out);
    }
    OWN(buf_drop) struct buf got = {0};
    read_all(bytes_of("a\nx\n\0\n", 6), NULL, &got, NULL);
    assert_string_equal(buf_text(&got), "<a>[x]/x.csv, line 3: a zero byte; this is not text");
}

static void notes(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf got = {0};
    struct table_notes n;
    read_all(text("a,b\n1\n\"1\n\",2\n1,2,3\n\xFF,\n\"x\"y,1\n1,2,\n3\n"), NULL, &got, &n);
    assert_int_equal(n.rows, 7);
    assert_int_equal(n.short_rows, 2);
    assert_int_equal(n.short_line, 2);
    assert_int_equal(n.long_rows, 1);
    assert_int_equal(n.long_line, 5);
    assert_int_equal(n.invalid_rows, 1);
    assert_int_equal(n.invalid_line, 6);
    assert_int_equal(n.quote_rows, 1);
    assert_int_equal(n.quote_line, 7);
}

static void headless(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf got = {0};
    const struct table_options options = {.headless = true, .separator = ','};
    read_all(text("36,\"A\",-0- \n1;2\n"), &options, &got, NULL);
    assert_string_equal(buf_text(&got), "[36][A][-0- ]/[1;2]/");
}

static void find(void **state)
{
    (void)state;
    OWN(table_drop) struct table *t = NULL;
    assert_int_equal(table_open_bytes(text("Name,name,Date\n"), "x", NULL, &t, NULL), 0);
    assert_int_equal(table_find(t, "name"), 1);
    assert_int_equal(table_find(t, "NAME"), 0);
    assert_int_equal(table_find(t, "date"), 2);
    assert_int_equal(table_find(t, "dat"), -1);
}

/* One field of ${n} bytes, quoted or bare; the line of the error or NULL. */
static void long_field(size_t n, bool quoted, size_t fields, const char *expected)
{
    OWN(buf_drop) struct buf content = {0}, got = {0};
    buf_put_text(&content, "a\n");
    for (size_t i = 0; i < fields; i++) {
        buf_put_text(&content, i != 0 ? "," : "");
        buf_put_text(&content, quoted ? "\"" : "");
        memset(buf_more(&content, n), 'x', n);
        buf_put_text(&content, quoted ? "\"" : "");
    }
    buf_put_text(&content, "\n");
    struct table *t = NULL;
    struct table_row row;
    struct err e = {0};
    assert_int_equal(table_open_bytes(buf_bytes(&content), "x", NULL, &t, NULL), 0);
    int rc = table_next(t, &row, &e);
    assert_int_equal(rc, expected == NULL ? 1 : ERR_DAMAGED);
    assert_string_equal(e.text, expected == NULL ? "" : expected);
    table_close(t);
}

static void limits(void **state)
{
    (void)state;
    for (int quoted = 0; quoted < 2; quoted++) {
        long_field(TABLE_FIELD_BYTES_MAX, quoted, 1, NULL);
        long_field(TABLE_FIELD_BYTES_MAX + 1, quoted, 1, "x, line 2: a field is longer than 1 MiB");
        long_field(1, quoted, TABLE_COLUMNS_MAX, NULL);
        long_field(1, quoted, TABLE_COLUMNS_MAX + 1, "x, line 2: more than 4096 fields");
    }
    /* 16 fields with their separators and the LF are 16 bytes more than 16 times the field. */
    long_field(TABLE_FIELD_BYTES_MAX - 1, false, 16, NULL);
    long_field(TABLE_FIELD_BYTES_MAX, false, 16, "x, line 2: a row is longer than 16 MiB");
}

/* A file larger than what is read at once gives the same as the same bytes in memory. */
static void streamed(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf content = {0}, whole = {0}, got = {0};
    buf_put_text(&content, "number,text\n");
    for (unsigned i = 0; i < 120000; i++)
        buf_printf(&content, i % 3 == 0 ? "%u,\"a \"\"%u\"\"\nb\"\r\n" : "%u,plain %u\n", i, i * 7);
    char folder[] = "/tmp/table_testXXXXXX";
    assert_non_null(mkdtemp(folder));
    struct file_path path;
    assert_int_equal(file_path(&path, NULL, "%s/t.csv", folder), 0);
    assert_int_equal(file_replace(path.s, buf_bytes(&content), 0600, NULL), 0);
    read_all(buf_bytes(&content), NULL, &whole, NULL);
    struct table *t = NULL;
    assert_int_equal(table_open(path.s, NULL, &t, NULL), 0);
    buf_put_text(&got, "<number><text>");
    struct table_row row;
    while (table_next(t, &row, NULL) == 1) {
        for (size_t i = 0; i < row.count; i++)
            buf_printf(&got, "[%.*s]", (int)row.fields[i].n, (const char *)row.fields[i].p);
        buf_put_text(&got, "/");
    }
    assert_int_equal(table_notes(t)->rows, 120000);
    table_close(t);
    assert_true(bytes_equal(buf_bytes(&got), buf_bytes(&whole)));
    assert_int_equal(table_open("/nonexistent/x.csv", NULL, &t, NULL), ERR_ABSENT);
    assert_int_equal(table_open(folder, NULL, &t, NULL), ERR_IO);
    assert_int_equal(file_remove(path.s, NULL), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),  cmocka_unit_test(notes),  cmocka_unit_test(headless),
        cmocka_unit_test(find),   cmocka_unit_test(limits), cmocka_unit_test(streamed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
