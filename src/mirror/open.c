/* A mirror as it lies there: whose it is, and how far its newest commit goes. */
#include "mirror/mirror_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

enum { HEAD_MAX = 4096, COMMIT_DIGITS = 9 };
static const char HEAD[] = "groundwork/mirror/v1\n";
static const char HEAD_ANY[] = "groundwork/mirror/v";
static const char SUFFIX[] = ".checkpoint";

/* ---- the head ---- */

void mirror_head(const struct hash *pin, const uint8_t id[MIRROR_ID], struct buf *to)
{
    buf_printf(to, "%spin ", HEAD);
    buf_put_hex(to, bytes_of(pin->b, CRYPT_HASH));
    buf_put_text(to, "\nid ");
    buf_put_hex(to, bytes_of(id, MIRROR_ID));
    buf_put_text(to, "\n");
}

static bool hex_line(struct cursor *c, const char *word, uint8_t *to, size_t n)
{
    struct bytes line = cursor_line(c);
    size_t length = strlen(word);
    return !c->failed && line.n == length + 2 * n && memcmp(line.p, word, length) == 0 &&
           hex_get(bytes_of(line.p + length, 2 * n), to, n) == 0;
}

int mirror_head_parse(struct bytes text, struct hash *ret_pin, uint8_t ret_id[MIRROR_ID], struct err *e)
{
    struct cursor c = cursor_of(text);
    struct hash pin;
    uint8_t id[MIRROR_ID];
    struct bytes first = cursor_line(&c);
    bool ours = !c.failed && first.n >= strlen(HEAD_ANY) && memcmp(first.p, HEAD_ANY, strlen(HEAD_ANY)) == 0;
    bool known = ours && first.n + 1 == strlen(HEAD) && memcmp(first.p, HEAD, first.n) == 0;
    if (ours && !known)
        return err_set(e, ERR_NEWER, "the mirror has a format that this program does not know: use a newer groundwork");
    if (!known || !hex_line(&c, "pin ", pin.b, CRYPT_HASH) || !hex_line(&c, "id ", id, MIRROR_ID) ||
        !cursor_done(&c))
        return err_set(e, ERR_DAMAGED, "the head of the mirror is damaged");
    *ret_pin = pin;
    memcpy(ret_id, id, MIRROR_ID);
    return 0;
}

static int head_read(struct mirror *m, struct hash *ret_pin, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    struct file_path path;
    int rc = file_path(&path, e, "%s/mirror", m->folder);
    if (rc == 0)
        rc = file_read_all(path.s, HEAD_MAX, &text, &m->head_fault);
    if (rc == 0)
        rc = mirror_head_parse(buf_bytes(&text), ret_pin, m->id, &m->head_fault);
    m->has_head = rc == 0;
    if (rc == 0 || rc == ERR_DAMAGED)
        return 0;
    if (rc == ERR_IO && errno != EMFILE && errno != ENFILE && errno != ENOMEM) { /* the disk does not give it */
        m->head_fault.code = ERR_DAMAGED;
        return 0;
    }
    struct err fault = m->head_fault;
    m->head_fault = (struct err){0};
    return rc == ERR_ABSENT ? 0 : err_set(e, rc, "%s", fault.text);
}

/* ---- record 0 ---- */

