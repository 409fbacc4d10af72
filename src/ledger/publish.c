/*
 * The public log on disk, brought up to the journal.  All of it is derived.
 *
 * Order: new tiles, durable before anything needs them; then the narrower ones they replace are removed;
 * log/checkpoint last.  A crash in between leaves the older checkpoint over tiles that still contain what it needs (a
 * narrower tile is a beginning of the wider one).  Files that were lost all the same, under a disk that does not keep
 * its word, are noticed by the first publication of the next process, which goes LEDGER_SETTLE_RECORDS records (or
 * LEDGER_SETTLE_LEAVES) back and compares.
 */
#include "ledger/ledger_internal.h"

#include <assert.h>

static int put_tile(void *context, int level, uint64_t n, unsigned width, struct bytes content, struct err *e)
{
    char name[TREE_TILE_PATH_MAX];
    tree_tile_path(level, n, width, name);
    return ledger_place(context, name, content, e);
}

/* ---- the journal's entries into a growing tree ---- */

bool ledger_mark_back(const struct ledger *l, struct ledger_mark *m)
{
    int first = ledger_prefer(l);
    for (int i = 0; i < 2; i++) {
        int copy = i == 0 ? first : 1 - first;
        uint8_t trailer[LEDGER_TRAILER];
        struct ledger_head head;
        if (m->records == 0 || l->copy[copy].fd < 0 ||
            file_read_at(l->copy[copy].fd, trailer, sizeof(trailer), m->at - LEDGER_TRAILER, "journal", NULL) != 0)
            continue;
        uint64_t total = ledger_trailer_parse(trailer);
        if (total != 0 && total <= m->at - LEDGER_HEADER && ledger_frame_at(l, copy, m->at - total, &head) &&
            head.bytes == total && head.number == m->records - 1 && head.first_leaf < m->leaves) {
            *m = (struct ledger_mark){m->at - total, head.number, head.first_leaf};
            return true;
        }
    }
    return false;
}

/*
 * Only the entries of each record, unverified: whoever calls compares the root at the end.  Reading nothing of the
 * sealed statements makes this a fraction of a walk.
 */
