/*
 * Journals from the pieces of a mirror: both of a new repository, or one whose records are bad in both copies.
 */
#include "ledger/ledger_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

/* ---- a repository that has none ---- */

static int journal_begin(const char *path, int copy, int *ret_fd, struct err *e)
{
    uint8_t header[LEDGER_HEADER];
    ledger_header_make((unsigned)copy, header);
    *ret_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (*ret_fd < 0)
        return err_os(e, ERR_IO, errno, "cannot make %s", path);
    return file_write_at(*ret_fd, header, sizeof header, 0, path, e);
}

static int journal_write(const char *path, int copy, struct ledger_pieces *p, const struct history_logs *logs,
                         uint64_t records, struct err *e)
{
    OWN(fd_drop) int fd = -1;
    struct ledger_position at;
    ledger_position_begin(&at);
    int rc = journal_begin(path, copy, &fd, e);
    while (rc == 0 && at.records < records) {
        struct ledger_record r;
        uint64_t offset = at.bytes;
        rc = ledger_pieces_next(p, logs, &at, &r, e);
        if (rc == 0)
            rc = file_write_at(fd, r.all.p, r.all.n, offset, path, e);
    }
    return rc == 0 ? file_sync(fd, path, e) : rc;
}

int ledger_from_pieces(const char *root, struct ledger_pieces *p, const struct history_logs *logs, uint64_t records,
                       struct err *e)
{
    int rc = 0;
    for (int copy = 0; rc == 0 && copy < 2; copy++) {
        struct file_path folder, path, fresh;
        rc = file_path(&folder, e, "%s/%c", root, ledger_copy_letter(copy));
        if (rc == 0)
            rc = file_path(&path, e, "%s/journal", folder.s);
        if (rc == 0)
            rc = file_path(&fresh, e, "%s.new", path.s);
        if (rc == 0 && file_exists(path.s))
            rc = err_set(e, ERR_REFUSED, "%s is there already: this folder holds a repository", path.s);
        if (rc == 0)
            rc = file_make_folder(folder.s, e);
        if (rc == 0)
            rc = journal_write(fresh.s, copy, p, logs, records, e);
        if (rc == 0 && rename(fresh.s, path.s) != 0)
            rc = err_os(e, ERR_IO, errno, "cannot put %s in its place", path.s);
        if (rc == 0)
            rc = file_sync_folder(folder.s, e);
    }
    return rc;
}

/* ---- records that are bad in both copies ---- */

struct heal {
    struct ledger l; /* its files and the log keys, which are borrowed: no end is looked for */
    struct ledger_pieces *pieces;
    struct buf bytes;
    uint64_t lacking; /* records that only the pieces have */
};

static void heal_drop(struct heal *h)
{
    for (int copy = 0; copy < 2; copy++)
        fd_drop(&h->l.copy[copy].fd);
    buf_drop(&h->bytes);
}

static int heal_open(struct heal *h, struct err *e)
{
    for (int copy = 0; copy < 2; copy++) {
        struct ledger_copy *c = &h->l.copy[copy];
        struct file_path path;
        struct err mine = {0};
        c->fd = -1;
        int rc = ledger_copy_path(&h->l, copy, &path, e);
        if (rc != 0)
            return rc;
        rc = file_open_read(path.s, &c->fd, &mine);
        if (rc == 0)
            rc = file_size(c->fd, &c->size, path.s, &mine);
        c->number = mine.number;
        if (rc == ERR_IO && err_is_scarce(&mine))
            return err_set(e, rc, "%s", mine.text);
    }
    return 0;
}

/* The record behind *at from whichever has it: copy a, copy b, the pieces.  ERR_ABSENT: none has. */
static int heal_next(struct heal *h, struct ledger_position *at, struct bytes *ret, struct err *e)
{
    struct ledger_record r;
    for (int copy = 0; copy < 2; copy++) {
        struct ledger_parsed p;
        if (ledger_record_load(&h->l, copy, at->bytes, &h->bytes, &p, NULL) == 0 &&
            ledger_record_follows(&p, at, NULL) == 0) {
            *ret = buf_bytes(&h->bytes);
            ledger_position_after(&p, at->bytes, at);
            return 0;
        }
    }
    if (ledger_pieces_next(h->pieces, &h->l.logs, at, &r, NULL) != 0)
        return err_set(e, ERR_ABSENT, "no more records");
    *ret = r.all;
    h->lacking++;
    return 0;
}