static int founded_read(struct mirror *m, struct err *e)
{
    struct ledger_record r;
    struct bytes note = {NULL, 0};
    uint8_t entry[LEAF_ENTRY];
    struct err mine = {0};
    int rc = ledger_pieces_record(m->pieces, NULL, 0, NULL, &r, &mine);
    if (rc == ERR_DAMAGED)
        m->founded_fault = mine;
    if (rc == ERR_ABSENT || rc == ERR_DAMAGED) /* nothing is there yet; or it is damage */
        return 0;
    if (rc != 0)
        return err_set(e, rc, "%s", mine.text);
    struct cursor open = cursor_of(r.open);
    rc = ledger_statement_next(&open, &note, e);
    buf_put_bytes(&m->founded_note, note);
    if (rc == 0)
        rc = buf_check(&m->founded_note, e);
    if (rc == 0)
        rc = statement_read(buf_bytes(&m->founded_note), bytes_of(NULL, 0), NULL, NULL, 0, &m->founded_held,
                            &m->founded, &mine);
    if (rc != 0 || m->founded.kind != STATEMENT_FOUNDED)
        return 0;
    const struct statement_founded *f = &m->founded.founded;
    if (f->format != 1 || f->sector_bytes != VAULT_SECTOR)
        return err_set(e, ERR_NEWER, "%s has format %u, and this program knows 1: use a newer groundwork", m->folder,
                       f->format);
    leaf_entry_public(buf_bytes(&m->founded_note), entry);
    crypt_sha256(bytes_of(entry, LEAF_ENTRY), &m->pin);
    m->has_founded = true;
    return history_begin(&m->history, f, entry, e);
}

/*
 * The log keys, by the signatures of the key events alone; where there are none beside the journal, leaf 0 names the
 * only one, and the journal need not be read for it.
 */
static int history_read_all(struct mirror *m, struct err *e)
{
    struct file_path events;
    int rc = file_path(&events, e, "%s/keys/history", m->folder);
    if (rc != 0 || !m->has_founded || !file_exists(events.s))
        return rc;
    for (uint64_t number = 0; rc == 0; number++) {
        struct ledger_record r;
        struct err mine = {0};
        rc = ledger_pieces_record(m->pieces, NULL, number, NULL, &r, &mine);
        if (rc == ERR_ABSENT || rc == ERR_DAMAGED)
            return 0; /* so far; what follows is told where it is asked for */
        rc = rc == 0 ? store_history_glance_record(&m->history, &r, e) : err_set(e, rc, "%s", mine.text);
    }
    return rc;
}

/* ---- the commits ---- */

void mirror_commit_name(uint64_t records, char to[MIRROR_COMMIT_NAME])
{
    (void)snprintf(to, MIRROR_COMMIT_NAME, "commits/%0*llu%s", COMMIT_DIGITS, (unsigned long long)records, SUFFIX);
}

bool mirror_commit_parse(const char *name, uint64_t *ret_records)
{
    size_t n = strspn(name, "0123456789");
    char made[MIRROR_COMMIT_NAME];
    if (n < COMMIT_DIGITS || n > 16 || strcmp(name + n, SUFFIX) != 0)
        return false;
    *ret_records = strtoull(name, NULL, 10);
    mirror_commit_name(*ret_records, made);
    return strcmp(strchr(made, '/') + 1, name) == 0;
}

static bool commit_good(struct mirror *m, uint64_t records, struct checkpoint *ret)
{
    OWN(buf_drop) struct buf note = {0};
    struct file_path path;
    char name[MIRROR_COMMIT_NAME];
    mirror_commit_name(records, name);
    return m->has_founded && file_path(&path, NULL, "%s/%s", m->folder, name) == 0 &&
           file_read_all(path.s, NOTE_BYTES_MAX, &note, NULL) == 0 &&
           history_checkpoint(buf_bytes(&note), &m->history.logs, NOTE_STRICT, ret, NULL) == 0;
}

/* What a commit's name says is a claim: the record before that number has the same checkpoint, or another one; or it
 * cannot be read. */
enum claim { CLAIM_HOLDS, CLAIM_FALSE, CLAIM_OPEN };

static enum claim commit_claim(struct mirror *m, uint64_t records, const struct checkpoint *c)
{
    struct ledger_record r;
    struct checkpoint of;
    if (records == 0)
        return CLAIM_FALSE;
    if (ledger_pieces_record(m->pieces, &m->history.logs, records - 1, NULL, &r, NULL) != 0 ||
        history_checkpoint(r.checkpoint, &m->history.logs, NOTE_STRICT, &of, NULL) != 0)
        return CLAIM_OPEN;
    return of.size == c->size && hash_equal(&of.root, &c->root) ? CLAIM_HOLDS : CLAIM_FALSE;
}

