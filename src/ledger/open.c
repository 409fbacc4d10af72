/*
 * Finding where the journal ends.
 *
 * FORMAT 3.4  Crash states.  `committed` is what the outside state remembers (none: the journal's own end is taken);
 * each copy is looked at by itself, from the end of `committed` on.
 *
 *     a copy, seen from `committed`                      state      the copy counts
 *     ------------------------------------------------   --------   ---------------------------------------------
 *     ends at it, and its record is the remembered one   GOOD       as it is
 *     has whole further records                          GOOD       with them: the log key signed them
 *     ... or fewer of them than the other copy           SHORT      up to its last; the rest is copied from the other
 *     ... and then bytes that are no whole record        BAD_TAIL   up to its last whole record
 *     ends before it                                     SHORT      if its own last record is one of the other copy's,
 *                                                                   else BAD
 *     has another record there, or a damaged one         BAD_TAIL   if records before it are the other copy's, else BAD
 *     header damaged, unreadable or of another copy      BAD        by its records, which are signed; made anew
 *     a file that cannot be opened                       BAD        not at all: made anew
 *     no file                                            ABSENT     not at all: made anew
 *
 *     the two together                                   the journal stands
 *     ------------------------------------------------   ----------------------------------------------------------
 *     one or both have `committed`                       behind the last whole further record of either
 *     neither has it                                     nowhere: ERR_DAMAGED (older, of another log, or damaged)
 *     both have different further records                nowhere: ERR_DAMAGED, the log key signed two histories
 *     bad bytes behind the end, and a whole record
 *     of this log somewhere in or behind them            nowhere: ERR_DAMAGED, no interrupted write leaves that
 *     bad bytes behind the end, nothing else             at the end; they are an uncommitted tail and moved aside
 *     bytes behind the end of one that nobody can read   as bad ones where the other ends there; else ERR_IO
 *
 *     `pending`, the record the outside state saw begun  changes
 *     ------------------------------------------------   ----------------------------------------------------------
 *     is one of the whole further records                nothing but opening.pending_found: it is committed
 *     is not (or there is none)                          nothing: a whole further record was signed by the log key,
 *                                                        on this machine or on another that carried the repository
 *     a tail is moved aside                              the words: an interrupted write explains it, or nothing does
 *
 * A checkpoint counts as given to the world when it is published, which is after the commit.  So the checkpoint that
 * may lie inside an uncommitted tail contradicts none.
 */
#include "ledger/ledger_internal.h"

#include <assert.h>

char ledger_copy_letter(int copy)
{
    assert(copy == 0 || copy == 1);
    return copy == 0 ? 'a' : 'b';
}

int ledger_copy_path(const struct ledger *l, int copy, struct file_path *to, struct err *e)
{
    return file_path(to, e, "%s/%c/journal", l->root, ledger_copy_letter(copy));
}

static const char *copy_name(int copy)
{
    return copy == 0 ? "a/journal" : "b/journal";
}

int ledger_prefer(const struct ledger *l)
{
    if (l->copy[0].fd < 0)
        return 1;
    return l->copy[0].state == LEDGER_COPY_GOOD || l->copy[1].state != LEDGER_COPY_GOOD ? 0 : 1;
}

/* ERR_IO: a disk that does not read is no damaged journal. */
static int frame_read(const struct ledger *l, int copy, uint64_t at, struct ledger_head *ret, struct err *e)
{
    const struct ledger_copy *c = &l->copy[copy];
    const char *name = copy_name(copy);
    uint8_t head[LEDGER_HEAD], trailer[LEDGER_TRAILER];
    if (c->fd < 0 && c->number != 0)
        return err_os(e, ERR_IO, c->number, "cannot open %s", name);
    int rc = c->fd < 0 ? ERR_ABSENT : at > c->size ? ERR_DAMAGED : 0;
    if (rc == 0)
        rc = file_read_at(c->fd, head, sizeof(head), at, name, e);
    if (rc == 0 && (!ledger_head_parse(head, ret) || ret->bytes > c->size - at))
        rc = ERR_DAMAGED;
    if (rc == 0)
        rc = file_read_at(c->fd, trailer, sizeof(trailer), at + ret->bytes - LEDGER_TRAILER, name, e);
    if (rc == 0 && ledger_trailer_parse(trailer) != ret->bytes)
        rc = ERR_DAMAGED;
    return rc == 0 || rc == ERR_IO ? rc : err_set(e, rc, "there is no whole record");
}

