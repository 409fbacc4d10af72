/*
 * Everything the ledger has, against everything it must be.  Never writes.
 *
 * What an interrupted program leaves is no fault: in a copy, a beginning of what the other has, from where the outside
 * state stops; behind the end of the journal, the beginning of a next record; a public log that is one record behind,
 * or more, but not behind what the outside state calls committed.
 */
#include "ledger/ledger_internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

enum { LOG_DEPTH_MAX = 12 };

struct check {
    struct ledger *l;
    void (*finding)(void *context, const char *line);
    void *context;
    uint64_t faults;
    bool outrun; /* a writer was at work meanwhile: what was seen need not fit together */
    uint64_t published; /* leaves under log/checkpoint */
    struct buf bytes[2];
    struct ledger_tiles *tiles;
};

static void tell(struct check *k, const struct err *line)
{
    k->outrun = k->outrun || ledger_outrun(k->l);
    if (k->outrun)
        return;
    k->faults++;
    k->finding(k->context, line->text);
}

static void check_drop(struct check *k)
{
    buf_drop(&k->bytes[0]);
    buf_drop(&k->bytes[1]);
    free(k->tiles);
}

/* ---- the journal ---- */

/*
 * Is what this copy has from ${at} on, instead of the ${bytes} of the other one, an interrupted write?  Behind what the
 * outside state calls committed it may be anything: a page that never reached the disk reads as zeros or as old bytes.
 */
static bool interrupted(const struct check *k, int copy, uint64_t at, size_t bytes)
{
    const struct ledger_copy *c = &k->l->copy[copy];
    return c->fd >= 0 && at >= k->l->settled && c->size <= at + bytes;
}

/* Is the second copy's record byte for byte the first's? */
static bool same_bytes(struct check *k, int copy, uint64_t at, struct bytes good)
{
    struct buf *b = &k->bytes[copy];
    buf_clear(b);
    uint8_t *to = buf_more(b, good.n);
    return to != NULL && k->l->copy[copy].fd >= 0 &&
           file_read_at(k->l->copy[copy].fd, to, good.n, at, "journal", NULL) == 0 &&
           memcmp(to, good.p, good.n) == 0;
}

static int load_next(struct check *k, int copy, const struct ledger_position *at, struct ledger_parsed *ret,
                     struct err *e)
{
    int rc = ledger_record_load(k->l, copy, at->bytes, &k->bytes[copy], ret, e);
    return rc == 0 ? ledger_record_follows(ret, at, e) : rc;
}

/* It says nothing of the copy that there was no memory to read it. */
static int lacking(const struct err *why, struct err *e)
{
    return why->code != 0 && err_is_scarce(why) ? err_set(e, ERR_IO, "%s", why->text) : 0;
}

static void tell_record(struct check *k, int copy, uint64_t number, const struct err *why)
{
    struct err line = *why;
    (void)err_add(&line, ERR_DAMAGED, "journal %c, record %llu", ledger_copy_letter(copy), LLU(number));
    tell(k, &line);
}

/* The next record from either copy; each copy that does not have it is told of. */
static int next_record(struct check *k, const struct ledger_position *at, struct ledger_parsed *ret, struct err *e)
{
    struct err why[2] = {{0}, {0}};
    struct ledger_parsed p;
    int good = 0, rc;
    if (load_next(k, 0, at, ret, &why[0]) != 0) {
        if ((rc = lacking(&why[0], e)) != 0)
            return rc;
        if (load_next(k, 1, at, ret, &why[1]) != 0) {
            if ((rc = lacking(&why[1], e)) != 0)
                return rc;
            tell_record(k, 0, at->records, &why[0]);
            tell_record(k, 1, at->records, &why[1]);
            return err_set(e, ERR_DAMAGED, "record %llu is bad in both copies", LLU(at->records));
        }
        good = 1;
    }
    int other = 1 - good;
    if (good == 0 && !same_bytes(k, 1, at->bytes, ret->all) && load_next(k, 1, at, &p, &why[1]) == 0 &&
        !bytes_equal(p.all, ret->all))
        (void)err_set(&why[1], ERR_DAMAGED, "the log key signed two different records");
    if (why[other].code == 0)
        return 0;
    rc = lacking(&why[other], e);
    /* What an interrupted write leaves can be read. */
    if (rc == 0 && (why[other].code == ERR_IO || !interrupted(k, other, at->bytes, ret->all.n)))
        tell_record(k, other, at->records, &why[other]);
    return rc;
}

