/*
 * What stands in the way of healing: a pipe or a file where a folder of the repository must be, a folder where a file
 * must be.  It may be somebody's, so it goes to quarantine/ as it is; what belongs there is then missing, and is healed
 * as that.  A link to a folder is a folder: parts of a repository may lie on other disks.
 */
#include "store/store_internal.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

enum { ASIDE_MAX = 10000, DEPTH_MAX = 8 };

enum shape { SHAPE_ANY, SHAPE_FOLDER, SHAPE_FILE };

struct way {
    const char *root;
    struct buf *words;
};

static bool is(const char *name, const char *const *names)
{
    while (*names != NULL && strcmp(name, *names) != 0)
        names++;
    return *names != NULL;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool ends(const char *text, const char *with)
{
    size_t n = strlen(text), m = strlen(with);
    return n >= m && strcmp(text + n - m, with) == 0;
}

/* Tiles: folders of three digits begin with x, those of narrow tiles end in .p (C2SP tlog-tiles). */
static enum shape tile_shape(const char *name, unsigned depth)
{
    bool folder = depth == 2 || name[0] == 'x' || ends(name, ".p");
    return folder ? SHAPE_FOLDER : SHAPE_FILE;
}

/* What ${name}, in ${folder} (below the root, ${depth} names deep), must be (FORMAT 1.1).  Of the index its own room
 * takes care. */
static enum shape shape_of(const char *folder, const char *name, unsigned depth)
{
    static const char *const tops[] = {"a", "b", "vault", "parity", "log", "index", "stamps", "spool",
                                       "waiting", NULL};
    static const char *const copies[] = {"a", "b", NULL};
    static const char *const inner[] = {"keys", "open", NULL};
    static const char *const notes[] = {"checkpoint", "cosigned", NULL};
    static const char *const keys[] = {"a/keys", "b/keys", NULL};
    if (depth == 0)
        return is(name, tops) ? SHAPE_FOLDER : SHAPE_ANY;
    if (is(folder, copies))
        return is(name, inner) ? SHAPE_FOLDER : strcmp(name, "journal") == 0 ? SHAPE_FILE : SHAPE_ANY;
    if (is(folder, keys))
        return SHAPE_FOLDER;
    if (strcmp(folder, "vault") == 0 || strcmp(folder, "parity") == 0)
        return name[strspn(name, "0123456789")] == 0 ? SHAPE_FOLDER : SHAPE_ANY;
    if (strcmp(folder, "log") == 0)
        return strcmp(name, "tile") == 0 ? SHAPE_FOLDER : is(name, notes) ? SHAPE_FILE : SHAPE_ANY;
    if (begins(folder, "log/tile"))
        return tile_shape(name, depth);
    if (strcmp(folder, "spool") == 0 || begins(folder, "waiting/"))
        return SHAPE_FILE;
    if (strcmp(folder, "waiting") == 0)
        return SHAPE_FOLDER;
    if (strcmp(folder, "stamps") == 0)
        return strcmp(name, "asked") == 0 ? SHAPE_FOLDER : SHAPE_FILE;
    bool file = begins(folder, "a/keys/") || begins(folder, "b/keys/") || ends(name, ".pack");
    return file ? SHAPE_FILE : SHAPE_ANY;
}

int store_move_aside(const char *root, const char *below, const char *how, struct file_path *ret_to, struct err *e)
{
    struct file_path path, folder, to;
    char name[64];
    int number = EEXIST;
    (void)snprintf(name, sizeof name, "%.60s", below);
    for (char *slash = name; (slash = strchr(slash, '/')) != NULL;)
        *slash = '-';
    int rc = file_path(&folder, e, "%s/quarantine", root);
    if (rc == 0)
        rc = file_path(&path, e, "%s/%s", root, below);
    if (rc == 0)
        rc = file_make_folder(folder.s, e);
    for (int i = 1; rc == 0 && number == EEXIST && i < ASIDE_MAX; i++) {
        rc = file_path(&to, e, "%s/%s-%s-%d", folder.s, how, name, i);
        if (rc == 0)
            number = file_rename_new(AT_FDCWD, path.s, AT_FDCWD, to.s);
    }
    if (rc == 0 && number != 0)
        rc = err_os(e, ERR_IO, number, "move %s aside", path.s);
    if (rc == 0)
        rc = file_sync_folder(folder.s, e);
    if (rc == 0)
        rc = file_sync_parent(path.s, e);
    if (rc == 0)
        *ret_to = to;
    return rc;
}

static int move_aside(struct way *w, const char *path, const char *below, struct err *e)
{
    struct file_path to;
    int rc = store_move_aside(w->root, below, "in-the-way", &to, e);
    if (rc != 0)
        return rc;
    struct err line;
    (void)err_set(&line, ERR_DAMAGED, "%s was in the way of what must be there and was moved to %s", path, to.s);
    buf_put_text(w->words, line.text);
    buf_put_u8(w->words, '\n');
    return buf_check(w->words, e);
}

static int clear_folder(struct way *w, const char *below, unsigned depth, struct err *e);

static int clear_name(struct way *w, const char *folder, const char *name, unsigned depth, struct err *e)
{
    struct file_path path, below;
    struct stat itself, behind;
    enum shape shape = shape_of(folder, name, depth);
    int rc = file_path(&below, e, "%s%s%s", folder, depth == 0 ? "" : "/", name);
    if (rc == 0)
        rc = file_path(&path, e, "%s/%s", w->root, below.s);
    if (rc != 0 || shape == SHAPE_ANY || lstat(path.s, &itself) != 0)
        return rc; /* what is gone is in nobody's way */
    bool folder_there = stat(path.s, &behind) == 0 && S_ISDIR(behind.st_mode);
    if (shape == SHAPE_FOLDER ? !folder_there : S_ISDIR(itself.st_mode))
        return move_aside(w, path.s, below.s, e);
    return shape == SHAPE_FOLDER && depth < DEPTH_MAX ? clear_folder(w, below.s, depth + 1, e) : 0;
}

static int clear_folder(struct way *w, const char *below, unsigned depth, struct err *e)
{
    struct file_path path;
    int rc = file_path(&path, e, "%s/%s", w->root, below);
    if (rc != 0)
        return rc;
    OWN(dir_drop) DIR *dir = opendir(path.s);
    if (dir == NULL)
        return err_os(e, ERR_IO, errno, "cannot open the folder %s", path.s);
    errno = 0;
    for (const struct dirent *d; rc == 0 && (d = readdir(dir)) != NULL; errno = 0)
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            rc = clear_name(w, below, d->d_name, depth, e);
    return rc == 0 && errno != 0 ? err_os(e, ERR_IO, errno, "cannot read %s", path.s) : rc;
}

int store_way_clear(const struct store *s, struct buf *words, struct err *e)
{
    return clear_folder(&(struct way){s->root, words}, "", 0, e);
}