bool ledger_frame_at(const struct ledger *l, int copy, uint64_t at, struct ledger_head *ret)
{
    return frame_read(l, copy, at, ret, NULL) == 0;
}

int ledger_record_load(const struct ledger *l, int copy, uint64_t at, struct buf *bytes, struct ledger_parsed *ret,
                       struct err *e)
{
    const struct ledger_copy *c = &l->copy[copy];
    struct ledger_head head;
    int rc = frame_read(l, copy, at, &head, e);
    if (rc == 0) {
        buf_clear(bytes);
        uint8_t *to = buf_more(bytes, (size_t)head.bytes);
        rc = to == NULL ? buf_check(bytes, e) : file_read_at(c->fd, to, (size_t)head.bytes, at, copy_name(copy), e);
        if (rc == 0)
            rc = ledger_record_parse(buf_bytes(bytes), ret, e);
        if (rc == 0)
            rc = ledger_record_verify(ret, &l->logs, e);
    }
    ret->record.at = at;
    return rc == 0 ? 0 : err_add(e, rc, "%s at byte %llu", copy_name(copy), LLU(at));
}

static int load_that_follows(const struct ledger *l, int copy, uint64_t at, uint64_t number,
                             const struct ledger_position *before, struct buf *bytes, struct ledger_parsed *ret,
                             struct err *e)
{
    int rc = ledger_record_load(l, copy, at, bytes, ret, e);
    if (rc == 0 && ret->record.number != number)
        rc = err_set(e, ERR_DAMAGED, "%s at byte %llu: record %llu lies where %llu must be",
                     copy_name(copy), LLU(at), LLU(ret->record.number), LLU(number));
    if (rc == 0 && before != NULL && ledger_record_follows(ret, before, e) != 0)
        rc = err_add(e, ERR_DAMAGED, "%s at byte %llu", copy_name(copy), LLU(at));
    return rc;
}

int ledger_record_good(const struct ledger *l, uint64_t at, uint64_t number, const struct ledger_position *before,
                       struct buf *bytes, struct ledger_parsed *ret, struct err *e)
{
    int first = ledger_prefer(l);
    int rc = load_that_follows(l, first, at, number, before, bytes, ret, e);
    if (rc == 0 || load_that_follows(l, 1 - first, at, number, before, bytes, ret, NULL) == 0)
        return 0;
    return err_add(e, rc, "record %llu is bad in both copies", LLU(number));
}

/* ---- one copy ---- */

/* What the disk does not give of one copy, the other has. */
static int open_copy(struct ledger *l, int copy, struct err *e)
{
    struct ledger_copy *c = &l->copy[copy];
    struct file_path path;
    struct err mine = {0};
    uint8_t header[LEDGER_HEADER];
    int rc = ledger_copy_path(l, copy, &path, e);
    if (rc != 0)
        return rc;
    rc = file_open_read(path.s, &c->fd, &mine);
    if (rc == ERR_ABSENT || rc == ERR_DAMAGED) {
        c->state = LEDGER_COPY_ABSENT; /* a pipe in its place holds nothing of it */
        return 0;
    }
    c->state = LEDGER_COPY_BAD; /* until its end has been found */
    if (rc == 0 && (rc = file_size(c->fd, &c->size, path.s, &mine)) != 0)
        fd_drop(&c->fd); /* nobody knows how much of it there is to be kept */
    if (rc == 0)
        rc = file_read_at(c->fd, header, sizeof(header), 0, path.s, &mine);
    if (rc == 0)
        rc = ledger_header_check(header, (unsigned)copy, &mine);
    c->header_bad = rc != 0;
    c->number = rc == ERR_IO ? mine.number : 0;
    if (rc == 0 || rc == ERR_DAMAGED || (rc == ERR_IO && !err_is_scarce(&mine)))
        return 0;
    (void)err_set(e, rc, "%s", mine.text);
    return err_add(e, rc, "journal %c", ledger_copy_letter(copy));
}

