/*
 * The journal in pieces (FORMAT 11.2): files of whole records, which a mirror adds and never writes again.
 */
#include "ledger/ledger_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

enum { PIECES_IN_FOLDER = 1000, PIECE_DIGITS = 9 };

struct ledger_pieces {
    char *folder;
    struct ledger_piece *list;
    size_t count, room;
    size_t open; /* of the list; count: none */
    int fd;
    char name[LEDGER_PIECE_NAME_MAX];
    uint64_t size, at, number; /* of the open piece: its length, and where which record begins */
    struct buf bytes;
};

void ledger_begin(struct ledger_position *ret)
{
    ledger_position_begin(ret);
}

void ledger_piece_name(const struct ledger_piece *p, char to[LEDGER_PIECE_NAME_MAX])
{
    int n = snprintf(to, LEDGER_PIECE_NAME_MAX, "journal/%03llu/%09llu-%09llu", LLU(p->first / PIECES_IN_FOLDER),
                     LLU(p->first), LLU(p->last));
    assert(n > 0 && n < LEDGER_PIECE_NAME_MAX);
}

void ledger_pieces_close(struct ledger_pieces *p)
{
    if (p == NULL)
        return;
    fd_drop(&p->fd);
    buf_drop(&p->bytes);
    free(p->list);
    free(p->folder);
    free(p);
}

void ledger_pieces_drop(struct ledger_pieces **p)
{
    ledger_pieces_close(*p);
    *p = NULL;
}

size_t ledger_pieces_list(const struct ledger_pieces *p, const struct ledger_piece **ret)
{
    *ret = p->list;
    return p->count;
}

/* What the disk does not give is lacking in the mirror; what this computer has not enough of is no fault of a piece. */
static bool is_lacking(int number)
{
    return number != EMFILE && number != ENFILE && number != ENOMEM;
}

static int lacking(int rc, struct err *e)
{
    if (rc != ERR_IO || !is_lacking(errno))
        return rc;
    if (e != NULL)
        e->code = ERR_DAMAGED;
    return ERR_DAMAGED;
}

/* ---- which there are ---- */

static bool number_parse(const char *text, size_t n, uint64_t *ret)
{
    *ret = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *ret = *ret * 10 + (uint64_t)(text[i] - '0');
    }
    return true;
}

/* The one form of a piece's name; drafts and what is not ours are passed over. */
static bool piece_parse(const char *name, struct ledger_piece *ret)
{
    const char *dash = strchr(name, '-');
    if (dash == NULL || dash - name < PIECE_DIGITS || dash - name > 16 || strlen(dash + 1) > 16)
        return false;
    char made[LEDGER_PIECE_NAME_MAX];
    if (!number_parse(name, (size_t)(dash - name), &ret->first) ||
        !number_parse(dash + 1, strlen(dash + 1), &ret->last) || ret->last < ret->first)
        return false;
    ledger_piece_name(ret, made);
    return strcmp(strrchr(made, '/') + 1, name) == 0;
}

