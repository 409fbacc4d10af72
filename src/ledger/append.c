/*
 * The commit: a record is built and signed in memory, written behind both copies, then both are synced.
 */
#include "ledger/ledger_internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>

static int may_append(const struct ledger *l, struct err *e)
{
    if (!l->writes)
        return err_set(e, ERR_REFUSED, "the ledger was opened to read only");
    if (l->spoiled)
        return err_set(e, ERR_REFUSED, "an earlier write of the journal failed: open the repository again");
    if (l->copy[0].state != LEDGER_COPY_GOOD || l->copy[1].state != LEDGER_COPY_GOOD)
        return err_set(e, ERR_REFUSED, "the journal's copies differ: run groundwork repair");
    return 0;
}

int ledger_turn(struct ledger *l, const struct history_log *next, const struct key *seed, struct err *e)
{
    struct history_log *grown = reallocarray(l->logs.list, l->logs.count + 1, sizeof *grown);
    if (grown == NULL)
        return err_memory(e);
    l->logs.list = grown;
    l->turns = true;
    l->turn = *next;
    l->turn_seed = *seed;
    return 0;
}

/* The line of the log key that follows, behind that of the one before. */
static int sign_too(const struct ledger *l, const struct checkpoint *c, struct buf *note, struct err *e)
{
    OWN(buf_drop) struct buf other = {0};
    OWN(note_drop) struct note n = {0};
    int rc = checkpoint_sign(c, &l->turn.key, &l->turn_seed, &other, e);
    if (rc == 0)
        rc = note_parse(buf_bytes(&other), &n, e);
    if (rc == 0)
        note_line_put(&n.line[0], note);
    return rc;
}

/* ledger_turn has made the room. */
static void turn_now(struct ledger *l)
{
    l->logs.list[l->logs.count++] = l->turn;
    l->seed = l->turn_seed;
    key_drop(&l->turn_seed);
    l->turns = false;
}

int ledger_prepare(struct ledger *l, const struct ledger_record *draft, struct ledger_position *ret_position,
                   struct err *e)
{
    int rc = may_append(l, e);
    if (rc != 0)
        return rc;
    /* Two checkpoints of one size would be two histories: what was prepared is committed or nothing is. */
    if (l->prepared.n > 0)
        return err_set(e, ERR_REFUSED, "a record is prepared already");
    if (draft->number != l->position.records || draft->first_leaf != l->position.leaves)
        return err_set(e, ERR_USAGE, "record %llu with leaf %llu was drafted, but the journal goes on "
                                     "with record %llu and leaf %llu", LLU(draft->number), LLU(draft->first_leaf),
                       LLU(l->position.records), LLU(l->position.leaves));
    rc = ledger_record_check(draft, ERR_USAGE, e);
    if (rc == 0)
        rc = ledger_edge_need(l, e);
    if (rc != 0)
        return rc;

    struct tree_edge edge = l->edge;
    tree_edge_add_entries(&edge, draft->entries.p, LEDGER_ENTRY, LEDGER_ENTRY, draft->entries.n / LEDGER_ENTRY);
    struct checkpoint c = {.size = edge.size};
    const struct note_key *key = &l->logs.list[l->logs.count - 1].key;
    memcpy(c.origin, key->name, sizeof(c.origin));
    tree_edge_root(&edge, &c.root);
    OWN(buf_drop) struct buf note = {0};
    struct ledger_built record = {.bytes = l->prepared}; /* of the one before: the room, emptied */
    l->prepared = (struct buf){0};
    rc = checkpoint_sign(&c, key, &l->seed, &note, e);
    if (rc == 0 && l->turns)
        rc = sign_too(l, &c, &note, e);
    if (rc == 0)
        rc = buf_check(&note, e);
    struct ledger_record whole = *draft;
    whole.checkpoint = buf_bytes(&note);
    if (rc == 0)
        rc = ledger_record_build(&whole, &l->position.last, &l->seed, &record, e);
    if (rc != 0) {
        buf_drop(&record.bytes);
        return rc;
    }
    l->next = (struct ledger_position){
        .records = l->position.records + 1,
        .bytes = l->position.bytes + record.bytes.n,
        .last = record.hash,
        .leaves = c.size,
        .root = c.root,
    };
    l->next_edge = edge;
    buf_drop(&l->prepared_note);
    l->prepared = record.bytes;
    l->prepared_note = note;
    note = (struct buf){0};
    *ret_position = l->next;
    return 0;
}