static int open_copies(struct ledger *l, struct err *e)
{
    struct file_path path;
    int rc = open_copy(l, 0, e);
    if (rc == 0)
        rc = open_copy(l, 1, e);
    if (rc != 0 || l->copy[0].fd >= 0 || l->copy[1].fd >= 0)
        return rc;
    for (int copy = 0; copy < 2; copy++)
        if (l->copy[copy].number != 0) {
            rc = ledger_copy_path(l, copy, &path, e);
            return rc != 0 ? rc : err_os(e, ERR_IO, l->copy[copy].number, "cannot open %s", path.s);
        }
    return err_set(e, ERR_ABSENT, "%s has no journal: neither a/journal nor b/journal is there", l->root);
}

/* Records are believed by their own signatures, whatever the header is like. */
static bool usable(const struct ledger_copy *c)
{
    return c->fd >= 0 && c->size >= LEDGER_HEADER;
}

/* The length of the record that ends at ${end}, by its trailer; 0 when there is none. */
static uint64_t length_before(const struct ledger *l, int copy, uint64_t end)
{
    uint8_t trailer[LEDGER_TRAILER];
    if (end < LEDGER_HEADER + LEDGER_RECORD_MIN || end > l->copy[copy].size ||
        file_read_at(l->copy[copy].fd, trailer, sizeof(trailer), end - LEDGER_TRAILER, copy_name(copy), NULL) != 0)
        return 0;
    uint64_t total = ledger_trailer_parse(trailer);
    return total <= end - LEDGER_HEADER ? total : 0;
}

/* Does the record that ends at ${end} in this copy leave the journal at a position?  64 is where the first begins.
 * ${bytes} holds the record then, and *ret_note lies in it; it may be NULL. */
static bool position_at(const struct ledger *l, int copy, uint64_t end, struct buf *bytes, struct ledger_position *ret,
                        struct bytes *ret_note)
{
    const struct ledger_copy *c = &l->copy[copy];
    struct ledger_parsed p = {.record.checkpoint = {NULL, 0}};
    if (end == LEDGER_HEADER) {
        ledger_position_begin(ret);
    } else {
        uint64_t total = length_before(l, copy, end);
        if (total == 0 || ledger_record_load(l, copy, end - total, bytes, &p, NULL) != 0 || p.record.bytes != total)
            return false;
        ledger_position_after(&p, end - total, ret);
    }
    if (ret_note != NULL)
        *ret_note = p.record.checkpoint;
    return c->size >= end;
}

/*
 * Where this copy ends by itself: by its last trailer, or, when it has a tail, by going from frame to frame and then
 * back over what is framed but not valid.
 */
static void own_end(const struct ledger *l, int copy, struct buf *bytes, struct ledger_position *ret)
{
    if (position_at(l, copy, l->copy[copy].size, bytes, ret, NULL))
        return;
    uint64_t at = LEDGER_HEADER, number = 0;
    struct ledger_head head;
    while (ledger_frame_at(l, copy, at, &head) && head.number == number) {
        at += head.bytes;
        number++;
    }
    while (!position_at(l, copy, at, bytes, ret, NULL)) {
        uint64_t back = length_before(l, copy, at);
        at = back == 0 ? LEDGER_HEADER : at - back;
    }
}

static bool same_position(const struct ledger_position *a, const struct ledger_position *b)
{
    return a->records == b->records && a->bytes == b->bytes && a->leaves == b->leaves &&
           hash_equal(&a->last, &b->last) && hash_equal(&a->root, &b->root);
}

/* ---- both copies ---- */

