/* The files of a package, and their manifests (RFC 8493). */
#include "verify/verify_internal.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static const char TAGS[] = "tagmanifest-sha256.txt", PAYLOAD[] = "manifest-sha256.txt";
enum { READ_ROOM = 1 << 20, LINE_HEX = 2 * CRYPT_HASH };

int verify_broken(const char *path, struct err *e)
{
    return err_set(e, ERR_DAMAGED, "%s: is not what it must be", path);
}

/* ---- what lies there ---- */

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}

/* Letters, digits, dashes; dots, but not first: nothing that leads elsewhere or moves a cursor. */
static bool name_is_plain(const char *name)
{
    if (!is_word(name[0]) || strlen(name) > VERIFY_NAME_MAX)
        return false;
    for (const char *p = name; *p != 0; p++)
        if (!is_word(*p) && *p != '.')
            return false;
    return true;
}

static int file_add(struct verify_bag *b, const char *path, struct err *e)
{
    if (b->count == VERIFY_FILES_MAX)
        return err_set(e, ERR_DAMAGED, "the package has more than %d files", VERIFY_FILES_MAX);
    if (b->count == b->room) {
        size_t room = b->room * 2 + 64;
        struct verify_file *grown = reallocarray(b->file, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        b->file = grown;
        b->room = room;
    }
    char *own = strdup(path);
    if (own == NULL)
        return err_memory(e);
    b->file[b->count++] = (struct verify_file){.path = own};
    return 0;
}

static int walk(struct verify_bag *b, int folder, const char *at, unsigned depth, struct err *e);

static int walk_entry(struct verify_bag *b, int folder, const char *at, const char *name, unsigned depth, struct err *e)
{
    struct file_path path;
    struct stat st;
    if (!name_is_plain(name))
        return err_set(e, ERR_DAMAGED, "%s%s: no file of a package has such a name", at, name);
    int rc = file_path(&path, e, "%s%s", at, name);
    if (rc == 0 && fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        rc = err_os(e, ERR_IO, errno, "read %s", path.s);
    if (rc != 0)
        return rc;
    if (S_ISREG(st.st_mode))
        return file_add(b, path.s, e);
    if (!S_ISDIR(st.st_mode) || depth == VERIFY_DEPTH_MAX)
        return err_set(e, ERR_DAMAGED, "%s: a package has only plain files, in few folders", path.s);
    int inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (inner < 0)
        return err_os(e, ERR_IO, errno, "read %s", path.s);
    rc = file_path(&path, e, "%s%s/", at, name);
    if (rc != 0) {
        (void)close(inner);
        return rc;
    }
    return walk(b, inner, path.s, depth + 1, e);
}

/* ${folder} is taken over. */
static int walk(struct verify_bag *b, int folder, const char *at, unsigned depth, struct err *e)
{
    OWN(dir_drop) DIR *dir = fdopendir(folder);
    size_t before = b->count;
    if (dir == NULL) {
        (void)close(folder);
        return err_os(e, ERR_IO, errno, "read %s", at);
    }
    for (;;) {
        errno = 0;
        const struct dirent *d = readdir(dir);
        if (d == NULL && errno != 0)
            return err_os(e, ERR_IO, errno, "read %s", at);
        if (d == NULL)
            break;
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        int rc = walk_entry(b, dirfd(dir), at, d->d_name, depth, e);
        if (rc != 0)
            return rc;
    }
    if (b->count == before && depth > 0)
        return err_set(e, ERR_DAMAGED, "%s: an empty folder, which no package has", at);
    return 0;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct verify_file *)a)->path, ((const struct verify_file *)b)->path);
}

