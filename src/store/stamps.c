/*
 * Time-stamps that are on the log: checked again, and their files beside it (FORMAT 5.8).
 *
 * The statement holds everything; the files are the same bytes once more, and are made again from the journal.
 */
#include "store/store_internal.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>

static const char *const PIECES[STORE_STAMP_PIECES] = {"statement", "tsr", "pem", "checkpoint"};
enum { PIECE_STATEMENT, SECOND_US = 1000000, NAME_DIGITS = 9 };

/* ---- what one says ---- */

static bool says_the_same(const struct statement_timestamped *t, const struct crypt_stamp *c, struct bytes chain)
{
    return hash_equal(&t->authority, &c->authority) && hash_equal(&t->pinned, &c->root) &&
           t->stamped_unix_s == c->at_unix_s && t->accuracy_us == c->accuracy_us && strcmp(t->policy, c->policy) == 0 &&
           bytes_equal(chain, bytes_text(t->chain));
}

static int check_response(const struct statement_timestamped *t, struct crypt_stamp *ret, struct err *e)
{
    OWN(buf_drop) struct buf chain = {0};
    struct hash imprint;
    int rc = crypt_stamp_read(t->response, bytes_text(t->chain), ret, &chain, e);
    if (rc != 0)
        return rc;
    if (!says_the_same(t, ret, buf_bytes(&chain)))
        return err_set(e, ERR_DAMAGED, "the time-stamp says something else than the statement says of it");
    crypt_sha256(bytes_text(t->checkpoint), &imprint);
    if (!hash_equal(&imprint, &ret->imprint))
        return err_set(e, ERR_DAMAGED, "the time-stamp is over something else than the checkpoint beside it");
    return 0;
}

/* A checkpoint of this log, from before the statement. */
static int check_checkpoint(struct store *s, uint64_t leaf, const struct statement_timestamped *t, struct err *e)
{
    struct checkpoint c;
    struct tree_proof proof;
    struct ledger_position now;
    ledger_where(s->ledger, &now);
    int rc = history_checkpoint(bytes_text(t->checkpoint), &s->history.logs, NOTE_STRICT, &c, e);
    if (rc == 0 && (c.size != t->leaves || !hash_equal(&c.root, &t->root) || c.size > leaf || c.size > now.leaves))
        rc = err_set(e, ERR_DAMAGED, "the stamped checkpoint is not the earlier one that the statement says");
    if (rc == 0)
        rc = ledger_prove_consistency(s->ledger, c.size, &proof, e);
    if (rc == 0 && !tree_check_consistency(c.size, &c.root, now.leaves, &now.root, &proof))
        rc = err_set(e, ERR_DAMAGED, "the log does not extend the stamped checkpoint of %llu leaves: it was rewritten",
                     (unsigned long long)c.size);
    return rc;
}

int store_stamp_check(struct store *s, uint64_t leaf, const struct statement_timestamped *t, struct store_stamp *ret,
                      struct err *e)
{
    struct crypt_stamp c;
    int rc = check_response(t, &c, e);
    if (rc == 0)
        rc = check_checkpoint(s, leaf, t, e);
    if (rc != 0)
        return err_add(e, rc, "time-stamp");
    *ret = (struct store_stamp){.leaf = leaf,
                                .leaves = t->leaves,
                                .by_unix_s = c.at_unix_s + (int64_t)((c.accuracy_us + SECOND_US - 1) / SECOND_US),
                                .until_unix_s = c.until_unix_s,
                                .response = t->sha256,
                                .authority = c.authority,
                                .pinned = c.root};
    memcpy(ret->name, c.name, sizeof ret->name);
    return 0;
}

/* ---- its files ---- */

static struct bytes piece_of(size_t i, struct bytes note, const struct statement_timestamped *t)
{
    const struct bytes pieces[STORE_STAMP_PIECES] = {note, t->response, bytes_text(t->chain),
                                                     bytes_text(t->checkpoint)};
    return pieces[i];
}

static void piece_name(uint64_t leaf, size_t i, char to[STORE_BOUND_NAME])
{
    (void)snprintf(to, STORE_BOUND_NAME, "stamps/%0*llu.%s", NAME_DIGITS, (unsigned long long)leaf, PIECES[i]);
}

enum piece { PIECE_GOOD, PIECE_MISSING, PIECE_DAMAGED };

