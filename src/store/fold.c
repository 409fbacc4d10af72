/*
 * Accesses that wait in spools, put on the log by the next commit, as their readers signed them and under the secrets
 * that they drew.  FORMAT 15.3.
 *
 * A file is shortened only when its frames are on the log for good.  The newest of them stays, so that whoever reads on
 * knows what to go on from.  What a crash between the two leaves is known by its number, and not put there twice.
 */
#include "store/store_internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>

enum { FOLD_BYTES_MAX = 16 << 20 }; /* in one commit; the rest waits for the next one */

void store_record_release(struct store_record *r)
{
    buf_wipe(&r->held);
    statement_held_drop(&r->statement);
    key_drop(&r->content.secret);
}

int store_record_read(struct store *s, const struct store_spool_lock *lock, struct bytes frame,
                      struct store_record *ret, struct err *e)
{
    const struct history_member *signer = NULL;
    struct ledger_position now;
    uint8_t entry[LEAF_ENTRY];
    ledger_where(s->ledger, &now);
    int rc = store_spool_open(lock, frame, &ret->held, &ret->content, e);
    if (rc == 0)
        rc = history_read(&s->history,
                          &(struct history_reading){now.leaves, ret->content.statement, ret->content.values,
                                                    &ret->content.secret},
                          &ret->statement, &ret->st, &signer, e);
    if (rc != 0)
        return rc;
    if (ret->st.kind != STATEMENT_ACCESSED || signer == NULL || memcmp(signer->key.id, lock->of->b, 4) != 0 ||
        memcmp(ret->st.place.investigation, lock->of->b + 4, STATEMENT_ID) != 0)
        return err_set(e, ERR_DAMAGED, "a record of an access is not of the member and device of its spool");
    leaf_entry_hidden(&ret->content.secret, ret->content.statement, entry);
    memcpy(ret->commitment.b, entry + 1, CRYPT_HASH);
    return 0;
}

/* ---- which spools there are ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct store_fold *)a)->name, ((const struct store_fold *)b)->name);
}

static int fold_room(struct store_folds *f, struct err *e)
{
    if (f->count < f->room)
        return 0;
    size_t room = f->room * 2 + 8;
    struct store_fold *grown = reallocarray(f->list, room, sizeof *grown);
    if (grown == NULL)
        return err_memory(e);
    f->list = grown;
    f->room = room;
    return 0;
}

void store_folds_release(struct store_folds *f)
{
    free(f->list);
    *f = (struct store_folds){0};
}

/* No folder is no spool. */
int store_folds_list(const struct store *s, struct store_folds *ret, struct err *e)
{
    struct file_path folder;
    int rc = file_path(&folder, e, "%s/spool", s->root);
    if (rc != 0)
        return rc;
    OWN(dir_drop) DIR *dir = opendir(folder.s);
    if (dir == NULL)
        return errno == ENOENT ? 0 : err_os(e, ERR_IO, errno, "cannot open the folder %s", folder.s);
    errno = 0;
    for (const struct dirent *d; rc == 0 && (d = readdir(dir)) != NULL; errno = 0) {
        struct store_spool_of of;
        if (!store_spool_named(d->d_name, &of))
            continue;
        rc = fold_room(ret, e);
        if (rc == 0) {
            ret->list[ret->count] = (struct store_fold){.of = of};
            memcpy(ret->list[ret->count++].name, d->d_name, STORE_SPOOL_NAME);
        }
    }
    if (rc == 0 && errno != 0)
        rc = err_os(e, ERR_IO, errno, "cannot read %s", folder.s);
    if (rc == 0 && ret->count > 0)
        qsort(ret->list, ret->count, sizeof ret->list[0], by_name);
    return rc;
}

static int spool_read(const struct store *s, const struct store_fold *f, struct buf *to, struct file_path *path,
                      struct err *e)
{
    int rc = file_path(path, e, "%s/spool/%s", s->root, f->name);
    return rc == 0 ? file_read_all(path->s, STORE_SPOOL_BYTES_MAX, to, e) : rc;
}