struct names {
    uint64_t *list; /* numbers that names of commits give */
    size_t count, room;
};

static void names_release(struct names *n)
{
    free(n->list);
}

static int name_add(struct names *n, uint64_t records, struct err *e)
{
    if (n->count == n->room) {
        size_t room = n->room * 2 + 16;
        uint64_t *grown = reallocarray(n->list, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        n->list = grown;
        n->room = room;
    }
    n->list[n->count++] = records;
    return 0;
}

static int names_read(const struct mirror *m, struct names *n, struct err *e)
{
    struct file_path path;
    int rc = file_path(&path, e, "%s/commits", m->folder);
    if (rc != 0)
        return rc;
    OWN(dir_drop) DIR *dir = opendir(path.s);
    if (dir == NULL)
        return errno == ENOENT ? 0 : err_os(e, ERR_IO, errno, "cannot open the folder %s", path.s);
    for (struct dirent *d; rc == 0 && (d = readdir(dir)) != NULL;) {
        uint64_t records;
        if (mirror_commit_parse(d->d_name, &records))
            rc = name_add(n, records, e);
    }
    return rc;
}

static int newest_first(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x < y) - (x > y);
}

/*
 * The newest one that its record bears out, however many there are.  Where none is, the mirror is damaged, and the one
 * that has the most leaves says how far it went; of the same one under two names, the lower number.
 */
static int commits_read(struct mirror *m, struct err *e)
{
    OWN(names_release) struct names n = {0};
    int rc = names_read(m, &n, e);
    if (rc == 0 && n.count > 0)
        qsort(n.list, n.count, sizeof *n.list, newest_first);
    uint64_t open = 0;
    bool holds = false;
    for (size_t i = 0; rc == 0 && !holds && i < n.count; i++) {
        struct checkpoint c;
        enum claim claim = commit_good(m, n.list[i], &c) ? commit_claim(m, n.list[i], &c) : CLAIM_FALSE;
        m->bad_commits += claim == CLAIM_FALSE;
        open += claim == CLAIM_OPEN;
        holds = claim == CLAIM_HOLDS;
        if (!holds && (claim == CLAIM_FALSE || (m->has_commit && c.size < m->commit.size)))
            continue;
        m->has_commit = true;
        m->records = n.list[i];
        m->commit = c;
    }
    m->bad_commits += holds || open == 0 ? open : open - 1;
    return rc;
}

/* ---- all of it ---- */

void mirror_drop(struct mirror **m)
{
    if (*m == NULL)
        return;
    ledger_pieces_close((*m)->pieces);
    statement_held_drop(&(*m)->founded_held);
    buf_drop(&(*m)->founded_note);
    history_release(&(*m)->history);
    free((*m)->folder);
    free(*m);
    *m = NULL;
}

static int settle(struct mirror *m, const struct hash *head_pin, struct err *e)
{
    const struct ledger_piece *list;
    bool any = ledger_pieces_list(m->pieces, &list) > 0;
    if (!m->has_head && !any)
        return m->head_fault.code != 0
                   ? err_set(e, ERR_DAMAGED, "%s/mirror is damaged, and there is nothing else: empty this folder",
                             m->folder)
                   : err_set(e, ERR_ABSENT, "%s is no mirror: groundwork mirror DEST makes one", m->folder);
    if (!m->has_head && !m->has_founded)
        return err_set(e, ERR_DAMAGED, "%s: neither its head nor the first record of its journal can be read",
                       m->folder);
    if (m->has_head && m->has_founded && !hash_equal(head_pin, &m->pin))
        return err_set(e, ERR_DAMAGED, "%s: its head names another repository than its journal", m->folder);
    if (!m->has_founded)
        m->pin = *head_pin;
    return 0;
}

