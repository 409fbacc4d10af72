/* Parity files held to the log; and rows of sectors read from a disk that may not give all of them. */
#include "base/text.h"
#include "vault/vault_internal.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { AT_ONCE = 64 }; /* sectors read together */

static bool sector_read(int fd, uint64_t sector, uint8_t *to)
{
    size_t have = 0;
    while (have < VAULT_SECTOR) {
        ssize_t got = pread(fd, to + have, VAULT_SECTOR - have, (off_t)(sector * VAULT_SECTOR + have));
        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    return true;
}

void vault_sectors_read(int fd, uint64_t first, uint32_t count, uint8_t *to, bool *ret_there)
{
    size_t n = (size_t)count * VAULT_SECTOR;
    bool all = fd >= 0 && pread(fd, to, n, (off_t)(first * VAULT_SECTOR)) == (ssize_t)n;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *sector = to + (size_t)i * VAULT_SECTOR;
        ret_there[i] = all || (fd >= 0 && sector_read(fd, first + i, sector));
        if (!ret_there[i])
            memset(sector, 0, VAULT_SECTOR);
    }
}

int vault_sectors_hash(int fd, uint64_t first, uint32_t count, struct hash *ret_leaves, bool *ret_there,
                       const struct vault_watch *watch, uint64_t *done, struct err *e)
{
    OWN(mem_drop) uint8_t *some = malloc((size_t)AT_ONCE * VAULT_SECTOR);
    if (some == NULL)
        return err_memory(e);
    for (uint32_t at = 0; at < count; at += AT_ONCE) {
        uint32_t n = count - at < AT_ONCE ? count - at : AT_ONCE;
        struct bytes sector[AT_ONCE];
        vault_sectors_read(fd, first + at, n, some, ret_there + at);
        for (uint32_t i = 0; i < n; i++)
            sector[i] = bytes_of(some + (size_t)i * VAULT_SECTOR, VAULT_SECTOR);
        crypt_leaf_hash_many(sector, n, ret_leaves + at);
        if (done != NULL)
            *done += (uint64_t)n * VAULT_SECTOR;
        if (watch != NULL && watch->progress != NULL && watch->progress(watch->context, *done) != 0)
            return err_set(e, ERR_STOPPED, "interrupted");
    }
    return 0;
}

static uint32_t trailer_sectors(const struct vault_stripe_of *s)
{
    struct trailer t;
    vault_trailer_shape(s->pack_sectors, s->logged->packs + s->parity.files, &t);
    return t.sectors;
}

uint64_t vault_parity_bytes(const struct vault_stripe_of *s)
{
    return ((uint64_t)s->pack_sectors + trailer_sectors(s)) * VAULT_SECTOR;
}

/* *ret_what: NULL when the file is whole. */
static int file_check(const struct vault_stripe_of *s, unsigned file, const struct vault_watch *watch,
                      const char **ret_what, struct err *e)
{
    OWN(fd_drop) int fd = -1;
    struct file_path path;
    uint64_t bytes = 0;
    uint64_t done = 0;
    int rc = vault_parity_path(s->root, s->logged, file, &path, e);
    if (rc == 0)
        rc = file_open_copy(path.s, &fd, e);
    if (rc == ERR_ABSENT || rc == ERR_DAMAGED) {
        *ret_what = rc == ERR_ABSENT ? TEXT("is missing") : TEXT("cannot be opened, or is no plain file");
        return 0;
    }
    if (rc == 0)
        rc = file_size(fd, &bytes, path.s, e);
    if (rc != 0)
        return rc;
    if (bytes != vault_parity_bytes(s)) {
        *ret_what = bytes < vault_parity_bytes(s) ? TEXT("is shorter than logged") : TEXT("is longer than logged");
        return 0;
    }
    uint32_t count = s->pack_sectors + trailer_sectors(s);
    OWN(mem_drop) struct hash *leaves = calloc(count, sizeof *leaves);
    OWN(mem_drop) bool *there = calloc(count, sizeof *there);
    if (leaves == NULL || there == NULL)
        return err_memory(e);
    rc = vault_sectors_hash(fd, 0, count, leaves, there, watch, &done, e);
    if (rc != 0)
        return rc;
    struct hash root;
    struct hash trailer;
    vault_parity_root(leaves, s->pack_sectors, &root);
    vault_parity_root(leaves + s->pack_sectors, count - s->pack_sectors, &trailer);
    if (!hash_equal(&root, &s->logged->roots[file]) || !hash_equal(&trailer, &s->logged->trailer))
        *ret_what = TEXT("does not have its logged root");
    return 0;
}

