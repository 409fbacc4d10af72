/*
 * One file carried from disk to disk: held to its digest while it is read, synced, read again from the disk, and only
 * then given its name.
 */
#include "mirror/mirror_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

enum { BLOCK = 1 << 20, BLOCK_SECTORS = BLOCK / VAULT_SECTOR };

/* What is read, on its way to a digest: SHA-256, or the root over sectors. */
struct digesting {
    bool sectors;
    struct tree_edge edge;
    struct crypt_sha256 *sha;
};

static void digesting_drop(struct digesting *d)
{
    crypt_sha256_drop(&d->sha);
}

static int digest_begin(struct digesting *d, bool sectors, struct err *e)
{
    d->sectors = sectors;
    tree_edge_begin(&d->edge);
    d->sha = sectors ? NULL : crypt_sha256_new();
    if (!sectors && d->sha == NULL)
        return err_memory(e);
    if (!sectors)
        crypt_sha256_begin(d->sha);
    return 0;
}

static void digest_add(struct digesting *d, struct bytes block)
{
    if (!d->sectors) {
        crypt_sha256_add(d->sha, block);
        return;
    }
    struct bytes sector[BLOCK_SECTORS];
    struct hash leaf[BLOCK_SECTORS];
    size_t n = block.n / VAULT_SECTOR;
    for (size_t i = 0; i < n; i++)
        sector[i] = bytes_of(block.p + i * VAULT_SECTOR, VAULT_SECTOR);
    crypt_leaf_hash_many(sector, n, leaf);
    tree_edge_add_all(&d->edge, leaf, n, NULL);
}

static void digest_end(struct digesting *d, struct hash *ret)
{
    if (d->sectors)
        tree_edge_root(&d->edge, ret);
    else
        crypt_sha256_end(d->sha, ret);
}

static int advance(struct mirror_carrying *c, uint64_t bytes, struct err *e)
{
    c->done += bytes;
    if (c->watch == NULL || c->watch->progress == NULL ||
        c->watch->progress(c->watch->context, c->done / c->passes, c->all) == 0)
        return 0;
    return err_set(e, ERR_STOPPED, "interrupted: run it again to go on");
}

/* An open file, and what it is called. */
struct side {
    int fd;
    const char *name;
};

/* The first bytes of a file, perhaps written on to another on the way.  ERR_DAMAGED: the source fails. */
static int pass(struct mirror_carrying *c, const struct side *from, const struct side *to,
                const struct store_bound_file *f, bool *ret_good, struct err *e)
{
    OWN(digesting_drop) struct digesting d = {0};
    OWN(mem_drop) uint8_t *block = malloc(BLOCK);
    struct err mine = {0};
    struct hash made;
    int rc = block == NULL ? err_memory(e) : digest_begin(&d, f->sectors, e);
    for (uint64_t at = 0; rc == 0 && at < f->bytes;) {
        size_t n = f->bytes - at < BLOCK ? (size_t)(f->bytes - at) : BLOCK;
        if (file_read_at(from->fd, block, n, at, from->name, &mine) != 0)
            return err_set(e, ERR_DAMAGED, "%s", mine.text);
        digest_add(&d, bytes_of(block, n));
        if (to != NULL)
            rc = file_write_at(to->fd, block, n, at, to->name, e);
        if (rc == 0)
            rc = advance(c, n, e);
        at += n;
    }
    if (rc != 0)
        return rc;
    digest_end(&d, &made);
    *ret_good = hash_equal(&made, &f->digest);
    return 0;
}

static int source_open(const char *path, const struct store_bound_file *f, bool may_be_longer, int *ret_fd,
                       struct err *e)
{
    uint64_t bytes = 0;
    struct err mine = {0};
    int rc = file_open_read(path, ret_fd, &mine);
    if (rc == 0)
        rc = file_size(*ret_fd, &bytes, path, &mine);
    if (rc == ERR_ABSENT)
        return err_set(e, ERR_ABSENT, "%s is missing", path);
    if (rc != 0)
        return err_set(e, ERR_DAMAGED, "%s", mine.text);
    if (bytes < f->bytes)
        return err_set(e, ERR_DAMAGED, "%s is shorter than logged", path);
    if (bytes > f->bytes && !may_be_longer)
        return err_set(e, ERR_DAMAGED, "%s is longer than logged", path);
    return 0;
}

int mirror_carry_check(struct mirror_carrying *c, const char *path, const struct store_bound_file *f, struct err *e)
{
    OWN(fd_drop) int fd = -1;
    bool good = false;
    int rc = source_open(path, f, false, &fd, e);
    if (rc == 0)
        rc = pass(c, &(struct side){fd, path}, NULL, f, &good, e);
    if (rc == 0 && !good)
        rc = err_set(e, ERR_DAMAGED, "%s is not what was logged", path);
    return rc;
}

