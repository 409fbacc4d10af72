/* The first statement of a journal, before its log key is known. */
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
