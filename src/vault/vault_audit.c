/* Checking and healing packs by what the log says of them: without keys, and without inventing a byte. */
#include "base/text.h"
#include "vault/vault_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

enum { AHEAD = 4 << 20 }; /* bytes asked for at once */

struct audit {
    const char *root;
    uint32_t pack_sectors;
    const struct vault_pack *logged;
    const struct vault_watch *watch; /* may be NULL */
    uint64_t done_bytes;
};

static int logged_check(uint32_t pack_sectors, const struct vault_pack *logged, struct err *e)
{
    int rc = vault_check_sectors(pack_sectors, e);
    if (rc != 0)
        return rc;
    bool sane =
        logged->sectors <= pack_sectors && logged->sectors != 0 && logged->sealed == (logged->sectors == pack_sectors);
    if (!sane)
        return err_set(e, ERR_DAMAGED, "pack %llu: the log gives it an impossible length",
                       (unsigned long long)logged->pack);
    return 0;
}

/* A part of an intake leaves the second copy to the last part. */
static const char *const not_whole =
    TEXT("is not whole: an intake is at work or was cut off; the next one, or groundwork repair, completes it");

/* One copy of a pack as it lies here. */
struct copy {
    char name;
    int fd;           /* -1: it is not there, or no plain file */
    const char *what; /* NULL: it is whole */
    uint32_t has;     /* sectors of those that were committed; what is known of each: */
    struct hash *leaves;
    bool *there; /* the disk gave it */
};

static void copy_release(struct copy *c)
{
    fd_drop(&c->fd);
    free(c->leaves);
    free(c->there);
}

static int copy_open(const struct audit *a, struct copy *c, struct err *e)
{
    struct file_path path;
    uint64_t bytes = 0;
    uint64_t committed = (uint64_t)a->logged->sectors * VAULT_SECTOR;
    int rc = vault_pack_path(a->root, a->logged->pack, c->name, &path, e);
    if (rc == 0)
        rc = file_open_copy(path.s, &c->fd, e);
    if (rc == ERR_ABSENT)
        c->what = c->name == 'a' ? TEXT("is missing") : not_whole;
    if (rc == ERR_DAMAGED)
        c->what = TEXT("cannot be opened, or is no plain file");
    if (rc == ERR_ABSENT || rc == ERR_DAMAGED)
        return 0;
    if (rc == 0)
        rc = file_size(c->fd, &bytes, path.s, e);
    if (rc == 0 && bytes < committed)
        c->what = c->name == 'a' ? TEXT("is shorter than logged") : not_whole;
    if (rc == 0 && bytes > committed && a->logged->sealed)
        c->what = TEXT("is longer than logged");
    c->has = bytes < committed ? (uint32_t)(bytes / VAULT_SECTOR) : a->logged->sectors;
    return rc;
}

static int copy_hash(struct audit *a, struct copy *c, struct err *e)
{
    struct hash root;
    c->leaves = calloc((size_t)c->has + 1, sizeof *c->leaves);
    c->there = calloc((size_t)c->has + 1, sizeof *c->there);
    if (c->leaves == NULL || c->there == NULL)
        return err_memory(e);
    int rc = vault_sectors_hash(c->fd, 0, c->has, c->leaves, c->there, a->watch, &a->done_bytes, e);
    if (rc != 0 || c->what != NULL)
        return rc;
    for (uint32_t i = 0; i < c->has; i++)
        if (!c->there[i])
            c->what = TEXT("cannot be read");
    vault_parity_root(c->leaves, c->has, &root);
    if (c->what == NULL && !hash_equal(&root, &a->logged->root))
        c->what = TEXT("does not have its logged root");
    return 0;
}

/* ${all}: its sectors are looked at also where its length alone says that it is not whole. */
static int copy_look(struct audit *a, char name, bool all, struct copy *ret, struct err *e)
{
    *ret = (struct copy){.name = name, .fd = -1};
    int rc = copy_open(a, ret, e);
    return rc == 0 && ret->fd >= 0 && (all || ret->what == NULL) ? copy_hash(a, ret, e) : rc;
}

static void tell(const struct audit *a, char copy, const char *what)
{
    struct vault_finding f = {a->logged->pack, copy, what, what == not_whole};
    if (a->watch != NULL && a->watch->finding != NULL)
        a->watch->finding(a->watch->context, &f);
}

int vault_audit_pack(const char *root, uint32_t pack_sectors, const struct vault_pack *logged,
                     const struct vault_watch *watch, struct err *e)
{
    struct audit a = {root, pack_sectors, logged, watch, 0};
    int rc = logged_check(pack_sectors, logged, e);
    int damaged = 0;
    for (char name = 'a'; rc == 0 && name <= (logged->sealed ? 'a' : 'b'); name++) {
        OWN(copy_release) struct copy c = {.fd = -1};
        rc = copy_look(&a, name, false, &c, e);
        if (rc != 0 || c.what == NULL)
            continue;
        tell(&a, name, c.what);
        if (c.what != not_whole)
            damaged = err_set(e, ERR_DAMAGED, "pack %llu is damaged: run groundwork repair",
                              (unsigned long long)logged->pack);
    }
    return rc != 0 ? rc : damaged;
}

/* ---- repair ---- */