static int piece_look(const char *path, struct bytes expect, enum piece *ret, struct err *e)
{
    OWN(buf_drop) struct buf there = {0};
    struct err mine = {0};
    int rc = file_read_all(path, expect.n, &there, &mine);
    *ret = rc == ERR_ABSENT ? PIECE_MISSING
           : rc == 0 && bytes_equal(buf_bytes(&there), expect) ? PIECE_GOOD
                                                                : PIECE_DAMAGED;
    return rc == 0 || rc == ERR_ABSENT || rc == ERR_DAMAGED ? 0 : err_set(e, rc, "%s", mine.text);
}

int store_stamp_place(struct store *s, uint64_t leaf, struct bytes note, const struct statement_timestamped *t,
                      struct err *e)
{
    struct file_path path;
    int rc = file_path(&path, e, "%s/stamps", s->root);
    if (rc == 0)
        rc = file_make_folder(path.s, e);
    for (size_t i = 0; rc == 0 && i < STORE_STAMP_PIECES; i++) {
        char name[STORE_BOUND_NAME];
        piece_name(leaf, i, name);
        rc = file_path(&path, e, "%s/%s", s->root, name);
        if (rc == 0)
            rc = file_replace(path.s, piece_of(i, note, t), 0644, e);
    }
    return rc;
}

int store_stamp_look(struct store *s, uint64_t leaf, struct bytes note, const struct statement_timestamped *t,
                     void (*finding)(void *context, const char *line), void *context, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < STORE_STAMP_PIECES; i++) {
        char name[STORE_BOUND_NAME];
        struct file_path path;
        struct err line = {0};
        enum piece piece = PIECE_GOOD;
        piece_name(leaf, i, name);
        rc = file_path(&path, e, "%s/%s", s->root, name);
        if (rc == 0)
            rc = piece_look(path.s, piece_of(i, note, t), &piece, e);
        if (rc == 0 && piece == PIECE_MISSING)
            (void)err_set(&line, ERR_DAMAGED, "%s is missing: run groundwork repair", name);
        else if (rc == 0 && piece == PIECE_DAMAGED)
            (void)err_set(&line, ERR_DAMAGED, "%s is not what is on the log: run groundwork repair", name);
        if (line.code != 0)
            finding(context, line.text);
    }
    return rc;
}

/* ---- made again ---- */

struct restoring {
    struct store *s;
    struct buf *words;
};

static int restore_one(struct restoring *r, uint64_t leaf, struct bytes note, const struct statement_timestamped *t,
                       struct err *e)
{
    size_t bad = 0;
    for (size_t i = 0; i < STORE_STAMP_PIECES; i++) {
        char name[STORE_BOUND_NAME];
        struct file_path path;
        enum piece piece = PIECE_GOOD;
        piece_name(leaf, i, name);
        int rc = file_path(&path, e, "%s/%s", r->s->root, name);
        if (rc == 0)
            rc = piece_look(path.s, piece_of(i, note, t), &piece, e);
        if (rc != 0)
            return rc;
        if (piece != PIECE_GOOD) {
            buf_printf(r->words, "%s\n", name);
            bad++;
        }
    }
    return bad > 0 ? store_stamp_place(r->s, leaf, note, t, e) : 0;
}

static int restore_record(void *context, const struct ledger_record *record, struct err *e)
{
    struct restoring *r = context;
    struct cursor open = cursor_of(record->open);
    OWN(statement_held_drop) struct statement_held *held = NULL;
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < record->public_count; i++) {
        struct bytes note;
        struct statement st;
        uint64_t leaf = record->first_leaf + record->hidden_count + i;
        rc = ledger_statement_next(&open, &note, e);
        if (rc == 0)
            rc = store_public_read(&r->s->history, leaf, note, &held, &st, e);
        if (rc == 0 && st.kind == STATEMENT_TIMESTAMPED)
            rc = restore_one(r, leaf, note, &st.timestamped, e);
    }
    return rc;
}

int store_stamps_restore(struct store *s, struct buf *words, struct err *e)
{
    struct restoring r = {s, words};
    return ledger_walk(s->ledger, -1, LEDGER_FIRST, 0, restore_record, &r, e);
}

/* ---- a glance at the newest ---- */

void store_stamps_release(struct store_stamps *x)
{
    free(x->list);
    *x = (struct store_stamps){0};
}

/* The leaf that the name of a statement's file gives; there is one spelling. */
static bool leaf_of(const char *name, uint64_t *ret)
{
    char again[STORE_BOUND_NAME];
    *ret = strtoull(name, NULL, 10);
    piece_name(*ret, PIECE_STATEMENT, again);
    return strcmp(again + strlen("stamps/"), name) == 0;
}

