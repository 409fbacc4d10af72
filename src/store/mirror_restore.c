/*
 * A repository out of a mirror: everything but keys.  It is built beside its place and appears whole; what an earlier
 * try had built already is looked at again and kept.
 */
#include "store/store_internal.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

struct restoring {
    struct store_mirror *m;
    struct store_mirror_restored *count;
    struct store_carrying carry;
    struct store_bound bound;
    struct file_path draft; /* the folder under way */
};

/* What the mirror does not have as it was logged stays away; the rest is worth no less. */
static void found(struct restoring *r, const char *line)
{
    r->count->findings++;
    if (r->carry.watch != NULL && r->carry.watch->finding != NULL)
        r->carry.watch->finding(r->carry.watch->context, line);
}

static void restoring_release(struct restoring *r)
{
    store_mirror_drop(&r->m);
    store_bound_drop(&r->bound);
}

/* DEST must not exist or be empty: it gives way to the new folder by one rename. */
static int target_free(const char *dest, struct err *e)
{
    OWN(dir_drop) DIR *dir = opendir(dest);
    if (dir == NULL && errno == ENOENT)
        return 0;
    if (dir == NULL)
        return err_os(e, ERR_REFUSED, errno, "%s is in the way", dest);
    for (struct dirent *d; (d = readdir(dir)) != NULL;)
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            return err_set(e, ERR_REFUSED, "%s is not empty: name a new folder", dest);
    return 0;
}

static int take(void *context, const struct ledger_record *record, struct err *e)
{
    struct restoring *r = context;
    return store_bound_take(&r->bound, record, &r->m->founded.founded, e);
}

static int restore_file(struct restoring *r, const struct store_bound_file *f, struct err *e)
{
    struct file_path from, to;
    struct err why = {0};
    int rc = file_path(&from, &why, "%s/%s", r->m->folder, f->name);
    for (int copy = 0; rc == 0 && copy < 2 && f->place[copy][0] != 0; copy++) {
        struct store_carrying look = {.passes = 1};
        rc = file_path(&to, &why, "%s/%s", r->draft.s, f->place[copy]);
        if (rc != 0)
            break;
        if (file_exists(to.s) && store_carry_check(&look, to.s, f, NULL) == 0)
            continue;
        rc = store_carry(&r->carry, from.s, to.s, f, &why);
        r->count->files += rc == 0;
        r->count->bytes += rc == 0 ? f->bytes : 0;
    }
    if (rc == ERR_ABSENT)
        rc = err_set(&why, ERR_DAMAGED, "%s is missing in the mirror", from.s);
    if (rc != ERR_DAMAGED || f->pack == NULL)
        return rc == 0 ? 0 : err_set(e, rc, "%s", why.text);
    found(r, why.text);
    return 0;
}

static int restore_files(struct restoring *r, struct err *e)
{
    struct store_bound_file f;
    int rc = 0;
    for (size_t i = 0; i < store_bound_count(&r->bound); i++) {
        store_bound_file(&r->bound, i, &f);
        r->carry.all += f.bytes * (f.place[1][0] != 0 ? 2 : 1);
    }
    for (size_t i = 0; rc == 0 && i < store_bound_count(&r->bound); i++) {
        store_bound_file(&r->bound, i, &f);
        rc = restore_file(r, &f, e);
    }
    return rc;
}

/* What an earlier try made of the journal is made again: it may have been of an older commit. */
static int old_journals_remove(const struct restoring *r, struct err *e)
{
    struct file_path path;
    int rc = 0;
    for (char copy = 'a'; rc == 0 && copy <= 'b'; copy++) {
        rc = file_path(&path, e, "%s/%c/journal", r->draft.s, copy);
        if (rc == 0)
            rc = file_remove(path.s, e);
    }
    return rc;
}

/* A pack that the mirror did not have stays away, and the parity of its stripe with it. */
static bool stripe_here(const struct vault_stripe_of *stripe)
{
    for (uint64_t i = 0; i < stripe->logged->packs; i++) {
        struct file_path path;
        char place[VAULT_PLACE_MAX];
        vault_pack_place(stripe->packs[i].pack, 'a', place);
        if (file_path(&path, NULL, "%s/%s", stripe->root, place) != 0 || !file_exists(path.s))
            return false;
    }
    return true;
}