/* The last checkpoint goes under every proof.  Lost memory is found when opening ends. */
static void keep_note(struct ledger *l, struct bytes note)
{
    buf_clear(&l->note);
    buf_put_bytes(&l->note, note);
}

static int two_histories(uint64_t number, struct err *e)
{
    return err_set(e, ERR_DAMAGED, "the log key signed two different records %llu, one in each copy of the journal: "
                                   "keep both files and ask who wrote them", LLU(number));
}

/* Can the disk give all of this copy?  What it does not give is no history. */
static int read_through(const struct ledger *l, int copy, struct buf *bytes, struct err *e)
{
    const struct ledger_copy *c = &l->copy[copy];
    buf_clear(bytes);
    uint8_t *block = buf_more(bytes, LEDGER_COPY_BLOCK);
    int rc = block == NULL ? buf_check(bytes, e) : 0;
    for (uint64_t at = 0; rc == 0 && at < c->size; at += LEDGER_COPY_BLOCK) {
        uint64_t left = c->size - at;
        rc = file_read_at(c->fd, block, left < LEDGER_COPY_BLOCK ? (size_t)left : LEDGER_COPY_BLOCK, at,
                          copy_name(copy), e);
    }
    return rc;
}

/* Neither copy holds what the outside state calls committed: say what it looks like. */
static int not_committed(const struct ledger *l, const struct ledger_position *committed, struct buf *bytes,
                         struct err *e)
{
    struct ledger_position own, best = {0};
    for (int copy = 0; copy < 2; copy++)
        if (l->copy[copy].fd < 0 && l->copy[copy].number != 0) {
            return err_os(e, ERR_IO, l->copy[copy].number, "cannot open %s", copy_name(copy));
        } else if (usable(&l->copy[copy])) {
            int rc = read_through(l, copy, bytes, e);
            if (rc != 0)
                return rc;
            own_end(l, copy, bytes, &own);
            best = own.bytes > best.bytes ? own : best;
        }
    if (best.bytes == 0)
        return err_set(e, ERR_DAMAGED, "both copies of the journal are damaged at their beginning: restore one of "
                                       "them from a mirror");
    bool ends = l->copy[0].size == best.bytes || l->copy[1].size == best.bytes;
    if (best.records == 0)
        return err_set(e, ERR_DAMAGED, "the journal has no record signed by the log key of %s, and %llu were "
                                       "committed: this is another or a damaged repository", l->logs.list[0].key.name,
                       LLU(committed->records));
    if (ends && best.records < committed->records)
        return err_set(e, ERR_DAMAGED, "the journal ends with %llu records, but %llu were committed: "
                                       "this looks like an older copy of the repository", LLU(best.records),
                       LLU(committed->records));
    if (ends)
        return err_set(e, ERR_DAMAGED, "the journal is whole but does not hold the %llu records that were "
                                       "committed here: its history was changed", LLU(committed->records));
    return err_set(e, ERR_DAMAGED, "both copies of the journal are damaged behind record %llu of %llu: restore one of "
                                   "them from a mirror", LLU(best.records), LLU(committed->records));
}

/* Without an outside state: is the journal ours, and do the copies tell one history? */
static int hold_own_ends(const struct ledger *l, const struct ledger_position own[2], struct buf *bytes, struct err *e)
{
    int longer = own[1].bytes > own[0].bytes ? 1 : 0;
    const struct ledger_position *most = &own[longer], *least = &own[1 - longer];
    struct ledger_position at;
    struct ledger_head head;
    if (most->bytes == 0)
        return err_set(e, ERR_DAMAGED, "both copies of the journal are damaged at their beginning: restore one of "
                                       "them from a mirror");
    for (int copy = 0; most->records == 0 && copy < 2; copy++)
        if (ledger_frame_at(l, copy, LEDGER_HEADER, &head))
            return err_set(e, ERR_DAMAGED, "the journal has no record signed by the log key of %s: this is another or "
                                           "a damaged repository", l->logs.list[0].key.name);
    if (least->records == 0)
        return 0;
    uint64_t end = most->bytes;
    for (uint64_t records = most->records; records > least->records; records--) {
        uint64_t back = length_before(l, longer, end);
        if (back == 0)
            return 0; /* damaged inside: the check tells */
        end -= back;
    }
    if (position_at(l, longer, end, bytes, &at, NULL) && at.records == least->records &&
        !hash_equal(&at.last, &least->last))
        return two_histories(at.records - 1, e);
    return 0;
}