static int add_entries(const struct ledger *l, const struct ledger_mark *from, struct ledger_tiles *t,
                       const struct ledger_tile_sink *sink, struct err *e)
{
    OWN(buf_drop) struct buf bytes = {0};
    int copy = ledger_prefer(l);
    struct ledger_head head;
    for (uint64_t at = from->at; at < l->position.bytes; at += head.bytes) {
        if (!ledger_frame_at(l, copy, at, &head) || head.first_leaf != t->size)
            return err_set(e, ERR_DAMAGED, "the journal's frames do not lead to its last record");
        size_t n = ((size_t)head.hidden_count + head.public_count) * LEDGER_ENTRY;
        buf_clear(&bytes);
        uint8_t *to = buf_more(&bytes, n);
        int rc = to == NULL ? buf_check(&bytes, e)
                            : file_read_at(l->copy[copy].fd, to, n, at + LEDGER_HEAD + LEDGER_SECTION_HEAD, "journal",
                                           e);
        if (rc == 0)
            rc = ledger_tiles_add(t, buf_bytes(&bytes), sink, e);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int hold_to_root(const struct ledger *l, const struct ledger_tiles *t, struct err *e)
{
    struct hash root;
    tree_edge_root(&t->edge, &root);
    if (t->size != l->position.leaves || !hash_equal(&root, &l->position.root))
        return err_set(e, ERR_DAMAGED, "the entries of the journal do not have the root of its last checkpoint");
    return 0;
}

struct feed {
    struct ledger_tiles *tiles;
    const struct ledger_tile_sink *sink;
};

static int feed_record(void *context, const struct ledger_record *record, struct err *e)
{
    struct feed *f = context;
    return ledger_tiles_add(f->tiles, record->entries, f->sink, e);
}

/* From record 0, each record verified and taken from whichever copy has it whole. */
static int add_everything(struct ledger *l, struct ledger_tiles *t, const struct ledger_tile_sink *sink, struct err *e)
{
    struct feed f = {t, sink};
    ledger_tiles_begin(t);
    int rc = ledger_walk(l, -1, LEDGER_HEADER, 0, feed_record, &f, e);
    return rc == 0 ? hold_to_root(l, t, e) : rc;
}

/* Does log/checkpoint hold the checkpoint of the record before this border? */
static bool is_published(const struct ledger *l, const struct ledger_mark *m, struct hash *ret_root)
{
    OWN(buf_drop) struct buf bytes = {0}, note = {0};
    struct file_path path;
    struct ledger_parsed p;
    struct ledger_mark before = *m;
    if (file_path(&path, NULL, "%s/log/checkpoint", l->root) != 0 || !ledger_mark_back(l, &before) ||
        ledger_record_good(l, before.at, before.records, NULL, &bytes, &p, NULL) != 0)
        return false;
    *ret_root = p.root;
    return file_read_all(path.s, NOTE_BYTES_MAX, &note, NULL) == 0 &&
           bytes_equal(buf_bytes(&note), p.record.checkpoint);
}

bool ledger_shown(const struct ledger *l)
{
    OWN(buf_drop) struct buf note = {0};
    struct file_path path;
    return file_path(&path, NULL, "%s/log/checkpoint", l->root) == 0 &&
           file_read_all(path.s, NOTE_BYTES_MAX, &note, NULL) == 0 &&
           bytes_equal(buf_bytes(&note), buf_bytes(&l->note));
}

int ledger_behind(struct ledger *l, int (*each)(void *context, const struct ledger_record *record, struct err *e),
                  void *context, struct err *e)
{
    struct ledger_mark m = {l->position.bytes, l->position.records, l->position.leaves};
    struct hash root;
    bool stepped = !ledger_shown(l);
    for (unsigned i = 0; stepped && i < LEDGER_BEHIND_MAX && m.records > 0; i++) {
        stepped = ledger_mark_back(l, &m);
        if (stepped && is_published(l, &m, &root))
            break;
    }
    return m.at == l->position.bytes ? 0 : ledger_walk(l, -1, m.at, m.records, each, context, e);
}

/*
 * The newest border, at least ${back} records from the end, from which tiles can be continued: those under
 * log/checkpoint, or older.  Leaves the tree in *t; record 0 when nothing else is to be had.  The leaves under
 * log/checkpoint are returned; 0 when it is none of the last ones.
 */
static uint64_t begin_tiles(const struct ledger *l, unsigned back, struct ledger_mark *ret, struct ledger_tiles *t)
{
    struct ledger_mark m = {l->position.bytes, l->position.records, l->position.leaves};
    struct hash root;
    bool shown = false;
    /* A checkpoint that is further behind than this is not looked for: beginning at record 0 serves as well. */
    for (unsigned i = 0; !shown && i < LEDGER_SETTLE_RECORDS && m.records > 0; i++) {
        shown = is_published(l, &m, &root);
        if (!shown && !ledger_mark_back(l, &m))
            break;
    }
    bool stepped = true;
    const uint64_t leaves = shown ? m.leaves : 0;
    for (unsigned i = 0; shown && stepped && i < back && m.records > 0 &&
                         l->position.leaves - m.leaves < LEDGER_SETTLE_LEAVES; i++)
        stepped = ledger_mark_back(l, &m);
    if (shown && back > 0) {
        OWN(buf_drop) struct buf bytes = {0};
        struct ledger_parsed p;
        struct ledger_mark before = m;
        shown = stepped && m.records > 0 && ledger_mark_back(l, &before) &&
                ledger_record_good(l, before.at, before.records, NULL, &bytes, &p, NULL) == 0;
        if (shown)
            root = p.root;
    }
    if (shown && m.records > 0 && ledger_tiles_load(l->root, m.leaves, &root, t, NULL) == 0) {
        *ret = m;
        return leaves;
    }
    *ret = (struct ledger_mark){LEDGER_HEADER, 0, 0};
    ledger_tiles_begin(t);
    return leaves;
}

int ledger_edge_need(struct ledger *l, struct err *e)
{
    if (l->edge_known)
        return 0;
    OWN(mem_drop) struct ledger_tiles *t = calloc(1, sizeof(*t));
    if (t == NULL)
        return err_memory(e);
    struct ledger_mark from;
    (void)begin_tiles(l, 0, &from, t);
    int rc = add_entries(l, &from, t, NULL, NULL);
    if (rc == 0)
        rc = hold_to_root(l, t, NULL);
    if (rc != 0)
        rc = add_everything(l, t, NULL, e);
    if (rc != 0)
        return rc;
    l->edge = t->edge;
    l->edge_known = true;
    return 0;
}

static int finish(struct ledger *l, struct ledger_placing *placing, const struct ledger_tile_sink *sink, struct err *e)
{
    int rc = ledger_tiles_end(l->tiles, sink, e);
    if (rc == 0)
        rc = ledger_place_all(placing, e);
    if (rc == 0)
        rc = ledger_place(placing, "checkpoint", buf_bytes(&l->note), e);
    if (rc == 0)
        rc = ledger_place_all(placing, e);
    if (rc != 0)
        return rc;
    l->published = (struct ledger_mark){l->position.bytes, l->position.records, l->position.leaves};
    l->edge = l->tiles->edge;
    l->edge_known = true;
    return 0;
}

static int tiles_need(struct ledger *l, struct err *e)
{
    l->tiles = l->tiles != NULL ? l->tiles : calloc(1, sizeof(*l->tiles));
    return l->tiles != NULL ? 0 : err_memory(e);
}

int ledger_rebuild(struct ledger *l, uint64_t *ret_anew, struct err *e)
{
    OWN(ledger_placing_drop) struct ledger_placing placing = {.root = l->root};
    const struct ledger_tile_sink sink = {put_tile, &placing};
    if (l->position.records == 0)
        return 0;
    placing.shown = ledger_shown(l) ? l->position.leaves : 0;
    int rc = tiles_need(l, e);
    if (rc == 0)
        rc = ledger_drafts_sweep(l->root, e);
    if (rc == 0)
        rc = add_everything(l, l->tiles, &sink, e);
    if (rc == 0)
        rc = finish(l, &placing, &sink, e);
    if (rc == 0 && ret_anew != NULL)
        *ret_anew = placing.anew;
    if (rc == 0)
        return 0;
    free(TAKE(l->tiles));
    return rc;
}

int ledger_publish(struct ledger *l, struct err *e)
{
    OWN(ledger_placing_drop) struct ledger_placing placing = {.root = l->root};
    const struct ledger_tile_sink sink = {put_tile, &placing};
    if (l->position.records == 0 || (l->tiles != NULL && l->published.at == l->position.bytes))
        return 0;
    bool first = l->tiles == NULL;
    int rc = tiles_need(l, e);
    if (rc == 0 && first)
        rc = ledger_drafts_sweep(l->root, e);
    if (rc != 0)
        return rc;
    if (first)
        placing.shown = begin_tiles(l, LEDGER_SETTLE_RECORDS, &l->published, l->tiles);
    placing.goes_on = !first;
    placing.before = l->published.leaves;
    rc = add_entries(l, &l->published, l->tiles, &sink, e);
    if (rc == 0)
        rc = hold_to_root(l, l->tiles, e);
    if (rc == ERR_DAMAGED) {
        ledger_placing_drop(&placing);
        return ledger_rebuild(l, NULL, e);
    }
    if (rc == 0)
        rc = finish(l, &placing, &sink, e);
    if (rc != 0)
        free(TAKE(l->tiles)); /* half a publication: the next one begins by looking at the files again */
    return rc;
}

int ledger_publish_cosigned(struct ledger *l, struct bytes note, struct err *e)
{
    OWN(ledger_placing_drop) struct ledger_placing placing = {.root = l->root};
    struct file_path path;
    int rc = file_path(&path, e, "%s/log/%s", l->root, LEDGER_COSIGNED);
    if (rc == 0 && note.n == 0)
        return file_remove(path.s, e);
    if (rc == 0)
        rc = ledger_place(&placing, LEDGER_COSIGNED, note, e);
    return rc == 0 ? ledger_place_all(&placing, e) : rc;
}