/* A mirror has no parity: its packs were found whole, and make it. */
static void parity_made(void *context, const struct vault_mended *m)
{
    (void)context, (void)m;
}

static int parity_make(struct store *s, struct err *e)
{
    OWN(store_packs_release) struct store_packs packs = {0};
    int rc = store_packs_load(s, &packs, e);
    for (size_t i = 0; rc == 0 && i < packs.stripe_count; i++) {
        struct vault_stripe_of stripe;
        rc = store_stripe_of(s, &packs, i, &stripe, e);
        if (rc == 0 && stripe_here(&stripe))
            rc = vault_repair_stripe(&stripe, parity_made, NULL, e);
    }
    return rc;
}

/* The journal makes the rest: segments, and the public log. */
static int derive(struct restoring *r, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(buf_drop) struct buf words = {0};
    struct store_place place = {.root = r->draft.s, .state_folder = r->draft.s, .config_folder = r->draft.s};
    int rc = store_open_alone(&place, &s, e);
    if (rc == 0)
        rc = store_segments_restore(s, &words, e);
    if (rc == 0)
        rc = parity_make(s, e);
    if (rc == 0)
        rc = store_cosigned_restore(s, NULL, e);
    return rc == 0 ? ledger_publish(s->ledger, e) : rc;
}

/* What an earlier try left is gone on with; a link there would lead what is written to another place. */
static int folder_real(const char *path, struct err *e)
{
    struct stat status;
    if (lstat(path, &status) != 0 || S_ISDIR(status.st_mode))
        return 0;
    return err_set(e, ERR_REFUSED, "%s is a link or no folder: remove it, or name another folder", path);
}

static int build(struct restoring *r, struct err *e)
{
    static const char *const folders[] = {"a", "b", "log", "index", "quarantine"};
    struct file_path path;
    int rc = folder_real(r->draft.s, e);
    if (rc == 0)
        rc = file_make_folder(r->draft.s, e);
    for (size_t i = 0; rc == 0 && i < COUNT(folders); i++) {
        rc = file_path(&path, e, "%s/%s", r->draft.s, folders[i]);
        if (rc == 0)
            rc = folder_real(path.s, e);
        if (rc == 0)
            rc = file_make_folder(path.s, e);
    }
    if (rc == 0)
        rc = restore_files(r, e);
    if (rc == 0)
        rc = old_journals_remove(r, e);
    if (rc == 0)
        rc = ledger_from_pieces(r->draft.s, r->m->pieces, &r->m->founded.founded.log, r->m->records, e);
    return rc == 0 ? derive(r, e) : rc;
}

static int appear(const struct restoring *r, const char *dest, struct err *e)
{
    if (rename(r->draft.s, dest) != 0)
        return err_os(e, ERR_IO, errno, "cannot put %s in its place", dest);
    return file_sync_parent(dest, e);
}

static int restore(struct restoring *r, const char *dest, struct err *e)
{
    size_t n = strlen(dest);
    while (n > 1 && dest[n - 1] == '/')
        n--;
    if (!r->m->has_founded || !r->m->has_commit)
        return err_set(e, ERR_DAMAGED,
                       "the mirror in %s was never finished, or its beginning is damaged: groundwork "
                       "verify --mirror tells more",
                       r->m->folder);
    int rc = target_free(dest, e);
    if (rc == 0)
        rc = file_path(&r->draft, e, "%.*s.restoring", (int)n, dest);
    r->carry.within = r->draft.s;
    if (rc == 0)
        rc = store_mirror_walk(r->m, take, r, e);
    if (rc == 0)
        rc = build(r, e);
    return rc == 0 ? appear(r, dest, e) : rc;
}

int store_mirror_restore(const char *folder, const char *dest, const struct store_watch *watch,
                         struct store_mirror_restored *ret, struct err *e)
{
    OWN(restoring_release) struct restoring r = {.count = ret, .carry = {.watch = watch, .passes = 2}};
    *ret = (struct store_mirror_restored){0};
    int rc = store_mirror_open(folder, &r.m, e);
    if (rc == 0)
        rc = restore(&r, dest, e);
    if (rc != 0)
        return rc;
    ret->pin = r.m->pin;
    ret->records = r.m->records;
    ret->leaves = r.m->commit.size;
    (void)snprintf(ret->origin, sizeof ret->origin, "%s", r.m->founded.founded.origin);
    return 0;
}