int mirror_open(const char *folder, struct mirror **ret, struct err *e)
{
    OWN(mirror_drop) struct mirror *m = calloc(1, sizeof *m);
    struct hash head_pin = {{0}};
    if (m == NULL)
        return err_memory(e);
    m->folder = strdup(folder);
    if (m->folder == NULL)
        return err_memory(e);
    int rc = head_read(m, &head_pin, e);
    if (rc == 0)
        rc = ledger_pieces_open(folder, &m->pieces, e);
    if (rc == 0)
        rc = founded_read(m, e);
    if (rc == 0)
        rc = history_read_all(m, e);
    if (rc == 0)
        rc = commits_read(m, e);
    if (rc == 0)
        rc = settle(m, &head_pin, e);
    if (rc == 0)
        *ret = TAKE(m);
    return rc;
}

static int add_leaves(struct tree_edge *edge, const struct ledger_record *r, const struct ledger_position *at,
                      struct err *e)
{
    struct hash root;
    tree_edge_add_entries(edge, r->entries.p, LEDGER_ENTRY, LEDGER_ENTRY, r->entries.n / LEDGER_ENTRY);
    tree_edge_root(edge, &root);
    return hash_equal(&root, &at->root)
               ? 0
               : err_set(e, ERR_DAMAGED, "record %llu: its checkpoint does not have the root of the leaves",
                         (unsigned long long)r->number);
}

int mirror_walk(struct mirror *m, int (*each)(void *context, const struct ledger_record *r, struct err *e),
                      void *context, struct err *e)
{
    struct ledger_position at;
    struct tree_edge edge;
    ledger_begin(&at);
    tree_edge_begin(&edge);
    int rc = 0;
    while (rc == 0 && at.records < m->records) {
        struct ledger_record r;
        rc = ledger_pieces_next(m->pieces, &m->history.logs, &at, &r, e);
        if (rc == 0)
            rc = add_leaves(&edge, &r, &at, e);
        if (rc == 0)
            rc = each(context, &r, e);
    }
    if (rc == ERR_ABSENT)
        return err_set(e, ERR_DAMAGED, "record %llu is missing: its journal ends before its newest commit",
                       (unsigned long long)at.records);
    if (rc == 0 && (at.leaves != m->commit.size || !hash_equal(&at.root, &m->commit.root)))
        rc = err_set(e, ERR_DAMAGED, "its journal does not lead to its newest commit");
    return rc;
}

static int take(void *context, const struct ledger_record *r, struct err *e)
{
    return store_bound_take(context, r, e);
}

int mirror_bound(struct mirror *m, struct store_bound **ret, struct err *e)
{
    OWN(store_bound_drop) struct store_bound *b = NULL;
    if (!m->has_founded || !m->has_commit)
        return err_set(e, ERR_DAMAGED,
                       "the mirror in %s was never finished, or its beginning is damaged: groundwork "
                       "verify --mirror tells more",
                       m->folder);
    int rc = store_bound_new(&m->founded.founded, &b, e);
    if (rc == 0)
        rc = mirror_walk(m, take, b, e);
    if (rc == 0)
        *ret = TAKE(b);
    return rc;
}

int mirror_look(const char *folder, int (*seen)(void *context, const struct mirror_seen *m, struct err *e),
                void *context, struct err *e)
{
    OWN(mirror_drop) struct mirror *m = NULL;
    OWN(store_bound_drop) struct store_bound *b = NULL;
    int rc = mirror_open(folder, &m, e);
    if (rc != 0)
        return rc;
    assert(m != NULL);
    rc = mirror_bound(m, &b, e);
    if (rc != 0)
        return rc;
    assert(b != NULL);
    const struct mirror_seen saw = {&m->founded.founded, store_bound_history(b), m->commit.size};
    return seen(context, &saw, e);
}
