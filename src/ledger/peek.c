/* What a journal says before its log keys are known: its first statement, and its records by their form. */
#include "ledger/ledger_internal.h"

enum { PEEK_MAX = 1 << 20 };

int ledger_peek(const char *root, int copy, struct buf *ret_statement, struct err *e)
{
    struct file_path path;
    OWN(fd_drop) int fd = -1;
    OWN(buf_drop) struct buf bytes = {0};
    uint8_t header[LEDGER_HEADER], head_bytes[LEDGER_HEAD];
    struct ledger_head head;
    struct ledger_parsed parsed;
    int rc = file_path(&path, e, "%s/%c/journal", root, ledger_copy_letter(copy));
    if (rc == 0)
        rc = file_open_read(path.s, &fd, e);
    if (rc == 0)
        rc = file_read_at(fd, header, sizeof header, 0, path.s, e);
    if (rc == 0)
        rc = ledger_header_check(header, (unsigned)copy, e);
    if (rc == 0)
        rc = file_read_at(fd, head_bytes, sizeof head_bytes, LEDGER_FIRST, path.s, e);
    if (rc != 0)
        return rc;
    if (!ledger_head_parse(head_bytes, &head) || head.number != 0 || head.bytes > PEEK_MAX)
        return err_set(e, ERR_DAMAGED, "%s does not begin with the record that founds a repository", path.s);
    uint8_t *p = buf_more(&bytes, head.bytes);
    if (p == NULL)
        return err_memory(e);
    rc = file_read_at(fd, p, head.bytes, LEDGER_FIRST, path.s, e);
    if (rc == 0)
        rc = ledger_record_parse(buf_bytes(&bytes), &parsed, e);
    if (rc != 0)
        return rc;
    struct cursor c = cursor_of(parsed.record.open);
    struct bytes statement;
    rc = ledger_statement_next(&c, &statement, e);
    if (rc == 0) {
        buf_put_bytes(ret_statement, statement);
        rc = buf_check(ret_statement, e);
    }
    return rc;
}

struct glance {
    const char *name;
    int fd;
    uint64_t size;
    struct buf bytes;
};

static void glance_drop(struct glance *g)
{
    fd_drop(&g->fd);
    buf_drop(&g->bytes);
}

/* The record at ${at}.  ERR_ABSENT: there is none of any form. */
static int glance_at(struct glance *g, uint64_t at, struct ledger_parsed *ret, struct err *e)
{
    uint8_t head_bytes[LEDGER_HEAD];
    struct ledger_head head;
    if (g->size - at < sizeof head_bytes)
        return ERR_ABSENT;
    int rc = file_read_at(g->fd, head_bytes, sizeof head_bytes, at, g->name, e);
    if (rc != 0)
        return rc;
    if (!ledger_head_parse(head_bytes, &head) || head.bytes > g->size - at)
        return ERR_ABSENT;
    buf_clear(&g->bytes);
    uint8_t *p = buf_more(&g->bytes, (size_t)head.bytes);
    rc = p == NULL ? err_memory(e) : file_read_at(g->fd, p, (size_t)head.bytes, at, g->name, e);
    if (rc != 0)
        return rc;
    return ledger_record_parse(buf_bytes(&g->bytes), ret, NULL) == 0 ? 0 : ERR_ABSENT;
}

int ledger_glance(const char *root, int copy,
                  int (*each)(void *context, const struct ledger_record *record, struct err *e), void *context,
                  struct err *e)
{
    struct file_path path;
    OWN(glance_drop) struct glance g = {.fd = -1};
    int rc = file_path(&path, e, "%s/%c/journal", root, ledger_copy_letter(copy));
    g.name = path.s;
    if (rc == 0)
        rc = file_open_read(path.s, &g.fd, e);
    if (rc == 0)
        rc = file_size(g.fd, &g.size, path.s, e);
    for (uint64_t at = LEDGER_FIRST; rc == 0 && at < g.size;) {
        struct ledger_parsed parsed;
        rc = glance_at(&g, at, &parsed, e);
        if (rc == ERR_ABSENT)
            return 0;
        if (rc == 0)
            rc = each(context, &parsed.record, e);
        at += g.bytes.n;
    }
    return rc;
}
