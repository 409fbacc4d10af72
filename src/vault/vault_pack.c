/* Pack files: where they lie, their hashes, and the cutting of what no commit names. */
#include "vault/vault_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

enum { AT_ONCE = 64 }; /* sectors read together */

int vault_pack_folder(const char *root, uint64_t pack, char copy, struct file_path *to, struct err *e)
{
    if (copy == 'b')
        return file_path(to, e, "%s/b/open", root);
    return file_path(to, e, "%s/vault/%03llu", root, (unsigned long long)(pack / 1000));
}

void vault_pack_place(uint64_t pack, char copy, char to[VAULT_PLACE_MAX])
{
    if (copy == 'b')
        (void)snprintf(to, VAULT_PLACE_MAX, "b/open/%06llu.pack", (unsigned long long)pack);
    else
        (void)snprintf(to, VAULT_PLACE_MAX, "vault/%03llu/%06llu.pack", (unsigned long long)(pack / 1000),
                       (unsigned long long)pack);
}

int vault_pack_path(const char *root, uint64_t pack, char copy, struct file_path *to, struct err *e)
{
    char place[VAULT_PLACE_MAX];
    vault_pack_place(pack, copy, place);
    return file_path(to, e, "%s/%s", root, place);
}

int vault_pack_open(const char *path, int flags, int *ret_fd, struct err *e)
{
    int fd = open(path, flags | O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_DIRECT, 0600);
    if (fd < 0 && errno == EINVAL)
        fd = open(path, flags | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_os(e, ERR_IO, errno, (flags & O_CREAT) != 0 ? "cannot make %s" : "cannot open %s", path);
    *ret_fd = fd;
    return 0;
}

int vault_pack_write(int fd, const uint8_t *p, size_t n, uint64_t offset, const char *name, struct err *e)
{
    assert(n % VAULT_SECTOR == 0 && offset % VAULT_SECTOR == 0);
    if (pwrite(fd, p, n, (off_t)offset) == (ssize_t)n)
        return 0;
    /* A disk whose blocks are larger than a sector, or one that is full: the ordinary way, with its words. */
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0 && (flags & O_DIRECT) != 0)
        (void)fcntl(fd, F_SETFL, flags & ~O_DIRECT);
    return file_write_at(fd, p, n, offset, name, e);
}

static int sectors_check(const uint8_t *sectors, uint32_t n, const struct hash *leaves, const char *name,
                         struct err *e)
{
    struct bytes sector[AT_ONCE] = {{0}};
    struct hash made[AT_ONCE];
    for (uint32_t i = 0; i < n; i++)
        sector[i] = bytes_of(sectors + (size_t)i * VAULT_SECTOR, VAULT_SECTOR);
    crypt_leaf_hash_many(sector, n, made);
    for (uint32_t i = 0; i < n; i++) {
        if (!hash_equal(&made[i], &leaves[i]))
            return err_set(e, ERR_IO, "%s did not come back as it was written: the disk or the memory is faulty", name);
    }
    return 0;
}

int vault_pack_copy(int source, int target, uint32_t from, uint32_t to, const struct hash *leaves, const char *name,
                    struct err *e)
{
    OWN(mem_drop) uint8_t *some = aligned_alloc(PACK_ALIGN, (size_t)AT_ONCE * VAULT_SECTOR);
    if (some == NULL)
        return err_memory(e);
    for (uint32_t at = from; at < to;) {
        uint32_t n = to - at < AT_ONCE ? to - at : AT_ONCE;
        uint64_t offset = (uint64_t)at * VAULT_SECTOR;
        int rc = file_read_at(source, some, (size_t)n * VAULT_SECTOR, offset, name, e);
        if (rc == 0)
            rc = sectors_check(some, n, leaves + at, name, e);
        if (rc == 0)
            rc = vault_pack_write(target, some, (size_t)n * VAULT_SECTOR, offset, name, e);
        if (rc != 0)
            return rc;
        at += n;
    }
    return 0;
}

bool vault_pack_number(const char *name, const char *suffix, uint64_t *ret)
{
    size_t n = strspn(name, "0123456789");
    if (n == 0 || n > 19 || strcmp(name + n, suffix) != 0)
        return false;
    *ret = strtoull(name, NULL, 10);
    return true;
}

static int folder_open(const char *path, DIR **ret, struct err *e)
{
    *ret = opendir(path);
    if (*ret == NULL && errno != ENOENT)
        return err_os(e, ERR_IO, errno, "cannot open %s", path);
    return 0;
}

