/* The files of a package as they are written, and their manifests. */
#include "package/package_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

void package_packing_release(struct packing *p)
{
    for (size_t i = 0; i < p->files; i++)
        free(p->file[i].path);
    free(p->file);
    p->file = NULL;
    p->files = p->room = 0;
}

static bool is_payload(const char *path)
{
    return strncmp(path, "data/", 5) == 0;
}

static int file_note(struct packing *p, const char *path, const struct hash *sha256, uint64_t bytes, struct err *e)
{
    if (p->files == p->room) {
        size_t room = p->room * 2 + 64;
        struct package_file *grown = reallocarray(p->file, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        p->file = grown;
        p->room = room;
    }
    char *own = strdup(path);
    if (own == NULL)
        return err_memory(e);
    p->file[p->files++] = (struct package_file){own, *sha256};
    p->payload_files += is_payload(path);
    p->payload_bytes += is_payload(path) ? bytes : 0;
    return 0;
}

/* A new file with its folders; no permissions are asked for that a stick would not know. */
static int file_new(const struct packing *p, const char *path, int *ret, struct err *e)
{
    struct file_path whole;
    int rc = file_path(&whole, e, "%s/%s", p->draft.s, path);
    if (rc != 0)
        return rc;
    for (char *slash = whole.s + strlen(p->draft.s) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = 0;
        if (mkdir(whole.s, 0777) != 0 && errno != EEXIST)
            return err_os(e, ERR_IO, errno, "make %s", whole.s);
        *slash = '/';
    }
    *ret = open(whole.s, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    return *ret < 0 ? err_os(e, ERR_IO, errno, "create %s", whole.s) : 0;
}

int package_put(struct packing *p, const char *path, struct bytes content, struct err *e)
{
    OWN(fd_drop) int fd = -1;
    struct hash sha256;
    int rc = file_new(p, path, &fd, e);
    if (rc == 0 && content.n > 0)
        rc = file_write_at(fd, content.p, content.n, 0, path, e);
    crypt_sha256(content, &sha256);
    return rc == 0 ? file_note(p, path, &sha256, content.n, e) : rc;
}

struct pouring {
    int fd;
    uint64_t at;
    const char *path;
};

static int pour(void *context, struct bytes piece, struct err *e)
{
    struct pouring *f = context;
    int rc = file_write_at(f->fd, piece.p, piece.n, f->at, f->path, e);
    f->at += piece.n;
    return rc;
}

/* The digest is the statement's, to which store_get holds the bytes. */
int package_put_item(struct packing *p, const char *path, const struct index_item *item, struct err *e)
{
    OWN(fd_drop) int fd = -1;
    int rc = file_new(p, path, &fd, e);
    struct pouring pouring = {fd, 0, path};
    const struct vault_sink sink = {pour, &pouring};
    if (rc == 0)
        rc = store_get(p->store, item, &sink, e);
    return rc == 0 ? file_note(p, path, &item->sha256, item->bytes, e) : rc;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct package_file *)a)->path, ((const struct package_file *)b)->path);
}

static int manifest_put(struct packing *p, const char *name, bool payload, struct hash *ret, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    qsort(p->file, p->files, sizeof p->file[0], by_path);
    for (size_t i = 0; i < p->files; i++)
        if (is_payload(p->file[i].path) == payload) {
            buf_put_hex(&text, bytes_of(p->file[i].sha256.b, CRYPT_HASH));
            buf_printf(&text, "  %s\n", p->file[i].path);
        }
    int rc = buf_check(&text, e);
    crypt_sha256(buf_bytes(&text), ret);
    return rc == 0 ? package_put(p, name, buf_bytes(&text), e) : rc;
}

int package_manifests(struct packing *p, struct hash *ret_tagmanifest, struct err *e)
{
    struct hash payload;
    int rc = manifest_put(p, "manifest-sha256.txt", true, &payload, e);
    return rc == 0 ? manifest_put(p, "tagmanifest-sha256.txt", false, ret_tagmanifest, e) : rc;
}