int mirror_carry_way(const char *within, const char *path, struct err *e)
{
    struct file_path folder;
    struct stat status;
    int rc = file_path(&folder, e, "%s", path);
    for (char *at = folder.s + strlen(within) + 1; rc == 0 && (at = strchr(at, '/')) != NULL; at++) {
        *at = 0;
        bool there = lstat(folder.s, &status) == 0;
        if (!there && errno == ENOENT)
            return 0;
        if (!there)
            rc = err_os(e, ERR_IO, errno, "cannot look at %s", folder.s);
        else if (!S_ISDIR(status.st_mode))
            rc = err_set(e, ERR_REFUSED, "%s is a link or no folder: remove it, or name another folder", folder.s);
        *at = '/';
    }
    return rc;
}

/* Make the folder that holds ${path}. */
static int make_parent(const struct mirror_carrying *c, const char *path, struct err *e)
{
    struct file_path folder;
    int rc = file_path(&folder, e, "%s", path);
    if (rc == 0 && c->within != NULL)
        rc = mirror_carry_way(c->within, path, e);
    if (rc == 0)
        *strrchr(folder.s, '/') = 0;
    return rc == 0 ? file_make_folders(folder.s, e) : rc;
}

/* What was written is asked of the disk itself, as far as the system can be made to. */
static int read_back(struct mirror_carrying *c, int fd, const char *name, const struct store_bound_file *f,
                     struct err *e)
{
    bool good = false;
    struct err mine = {0};
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    int rc = pass(c, &(struct side){fd, name}, NULL, f, &good, &mine);
    if (rc == 0 && good)
        return 0;
    if (rc != 0 && rc != ERR_DAMAGED)
        return err_set(e, rc, "%s", mine.text);
    return err_set(e, ERR_IO, "%s did not come back as it was written: the disk or the memory is faulty", name);
}

static int draft_open(const struct mirror_carrying *c, const char *to, struct file_path *draft, int *ret_fd,
                      struct err *e)
{
    int rc = make_parent(c, to, e);
    if (rc == 0)
        rc = file_path(draft, e, "%s" MIRROR_DRAFT, to);
    if (rc != 0)
        return rc;
    if (unlink(draft->s) != 0 && errno != ENOENT) /* of an earlier try: nothing that lies there is written into */
        return err_os(e, ERR_IO, errno, "cannot remove %s", draft->s);
    *ret_fd = open(draft->s, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    return *ret_fd >= 0 ? 0 : err_os(e, ERR_IO, errno, "cannot make %s", draft->s);
}

static int finish(struct mirror_carrying *c, int fd, const char *draft, const char *to,
                  const struct store_bound_file *f, struct err *e)
{
    int rc = fsync(fd) == 0 ? 0 : err_os(e, ERR_IO, errno, "cannot write %s", to);
    if (rc == 0)
        rc = read_back(c, fd, to, f, e);
    if (rc == 0 && rename(draft, to) != 0)
        rc = err_os(e, ERR_IO, errno, "cannot put %s in its place", to);
    return rc == 0 ? file_sync_parent(to, e) : rc;
}

int mirror_carry(struct mirror_carrying *c, const char *from, const char *to, const struct store_bound_file *f,
                struct err *e)
{
    OWN(fd_drop) int source = -1;
    OWN(fd_drop) int target = -1;
    struct file_path draft;
    bool good = false;
    uint64_t before = c->done;
    int rc = source_open(from, f, f->grows, &source, e);
    if (rc == 0)
        rc = draft_open(c, to, &draft, &target, e);
    if (rc != 0)
        return rc;
    rc = pass(c, &(struct side){source, from}, &(struct side){target, to}, f, &good, e);
    if (rc == 0 && !good)
        rc = err_set(e, ERR_DAMAGED, "%s is not what was logged", from);
    if (rc == 0)
        rc = finish(c, target, draft.s, to, f, e);
    if (rc != 0) {
        (void)unlink(draft.s);
        c->done = rc == ERR_DAMAGED ? before : c->done;
    }
    return rc;
}

int mirror_carry_bytes(struct mirror_carrying *c, struct bytes content, const char *to, struct err *e)
{
    OWN(fd_drop) int target = -1;
    struct file_path draft;
    struct store_bound_file f = {.bytes = content.n};
    crypt_sha256(content, &f.digest);
    int rc = draft_open(c, to, &draft, &target, e);
    if (rc != 0)
        return rc;
    rc = file_write_at(target, content.p, content.n, 0, to, e);
    if (rc == 0)
        rc = advance(c, content.n, e);
    if (rc == 0)
        rc = finish(c, target, draft.s, to, &f, e);
    if (rc != 0)
        (void)unlink(draft.s);
    return rc;
}