/* Set the base from which records are counted on, and the copies that have it. */
static int find_base(struct ledger *l, const struct ledger_position *committed, struct buf *bytes, struct err *e)
{
    struct ledger_position own[2] = {0};
    if (committed == NULL) {
        for (int copy = 0; copy < 2; copy++)
            if (usable(&l->copy[copy]))
                own_end(l, copy, bytes, &own[copy]);
        committed = own[1].bytes > own[0].bytes ? &own[1] : &own[0];
        int rc = hold_own_ends(l, own, bytes, e);
        if (rc != 0)
            return rc;
    }
    l->position = *committed;
    bool any = false;
    for (int copy = 0; copy < 2; copy++) {
        struct ledger_copy *c = &l->copy[copy];
        struct ledger_position at;
        struct bytes note;
        if (usable(c) && position_at(l, copy, committed->bytes, bytes, &at, &note) && same_position(&at, committed)) {
            c->good = committed->bytes;
            any = true;
            keep_note(l, note);
        }
    }
    return any ? 0 : not_committed(l, committed, bytes, e);
}

/* Go on over whole further records, which need to be in one copy only. */
static int extend(struct ledger *l, const struct hash *pending, bool *pending_found, struct buf *bytes, struct err *e)
{
    for (;;) {
        struct ledger_parsed p;
        struct ledger_position next[2];
        bool has[2] = {false, false};
        for (int copy = 0; copy < 2; copy++) {
            struct ledger_copy *c = &l->copy[copy];
            has[copy] = usable(c) && load_that_follows(l, copy, l->position.bytes, l->position.records, &l->position,
                                                       bytes, &p, NULL) == 0;
            if (!has[copy])
                continue;
            ledger_position_after(&p, l->position.bytes, &next[copy]);
            keep_note(l, p.record.checkpoint);
        }
        if (!has[0] && !has[1])
            return 0;
        if (has[0] && has[1] && !same_position(&next[0], &next[1]))
            return two_histories(l->position.records, e);
        for (int copy = 0; copy < 2; copy++)
            if (has[copy] && l->copy[copy].good == l->position.bytes)
                l->copy[copy].good = next[copy].bytes;
        l->position = has[0] ? next[0] : next[1];
        if (pending != NULL && hash_equal(pending, &l->position.last))
            *pending_found = true;
    }
}

/* A copy that lost the base may still be a beginning of the journal: then only its end must be mended. */
static void find_beginning(struct ledger *l, int copy, struct buf *bytes)
{
    struct ledger_copy *c = &l->copy[copy];
    struct ledger_position own;
    struct ledger_parsed next;
    own_end(l, copy, bytes, &own);
    /* Whole records behind a damaged one prove nothing about it. */
    if (own.bytes < l->settled &&
        load_that_follows(l, 1 - copy, own.bytes, own.records, &own, bytes, &next, NULL) == 0)
        c->good = own.bytes;
}

/* A copy that the journal's end is the end of: what lies behind it in the other one was never called committed. */
static bool ends_there(const struct ledger *l, int copy)
{
    const struct ledger_copy *c = &l->copy[copy];
    return usable(c) && c->good == l->position.bytes && c->size == l->position.bytes;
}

/* A block of the tail, or what the disk gives of it where the other copy knows of no more. */
static int tail_read(const struct ledger *l, int copy, uint8_t *to, size_t n, uint64_t at, struct err *e)
{
    uint64_t lost = 0;
    return ends_there(l, 1 - copy) ? file_read_around(l->copy[copy].fd, to, n, at, copy_name(copy), &lost, e)
                                   : file_read_at(l->copy[copy].fd, to, n, at, copy_name(copy), e);
}