/* Bytes behind the end, when no write of ours can have begun with them. */
static void check_tail(struct check *k, int copy)
{
    const struct ledger *l = k->l;
    const struct ledger_copy *c = &l->copy[copy];
    uint8_t head[LEDGER_HEAD] = {0}, expect[LEDGER_HEAD] = {0};
    static const uint8_t zeros[LEDGER_HEAD];
    if (c->fd < 0 || c->size <= l->position.bytes)
        return;
    uint64_t tail = c->size - l->position.bytes;
    size_t n = tail < LEDGER_HEAD ? (size_t)tail : LEDGER_HEAD;
    bool read = file_read_at(c->fd, head, n, l->position.bytes, "journal", NULL) == 0;
    memcpy(expect, "GWRECORD", 8);
    memcpy(expect + 8, head + 8, 8);   /* any length */
    u64_put(expect + 16, l->position.records);
    u64_put(expect + 24, l->position.leaves);
    memcpy(expect + 32, head + 32, 8); /* any number of leaves */
    memcpy(expect + 40, l->position.last.b, CRYPT_HASH);
    /* A page that never reached the disk reads as zeros. */
    if (l->pending || (read && (memcmp(head, expect, n) == 0 || memcmp(head, zeros, n) == 0)))
        return;
    struct err line;
    (void)err_set(&line, ERR_DAMAGED, "journal %c: %llu bytes behind the last record are not the beginning of "
                                      "another", ledger_copy_letter(copy), LLU(tail));
    tell(k, &line);
}

static void check_headers(struct check *k)
{
    struct err line;
    for (int copy = 0; copy < 2; copy++) {
        const struct ledger_copy *c = &k->l->copy[copy];
        if (c->fd < 0 && c->number != 0)
            (void)err_os(&line, ERR_DAMAGED, c->number, "cannot open %s", copy == 0 ? "a/journal" : "b/journal");
        else if (c->fd < 0)
            (void)err_set(&line, ERR_DAMAGED, "journal %c is missing", ledger_copy_letter(copy));
        else if (c->number != 0)
            (void)err_os(&line, ERR_DAMAGED, c->number, "cannot read %s", copy == 0 ? "a/journal" : "b/journal");
        else if (c->header_bad)
            (void)err_set(&line, ERR_DAMAGED, "journal %c: its header is damaged", ledger_copy_letter(copy));
        else
            continue;
        tell(k, &line);
    }
}

/* ---- the public log ---- */

static bool file_is(const struct ledger *l, const char *name, struct bytes content, bool *ret_there)
{
    OWN(buf_drop) struct buf b = {0};
    struct file_path path;
    int rc = file_path(&path, NULL, "%s/log/%s", l->root, name);
    if (rc == 0)
        rc = file_read_all(path.s, content.n, &b, NULL);
    *ret_there = rc != ERR_ABSENT;
    return rc == 0 && bytes_equal(buf_bytes(&b), content);
}

/* A publication that did not come to its end: always by one record; by more only behind what is called committed. */
static bool may_be_shown(const struct ledger *l, const struct ledger_mark *m, unsigned back)
{
    return back <= 1 || !l->committed_known || m->at >= l->settled;
}

/* Is it the checkpoint of the record before this border that is shown? */
static bool shown_at(struct check *k, const struct ledger_mark *m)
{
    struct ledger_mark before = *m;
    struct ledger_parsed p;
    bool there;
    return ledger_mark_back(k->l, &before) &&
           ledger_record_good(k->l, before.at, before.records, NULL, &k->bytes[0], &p, NULL) == 0 &&
           file_is(k->l, "checkpoint", p.record.checkpoint, &there);
}