int verify_bag_open(const char *path, struct verify_bag *ret, struct err *e)
{
    *ret = (struct verify_bag){.folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (ret->folder < 0)
        return err_os(e, errno == ENOENT ? ERR_ABSENT : ERR_IO, errno, "open %s", path);
    int again = openat(ret->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (again < 0)
        return err_os(e, ERR_IO, errno, "open %s", path);
    int rc = walk(ret, again, "", 0, e);
    if (rc == 0 && ret->count > 0)
        qsort(ret->file, ret->count, sizeof ret->file[0], by_path);
    return rc;
}

void verify_bag_release(struct verify_bag *b)
{
    for (size_t i = 0; i < b->count; i++)
        free(b->file[i].path);
    free(b->file);
    fd_drop(&b->folder);
    *b = (struct verify_bag){.folder = -1};
}

struct verify_file *verify_bag_file(const struct verify_bag *b, const char *path)
{
    struct verify_file key = {.path = (char *)(uintptr_t)path};
    return b->count == 0 ? NULL : bsearch(&key, b->file, b->count, sizeof key, by_path);
}

/* ---- reading ---- */

static int open_file(int folder, const char *path, int *ret, struct err *e)
{
    struct stat st;
    *ret = openat(folder, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (*ret < 0)
        return errno == ENOENT || errno == ELOOP ? err_set(e, ERR_DAMAGED, "%s: is not there", path)
                                                 : err_os(e, ERR_IO, errno, "open %s", path);
    if (fstat(*ret, &st) != 0)
        return err_os(e, ERR_IO, errno, "read %s", path);
    return S_ISREG(st.st_mode) ? 0 : err_set(e, ERR_DAMAGED, "%s: is not there", path);
}

static int file_hash(int folder, const char *path, struct hash *ret, uint64_t *ret_bytes, struct err *e)
{
    OWN(fd_drop) int fd = -1;
    OWN(mem_drop) uint8_t *piece = malloc(READ_ROOM);
    OWN(crypt_sha256_drop) struct crypt_sha256 *h = crypt_sha256_new();
    uint64_t bytes = 0;
    if (piece == NULL || h == NULL)
        return err_memory(e);
    int rc = open_file(folder, path, &fd, e);
    if (rc != 0)
        return rc;
    crypt_sha256_begin(h);
    for (;;) {
        ssize_t n = read(fd, piece, READ_ROOM);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_os(e, ERR_IO, errno, "read %s", path);
        if (n == 0)
            break;
        crypt_sha256_add(h, bytes_of(piece, (size_t)n));
        bytes += (uint64_t)n;
    }
    crypt_sha256_end(h, ret);
    *ret_bytes = bytes;
    return 0;
}

int verify_text_read(int folder, const char *path, size_t bytes_max, struct buf *to, struct err *e)
{
    OWN(fd_drop) int fd = -1;
    uint64_t bytes;
    int rc = open_file(folder, path, &fd, e);
    if (rc == 0)
        rc = file_size(fd, &bytes, path, e);
    if (rc == 0 && bytes > bytes_max)
        rc = err_set(e, ERR_DAMAGED, "%s: is longer than it can be", path);
    uint8_t *p = rc != 0 ? NULL : buf_more(to, (size_t)bytes);
    if (rc == 0 && p == NULL)
        rc = buf_check(to, e);
    return rc == 0 && bytes > 0 ? file_read_at(fd, p, (size_t)bytes, 0, path, e) : rc;
}

int verify_bag_use(struct verify_bag *b, const char *path, struct err *e)
{
    struct verify_file *f = verify_bag_file(b, path);
    if (f == NULL)
        return err_set(e, ERR_DAMAGED, "%s: is not there", path);
    f->used = true;
    return 0;
}

int verify_bag_read(struct verify_bag *b, const char *path, size_t bytes_max, struct buf *to, struct err *e)
{
    int rc = verify_bag_use(b, path, e);
    return rc == 0 ? verify_text_read(b->folder, path, bytes_max, to, e) : rc;
}

int verify_bag_end(const struct verify_bag *b, struct err *e)
{
    for (size_t i = 0; i < b->count; i++)
        if (!b->file[i].used)
            return err_set(e, ERR_DAMAGED, "%s: belongs to nothing in the package", b->file[i].path);
    return 0;
}

/* ---- manifests ---- */

bool verify_manifest_line(struct bytes line, struct hash *ret, char path[VERIFY_PATH_MAX])
{
    if (line.n <= LINE_HEX + 2 || line.n >= LINE_HEX + 2 + VERIFY_PATH_MAX || line.p[LINE_HEX] != ' ' ||
        line.p[LINE_HEX + 1] != ' ' || hex_get(bytes_of(line.p, LINE_HEX), ret->b, CRYPT_HASH) != 0)
        return false;
    size_t n = line.n - LINE_HEX - 2;
    memcpy(path, line.p + LINE_HEX + 2, n);
    path[n] = 0;
    return strlen(path) == n;
}

static bool is_payload(const char *path)
{
    return strncmp(path, "data/", 5) == 0;
}

static int line_check(struct verify_bag *b, const char *path, const struct hash *expect, bool payload,
                      struct verify_found *found, struct err *e)
{
    struct verify_file *f = verify_bag_file(b, path);
    if (f == NULL)
        return err_set(e, ERR_DAMAGED, "%s: is not there", path);
    if (is_payload(path) != payload || strcmp(path, TAGS) == 0)
        return err_set(e, ERR_DAMAGED, "%s: stands in the wrong manifest", path);
    int rc = file_hash(b->folder, path, &f->sha256, &f->bytes, e);
    if (rc == 0 && !hash_equal(&f->sha256, expect))
        rc = err_set(e, ERR_DAMAGED, "%s: has another SHA-256 than its manifest says", path);
    if (rc != 0)
        return rc;
    f->listed = true;
    found->files++;
    found->bytes += f->bytes;
    return 0;
}

/* Its lines ascend: so none is there twice, and the same files have one manifest. */
static int manifest_check(struct verify_bag *b, const char *name, bool payload, struct verify_found *found,
                          struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    char path[VERIFY_PATH_MAX], last[VERIFY_PATH_MAX] = "";
    struct hash expect;
    int rc = verify_bag_read(b, name, VERIFY_TEXT_MAX, &text, e);
    struct cursor c = cursor_of(buf_bytes(&text));
    while (rc == 0 && c.left > 0) {
        if (!verify_manifest_line(cursor_line(&c), &expect, path) || c.failed || strcmp(last, path) >= 0)
            return verify_broken(name, e);
        rc = line_check(b, path, &expect, payload, found, e);
        memcpy(last, path, strlen(path) + 1);
    }
    return rc;
}

int verify_bag_hash(struct verify_bag *b, const struct hash *tagmanifest, struct verify_found *f, struct err *e)
{
    struct hash made;
    uint64_t bytes;
    int rc = verify_bag_use(b, TAGS, e);
    if (rc == 0)
        rc = file_hash(b->folder, TAGS, &made, &bytes, e);
    if (rc == 0 && !hash_equal(&made, tagmanifest))
        rc = err_set(e, ERR_DAMAGED, "%s: is not the one that the seal names", TAGS);
    if (rc == 0)
        rc = manifest_check(b, TAGS, false, f, e);
    if (rc == 0)
        rc = manifest_check(b, PAYLOAD, true, f, e);
    for (size_t i = 0; rc == 0 && i < b->count; i++)
        if (!b->file[i].listed && strcmp(b->file[i].path, TAGS) != 0)
            rc = err_set(e, ERR_DAMAGED, "%s: stands in no manifest", b->file[i].path);
    return rc;
}