/* Is there a later whole record of this log anywhere from ${from} on? */
static int any_record_behind(const struct ledger *l, int copy, uint64_t from, struct buf *bytes, bool *ret,
                             struct err *e)
{
    static const char magic[] = "GWRECORD";
    enum { MAGIC = sizeof(magic) - 1 };
    const struct ledger_copy *c = &l->copy[copy];
    OWN(buf_drop) struct buf block = {0};
    struct ledger_head head;
    struct ledger_parsed p;
    *ret = false;
    for (uint64_t at = from; at < c->size; at += LEDGER_COPY_BLOCK) {
        uint64_t left = c->size - at;
        size_t n = left > LEDGER_COPY_BLOCK + MAGIC ? LEDGER_COPY_BLOCK + MAGIC : (size_t)left;
        buf_clear(&block);
        uint8_t *to = buf_more(&block, n);
        int rc = to == NULL ? buf_check(&block, e) : tail_read(l, copy, to, n, at, e);
        if (rc != 0)
            return rc;
        for (uint8_t *hit = to; (hit = memmem(hit, n - (size_t)(hit - to), magic, MAGIC)) != NULL; hit++) {
            uint64_t place = at + (uint64_t)(hit - to);
            if (ledger_frame_at(l, copy, place, &head) && head.number >= l->position.records &&
                ledger_record_load(l, copy, place, bytes, &p, NULL) == 0) {
                *ret = true;
                return 0;
            }
        }
    }
    return 0;
}

static int judge(struct ledger *l, struct buf *bytes, struct err *e)
{
    for (int copy = 0; copy < 2; copy++) {
        struct ledger_copy *c = &l->copy[copy];
        if (!usable(c))
            continue;
        if (c->good == 0)
            find_beginning(l, copy, bytes);
        bool behind = false;
        int rc = c->size <= l->position.bytes
                     ? 0
                     : any_record_behind(l, copy, l->position.bytes, bytes, &behind, e);
        if (rc != 0)
            return rc;
        if (behind)
            return err_set(e, ERR_DAMAGED, "record %llu of the journal is damaged and records of this log lie "
                                           "behind it: restore %s from a mirror", LLU(l->position.records),
                           copy_name(copy));
        if (c->good == 0 || c->header_bad)
            c->state = LEDGER_COPY_BAD;
        else if (c->size > c->good)
            c->state = LEDGER_COPY_BAD_TAIL;
        else
            c->state = c->good < l->position.bytes ? LEDGER_COPY_SHORT : LEDGER_COPY_GOOD;
    }
    return 0;
}

static int find_end(struct ledger *l, const struct ledger_position *committed, const struct hash *pending,
                    struct ledger_opening *opening, struct err *e)
{
    OWN(buf_drop) struct buf bytes = {0};
    int rc = find_base(l, committed, &bytes, e);
    uint64_t base = l->position.records;
    l->settled = l->position.bytes;
    l->committed_known = committed != NULL;
    l->pending = pending != NULL;
    if (rc == 0)
        rc = extend(l, pending, &opening->pending_found, &bytes, e);
    if (rc == 0)
        rc = judge(l, &bytes, e);
    if (rc == 0)
        rc = buf_check(&l->note, e);
    if (rc == 0)
        rc = buf_check(&bytes, e); /* for lack of memory records would have been passed over */
    if (rc != 0)
        return rc;
    opening->position = l->position;
    opening->committed_later = l->position.records - base;
    for (int copy = 0; copy < 2; copy++) {
        const struct ledger_copy *c = &l->copy[copy];
        opening->copy[copy] = c->state;
        opening->interrupted[copy] =
            (c->state == LEDGER_COPY_SHORT || c->state == LEDGER_COPY_BAD_TAIL) && c->good >= l->settled;
        opening->tail_bytes[copy] = c->state == LEDGER_COPY_BAD_TAIL ? c->size - c->good : 0;
    }
    return 0;
}