int vault_audit_parity(const struct vault_stripe_of *s, unsigned file, const struct vault_watch *watch, struct err *e)
{
    const char *what = NULL;
    int rc = vault_stripe_check(s, e);
    if (rc == 0)
        rc = file_check(s, file, watch, &what, e);
    if (rc != 0 || what == NULL)
        return rc;
    struct vault_finding f = {s->logged->stripe, (char)('0' + file), what};
    if (watch != NULL && watch->finding != NULL)
        watch->finding(watch->context, &f);
    return err_set(e, ERR_DAMAGED, "parity file %u of stripe %llu is damaged: run groundwork repair", file,
                   (unsigned long long)s->logged->stripe);
}

int vault_stripe_check(const struct vault_stripe_of *s, struct err *e)
{
    int rc = vault_check_sectors(s->pack_sectors, e);
    if (rc == 0 && (!vault_parity_known(&s->parity) || s->parity.packs == 0))
        rc = err_set(e, ERR_NEWER, "parity of %u packs and %u files is newer than this program", s->parity.packs,
                     s->parity.files);
    if (rc == 0 && (s->logged->packs == 0 || s->logged->packs > s->parity.packs))
        rc = err_set(e, ERR_DAMAGED, "stripe %llu: the log gives it an impossible length",
                     (unsigned long long)s->logged->stripe);
    return rc;
}

/* ---- by names and sizes alone ---- */

static bool has_length(const char *path, uint64_t bytes)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == bytes;
}

static bool has_pack(const char *root, uint32_t pack_sectors, uint64_t pack)
{
    struct file_path path;
    return vault_pack_path(root, pack, 'a', &path, NULL) == 0 &&
           has_length(path.s, (uint64_t)pack_sectors * VAULT_SECTOR);
}

static bool stripe_there(const struct vault_stripe_of *s)
{
    bool there = true;
    for (uint32_t i = 0; there && i < s->logged->packs; i++)
        there = has_pack(s->root, s->pack_sectors, s->logged->stripe * s->parity.packs + i);
    for (uint32_t i = 0; there && i < s->parity.files; i++) {
        struct file_path path;
        there = vault_parity_path(s->root, s->logged, i, &path, NULL) == 0 &&
                has_length(path.s, vault_parity_bytes(s));
    }
    return there;
}

/* Of the open pack either copy, as long as it is committed or not. */
static bool has_open_pack(const char *root, uint64_t pack)
{
    struct file_path path;
    struct stat st;
    bool there = false;
    for (char copy = 'a'; !there && copy <= 'b'; copy++)
        there = vault_pack_path(root, pack, copy, &path, NULL) == 0 && lstat(path.s, &st) == 0 && S_ISREG(st.st_mode);
    return there;
}

#define LOST ".lost" /* behind the number of a pack: an empty file in quarantine/ */

static int lost_path(const char *root, uint64_t pack, struct file_path *folder, struct file_path *ret, struct err *e)
{
    int rc = file_path(folder, e, "%s/quarantine", root);
    return rc == 0 ? file_path(ret, e, "%s/%06llu" LOST, folder->s, (unsigned long long)pack) : rc;
}

bool vault_lost_marked(const char *root, uint64_t pack)
{
    struct file_path folder, path;
    return lost_path(root, pack, &folder, &path, NULL) == 0 && file_exists(path.s);
}