static int descending(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x > *y ? -1 : *x < *y;
}

/* Leaves of the files that are there, the newest first. */
static int leaves_list(const struct store *s, uint64_t **ret, size_t *ret_count, struct err *e)
{
    struct file_path path;
    size_t room = 0;
    int rc = file_path(&path, e, "%s/stamps", s->root);
    if (rc != 0)
        return rc;
    OWN(dir_drop) DIR *dir = opendir(path.s);
    if (dir == NULL)
        return errno == ENOENT || errno == ENOTDIR ? 0 : err_os(e, ERR_IO, errno, "look into %s", path.s);
    for (const struct dirent *d; (d = readdir(dir)) != NULL;) {
        uint64_t leaf = 0;
        if (!leaf_of(d->d_name, &leaf))
            continue;
        if (*ret_count == room) {
            room = room * 2 + 64;
            uint64_t *grown = reallocarray(*ret, room, sizeof *grown);
            if (grown == NULL)
                return err_memory(e);
            *ret = grown;
        }
        (*ret)[(*ret_count)++] = leaf;
    }
    if (*ret_count > 0)
        qsort(*ret, *ret_count, sizeof **ret, descending);
    return 0;
}

static int take_file(struct store *s, uint64_t leaf, struct store_stamp *ret, struct err *e)
{
    OWN(buf_drop) struct buf note = {0};
    OWN(statement_held_drop) struct statement_held *held = NULL;
    uint8_t made[LEAF_ENTRY], entry[LEAF_ENTRY];
    char name[STORE_BOUND_NAME];
    struct file_path path;
    struct statement st;
    piece_name(leaf, PIECE_STATEMENT, name);
    int rc = file_path(&path, e, "%s/%s", s->root, name);
    if (rc == 0)
        rc = file_read_all(path.s, NOTE_BYTES_MAX, &note, e);
    if (rc == 0)
        rc = ledger_entry(s->ledger, leaf, entry, e);
    if (rc != 0)
        return rc;
    leaf_entry_public(buf_bytes(&note), made);
    if (memcmp(made, entry, LEAF_ENTRY) != 0)
        return ERR_DAMAGED;
    rc = store_public_read(&s->history, leaf, buf_bytes(&note), &held, &st, e);
    if (rc == 0 && st.kind != STATEMENT_TIMESTAMPED)
        rc = ERR_DAMAGED;
    return rc == 0 ? store_stamp_check(s, leaf, &st.timestamped, ret, e) : rc;
}

int store_stamps(struct store *s, struct store_stamps *ret, struct err *e)
{
    OWN(mem_drop) uint64_t *leaves = NULL;
    size_t count = 0;
    *ret = (struct store_stamps){0};
    int rc = store_asked_count(s, &ret->asked, e);
    if (rc == 0)
        rc = leaves_list(s, &leaves, &count, e);
    if (rc != 0 || count == 0)
        return rc;
    size_t most = count < STORE_STAMPS_GLANCE ? count : STORE_STAMPS_GLANCE;
    ret->list = calloc(most, sizeof *ret->list);
    if (ret->list == NULL)
        return err_memory(e);
    for (size_t i = most; i-- > 0;)
        if (take_file(s, leaves[i], &ret->list[ret->count], NULL) == 0)
            ret->count++;
    return 0;
}

bool store_stamp_renewed(const struct store_stamps *x, const struct store_stamp *stamp)
{
    for (size_t i = 0; i < x->count; i++)
        if (x->list[i].leaves > stamp->leaf && x->list[i].by_unix_s <= stamp->until_unix_s)
            return true;
    return false;
}

size_t store_stamps_newest(const struct store_stamps *x, uint64_t *ret_leaves)
{
    size_t authorities = 0;
    *ret_leaves = 0;
    for (size_t i = 0; i < x->count; i++)
        *ret_leaves = x->list[i].leaves > *ret_leaves ? x->list[i].leaves : *ret_leaves;
    for (size_t i = 0; i < x->count; i++) {
        bool counts = x->list[i].leaves == *ret_leaves;
        for (size_t k = 0; k < i; k++)
            counts = counts && (x->list[k].leaves != *ret_leaves ||
                                !hash_equal(&x->list[k].pinned, &x->list[i].pinned));
        authorities += counts;
    }
    return authorities;
}