/* Which checkpoint is shown?  The last record's, or after an interrupted publication one before it. */
static void find_published(struct check *k)
{
    struct ledger *l = k->l;
    struct ledger_mark m = {l->position.bytes, l->position.records, l->position.leaves};
    struct err line;
    bool there;
    k->published = l->position.leaves;
    if (l->position.records == 0 || file_is(l, "checkpoint", buf_bytes(&l->note), &there))
        return;
    for (unsigned back = 1; back <= LEDGER_BEHIND_MAX && ledger_mark_back(l, &m) && may_be_shown(l, &m, back); back++)
        if (m.records == 0 ? !there : shown_at(k, &m)) {
            k->published = m.leaves;
            return;
        }
    if (file_is(l, "checkpoint", buf_bytes(&l->note), &there))
        return; /* published while it was looked for, by a writer that had it to do */
    if (there)
        (void)err_set(&line, ERR_DAMAGED, "log/checkpoint is not the checkpoint of the journal's last record");
    else
        (void)err_set(&line, ERR_DAMAGED, "log/checkpoint is missing");
    tell(k, &line);
}

/* A full one that is not published may have been cut off while it was written: then it does not count. */
static int check_tile(void *context, int level, uint64_t n, unsigned width, struct bytes content, struct err *e)
{
    (void)e;
    struct check *k = context;
    const unsigned older = ledger_tile_width(level, n, k->published);
    const unsigned widths[2] = {width, older};
    const int count = older != width && older > 0 ? 2 : 1;
    struct err line;
    bool any = false;
    /* Twice, if need be: between two looks a writer may have put the wider file in the narrower one's place. */
    for (int i = 0; i < count || (!any && older > 0 && i < 2 * count); i++) {
        char name[TREE_TILE_PATH_MAX];
        bool there;
        tree_tile_path(level, n, widths[i % count], name);
        bool right = file_is(k->l, name, bytes_of(content.p, ledger_tile_bytes(level, widths[i % count])), &there);
        bool counts = right || widths[i % count] == older || widths[i % count] != TREE_TILE_WIDTH;
        any |= there && counts;
        if (there && !right && counts) {
            (void)err_set(&line, ERR_DAMAGED, "log/%s is damaged", name);
            tell(k, &line);
        }
    }
    if (!any && older > 0) {
        char name[TREE_TILE_PATH_MAX];
        tree_tile_path(level, n, older, name);
        (void)err_set(&line, ERR_DAMAGED, "log/%s is missing", name);
        tell(k, &line);
    }
    return 0;
}

/* ---- files that must not be there ---- */

struct look {
    const struct ledger *l;
    uint64_t published;
    int (*each)(void *context, const char *path, struct err *e);
    void *context;
};

static bool belongs(const struct look *k, const char *name)
{
    bool whole = k->published == k->l->position.leaves;
    int level;
    uint64_t n;
    unsigned width;
    if (strcmp(name, "checkpoint") == 0)
        return k->l->position.records > 0;
    if (strcmp(name, LEDGER_COSIGNED) == 0)
        return true; /* its content is told by statements, which are another room's */
    if (ledger_is_draft(name))
        return !whole; /* a publication was interrupted */
    if (!ledger_tile_name_parse(name, &level, &n, &width))
        return false;
    return width == ledger_tile_width(level, n, k->l->position.leaves) ||
           width == ledger_tile_width(level, n, k->published);
}

