/*
 * Hostile tables.
 *
 * Held: whatever is read and written again reads as the same fields.
 */
#include "table/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_quoted(struct buf *to, struct bytes field)
{
    buf_put_u8(to, '"');
    for (size_t i = 0; i < field.n; i++) {
        if (field.p[i] == '"')
            buf_put_u8(to, '"');
        buf_put_u8(to, field.p[i]);
    }
    buf_put_u8(to, '"');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct table_options options = {.separator = ',', .headless = true};
    OWN(table_drop) struct table *t = NULL, *header = NULL;
    (void)table_open_bytes(bytes_of(data, size), "fuzz", NULL, &header, NULL);
    if (table_open_bytes(bytes_of(data, size), "fuzz", &options, &t, NULL) != 0)
        return 0;
    struct table_row row, again;
    while (header != NULL && table_next(header, &row, NULL) == 1)
        if (row.count != table_columns(header))
            abort();
    while (table_next(t, &row, NULL) == 1) {
        OWN(buf_drop) struct buf text = {0};
        OWN(table_drop) struct table *second = NULL;
        for (size_t i = 0; i < row.count; i++) {
            buf_put_text(&text, i != 0 ? "," : "");
            put_quoted(&text, row.fields[i]);
        }
        buf_put_text(&text, "\n");
        if (row.count == 1 && row.fields[0].n == 0)
            continue;
        if (table_open_bytes(buf_bytes(&text), "again", &options, &second, NULL) != 0 ||
            table_next(second, &again, NULL) != 1 || again.count != row.count)
            abort();
        for (size_t i = 0; i < row.count; i++)
            if (!bytes_equal(row.fields[i], again.fields[i]))
                abort();
    }
    return 0;
}
