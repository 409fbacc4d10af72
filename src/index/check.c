/* Is it whole, and what does it say. */
#include "index/index_internal.h"

int index_check(struct index *x, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_CHECK, &q, e);
    if (rc == 0)
        rc = index_row(&q, e);
    if (rc < 0)
        return rc;
    const char *word = rc == 1 ? index_text(&q, 0) : NULL;
    return word != NULL && strcmp(word, "ok") == 0 ? 0 : index_failed(x, SQLITE_CORRUPT, e);
}

/* ---- the dump ---- */

static const struct {
    const char *name, *sql;
} tables[] = {
    {"standing", "SELECT * FROM standing"},
    {"statements", "SELECT * FROM statements ORDER BY leaf"},
    {"items", "SELECT * FROM items ORDER BY leaf"},
    {"spans", "SELECT * FROM spans ORDER BY deposit, first"},
    {"paths", "SELECT * FROM paths ORDER BY hash, aside, leaf"},
    {"digests", "SELECT * FROM digests ORDER BY prefix, aside, leaf"},
    {"frames", "SELECT * FROM frames ORDER BY prefix, leaf, frame"},
    {"deposits", "SELECT * FROM deposits ORDER BY leaf"},
    {"refused", "SELECT * FROM refused ORDER BY deposit, leaf, n"},
    {"already", "SELECT * FROM already ORDER BY deposit, leaf, n"},
    {"places", "SELECT * FROM places ORDER BY investigation"},
    {"waited", "SELECT * FROM waited ORDER BY id"},
    {"runs", "SELECT * FROM runs ORDER BY n"},
    {"packs", "SELECT * FROM packs ORDER BY pack"},
    {"keyring_files", "SELECT * FROM keyring_files ORDER BY name"},
    {"consents", "SELECT * FROM consents ORDER BY person, scope, leaf"},
    {"concerns", "SELECT * FROM concerns ORDER BY first, leaf, n"},
    {"measures", "SELECT * FROM measures ORDER BY first, leaf"},
    {"holds", "SELECT * FROM holds ORDER BY first, leaf"},
    {"hold_list", "SELECT * FROM hold_list ORDER BY leaf"},
    {"handed", "SELECT * FROM handed ORDER BY first, leaf"},
};

/* Text as it is, but for what could end the value or the line. */
static void text_put(struct buf *to, const char *s)
{
    to->failed = to->failed || s == NULL; /* no memory for its final zero */
    buf_put_u8(to, '"');
    for (; s != NULL && *s != 0; s++) {
        if ((unsigned char)*s < 0x20 || *s == '"' || *s == '\\')
            buf_printf(to, "\\x%02x", (unsigned char)*s);
        else
            buf_put_u8(to, (uint8_t)*s);
    }
    buf_put_u8(to, '"');
}

static void value_put(struct buf *to, sqlite3_stmt *s, int column)
{
    const char *name = sqlite3_column_name(s, column);
    buf_printf(to, " %s=", name == NULL ? "" : name);
    switch (sqlite3_column_type(s, column)) {
    case SQLITE_NULL:
        buf_put_u8(to, '-');
        break;
    case SQLITE_INTEGER:
        buf_printf(to, "%lld", (long long)sqlite3_column_int64(s, column));
        break;
    case SQLITE_TEXT:
        text_put(to, (const char *)sqlite3_column_text(s, column));
        break;
    default:
        buf_put_hex(to, bytes_of(sqlite3_column_blob(s, column), (size_t)sqlite3_column_bytes(s, column)));
    }
}

static int dump_table(struct index *x, size_t i, int (*line)(void *context, const char *text, struct err *e),
                      void *context, struct buf *text, struct err *e)
{
    sqlite3_stmt *s = NULL;
    int result = sqlite3_prepare_v2(x->db, tables[i].sql, -1, &s, NULL), rc = 0;
    while (rc == 0 && result == SQLITE_OK && (result = sqlite3_step(s)) == SQLITE_ROW) {
        buf_clear(text);
        buf_put_text(text, tables[i].name);
        for (int column = 0; column < sqlite3_column_count(s); column++)
            value_put(text, s, column);
        const char *words = buf_text(text);
        rc = buf_check(text, e);
        if (rc == 0)
            rc = line(context, words, e);
        result = SQLITE_OK;
    }
    if (rc == 0 && result != SQLITE_DONE)
        rc = index_failed(x, result, e);
    (void)sqlite3_finalize(s);
    return rc;
}

int index_dump(struct index *x, int (*line)(void *context, const char *text, struct err *e), void *context,
               struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < COUNT(tables); i++)
        rc = dump_table(x, i, line, context, &text, e);
    return rc;
}
