/*
 * Files of the public log, put in their places many at a time.
 *
 * A file that is synced alone costs the file system a transaction of its own; a part of an intake has more than a
 * hundred tiles.  So drafts are written first, then all of them synced, then all renamed, then each folder synced once.
 * Nothing that a checkpoint may need has its name before its bytes are durable, and nothing is taken for published
 * before its name is.
 *
 * A full tile of whoever goes on from what she has put there herself is written in its place: no checkpoint names it
 * yet, narrower ones stay beside it until it is durable, and whoever goes on after a crash looks at what it holds.
 */
#include "ledger/ledger_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool holds(const char *path, struct bytes content)
{
    OWN(buf_drop) struct buf old = {0};
    return file_read_all(path, content.n, &old, NULL) == 0 && bytes_equal(buf_bytes(&old), content);
}

static int make_parents(const char *path, size_t root_length, struct err *e)
{
    struct file_path p;
    int rc = file_path(&p, e, "%s", path);
    if (rc != 0)
        return rc;
    for (char *slash = strchr(p.s + root_length + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(p.s, 0700) == 0)
            rc = file_sync_parent(p.s, e);
        else if (errno != EEXIST)
            rc = err_os(e, ERR_IO, errno, "cannot make the folder %s", p.s);
        if (rc != 0)
            return rc;
        *slash = '/';
    }
    return 0;
}

static size_t folder_length(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash == NULL ? 0 : (size_t)(slash - name);
}

static bool same_folder(const char *a, const char *b)
{
    return folder_length(a) == folder_length(b) && memcmp(a, b, folder_length(a)) == 0;
}

/* Tiles of two kinds come by turns. */
static bool folder_is_made(const struct ledger_placing *p, const char *name)
{
    enum { BACK = 4 };
    for (size_t i = p->count; i-- > 0 && p->count - i <= BACK;)
        if (same_folder(p->file[i].name, name))
            return true;
    return false;
}

/*
 * Whoever goes on from what she has put there herself need not look where a tile is full for the first time, nor for
 * narrower ones of a tile that she had not begun.
 */
static void look_at_name(const struct ledger_placing *p, struct ledger_placed *f)
{
    int level;
    uint64_t n;
    unsigned width = 0;
    f->fd = -1;
    f->begun = ledger_tile_name_parse(f->name, &level, &n, &width);
    f->in_place = f->begun && p->goes_on && width == TREE_TILE_WIDTH;
    f->durable = width < TREE_TILE_WIDTH || ledger_tile_width(level, n, p->shown) == TREE_TILE_WIDTH;
    if (f->begun && p->goes_on)
        f->begun = ledger_tile_width(level, n, p->before) > 0;
}

static int place_path(const struct ledger_placing *p, size_t number, struct file_path *to, struct err *e)
{
    return file_path(to, e, "%s/log/%s", p->root, p->file[number].name);
}

/* Where it is written. */
static int draft_path(const struct ledger_placing *p, size_t number, struct file_path *to, struct err *e)
{
    return p->file[number].in_place ? place_path(p, number, to, e)
                                    : file_path(to, e, "%s/log/" LEDGER_DRAFT "%zu", p->root, number);
}

/* What lies in its place is nobody's, when there is to be nothing, and may be anything: a draft takes that place. */
static int begin(struct ledger_placing *p, struct file_path *ret_draft, struct err *e)
{
    const int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
    struct ledger_placed *f = &p->file[p->count];
    int rc = draft_path(p, p->count, ret_draft, e);
    if (rc == 0)
        f->fd = open(ret_draft->s, flags | (f->in_place ? O_EXCL : O_TRUNC), 0644);
    if (rc == 0 && f->fd < 0 && f->in_place && errno == EEXIST) {
        f->in_place = false;
        rc = draft_path(p, p->count, ret_draft, e);
        if (rc == 0)
            f->fd = open(ret_draft->s, flags | O_TRUNC, 0644);
    }
    if (rc == 0 && f->fd < 0)
        return err_os(e, ERR_IO, errno, "cannot make %s", ret_draft->s);
    return rc;
}

