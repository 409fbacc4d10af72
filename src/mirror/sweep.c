/* What a mirror holds and its commit does not need: older commits, what was replaced, drafts. */
#include "mirror/mirror_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

const char *const mirror_folders[MIRROR_FOLDERS] = {"commits", "open", "keys", "journal", "vault"};

struct sweeping {
    const char *folder;
    const struct store_bound *bound;
    const bool *lacking;
    uint64_t records;
};

/* ${form}: 'D' for a digit, 'N' for some, 'H' for a hex digit; all else stands for itself. */
static bool has_form(const char *name, const char *form)
{
    for (; *form != 0; form++) {
        size_t digits = strspn(name, "0123456789");
        size_t n = *form == 'N'   ? digits
                   : *form == 'D' ? digits > 0
                   : *form == 'H' ? strspn(name, "0123456789abcdef") > 0
                                  : *name == *form;
        if (n == 0)
            return false;
        name += n;
    }
    return *name == 0;
}

/* Is this a name that a mirror gives (FORMAT 11.1)?  What a person put there has another one, and stays. */
static bool ours(const char *name)
{
#define HEX_8  "HHHHHHHH"
#define HEX_16 HEX_8 HEX_8
#define HEX_32 HEX_16 HEX_16
    static const char *const forms[] = {"open/DDDDDD-DDDDD.pack",
                                        "vault/DDD/DDDDDD.pack",
                                        "journal/DDD/DDDDDDDDD-DDDDDDDDD",
                                        "keys/log/N-" HEX_8 "." HEX_16,
                                        "keys/receiving/N-" HEX_8 "." HEX_16,
                                        "keys/history/N." HEX_16,
                                        "keys/" HEX_32 "/table-N." HEX_16,
                                        "keys/" HEX_32 "/wrap-N-" HEX_8 "." HEX_16,
                                        "keys/" HEX_32 "/wrap-N-" HEX_8 "-N." HEX_16,
                                        "keys/" HEX_32 "/segment-N-N." HEX_16};
    uint64_t records;
    for (size_t i = 0; i < COUNT(forms); i++)
        if (has_form(name, forms[i]))
            return true;
    return strncmp(name, "commits/", 8) == 0 && mirror_commit_parse(name + 8, &records);
}

/* The beginning of a pack that is not there as it should be may be all that there is of it. */
static bool is_all_there_is(const struct sweeping *s, size_t i, const struct store_bound_file *f, const char *name)
{
    return f->pack != NULL && s->lacking[i] && strncmp(name, "open/", 5) == 0 &&
           strtoull(name + 5, NULL, 10) == f->pack->pack;
}

/* ${name}: below the mirror, and of a form that is ours. */
static bool needed(const struct sweeping *s, const char *name)
{
    uint64_t records;
    struct store_bound_file f;
    size_t count = store_bound_count(s->bound);
    if (strncmp(name, "commits/", 8) == 0)
        return mirror_commit_parse(name + 8, &records) && records == s->records;
    if (strncmp(name, "open/", 5) != 0 && strncmp(name, "keys/", 5) != 0)
        return true;
    for (size_t i = 0; i < count; i++) {
        store_bound_file(s->bound, i, &f);
        if (strcmp(f.name, name) == 0 || is_all_there_is(s, i, &f, name))
            return true;
    }
    return false;
}

static bool superfluous(const struct sweeping *s, const char *name)
{
    struct file_path whole;
    size_t n = strlen(name), k = strlen(MIRROR_DRAFT);
    if (n <= k || strcmp(name + n - k, MIRROR_DRAFT) != 0)
        return ours(name) && !needed(s, name);
    return file_path(&whole, NULL, "%.*s", (int)(n - k), name) == 0 && ours(whole.s);
}

/* A folder of the mirror, and no link to another one; NULL with errno. */
static DIR *folder_open(const char *path)
{
    OWN(fd_drop) int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (dir != NULL)
        fd = -1; /* the folder's now */
    return dir;
}

static int sweep(const struct sweeping *s, const char *name, unsigned depth, struct err *e)
{
    struct file_path folder, inner;
    int rc = file_path(&folder, e, "%s/%s", s->folder, name);
    if (rc != 0)
        return rc;
    OWN(dir_drop) DIR *dir = folder_open(folder.s);
    if (dir == NULL)
        return errno == ENOENT ? 0 : err_os(e, ERR_IO, errno, "cannot open the folder %s", folder.s);
    bool removed = false;
    for (struct dirent *d; rc == 0 && (d = readdir(dir)) != NULL;) {
        struct stat status;
        if (d->d_name[0] == '.')
            continue;
        rc = file_path(&inner, e, "%s/%s", name, d->d_name);
        if (rc != 0 || fstatat(dirfd(dir), d->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISDIR(status.st_mode) && depth > 0)
            rc = sweep(s, inner.s, depth - 1, e);
        else if (S_ISREG(status.st_mode) && superfluous(s, inner.s)) {
            removed = true;
            if (unlinkat(dirfd(dir), d->d_name, 0) != 0)
                rc = err_os(e, ERR_IO, errno, "cannot remove %s/%s", folder.s, d->d_name);
        }
    }
    return rc == 0 && removed ? file_sync_folder(folder.s, e) : rc;
}

int mirror_sweep(const char *folder, const struct store_bound *bound, const bool *lacking, uint64_t records,
                 struct err *e)
{
    const struct sweeping s = {folder, bound, lacking, records};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < MIRROR_FOLDERS; i++)
        rc = sweep(&s, mirror_folders[i], 1, e);
    return rc;
}