/* How many wait: by form alone, without keys.  What is damaged does not count. */
int store_accesses_waiting(const struct store *s, uint64_t *ret, struct err *e)
{
    OWN(store_folds_release) struct store_folds folds = {0};
    int rc = store_folds_list(s, &folds, e);
    uint64_t waiting = 0;
    for (size_t i = 0; rc == 0 && i < folds.count; i++) {
        OWN(buf_drop) struct buf file = {0};
        struct file_path path;
        struct bytes frame;
        enum store_spool_step step;
        uint64_t frames = 0;
        uint32_t logged = 0;
        size_t at = STORE_SPOOL_SECTOR;
        if (spool_read(s, &folds.list[i], &file, &path, NULL) != 0 ||
            !store_spool_begin(buf_bytes(&file), &folds.list[i].of, &logged))
            continue;
        while ((step = store_spool_next(buf_bytes(&file), &at, &frame)) != STORE_SPOOL_END)
            frames += step == STORE_SPOOL_FRAME;
        waiting += frames > logged ? frames - logged : 0;
    }
    if (rc == 0)
        *ret = waiting;
    return rc;
}

/* ---- into the draft ---- */

struct folding {
    struct store *s;
    struct store_fold *f;
    struct statement_place next; /* of this device, behind what is on the log and what was folded */
    struct key key;
    size_t bytes; /* folded so far */
    bool full;
};

/* A frame that is on the log, or follows from what is.  Its statement may come behind a gap, never before. */
static int fold_frame(struct folding *g, struct bytes frame, size_t at, struct err *e)
{
    OWN(store_record_release) struct store_record r = {0};
    const struct store_spool_lock lock = {&g->key, &g->s->pin, &g->f->of};
    int rc = store_record_read(g->s, &lock, frame, &r, e);
    if (rc != 0)
        return rc;
    const struct statement_place *p = &r.st.place;
    if (p->seq + 1 < g->next.seq) {
        g->f->logged++;
        return 0;
    }
    if (p->seq + 1 == g->next.seq ? !hash_equal(&r.commitment, &g->next.prev)
                                  : p->seq == g->next.seq && !hash_equal(&p->prev, &g->next.prev))
        return err_set(e, ERR_DAMAGED, "a record of an access does not follow from what is on the log");
    if (p->seq >= g->next.seq) {
        rc = store_draft_fold(g->s, &r, e);
        if (rc != 0)
            return rc;
        g->bytes += frame.n;
        g->next.seq = p->seq + 1;
        g->next.prev = r.commitment;
    }
    g->f->logged++;
    g->f->last_at = at;
    g->f->end = at + frame.n;
    return 0;
}

static int fold_file(struct folding *g, struct err *e)
{
    OWN(buf_drop) struct buf file = {0};
    struct store_fold *f = g->f;
    struct file_path path;
    struct bytes frame;
    enum store_spool_step step;
    int rc = spool_read(g->s, f, &file, &path, e);
    if (rc == 0)
        rc = index_place(store_index(g->s), f->of.b + 4, &g->next, e);
    if (rc != 0)
        return rc;
    f->damaged = !store_spool_begin(buf_bytes(&file), &f->of, &f->said);
    size_t at = STORE_SPOOL_SECTOR, from = at;
    while (file.n > at && !g->full && (step = store_spool_next(buf_bytes(&file), &at, &frame)) != STORE_SPOOL_END) {
        struct err mine = {0};
        f->damaged = f->damaged || step == STORE_SPOOL_DAMAGED;
        if (step == STORE_SPOOL_FRAME) {
            rc = fold_frame(g, frame, from, &mine);
            if (rc != 0 && rc != ERR_DAMAGED)
                return err_set(e, rc, "%s", mine.text);
            f->damaged = f->damaged || rc != 0;
            g->full = g->bytes >= FOLD_BYTES_MAX;
        }
        from = at;
    }
    return 0;
}

static void tell_damaged(const struct store *s, const struct store_fold *f)
{
    struct err line = {0};
    (void)err_set(&line, ERR_DAMAGED,
                  "spool/%s is damaged: records of accesses may be lost there; run groundwork repair", f->name);
    store_tell(s, line.text);
}

/* What cannot be read waits, and what is written does not wait for it. */
int store_fold_begin(struct store *s, struct err *e)
{
    struct err mine = {0};
    struct folding g = {.s = s};
    store_folds_release(&s->folds);
    if (store_folds_list(s, &s->folds, &mine) != 0) {
        store_folds_release(&s->folds);
        store_tell(s, mine.text);
        return 0;
    }
    keyring_key(s->keyring, KEYRING_SPOOL, &g.key);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->folds.count; i++) {
        struct err why = {0};
        g.f = &s->folds.list[i];
        rc = fold_file(&g, &why);
        if (rc == ERR_DAMAGED || rc == ERR_ABSENT) {
            g.f->damaged = rc == ERR_DAMAGED;
            rc = 0;
        } else if (rc != 0)
            (void)err_set(e, rc, "%s", why.text);
        if (g.f->damaged)
            tell_damaged(s, g.f);
    }
    key_drop(&g.key);
    return rc;
}