/* Does a copy end with a record that lies behind ${at}?  Then more was committed than would be written anew. */
static bool ends_behind(struct heal *h, int copy, const struct ledger_position *at)
{
    const struct ledger_copy *c = &h->l.copy[copy];
    uint8_t trailer[LEDGER_TRAILER];
    struct ledger_parsed p;
    if (c->fd < 0 || c->size < LEDGER_HEADER + LEDGER_RECORD_MIN ||
        file_read_at(c->fd, trailer, sizeof trailer, c->size - LEDGER_TRAILER, "journal", NULL) != 0)
        return false;
    uint64_t total = ledger_trailer_parse(trailer);
    return total > 0 && total <= c->size - LEDGER_HEADER &&
           ledger_record_load(&h->l, copy, c->size - total, &h->bytes, &p, NULL) == 0 && p.record.number >= at->records;
}

static int heal_plan(struct heal *h, struct ledger_position *ret_end, struct err *e)
{
    struct bytes record;
    struct ledger_record there;
    struct err none = {0};
    ledger_position_begin(ret_end);
    int rc = 0;
    while (rc == 0)
        rc = heal_next(h, ret_end, &record, &none);
    for (int copy = 0; copy < 2; copy++)
        if (ends_behind(h, copy, ret_end))
            return err_set(e, ERR_DAMAGED,
                           "record %llu of the journal is bad in both copies, and the mirror does not "
                           "have it",
                           LLU(ret_end->records));
    if (ret_end->records == 0 ||
        ledger_pieces_record(h->pieces, &h->l.logs, ret_end->records - 1, NULL, &there, NULL) != 0 ||
        hash_equal(&there.hash, &ret_end->last))
        return 0;
    return err_set(e, ERR_DAMAGED,
                   "commit %llu in the mirror is another than here, and the log key signed both: these are two "
                   "histories. Keep both and ask for help",
                   LLU(there.number));
}

static int heal_write(struct heal *h, const char *path, const struct ledger_position *end, struct err *e)
{
    OWN(fd_drop) int fd = -1;
    struct ledger_position at;
    ledger_position_begin(&at);
    int rc = journal_begin(path, 0, &fd, e);
    while (rc == 0 && at.records < end->records) {
        struct bytes record;
        uint64_t offset = at.bytes;
        rc = heal_next(h, &at, &record, e);
        if (rc == 0)
            rc = file_write_at(fd, record.p, record.n, offset, path, e);
    }
    return rc == 0 ? file_sync(fd, path, e) : rc;
}

static int heal_place(struct heal *h, const char *fresh, struct buf *words, struct err *e)
{
    struct file_path folder, path, aside;
    struct err line;
    int rc = file_path(&folder, e, "%s/a", h->l.root);
    if (rc == 0)
        rc = ledger_copy_path(&h->l, 0, &path, e);
    if (rc == 0 && (h->l.copy[0].fd >= 0 || h->l.copy[0].number != 0))
        rc = ledger_set_aside(&h->l, path.s, "journal-damaged-a", &aside, words, e);
    if (rc == 0 && rename(fresh, path.s) != 0)
        rc = err_os(e, ERR_IO, errno, "cannot put %s in its place", path.s);
    if (rc == 0)
        rc = file_sync_folder(folder.s, e);
    if (rc != 0)
        return rc;
    (void)err_set(&line, ERR_DAMAGED, "journal a: %llu records that were bad in both copies were taken from the mirror",
                  LLU(h->lacking));
    buf_printf(words, "%s\n", line.text);
    return buf_check(words, e);
}

int ledger_heal(const char *root, struct ledger_pieces *p, const struct history_logs *logs, bool *ret_healed,
                struct buf *ret_words, struct err *e)
{
    OWN(heal_drop) struct heal h = {.l = {.root = root, .logs = *logs, .copy = {{.fd = -1}, {.fd = -1}}}, .pieces = p};
    struct ledger_position end;
    struct file_path folder, fresh;
    *ret_healed = false;
    int rc = heal_open(&h, e);
    if (rc == 0)
        rc = heal_plan(&h, &end, e);
    if (rc != 0 || h.lacking == 0)
        return rc;
    rc = file_path(&folder, e, "%s/a", root);
    if (rc == 0)
        rc = file_path(&fresh, e, "%s/journal.new", folder.s);
    if (rc == 0)
        rc = file_make_folder(folder.s, e);
    h.lacking = 0;
    if (rc == 0)
        rc = heal_write(&h, fresh.s, &end, e);
    if (rc == 0)
        rc = heal_place(&h, fresh.s, ret_words, e);
    *ret_healed = rc == 0;
    return rc;
}