int vault_lost_mark(const char *root, uint64_t pack, bool lost, struct err *e)
{
    struct file_path folder, path;
    int rc = lost_path(root, pack, &folder, &path, e);
    if (rc != 0)
        return rc;
    if (!lost)
        return unlink(path.s) == 0 || errno == ENOENT ? 0 : err_os(e, ERR_IO, errno, "cannot remove %s", path.s);
    rc = file_make_folder(folder.s, e);
    if (rc == 0 && !file_exists(path.s))
        rc = file_replace(path.s, bytes_of(NULL, 0), 0600, e);
    return rc;
}

/* "NNNNNN.pack", and "-2" and so on behind it; or "NNNNNN.lost". */
static bool aside_number(const char *name, uint64_t *ret)
{
    char first[32];
    const char *dash = strchr(name, '-');
    size_t n = dash != NULL ? (size_t)(dash - name) : strlen(name);
    if (n >= sizeof first || (dash != NULL && (dash[1] == 0 || dash[1 + strspn(dash + 1, "0123456789")] != 0)))
        return false;
    memcpy(first, name, n);
    first[n] = 0;
    return vault_pack_number(first, ".pack", ret) || vault_pack_number(name, LOST, ret);
}

struct suspects {
    const struct vault_glanced *of;
    bool *list; /* of each pack */
};

static int aside_look(const struct suspects *s, struct err *e)
{
    struct file_path folder;
    int rc = file_path(&folder, e, "%s/quarantine", s->of->root);
    if (rc != 0)
        return rc;
    OWN(dir_drop) DIR *d = opendir(folder.s);
    if (d == NULL)
        return errno == ENOENT ? 0 : err_os(e, ERR_IO, errno, "cannot open %s", folder.s);
    uint64_t pack;
    for (const struct dirent *name = readdir(d); name != NULL; name = readdir(d))
        if (aside_number(name->d_name, &pack) && pack >= s->of->first && pack - s->of->first < s->of->packs)
            s->list[pack - s->of->first] = true;
    return 0;
}

int vault_suspects(const struct vault_glanced *of, uint64_t **ret, size_t *ret_count, struct err *e)
{
    OWN(mem_drop) bool *list = calloc((size_t)of->packs + 1, sizeof *list);
    const struct suspects s = {of, list};
    *ret = NULL;
    *ret_count = 0;
    if (list == NULL)
        return err_memory(e);
    for (uint64_t i = 0; i < of->packs; i++)
        list[i] = !(of->open && i + 1 == of->packs ? has_open_pack(of->root, of->first + i)
                                                   : has_pack(of->root, of->pack_sectors, of->first + i));
    int rc = aside_look(&s, e);
    for (uint64_t i = 0; i < of->packs; i++)
        *ret_count += list[i];
    if (rc != 0 || *ret_count == 0)
        return rc;
    *ret = calloc(*ret_count, sizeof **ret);
    if (*ret == NULL)
        return err_memory(e);
    for (uint64_t i = 0, n = 0; i < of->packs; i++)
        if (list[i])
            (*ret)[n++] = of->first + i;
    return 0;
}

void vault_glance(const struct vault_glanced *of, struct vault_glance *ret)
{
    const uint32_t each = of->parity.packs;
    *ret = (struct vault_glance){0};
    for (uint64_t i = 0; i < of->packs; i++)
        ret->packs_here += of->open && i + 1 == of->packs ? has_open_pack(of->root, of->first + i)
                                                          : has_pack(of->root, of->pack_sectors, of->first + i);
    for (uint64_t done = 0; each > 0 && done < of->covered; done += each) {
        uint64_t left = of->covered - done;
        struct vault_stripe stripe = {.stripe = of->first / each + ret->stripes++,
                                      .packs = left < each ? (uint32_t)left : each};
        struct vault_stripe_of s = {
            .root = of->root, .pack_sectors = of->pack_sectors, .parity = of->parity, .logged = &stripe};
        ret->whole += stripe_there(&s);
    }
}