int ledger_place(struct ledger_placing *p, const char *name, struct bytes content, struct err *e)
{
    struct file_path path, draft;
    int rc = p->count == LEDGER_PLACED_TOGETHER ? ledger_place_all(p, e) : 0;
    if (rc != 0)
        return rc;
    struct ledger_placed *f = &p->file[p->count];
    (void)snprintf(f->name, sizeof(f->name), "%s", name);
    look_at_name(p, f);
    rc = place_path(p, p->count, &path, e);
    if (rc != 0)
        return rc;
    /* What came by a draft was durable first.  A full tile beyond the checkpoint that is shown may be in memory only,
     * for who wrote it in its place may have been killed: all that is sure is to write it again. */
    bool there = !f->in_place && holds(path.s, content);
    if (there && f->durable) {
        p->count++;
        return 0;
    }
    if (!folder_is_made(p, name))
        rc = make_parents(path.s, strlen(p->root), e);
    if (rc == 0)
        rc = begin(p, &draft, e);
    if (rc != 0)
        return rc;
    p->count++;
    p->anew += !there;
    rc = file_write_at(f->fd, content.p, content.n, 0, draft.s, e);
    /* Only a hint: the disk may begin while the next draft is written. */
    (void)sync_file_range(f->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    return rc;
}

/*
 * The other widths of a tile go once this one is in its place, and are gone for good before a checkpoint follows: a
 * narrower one beside a published tree would be taken for something that does not belong there.
 */
static int drop_narrower(const char *root, const char *name, struct err *e)
{
    char full[TREE_TILE_PATH_MAX];
    struct file_path folder;
    int level;
    uint64_t n;
    unsigned width;
    if (!ledger_tile_name_parse(name, &level, &n, &width))
        return 0; /* the checkpoint */
    tree_tile_path(level, n, TREE_TILE_WIDTH, full);
    int rc = file_path(&folder, e, "%s/log/%s.p", root, full);
    if (rc != 0)
        return rc;
    OWN(dir_drop) DIR *dir = opendir(folder.s);
    if (dir == NULL)
        return errno == ENOENT ? 0 : err_os(e, ERR_IO, errno, "cannot open the folder %s", folder.s);
    bool dropped = false;
    for (struct dirent *d; (d = readdir(dir)) != NULL;) {
        uint64_t other;
        if (decimal_get(bytes_text(d->d_name), &other) != 0 || other == width || other >= TREE_TILE_WIDTH)
            continue;
        if (unlinkat(dirfd(dir), d->d_name, 0) != 0 && errno != ENOENT)
            return err_os(e, ERR_IO, errno, "cannot remove %s/%s", folder.s, d->d_name);
        dropped = true;
    }
    if (dropped)
        rc = file_sync_folder(folder.s, e);
    if (rc != 0 || width != TREE_TILE_WIDTH)
        return rc;
    if (rmdir(folder.s) != 0 && errno != ENOENT && errno != ENOTEMPTY && errno != EEXIST)
        return err_os(e, ERR_IO, errno, "cannot remove the folder %s", folder.s);
    return 0;
}

/* Every so many of them, by one thread. */
struct placing_part {
    const struct ledger_placing *p;
    int (*one)(const struct ledger_placing *p, size_t i, struct err *e);
    size_t first, step;
    _Atomic bool *failed; /* any of them: then no further one is begun */
    int rc;
    struct err why;
};

static void *do_some(void *part)
{
    struct placing_part *y = part;
    for (size_t i = y->first; !*y->failed && i < y->p->count; i += y->step) {
        y->rc = y->one(y->p, i, &y->why);
        if (y->rc != 0)
            *y->failed = true;
    }
    return NULL;
}

/* What waits for the disk at the same time shares its flushes: eight threads are done in a fraction of the time. */
static int do_each(const struct ledger_placing *p, int (*one)(const struct ledger_placing *p, size_t i, struct err *e),
                   struct err *e)
{
    enum { THREADS = 8, WORTH = 4 };
    const size_t count = p->count / WORTH < 1 ? 1 : p->count / WORTH > THREADS ? THREADS : p->count / WORTH;
    struct placing_part part[THREADS];
    pthread_t thread[THREADS];
    bool beside[THREADS];
    _Atomic bool failed = false;
    int rc = 0;
    for (size_t i = 0; i < count; i++) {
        part[i] = (struct placing_part){.p = p, .one = one, .first = i, .step = count, .failed = &failed};
        beside[i] = i + 1 < count && pthread_create(&thread[i], NULL, do_some, &part[i]) == 0;
        if (!beside[i])
            (void)do_some(&part[i]);
    }
    for (size_t i = 0; i < count; i++) {
        if (beside[i])
            (void)pthread_join(thread[i], NULL);
        if (rc == 0 && part[i].rc != 0)
            rc = err_set(e, part[i].rc, "%s", part[i].why.text);
    }
    return rc;
}

static int sync_draft(const struct ledger_placing *p, size_t i, struct err *e)
{
    struct file_path draft;
    int rc = p->file[i].fd < 0 ? 0 : draft_path(p, i, &draft, e);
    return rc == 0 && p->file[i].fd >= 0 ? file_sync(p->file[i].fd, draft.s, e) : rc;
}

static int rename_drafts(struct ledger_placing *p, struct err *e)
{
    struct file_path path, draft;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < p->count; i++) {
        if (p->file[i].fd < 0)
            continue;
        fd_drop(&p->file[i].fd);
        if (p->file[i].in_place)
            continue;
        rc = draft_path(p, i, &draft, e);
        if (rc == 0)
            rc = place_path(p, i, &path, e);
        if (rc == 0 && rename(draft.s, path.s) != 0)
            rc = err_os(e, ERR_IO, errno, "cannot put %s in its place", path.s);
    }
    return rc;
}