/* ---- behind the commit ---- */

static int shorten(const struct store *s, const struct store_fold *f, struct err *e)
{
    OWN(buf_drop) struct buf file = {0}, kept = {0};
    OWN(fd_drop) int fd = -1;
    struct file_path path;
    struct bytes frame;
    size_t at = f->end;
    int rc = file_path(&path, e, "%s/spool/%s", s->root, f->name);
    if (rc == 0)
        rc = store_spool_take(path.s, &fd, e);
    if (rc == 0)
        rc = file_read_all(path.s, STORE_SPOOL_BYTES_MAX, &file, e);
    if (rc != 0)
        return rc;
    store_spool_head(&f->of, 1, &kept);
    buf_put(&kept, file.p + f->last_at, f->end - f->last_at);
    for (enum store_spool_step step; (step = store_spool_next(buf_bytes(&file), &at, &frame)) != STORE_SPOOL_END;) {
        if (step == STORE_SPOOL_DAMAGED)
            return 0; /* for the next writer to tell of */
        if (step == STORE_SPOOL_FRAME)
            buf_put_bytes(&kept, frame);
    }
    rc = buf_check(&kept, e);
    return rc == 0 ? file_replace(path.s, buf_bytes(&kept), 0600, e) : rc;
}

void store_fold_end(struct store *s)
{
    for (size_t i = 0; i < s->folds.count; i++) {
        const struct store_fold *f = &s->folds.list[i];
        struct err mine = {0};
        bool news = f->end > 0 && (f->logged > 1 || f->said != f->logged);
        if (news && !f->damaged && shorten(s, f, &mine) != 0)
            store_tell(s, mine.text);
    }
    store_folds_release(&s->folds);
}

/* ---- for repair ---- */

static bool is_damaged(struct store *s, const struct store_fold *f)
{
    OWN(buf_drop) struct buf file = {0};
    OWN(key_drop) struct key key = {0};
    const struct store_spool_lock lock = {&key, &s->pin, &f->of};
    struct file_path path;
    struct bytes frame;
    uint32_t logged;
    size_t at = STORE_SPOOL_SECTOR;
    int rc = spool_read(s, f, &file, &path, NULL);
    if (rc != 0)
        return rc == ERR_DAMAGED;
    if (!store_spool_begin(buf_bytes(&file), &f->of, &logged))
        return true;
    keyring_key(s->keyring, KEYRING_SPOOL, &key);
    for (enum store_spool_step step; (step = store_spool_next(buf_bytes(&file), &at, &frame)) != STORE_SPOOL_END;) {
        OWN(store_record_release) struct store_record r = {0};
        if (step == STORE_SPOOL_DAMAGED ||
            (step == STORE_SPOOL_FRAME && store_record_read(s, &lock, frame, &r, NULL) == ERR_DAMAGED))
            return true;
    }
    return false;
}

int store_spools_damaged(struct store *s, struct buf *names, struct err *e)
{
    OWN(store_folds_release) struct store_folds folds = {0};
    int rc = store_folds_list(s, &folds, e);
    for (size_t i = 0; rc == 0 && i < folds.count; i++)
        if (is_damaged(s, &folds.list[i])) {
            buf_printf(names, "spool/%s\n", folds.list[i].name);
            rc = buf_check(names, e);
        }
    return rc;
}

int store_spools_aside(const struct store *s, struct bytes names, struct buf *words, struct err *e)
{
    int rc = 0;
    for (struct cursor c = cursor_of(names); rc == 0 && c.left > 0;) {
        struct bytes name = cursor_line(&c);
        struct file_path below, to;
        struct err line = {0};
        rc = file_path(&below, e, "%.*s", (int)name.n, (const char *)name.p);
        if (rc == 0)
            rc = store_move_aside(s->root, below.s, "damaged", &to, e);
        if (rc != 0)
            return rc;
        (void)err_set(&line, ERR_DAMAGED,
                      "%s was damaged: the accesses in it that could be read are on the log; it was moved to %s",
                      below.s, to.s);
        buf_put_text(words, line.text);
        buf_put_u8(words, '\n');
        rc = buf_check(words, e);
    }
    return rc;
}
