/*
 * A repository out of a mirror: everything but keys.  It is built beside its place and appears whole; what an earlier
 * try had built already is looked at again and kept.
 */
#include "mirror/mirror_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

struct restoring {
    struct mirror *m;
    struct mirror_restored *count;
    struct mirror_carrying carry;
    struct store_bound *bound;
    struct file_path draft; /* the folder under way */
    bool *lacking;          /* of the bound files: a pack that is not in the mirror as it was logged */
    struct mirror_said said; /* of packs */
};

static void tell(const struct restoring *r, const char *line)
{
    if (r->carry.watch != NULL && r->carry.watch->finding != NULL)
        r->carry.watch->finding(r->carry.watch->context, line);
}

static void restoring_release(struct restoring *r)
{
    mirror_drop(&r->m);
    store_bound_drop(&r->bound);
    free(r->lacking);
    mirror_said_release(&r->said);
}

/* What the mirror does not have as it was logged stays away, as does what an earlier try made of it; the rest is worth
 * no less. */
static int left_out(struct restoring *r, const struct store_bound_file *f, const char *line, struct err *e)
{
    int rc = 0;
    for (int copy = 0; rc == 0 && copy < 2 && f->place[copy][0] != 0; copy++) {
        struct file_path path;
        rc = file_path(&path, e, "%s/%s", r->draft.s, f->place[copy]);
        if (rc == 0)
            rc = file_remove(path.s, e);
    }
    r->count->findings++;
    tell(r, line);
    return rc;
}

static int restore_file(struct restoring *r, const struct store_bound_file *f, bool *ret_lacking, struct err *e)
{
    struct file_path from, to;
    struct err why = {0};
    int rc = file_path(&from, &why, "%s/%s", r->m->folder, f->name);
    for (int copy = 0; rc == 0 && copy < 2 && f->place[copy][0] != 0; copy++) {
        struct mirror_carrying look = {.passes = 1};
        rc = file_path(&to, &why, "%s/%s", r->draft.s, f->place[copy]);
        if (rc != 0)
            break;
        if (file_exists(to.s) && mirror_carry_check(&look, to.s, f, NULL) == 0)
            continue;
        rc = mirror_carry(&r->carry, from.s, to.s, f, &why);
        r->count->files += rc == 0;
        r->count->bytes += rc == 0 ? f->bytes : 0;
    }
    if (rc == ERR_ABSENT)
        rc = err_set(&why, ERR_DAMAGED, "%s is missing in the mirror", from.s);
    if (rc != ERR_DAMAGED || f->pack == NULL)
        return rc == 0 ? 0 : err_set(e, rc, "%s", why.text);
    *ret_lacking = true;
    return left_out(r, f, why.text, e);
}

static int restore_files(struct restoring *r, struct err *e)
{
    struct store_bound_file f;
    int rc = 0;
    r->lacking = calloc(store_bound_count(r->bound) + 1, sizeof *r->lacking);
    if (r->lacking == NULL)
        return err_memory(e);
    for (size_t i = 0; i < store_bound_count(r->bound); i++) {
        store_bound_file(r->bound, i, &f);
        r->carry.all += f.bytes * (f.place[1][0] != 0 ? 2 : 1);
    }
    for (size_t i = 0; rc == 0 && i < store_bound_count(r->bound); i++) {
        store_bound_file(r->bound, i, &f);
        rc = restore_file(r, &f, &r->lacking[i], e);
    }
    return rc;
}

static int said_take(void *context, const struct ledger_record *r, struct err *e)
{
    return mirror_said_take(context, r, e);
}

/* Of a pack that is not there whole, its beginning as it was mirrored before. */
static int restore_beginnings(struct restoring *r, struct err *e)
{
    int rc = 0;
    r->said.history = store_bound_history(r->bound);
    for (size_t i = 0; rc == 0 && i < store_bound_count(r->bound); i++) {
        struct store_bound_file f;
        struct err why = {0};
        uint32_t brought = 0;
        if (!r->lacking[i])
            continue;
        if (r->said.count == 0)
            rc = mirror_walk(r->m, said_take, &r->said, e);
        if (rc != 0)
            return rc;
        store_bound_file(r->bound, i, &f);
        rc = mirror_gather(&(struct mirror_gathering){r->m->folder, r->draft.s, f.pack, &r->said}, &brought, &why);
        if (rc == ERR_DAMAGED && brought > 0)
            tell(r, why.text);
        rc = rc == ERR_DAMAGED ? 0 : rc != 0 ? err_set(e, rc, "%s", why.text) : 0;
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
        rc = ledger_from_pieces(r->draft.s, r->m->pieces, &r->m->history.logs, r->m->records, e);
    if (rc == 0)
        rc = store_derive(r->draft.s, e);
    return rc == 0 ? restore_beginnings(r, e) : rc; /* last: parity is of whole packs */
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
    int rc = store_target_free(dest, e);
    if (rc == 0)
        rc = file_path(&r->draft, e, "%.*s.restoring", (int)n, dest);
    r->carry.within = r->draft.s;
    if (rc == 0)
        rc = mirror_bound(r->m, &r->bound, e);
    if (rc == 0)
        rc = build(r, e);
    return rc == 0 ? appear(r, dest, e) : rc;
}

/* Nothing that is copied may give way to a newer one meanwhile. */
static int hold(const char *folder, int *ret_fd, struct err *e)
{
    *ret_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*ret_fd >= 0 && flock(*ret_fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return err_set(e, ERR_BUSY, "another groundwork is writing to the mirror in %s: wait for it", folder);
    return 0; /* what is not there is told by who opens it; a file system that knows no locks is read all the same */
}

int mirror_restore(const char *folder, const char *dest, const struct store_watch *watch,
                   struct mirror_restored *ret, struct err *e)
{
    OWN(restoring_release) struct restoring r = {.count = ret, .carry = {.watch = watch, .passes = 2}};
    OWN(fd_drop) int held = -1;
    *ret = (struct mirror_restored){0};
    int rc = hold(folder, &held, e);
    if (rc == 0)
        rc = mirror_open(folder, &r.m, e);
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