/* Each folder that has new names, once. */
static int sync_folder(const struct ledger_placing *p, size_t i, struct err *e)
{
    struct file_path path;
    for (size_t k = 0; k < i; k++)
        if (same_folder(p->file[k].name, p->file[i].name))
            return 0;
    int rc = place_path(p, i, &path, e);
    return rc == 0 ? file_sync_parent(path.s, e) : rc;
}

/* log/ itself too: a draft's old name must be gone before a checkpoint is put there. */
static int sync_folders(const struct ledger_placing *p, struct err *e)
{
    struct file_path path;
    bool top = p->count == 0;
    for (size_t i = 0; i < p->count && !top; i++)
        top = folder_length(p->file[i].name) == 0;
    int rc = top ? 0 : file_path(&path, e, "%s/log", p->root);
    if (rc == 0 && !top)
        rc = file_sync_folder(path.s, e);
    return rc == 0 ? do_each(p, sync_folder, e) : rc;
}

static int drop_of(const struct ledger_placing *p, size_t i, struct err *e)
{
    return p->file[i].begun ? drop_narrower(p->root, p->file[i].name, e) : 0;
}

int ledger_place_all(struct ledger_placing *p, struct err *e)
{
    int rc = do_each(p, sync_draft, e);
    if (rc == 0)
        rc = rename_drafts(p, e);
    if (rc == 0)
        rc = sync_folders(p, e);
    if (rc == 0)
        rc = do_each(p, drop_of, e);
    if (rc == 0)
        p->count = 0;
    return rc;
}

void ledger_placing_drop(struct ledger_placing *p)
{
    struct file_path draft;
    for (size_t i = 0; i < p->count; i++) {
        bool stays = p->file[i].in_place && p->file[i].fd < 0;
        fd_drop(&p->file[i].fd);
        if (!stays && draft_path(p, i, &draft, NULL) == 0)
            (void)unlink(draft.s);
    }
    p->count = 0;
}

bool ledger_is_draft(const char *name)
{
    uint64_t number;
    return strncmp(name, LEDGER_DRAFT, strlen(LEDGER_DRAFT)) == 0 &&
           decimal_get(bytes_text(name + strlen(LEDGER_DRAFT)), &number) == 0 && number < LEDGER_PLACED_TOGETHER;
}

int ledger_drafts_sweep(const char *root, struct err *e)
{
    struct file_path folder;
    int rc = file_path(&folder, e, "%s/log", root);
    if (rc != 0)
        return rc;
    OWN(dir_drop) DIR *dir = opendir(folder.s);
    if (dir == NULL)
        return errno == ENOENT ? 0 : err_os(e, ERR_IO, errno, "cannot open the folder %s", folder.s);
    for (struct dirent *d; (d = readdir(dir)) != NULL;)
        if (ledger_is_draft(d->d_name) && unlinkat(dirfd(dir), d->d_name, 0) != 0 && errno != ENOENT)
            return err_os(e, ERR_IO, errno, "cannot remove %s/%s", folder.s, d->d_name);
    return 0;
}
