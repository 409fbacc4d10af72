/* Checking and healing packs by what the log says of them: without keys, and without inventing a byte. */
#include "base/text.h"
#include "vault/vault_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

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

/* Open a copy and see whether it has the length it must have; *ret_what stays NULL when it is sound so far. */
static int copy_open(const struct audit *a, char copy, int *ret_fd, const char **ret_what, struct err *e)
{
    struct file_path path;
    uint64_t bytes = 0;
    uint64_t committed = (uint64_t)a->logged->sectors * VAULT_SECTOR;
    int rc = vault_pack_path(a->root, a->logged->pack, copy, &path, e);
    if (rc == 0)
        rc = file_open_read(path.s, ret_fd, e);
    if (rc == ERR_ABSENT) {
        *ret_what = copy == 'a' ? TEXT("is missing") : not_whole;
        return 0;
    }
    if (rc == ERR_DAMAGED) {
        *ret_what = TEXT("is a link or no plain file");
        return 0;
    }
    if (rc == 0)
        rc = file_size(*ret_fd, &bytes, path.s, e);
    if (rc == 0 && bytes < committed)
        *ret_what = copy == 'a' ? TEXT("is shorter than logged") : not_whole;
    if (rc == 0 && bytes > committed && a->logged->sealed)
        *ret_what = TEXT("is longer than logged");
    return rc;
}

/* *ret_what: NULL when the copy is whole. */
static int copy_check(struct audit *a, char copy, const char **ret_what, struct err *e)
{
    OWN(fd_drop) int fd = -1;
    *ret_what = NULL;
    int rc = copy_open(a, copy, &fd, ret_what, e);
    if (rc != 0 || *ret_what != NULL)
        return rc;
    struct merkle m = {0};
    struct hash root;
    rc = vault_pack_hash(fd, a->logged->sectors, "a pack", a->watch, &a->done_bytes, &m, e);
    if (rc != 0)
        return rc;
    vault_merkle_root(&m, &root);
    if (!hash_equal(&root, &a->logged->root))
        *ret_what = TEXT("does not have its logged root");
    return 0;
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
    for (char copy = 'a'; rc == 0 && copy <= (logged->sealed ? 'a' : 'b'); copy++) {
        const char *what = NULL;
        rc = copy_check(&a, copy, &what, e);
        if (rc != 0 || what == NULL)
            continue;
        tell(&a, copy, what);
        if (what != not_whole)
            damaged = err_set(e, ERR_DAMAGED, "pack %llu is damaged: run groundwork repair",
                              (unsigned long long)logged->pack);
    }
    return rc != 0 ? rc : damaged;
}

/* ---- repair ---- */

static int file_check(const struct audit *a, int fd, const char *name, struct err *e)
{
    struct merkle m = {0};
    struct hash root;
    int rc = vault_pack_hash(fd, a->logged->sectors, name, NULL, NULL, &m, e);
    if (rc != 0)
        return rc;
    vault_merkle_root(&m, &root);
    if (!hash_equal(&root, &a->logged->root))
        return err_set(e, ERR_IO, "%s did not come back as it was written: the disk or the memory is faulty", name);
    return 0;
}

/* The committed sectors of ${source} as a new file ${fresh}, synced, read again and held to the logged root. */
static int fresh_write(const struct audit *a, int source, const char *fresh, struct err *e)
{
    OWN(fd_drop) int fd = open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_os(e, ERR_IO, errno, "cannot make %s", fresh);
    int rc = vault_pack_copy(source, fd, 0, a->logged->sectors, NULL, 0, fresh, e);
    if (rc == 0)
        rc = file_sync(fd, fresh, e);
    return rc == 0 ? file_check(a, fd, fresh, e) : rc;
}

/* Put the good copy ${from} in the place of the bad copy ${to}. */
static int copy_heal(const struct audit *a, char from, char to, struct err *e)
{
    struct file_path folder;
    struct file_path path;
    struct file_path fresh = {""};
    const char *what = NULL;
    OWN(fd_drop) int source = -1;
    int rc = copy_open(a, from, &source, &what, e);
    if (rc == 0)
        rc = vault_pack_folder(a->root, a->logged->pack, to, &folder, e);
    if (rc == 0)
        rc = file_make_folders(folder.s, e);
    if (rc == 0)
        rc = vault_pack_path(a->root, a->logged->pack, to, &path, e);
    if (rc == 0)
        rc = file_path(&fresh, e, "%s.repaired", path.s);
    if (rc == 0)
        rc = fresh_write(a, source, fresh.s, e);
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

int vault_repair_pack(const char *root, uint32_t pack_sectors, const struct vault_pack *logged, bool *ret_healed,
                      struct err *e)
{
    struct audit a = {root, pack_sectors, logged, NULL, 0};
    const char *what_a = NULL;
    const char *what_b = NULL;
    int rc = logged_check(pack_sectors, logged, e);
    if (rc == 0)
        rc = copy_check(&a, 'a', &what_a, e);
    if (rc == 0 && what_a == NULL && logged->sealed) {
        *ret_healed = false;
        return 0;
    }
    if (rc == 0)
        rc = copy_check(&a, 'b', &what_b, e);
    if (rc != 0)
        return rc;
    if (what_a != NULL && what_b != NULL)
        return err_set(e, ERR_DAMAGED,
                       "pack %llu is damaged and no good copy is here: bring one from a backup of the repository",
                       (unsigned long long)logged->pack);
    if (what_a != NULL)
        rc = copy_heal(&a, 'b', 'a', e);
    else if (what_b != NULL)
        rc = copy_heal(&a, 'a', 'b', e);
    if (rc == 0)
        *ret_healed = what_a != NULL || what_b != NULL;
    return rc;
}
