/* Writing: what is written is read back the same, and nothing has its name before it is whole. */
#include "table/table.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static char folder[] = "/tmp/table_writeXXXXXX";
static struct file_path path, beside;

static int start(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    return file_path(&path, NULL, "%s/t.csv", folder) + file_path(&beside, NULL, "%s/t.csv.partial", folder);
}

static int stop(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void there_and_back(void **state)
{
    (void)state;
    static const char *const fields[] = {"plain", "", " blank", "a,b", "q\"q", "line\nline", "cr\rcr", "\xEA\xB0\x80"};
    struct table_out *o = NULL;
    assert_int_equal(table_create(path.s, &o, NULL), 0);
    for (size_t i = 0; i < COUNT(fields); i++)
        table_put_decimal(o, i);
    table_end(o);
    for (unsigned n = 0; n < 20000; n++) {
        for (size_t i = 0; i < COUNT(fields); i++)
            table_put_text(o, fields[i]);
        table_end(o);
    }
    assert_false(file_exists(path.s));
    assert_int_equal(table_commit(o, NULL), 0);
    assert_false(file_exists(beside.s));
    struct table *t = NULL;
    struct table_row row;
    assert_int_equal(table_open(path.s, NULL, &t, NULL), 0);
    unsigned rows = 0;
    for (; table_next(t, &row, NULL) == 1; rows++)
        for (size_t i = 0; i < COUNT(fields); i++)
            assert_true(bytes_equal(row.fields[i], bytes_text(fields[i])));
    assert_int_equal(rows, 20000);
    assert_int_equal(table_notes(t)->short_rows + table_notes(t)->long_rows + table_notes(t)->quote_rows, 0);
    table_close(t);
    assert_int_equal(file_remove(path.s, NULL), 0);
}

static void abandoned(void **state)
{
    (void)state;
    struct table_out *o = NULL;
    assert_int_equal(table_create(path.s, &o, NULL), 0);
    table_put_text(o, "x");
    table_end(o);
    assert_true(file_exists(beside.s));
    table_abandon(o);
    assert_false(file_exists(beside.s));
    assert_false(file_exists(path.s));
    table_abandon(NULL);
    struct err e;
    assert_int_equal(table_create("/nonexistent/folder/x.csv", &o, &e), ERR_IO);
    char long_name[FILE_PATH_MAX + 1];
    memset(long_name, 'x', sizeof long_name);
    long_name[FILE_PATH_MAX] = '\0';
    assert_int_equal(table_create(long_name, &o, &e), ERR_IO);
}

/* A folder in the way of the name is found out at the end; nothing is left beside it. */
static void in_the_way(void **state)
{
    (void)state;
    struct table_out *o = NULL;
    struct err e;
    assert_int_equal(file_make_folder(path.s, NULL), 0);
    assert_int_equal(table_create(path.s, &o, NULL), 0);
    table_put_text(o, "x");
    table_end(o);
    assert_int_equal(table_commit(o, &e), ERR_IO);
    assert_false(file_exists(beside.s));
    assert_int_equal(rmdir(path.s), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(abandoned),
        cmocka_unit_test(in_the_way),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