static int file_check(const struct audit *a, int fd, const char *name, struct err *e)
{
    struct copy c = {.fd = fd, .has = a->logged->sectors};
    struct audit quiet = {.logged = a->logged};
    int rc = copy_hash(&quiet, &c, e);
    c.fd = -1; /* the caller's */
    if (rc == 0 && c.what != NULL)
        rc = err_set(e, ERR_IO, "%s did not come back as it was written: the disk or the memory is faulty", name);
    copy_release(&c);
    return rc;
}

/* Where sector i is taken from: ${first} as far as it has it. */
static const struct copy *chosen(const struct copy *first, const struct copy *second, uint32_t i)
{
    return i < first->has && first->there[i] ? first : second;
}

/* Sectors of both that together are what was committed. */
static bool complete(const struct audit *a, const struct copy *first, const struct copy *second)
{
    struct merkle m = {0};
    struct hash root;
    for (uint32_t i = 0; i < a->logged->sectors; i++) {
        const struct copy *c = chosen(first, second, i);
        if (i >= c->has || !c->there[i])
            return false;
        vault_merkle_add(&m, &c->leaves[i]);
    }
    vault_merkle_root(&m, &root);
    return hash_equal(&root, &a->logged->root);
}

/* The committed sectors as a new file ${fresh}, synced, read again and held to the logged root. */
static int fresh_write(const struct audit *a, const struct copy *first, const struct copy *second, const char *fresh,
                       struct err *e)
{
    OWN(fd_drop) int fd = open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_os(e, ERR_IO, errno, "cannot make %s", fresh);
    int rc = 0;
    for (uint32_t from = 0, to = 0; rc == 0 && from < a->logged->sectors; from = to) {
        const struct copy *c = chosen(first, second, from);
        while (to < a->logged->sectors && chosen(first, second, to) == c)
            to++;
        rc = vault_pack_copy(c->fd, fd, from, to, c->leaves, fresh, e);
    }
    if (rc == 0)
        rc = file_sync(fd, fresh, e);
    return rc == 0 ? file_check(a, fd, fresh, e) : rc;
}

/* What the two have together in the place of the bad copy ${to}. */
static int copy_heal(const struct audit *a, const struct copy *first, const struct copy *second, char to, struct err *e)
{
    struct file_path folder;
    struct file_path path;
    struct file_path fresh = {""};
    int rc = vault_pack_folder(a->root, a->logged->pack, to, &folder, e);
    if (rc == 0)
        rc = file_make_folders(folder.s, e);
    if (rc == 0)
        rc = vault_pack_path(a->root, a->logged->pack, to, &path, e);
    if (rc == 0)
        rc = file_path(&fresh, e, "%s.repaired", path.s);
    if (rc == 0)
        rc = fresh_write(a, first, second, fresh.s, e);
    if (rc == 0)
        rc = vault_set_aside(a->root, path.s, e);
    if (rc == 0 && rename(fresh.s, path.s) != 0)
        rc = err_os(e, ERR_IO, errno, "cannot rename %s", fresh.s);
    if (rc != 0) {
        if (fresh.s[0] != 0)
            (void)unlink(fresh.s);
        return rc;
    }
    return file_sync_folder(folder.s, e);
}

/* Sectors of either copy: all of one that is whole, else those that copy b has, or those that copy a has. */
static int copies_heal(const struct audit *a, const struct copy *at, const struct copy *bt, bool *ret_healed,
                       struct err *e)
{
    const struct copy *first = at->what == NULL ? at : bt;
    const struct copy *second = first == at ? bt : at;
    if (!complete(a, first, second)) {
        const struct copy *other = first;
        first = second;
        second = other;
    }
    if (!complete(a, first, second))
        return err_set(e, ERR_DAMAGED,
                       "pack %llu is damaged and no good copy is here: bring one from a backup of the repository",
                       (unsigned long long)a->logged->pack);
    int rc = at->what != NULL ? copy_heal(a, first, second, 'a', e) : 0;
    if (rc == 0 && bt->what != NULL && !a->logged->sealed)
        rc = copy_heal(a, first, second, 'b', e);
    if (rc == 0)
        *ret_healed = true;
    return rc;
}

int vault_repair_pack(const char *root, uint32_t pack_sectors, const struct vault_pack *logged, bool *ret_healed,
                      struct err *e)
{
    struct audit a = {root, pack_sectors, logged, NULL, 0};
    OWN(copy_release) struct copy at = {.fd = -1};
    OWN(copy_release) struct copy bt = {.fd = -1};
    *ret_healed = false;
    int rc = logged_check(pack_sectors, logged, e);
    if (rc == 0)
        rc = copy_look(&a, 'a', true, &at, e);
    if (rc == 0 && at.what == NULL && logged->sealed)
        return 0;
    if (rc == 0)
        rc = copy_look(&a, 'b', true, &bt, e);
    if (rc != 0 || (at.what == NULL && bt.what == NULL))
        return rc;
    return copies_heal(&a, &at, &bt, ret_healed, e);
}

void vault_pack_ahead(const char *root, const struct vault_pack *p, const atomic_bool *stop)
{
    struct file_path path;
    OWN(fd_drop) int fd = -1;
    const uint64_t bytes = (uint64_t)p->sectors * VAULT_SECTOR;
    if (vault_pack_path(root, p->pack, 'a', &path, NULL) != 0 || file_open_copy(path.s, &fd, NULL) != 0)
        return;
    for (uint64_t at = 0; at < bytes && !atomic_load(stop); at += AHEAD)
        (void)readahead(fd, (off_t)at, AHEAD);
}