static int pack_remove(const struct file_path *path, uint64_t *cut, struct err *e)
{
    OWN(fd_drop) int fd = -1;
    uint64_t bytes = 0;
    int rc = file_open_read(path->s, &fd, e);
    if (rc == 0)
        rc = file_size(fd, &bytes, path->s, e);
    if (rc == 0)
        rc = file_remove(path->s, e);
    if (rc == 0)
        *cut += bytes;
    return rc;
}

static int pack_shorten(const struct file_path *path, uint32_t sectors, uint64_t *cut, struct err *e)
{
    OWN(fd_drop) int fd = open(path->s, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0)
        return err_os(e, ERR_IO, errno, "cannot open %s", path->s);
    uint64_t bytes = 0;
    uint64_t committed = (uint64_t)sectors * VAULT_SECTOR;
    int rc = file_size(fd, &bytes, path->s, e);
    if (rc != 0 || bytes <= committed)
        return rc;
    if (ftruncate(fd, (off_t)committed) != 0)
        return err_os(e, ERR_IO, errno, "cannot shorten %s", path->s);
    rc = file_sync(fd, path->s, e);
    if (rc == 0)
        *cut += bytes - committed;
    return rc;
}

/* One folder of copy a: packs from the next one on go. */
static int cut_folder(const struct vault_cut *c, uint64_t folder_number, uint64_t *cut, struct err *e)
{
    struct file_path folder;
    int rc = vault_pack_folder(c->root, folder_number * 1000, 'a', &folder, e);
    OWN(dir_drop) DIR *dir = NULL;
    if (rc == 0)
        rc = folder_open(folder.s, &dir, e);
    if (rc != 0 || dir == NULL)
        return rc;
    for (struct dirent *d = readdir(dir); d != NULL && rc == 0; d = readdir(dir)) {
        uint64_t pack;
        if (!vault_pack_number(d->d_name, ".pack", &pack) || pack < c->next_pack || pack >= c->span.end)
            continue;
        struct file_path path;
        rc = file_path(&path, e, "%s/%s", folder.s, d->d_name);
        if (rc == 0)
            rc = pack_remove(&path, cut, e);
    }
    return rc;
}

static int cut_copy_a(const struct vault_cut *c, uint64_t *cut, struct err *e)
{
    struct file_path vault;
    int rc = file_path(&vault, e, "%s/vault", c->root);
    OWN(dir_drop) DIR *dir = NULL;
    if (rc == 0)
        rc = folder_open(vault.s, &dir, e);
    if (rc != 0 || dir == NULL)
        return rc;
    for (struct dirent *d = readdir(dir); d != NULL && rc == 0; d = readdir(dir)) {
        uint64_t number;
        if (vault_pack_number(d->d_name, "", &number) && number >= c->next_pack / 1000 && number <= c->span.end / 1000)
            rc = cut_folder(c, number, cut, e);
    }
    return rc;
}

/* In copy b only the open pack has a place, and nothing half made. */
static int cut_copy_b(const struct vault_cut *c, struct err *e)
{
    struct file_path folder;
    uint64_t cut = 0;
    int rc = vault_pack_folder(c->root, 0, 'b', &folder, e);
    OWN(dir_drop) DIR *dir = NULL;
    if (rc == 0)
        rc = folder_open(folder.s, &dir, e);
    if (rc != 0 || dir == NULL)
        return rc;
    for (struct dirent *d = readdir(dir); d != NULL && rc == 0; d = readdir(dir)) {
        uint64_t pack;
        bool fresh = vault_pack_number(d->d_name, ".pack" COPY_B_FRESH, &pack);
        bool whole = vault_pack_number(d->d_name, ".pack", &pack);
        if ((!fresh && !whole) || pack < c->span.first || pack >= c->span.end ||
            (whole && c->open_pack != NULL && pack == c->open_pack->pack))
            continue;
        struct file_path path;
        rc = file_path(&path, e, "%s/%s", folder.s, d->d_name);
        if (rc == 0)
            rc = pack_remove(&path, &cut, e);
    }
    return rc;
}

int vault_pack_cut(const struct vault_cut *c, uint64_t *ret_cut_bytes, struct err *e)
{
    uint64_t cut = 0;
    uint64_t cut_b = 0;
    int rc = cut_copy_a(c, &cut, e);
    if (rc == 0)
        rc = cut_copy_b(c, e);
    for (int i = 0; i < 2 && rc == 0 && c->open_pack != NULL; i++) {
        struct file_path path;
        rc = vault_pack_path(c->root, c->open_pack->pack, i == 0 ? 'a' : 'b', &path, e);
        if (rc == 0)
            rc = pack_shorten(&path, c->open_pack->sectors, i == 0 ? &cut : &cut_b, e);
    }
    if (rc == 0)
        *ret_cut_bytes = cut;
    return rc;
}