/* One copy, opened to be appended to, and its size as it is found. */
struct appending {
    struct file_path path;
    int fd;
    struct bytes record;
    uint64_t at;
    bool written; /* something of the record may lie in it */
    int rc;       /* of what was done last, */
    struct err why;
};

static int append_begin(struct ledger *l, int copy, struct appending *a, struct err *e)
{
    uint64_t size;
    int rc = ledger_copy_path(l, copy, &a->path, e);
    if (rc != 0)
        return rc;
    a->fd = open(a->path.s, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (a->fd < 0)
        return err_os(e, ERR_IO, errno, "cannot open %s for writing", a->path.s);
    rc = file_size(a->fd, &size, a->path.s, e);
    if (rc == 0 && size != l->position.bytes)
        rc = err_set(e, ERR_DAMAGED, "%s changed since it was opened: nothing was added", a->path.s);
    return rc;
}

static void *append_write(void *appending)
{
    struct appending *a = appending;
    a->written = true;
    a->rc = file_write_at(a->fd, a->record.p, a->record.n, a->at, a->path.s, &a->why);
    return NULL;
}

/* Best effort: a tail that stays is found and judged at the next opening. */
static void append_undo(struct ledger *l, struct appending *a)
{
    if (a->written && ftruncate(a->fd, (off_t)l->position.bytes) == 0)
        (void)file_sync(a->fd, a->path.s, NULL);
}

static void *append_sync(void *appending)
{
    struct appending *a = appending;
    a->rc = file_sync(a->fd, a->path.s, &a->why);
    return NULL;
}

/* To both copies, at once where that is ${worth} a thread.  Without one to be had, one by one. */
static int append_each(struct appending a[2], void *(*one)(void *appending), bool worth, struct err *e)
{
    pthread_t thread;
    bool beside = worth && pthread_create(&thread, NULL, one, &a[1]) == 0;
    (void)one(&a[0]);
    if (beside)
        (void)pthread_join(thread, NULL);
    else
        (void)one(&a[1]);
    for (int copy = 0; copy < 2; copy++)
        if (a[copy].rc != 0)
            return err_set(e, a[copy].rc, "%s", a[copy].why.text);
    return 0;
}

/* After a failed sync nothing more is written, not even to take it back: the next opening judges what is there. */
static int append_both(struct ledger *l, struct appending a[2], struct err *e)
{
    enum { WRITE_BESIDE = 1 << 20 };
    int rc = 0;
    for (int copy = 0; rc == 0 && copy < 2; copy++) {
        a[copy].record = buf_bytes(&l->prepared);
        a[copy].at = l->position.bytes;
        rc = append_begin(l, copy, &a[copy], e);
    }
    if (rc == 0)
        rc = append_each(a, append_write, l->prepared.n >= WRITE_BESIDE, e);
    for (int copy = 0; rc != 0 && copy < 2; copy++)
        append_undo(l, &a[copy]);
    /* Two syncs of one disk at once cost little more than one. */
    return rc == 0 ? append_each(a, append_sync, true, e) : rc;
}

int ledger_commit(struct ledger *l, struct err *e)
{
    enum { ROOM_KEPT_MAX = 16 << 20 }; /* for the next record: fresh pages cost more than to fill them */
    int rc = may_append(l, e);
    if (rc != 0)
        return rc;
    assert(l->prepared.n > 0);
    struct appending a[2] = {{.fd = -1}, {.fd = -1}};
    rc = append_both(l, a, e);
    for (int copy = 0; copy < 2; copy++) {
        if (rc == 0) {
            fd_drop(&l->copy[copy].fd);
            l->copy[copy].fd = TAKE_FD(a[copy].fd);
            l->copy[copy].size = l->copy[copy].good = l->next.bytes;
        }
        fd_drop(&a[copy].fd);
    }
    if (rc != 0) {
        l->spoiled = true;
        return rc;
    }
    if (l->turns)
        turn_now(l);
    l->position = l->next;
    l->edge = l->next_edge;
    l->settled = l->position.bytes;
    buf_drop(&l->note);
    l->note = l->prepared_note;
    l->prepared_note = (struct buf){0};
    if (l->prepared.room > ROOM_KEPT_MAX)
        buf_drop(&l->prepared);
    else
        buf_clear(&l->prepared);
    return 0;
}