static int piece_add(struct ledger_pieces *p, const struct ledger_piece *piece, struct err *e)
{
    if (p->count == p->room) {
        size_t room = p->room * 2 + 64;
        struct ledger_piece *grown = reallocarray(p->list, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        p->list = grown;
        p->room = room;
    }
    p->list[p->count++] = *piece;
    return 0;
}

static int folder_look(struct ledger_pieces *p, const char *name, struct err *e)
{
    struct file_path path;
    int rc = file_path(&path, e, "%s/journal/%s", p->folder, name);
    if (rc != 0)
        return rc;
    OWN(dir_drop) DIR *dir = opendir(path.s);
    if (dir == NULL)
        return is_lacking(errno) ? 0 : err_os(e, ERR_IO, errno, "cannot open the folder %s", path.s);
    for (struct dirent *d; rc == 0 && (d = readdir(dir)) != NULL;) {
        struct ledger_piece piece;
        if (piece_parse(d->d_name, &piece))
            rc = piece_add(p, &piece, e);
    }
    return rc;
}

static int by_first(const void *a, const void *b)
{
    const struct ledger_piece *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return x->last < y->last ? -1 : x->last > y->last;
}

static int look(struct ledger_pieces *p, struct err *e)
{
    struct file_path path;
    int rc = file_path(&path, e, "%s/journal", p->folder);
    if (rc != 0)
        return rc;
    OWN(dir_drop) DIR *dir = opendir(path.s);
    if (dir == NULL)
        return errno == ENOENT ? 0 : err_os(e, ERR_IO, errno, "cannot open the folder %s", path.s);
    for (struct dirent *d; rc == 0 && (d = readdir(dir)) != NULL;) {
        uint64_t number;
        size_t n = strlen(d->d_name);
        if (n >= 3 && n <= 16 && number_parse(d->d_name, n, &number))
            rc = folder_look(p, d->d_name, e);
    }
    if (rc == 0 && p->count > 0)
        qsort(p->list, p->count, sizeof *p->list, by_first);
    p->open = p->count;
    return rc;
}

int ledger_pieces_open(const char *folder, struct ledger_pieces **ret, struct err *e)
{
    OWN(ledger_pieces_drop) struct ledger_pieces *p = calloc(1, sizeof *p);
    if (p == NULL)
        return err_memory(e);
    p->fd = -1;
    p->folder = strdup(folder);
    if (p->folder == NULL)
        return err_memory(e);
    int rc = look(p, e);
    if (rc == 0)
        *ret = TAKE(p);
    return rc;
}

/* ---- reading ---- */

static int piece_open(struct ledger_pieces *p, size_t i, struct err *e)
{
    struct file_path path;
    fd_drop(&p->fd);
    p->fd = -1;
    p->open = i;
    p->at = 0;
    p->number = p->list[i].first;
    ledger_piece_name(&p->list[i], p->name);
    int rc = file_path(&path, e, "%s/%s", p->folder, p->name);
    if (rc == 0)
        rc = lacking(file_open_read(path.s, &p->fd, e), e);
    if (rc == 0)
        rc = lacking(file_size(p->fd, &p->size, path.s, e), e);
    if (rc != 0)
        p->open = p->count;
    return rc;
}

/* The head of the record at which the open piece stands. */
static int head_read(struct ledger_pieces *p, struct ledger_head *ret, struct err *e)
{
    uint8_t head[LEDGER_HEAD];
    if (p->size < p->at || p->size - p->at < LEDGER_RECORD_MIN)
        return err_set(e, ERR_DAMAGED, "%s is shorter than its name says", p->name);
    int rc = lacking(file_read_at(p->fd, head, sizeof head, p->at, p->name, e), e);
    if (rc == 0 && (!ledger_head_parse(head, ret) || ret->number != p->number || ret->bytes > p->size - p->at))
        rc = err_set(e, ERR_DAMAGED, "%s is damaged at record %llu", p->name, LLU(p->number));
    return rc;
}

static bool claims(const struct ledger_piece *piece, uint64_t number)
{
    return piece->first <= number && number <= piece->last;
}

/* Stand at the record ${number} of piece ${i}: from where it is open, or from its beginning. */
static int seek(struct ledger_pieces *p, size_t i, uint64_t number, struct ledger_head *ret, struct err *e)
{
    int rc = p->open != i || number < p->number ? piece_open(p, i, e) : 0;
    while (rc == 0) {
        rc = head_read(p, ret, e);
        if (rc != 0 || p->number == number)
            return rc;
        p->at += ret->bytes;
        p->number++;
    }
    return rc;
}

/* What a record is held to. */
struct held_to {
    const struct history_logs *logs;
    const struct ledger_position *before;
};

static int record_of(struct ledger_pieces *p, size_t i, uint64_t number, const struct held_to *to,
                     struct ledger_record *ret, struct err *e)
{
    struct ledger_head head;
    struct ledger_parsed parsed;
    struct err mine = {0};
    int rc = seek(p, i, number, &head, e);
    if (rc != 0)
        return rc;
    buf_clear(&p->bytes);
    uint8_t *bytes = buf_more(&p->bytes, (size_t)head.bytes);
    rc = bytes == NULL ? buf_check(&p->bytes, &mine)
                       : lacking(file_read_at(p->fd, bytes, (size_t)head.bytes, p->at, p->name, &mine), &mine);
    if (rc == 0)
        rc = ledger_record_parse(buf_bytes(&p->bytes), &parsed, &mine);
    if (rc == 0 && to->logs != NULL)
        rc = ledger_record_verify(&parsed, to->logs, &mine);
    if (rc == 0 && to->before != NULL)
        rc = ledger_record_follows(&parsed, to->before, &mine);
    if (rc != 0)
        return err_set(e, rc, "%s, record %llu: %s", p->name, LLU(number), mine.text);
    *ret = parsed.record;
    ret->at = to->before != NULL ? to->before->bytes : 0;
    return 0;
}

/* The open piece first, then whichever claims to have it: a name proves nothing.  The first failure is told. */
int ledger_pieces_record(struct ledger_pieces *p, const struct history_logs *logs, uint64_t number,
                         const struct ledger_position *before, struct ledger_record *ret, struct err *e)
{
    const struct held_to to = {logs, before};
    struct err why = {0};
    size_t open = p->open;
    int rc = ERR_ABSENT;
    if (open < p->count && claims(&p->list[open], number))
        rc = record_of(p, open, number, &to, ret, &why);
    for (size_t i = 0; (rc == ERR_ABSENT || rc == ERR_DAMAGED) && i < p->count && p->list[i].first <= number; i++) {
        if (i == open || !claims(&p->list[i], number))
            continue;
        struct err mine = {0};
        int other = record_of(p, i, number, &to, ret, &mine);
        if (other == 0 || why.code == 0) {
            rc = other;
            why = mine;
        }
    }
    if (rc == 0)
        return 0;
    return why.code != 0 ? err_set(e, rc, "%s", why.text)
                         : err_set(e, ERR_ABSENT, "no piece of the journal has record %llu", LLU(number));
}

int ledger_pieces_next(struct ledger_pieces *p, const struct history_logs *logs, struct ledger_position *at,
                       struct ledger_record *ret, struct err *e)
{
    struct checkpoint c;
    int rc = ledger_pieces_record(p, logs, at->records, at, ret, e);
    if (rc == 0)
        rc = checkpoint_read(ret->checkpoint, history_log(logs, ret->first_leaf), NOTE_FOREIGN, &c, e);
    if (rc == 0)
        *at = (struct ledger_position){.records = ret->number + 1,
                                       .bytes = at->bytes + ret->bytes,
                                       .last = ret->hash,
                                       .leaves = c.size,
                                       .root = c.root};
    return rc;
}