/* ${name} is the folder's place under log/, with a slash at its end, or empty. */
static int look_into(const struct look *k, const char *name, unsigned depth, struct err *e)
{
    struct file_path folder, path, inner;
    int rc = file_path(&folder, e, "%s/log/%s", k->l->root, name);
    if (rc != 0)
        return rc;
    OWN(dir_drop) DIR *dir = opendir(folder.s);
    if (dir == NULL)
        return errno == ENOENT ? 0 : err_os(e, ERR_IO, errno, "cannot open the folder %s", folder.s);
    for (struct dirent *d; rc == 0 && (d = readdir(dir)) != NULL;) {
        struct stat status;
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        rc = file_path(&path, e, "%s%s", folder.s, d->d_name);
        if (rc == 0)
            rc = file_path(&inner, e, "%s%s", name, d->d_name);
        if (rc != 0)
            break;
        bool known = fstatat(dirfd(dir), d->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0;
        if (known && S_ISDIR(status.st_mode) && depth < LOG_DEPTH_MAX) {
            size_t used = strlen(inner.s);
            rc = file_path(&path, e, "%.*s/", (int)used, inner.s);
            if (rc == 0)
                rc = look_into(k, path.s, depth + 1, e);
        } else if (!known || !S_ISREG(status.st_mode) || !belongs(k, inner.s)) {
            rc = k->each(k->context, path.s, e);
        }
    }
    return rc;
}

static int look_beside(const struct look *k, int copy, struct err *e)
{
    static const char own[] = "journal";
    struct file_path folder, path;
    int rc = file_path(&folder, e, "%s/%c", k->l->root, ledger_copy_letter(copy));
    if (rc != 0)
        return rc;
    OWN(dir_drop) DIR *dir = opendir(folder.s);
    if (dir == NULL)
        return errno == ENOENT ? 0 : err_os(e, ERR_IO, errno, "cannot open the folder %s", folder.s);
    for (struct dirent *d; rc == 0 && (d = readdir(dir)) != NULL;) {
        if (strncmp(d->d_name, own, sizeof(own) - 1) != 0 || strcmp(d->d_name, own) == 0)
            continue;
        rc = file_path(&path, e, "%s/%s", folder.s, d->d_name);
        if (rc == 0)
            rc = k->each(k->context, path.s, e);
    }
    return rc;
}

int ledger_strays(struct ledger *l, uint64_t published, int (*each)(void *context, const char *path, struct err *e),
                  void *context, struct err *e)
{
    const struct look k = {l, published, each, context};
    int rc = look_beside(&k, 0, e);
    if (rc == 0)
        rc = look_beside(&k, 1, e);
    return rc == 0 ? look_into(&k, "", 0, e) : rc;
}

static int tell_stray(void *context, const char *path, struct err *e)
{
    (void)e;
    struct err line;
    (void)err_set(&line, ERR_DAMAGED, "%s does not belong there", path);
    tell(context, &line);
    return 0;
}

/* ---- all of it ---- */

static int check_records(struct check *k, int (*each)(void *context, const struct ledger_record *record, struct err *e),
                         void *context, struct err *e)
{
    const struct ledger_tile_sink sink = {check_tile, k};
    struct ledger_position at;
    ledger_position_begin(&at);
    ledger_tiles_begin(k->tiles);
    while (at.records < k->l->position.records) {
        struct ledger_parsed p;
        struct hash root;
        int rc = next_record(k, &at, &p, e);
        if (rc == 0)
            rc = ledger_tiles_add(k->tiles, p.record.entries, &sink, e);
        if (rc != 0)
            return rc;
        tree_edge_root(&k->tiles->edge, &root);
        if (!hash_equal(&root, &p.root)) {
            struct err line;
            (void)err_set(&line, ERR_DAMAGED, "record %llu: its checkpoint does not have the root of the leaves",
                          LLU(at.records));
            tell(k, &line);
        }
        rc = each == NULL ? 0 : each(context, &p.record, e);
        if (rc != 0)
            return rc;
        ledger_position_after(&p, at.bytes, &at);
    }
    check_tail(k, 0);
    check_tail(k, 1);
    return ledger_tiles_end(k->tiles, &sink, e);
}

int ledger_check(struct ledger *l, void (*finding)(void *context, const char *line),
                 int (*each)(void *context, const struct ledger_record *record, struct err *e), void *context,
                 struct err *e)
{
    OWN(check_drop) struct check k = {.l = l, .finding = finding, .context = context};
    k.tiles = calloc(1, sizeof(*k.tiles));
    if (k.tiles == NULL)
        return err_memory(e);
    check_headers(&k);
    find_published(&k);
    int rc = check_records(&k, each, context, e);
    if (rc != 0)
        return rc;
    rc = ledger_strays(l, k.published, tell_stray, &k, e);
    if (rc == 0 && k.outrun)
        rc = err_set(e, ERR_BUSY, "the journal grew while it was checked: check again when the other program has "
                                  "ended");
    if (rc == 0 && k.faults > 0)
        rc = err_set(e, ERR_DAMAGED, "the ledger is damaged: %llu faults; run groundwork repair", LLU(k.faults));
    return rc;
}