int ledger_open(const struct ledger_setup *setup, const struct ledger_position *committed, const struct hash *pending,
                struct ledger **ret, struct ledger_opening *opening, struct err *e)
{
    OWN(ledger_drop) struct ledger *l = calloc(1, sizeof(*l));
    if (l == NULL)
        return err_memory(e);
    l->root = setup->root;
    l->copy[0].fd = l->copy[1].fd = -1;
    const struct history_log only = {0, setup->log_key};
    const size_t count = setup->logs != NULL ? setup->logs->count : 1;
    l->logs.list = calloc(count, sizeof *l->logs.list);
    if (l->logs.list == NULL)
        return err_memory(e);
    memcpy(l->logs.list, setup->logs != NULL ? setup->logs->list : &only, count * sizeof only);
    l->logs.count = count;
    if (setup->seed != NULL) {
        uint8_t public_key[CRYPT_PUBLIC];
        l->seed = *setup->seed;
        l->writes = true;
        crypt_sign_public(&l->seed, public_key);
        if (memcmp(public_key, l->logs.list[count - 1].key.public_key, CRYPT_PUBLIC) != 0)
            return err_set(e, ERR_KEY, "the signing key given is not the log key of %s", l->logs.list[0].key.name);
    }
    int rc = open_copies(l, e);
    struct ledger_opening found = {0};
    if (rc == 0)
        rc = find_end(l, committed, pending, &found, e);
    if (rc != 0)
        return rc;
    *opening = found;
    *ret = TAKE(l);
    return 0;
}

void ledger_close(struct ledger *l)
{
    if (l == NULL)
        return;
    fd_drop(&l->copy[0].fd);
    fd_drop(&l->copy[1].fd);
    key_drop(&l->seed);
    key_drop(&l->turn_seed);
    free(l->logs.list);
    buf_drop(&l->note);
    buf_drop(&l->prepared);
    buf_drop(&l->prepared_note);
    free(l->tiles);
    free(l->shelf);
    free(l);
}

void ledger_drop(struct ledger **l)
{
    ledger_close(*l);
    *l = NULL;
}

void ledger_where(const struct ledger *l, struct ledger_position *ret)
{
    *ret = l->position;
}

bool ledger_stood(const struct ledger *l, uint64_t records, uint64_t bytes, const struct hash *last)
{
    OWN(buf_drop) struct buf b = {0};
    struct ledger_position at;
    for (int copy = 0; copy < 2 && bytes <= l->position.bytes; copy++)
        if (usable(&l->copy[copy]) && position_at(l, copy, bytes, &b, &at, NULL) && at.records == records &&
            hash_equal(&at.last, last))
            return true;
    return false;
}

bool ledger_outrun(const struct ledger *l)
{
    for (int copy = 0; copy < 2; copy++) {
        const struct ledger_copy *c = &l->copy[copy];
        uint64_t now;
        if (c->fd >= 0 && file_size(c->fd, &now, copy_name(copy), NULL) == 0 && now > c->size)
            return true;
    }
    return false;
}

int ledger_found(const char *root, struct err *e)
{
    struct file_path path[2];
    int rc = 0;
    for (int copy = 0; rc == 0 && copy < 2; copy++) {
        rc = file_path(&path[copy], e, "%s/%s", root, copy_name(copy));
        if (rc == 0 && file_exists(path[copy].s))
            rc = err_set(e, ERR_REFUSED, "%s is there already: this folder holds a repository", path[copy].s);
    }
    for (int copy = 0; rc == 0 && copy < 2; copy++) {
        struct file_path folder;
        uint8_t header[LEDGER_HEADER];
        ledger_header_make((unsigned)copy, header);
        rc = file_path(&folder, e, "%s/%c", root, ledger_copy_letter(copy));
        if (rc == 0)
            rc = file_make_folder(folder.s, e);
        if (rc == 0)
            rc = file_create(path[copy].s, bytes_of(header, sizeof(header)), 0600, e);
    }
    return rc;
}
