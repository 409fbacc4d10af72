/*
 * The walk.  A stack of folders, each with its sorted names; only the newest few keep their descriptor, and an older
 * one is opened again from below by ".." and held to its inode, so depth costs memory and no descriptors.
 */
#include "intake/intake_internal.h"

#include <errno.h>
#include <fcntl.h>

enum { DESCRIPTORS_KEPT = 128 };

struct names {
    struct buf text; /* one after another, each with its zero byte */
    size_t *at;      /* sorted */
    size_t count, room;
};
struct level {
    int fd; /* -1: closed to spare descriptors */
    dev_t device;
    ino_t inode;
    struct names names;
    size_t next;
    size_t path_bytes; /* length of the path of this folder */
};
struct walk {
    const struct intake_walking *walking;
    bool measuring; /* nothing is opened but folders */
    struct level *levels;
    size_t depth, room;
    struct buf path;
    struct buf target;
    struct err *e;
};

static void names_release(struct names *n)
{
    buf_drop(&n->text);
    free(n->at);
    *n = (struct names){0};
}

static void walk_release(struct walk *w)
{
    for (size_t i = 0; i < w->depth; i++) {
        fd_drop(&w->levels[i].fd);
        names_release(&w->levels[i].names);
    }
    free(w->levels);
    buf_drop(&w->path);
    buf_drop(&w->target);
}

/* ---- names of one folder ---- */

static int name_order(const void *a, const void *b, void *text)
{
    const char *t = text;
    return strcmp(t + *(const size_t *)a, t + *(const size_t *)b);
}

static bool name_add(struct names *n, const char *name)
{
    if (n->count == n->room) {
        size_t room = n->room == 0 ? 64 : n->room * 2;
        size_t *grown = reallocarray(n->at, room, sizeof *grown);
        if (grown == NULL)
            return false;
        n->at = grown;
        n->room = room;
    }
    n->at[n->count++] = n->text.n;
    buf_put(&n->text, name, strlen(name) + 1);
    return !n->text.failed;
}

/* 0, an errno, or -1 for lost memory. */
static int names_read(int fd, struct names *ret)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return errno;
    OWN(dir_drop) DIR *dir = fdopendir(copy);
    if (dir == NULL) {
        int number = errno;
        (void)close(copy);
        return number;
    }
    for (;;) {
        errno = 0;
        const struct dirent *d = readdir(dir);
        if (d == NULL)
            break;
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        if (ret->count == INTAKE_FOLDER_NAMES_MAX)
            return E2BIG;
        if (!name_add(ret, d->d_name))
            return -1;
    }
    if (errno != 0)
        return errno;
    if (ret->count > 1)
        qsort_r(ret->at, ret->count, sizeof *ret->at, name_order, ret->text.p);
    return 0;
}

/* ---- what was found ---- */

static struct statement_time time_of(const struct stat *st)
{
    return (struct statement_time){st->st_mtim.tv_sec, (uint32_t)st->st_mtim.tv_nsec};
}

void intake_entry_of(const struct stat *st, struct intake_entry *ret)
{
    ret->mode = st->st_mode & 07777;
    ret->mtime = time_of(st);
    ret->bytes = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
}

static int found(struct walk *w, struct intake_found *f)
{
    f->entry.path = w->path.n > 0 ? buf_bytes(&w->path) : bytes_text(".");
    if (w->path.failed)
        return err_memory(w->e);
    return w->walking->found(w->walking->context, f, w->e);
}

static int found_plain(struct walk *w, const struct intake_entry *entry)
{
    struct intake_found f = {.entry = *entry, .open.fd = -1};
    return found(w, &f);
}

static int refuse(struct walk *w, const char *reason, const struct stat *st)
{
    struct intake_entry entry = {.refused = reason};
    if (st != NULL && S_ISREG(st->st_mode))
        entry.bytes = (uint64_t)st->st_size;
    return found_plain(w, &entry);
}

/* The file as it is: as its folder lists it, or opened. */
static int found_file(struct walk *w, int folder, const char *name, const struct stat *st)
{
    struct intake_found f = {.open = {.fd = -1, .opened = *st}};
    const char *reason = w->measuring ? NULL : intake_open_file(folder, name, st, &f.open);
    f.entry.type = STATEMENT_FILE;
    intake_entry_of(&f.open.opened, &f.entry);
    int rc = reason != NULL ? refuse(w, reason, st) : found(w, &f);
    fd_drop(&f.open.fd);
    return rc;
}

static int found_link(struct walk *w, int folder, const char *name, const struct stat *st)
{
    for (size_t room = st->st_size > 0 ? (size_t)st->st_size + 1 : 256;; room *= 2) {
        buf_clear(&w->target);
        uint8_t *p = buf_more(&w->target, room);
        if (p == NULL)
            return err_memory(w->e);
        ssize_t n = readlinkat(folder, name, (char *)p, room);
        if (n < 0)
            return refuse(w, intake_reason_of(errno), st);
        if ((size_t)n == room && room < STATEMENT_PATH_MAX)
            continue;
        if (n == 0)
            return refuse(w, "io", st);
        struct intake_entry entry = {.type = STATEMENT_LINK, .target = bytes_of(p, (size_t)n)};
        intake_entry_of(st, &entry);
        return found_plain(w, &entry);
    }
}

/* ---- descending ---- */

static int level_push(struct walk *w, int *fd, const struct stat *st, struct names *names)
{
    if (w->depth == w->room) {
        size_t room = w->room == 0 ? 16 : w->room * 2;
        struct level *grown = reallocarray(w->levels, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(w->e);
        w->levels = grown;
        w->room = room;
    }
    if (w->depth >= DESCRIPTORS_KEPT) {
        fd_drop(&w->levels[w->depth - DESCRIPTORS_KEPT].fd);
        w->levels[w->depth - DESCRIPTORS_KEPT].fd = -1;
    }
    w->levels[w->depth++] = (struct level){
        .fd = TAKE_FD(*fd), .device = st->st_dev, .inode = st->st_ino, .names = *names, .path_bytes = w->path.n};
    *names = (struct names){0};
    return 0;
}

/* Back to the folder above; false when it is no longer there, and with it all that was still to be met in it. */
static bool level_pop(struct walk *w)
{
    struct level *gone = &w->levels[--w->depth];
    bool found = true;
    if (w->depth > 0 && w->levels[w->depth - 1].fd < 0) {
        struct level *above = &w->levels[w->depth - 1];
        struct stat st;
        above->fd = openat(gone->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        found = above->fd >= 0 && fstat(above->fd, &st) == 0 && st.st_dev == above->device && st.st_ino == above->inode;
    }
    fd_drop(&gone->fd);
    names_release(&gone->names);
    return found;
}

static int enter_folder(struct walk *w, int folder, const char *name, const struct stat *listed)
{
    int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    OWN(fd_drop) int fd = openat(folder, name, flags | O_NOATIME);
    if (fd < 0 && errno == EPERM) /* only the owner may leave the access time alone */
        fd = openat(folder, name, flags);
    OWN(names_release) struct names names = {0};
    struct stat st;
    if (fd < 0)
        return refuse(w, intake_reason_of(errno), listed);
    if (fstat(fd, &st) != 0)
        return refuse(w, intake_reason_of(errno), listed);
    if (w->depth == INTAKE_DEPTH_MAX)
        return refuse(w, "loop", listed);
    int number = names_read(fd, &names);
    if (number < 0)
        return err_memory(w->e);
    if (number > 0)
        return refuse(w, intake_reason_of(number), listed);
    struct intake_entry entry = {.type = STATEMENT_FOLDER};
    intake_entry_of(&st, &entry);
    int rc = w->path.n > 0 ? found_plain(w, &entry) : 0; /* where one stands is no item: it has no name */
    return rc != 0 ? rc : level_push(w, &fd, &st, &names);
}

static int meet(struct walk *w, int folder, const char *name, int stat_flags)
{
    struct stat st;
    if (fstatat(folder, name, &st, stat_flags) != 0)
        return refuse(w, intake_reason_of(errno), NULL);
    switch (st.st_mode & S_IFMT) {
    case S_IFREG:
        return found_file(w, folder, name, &st);
    case S_IFDIR:
        return enter_folder(w, folder, name, &st);
    case S_IFLNK:
        return found_link(w, folder, name, &st);
    case S_IFIFO:
        return refuse(w, "fifo", &st);
    case S_IFSOCK:
        return refuse(w, "socket", &st);
    default:
        return refuse(w, "device", &st);
    }
}

/* One name on; false, and the folder's own path, when no statement can hold the name's. */
static bool path_step(struct walk *w, const struct level *level, const char *name)
{
    w->path.n = level->path_bytes;
    if (w->path.n > 0)
        buf_put_u8(&w->path, '/');
    buf_put_text(&w->path, name);
    bool fits = w->path.n <= STATEMENT_PATH_MAX;
    if (!fits)
        w->path.n = level->path_bytes;
    return fits;
}

/* The folder above was moved away under us: what was still to be met in it is met as vanished. */
static int rest_vanished(struct walk *w)
{
    int rc = 0;
    while (rc == 0 && w->depth > 0) {
        struct level *top = &w->levels[w->depth - 1];
        if (top->next == top->names.count) {
            (void)level_pop(w);
            continue;
        }
        (void)path_step(w, top, (const char *)top->names.text.p + top->names.at[top->next++]);
        rc = refuse(w, "vanished", NULL);
    }
    return rc;
}

static int walk_one(struct walk *w, const char *argument)
{
    w->path.n = 0;
    intake_path_as_given(argument, &w->path);
    int rc = meet(w, AT_FDCWD, argument, AT_SYMLINK_NOFOLLOW);
    while (rc == 0 && w->depth > 0) {
        struct level *top = &w->levels[w->depth - 1];
        if (top->next == top->names.count) {
            if (!level_pop(w))
                rc = rest_vanished(w);
            continue;
        }
        const char *name = (const char *)top->names.text.p + top->names.at[top->next++];
        rc = path_step(w, top, name) ? meet(w, top->fd, name, AT_SYMLINK_NOFOLLOW) : refuse(w, "loop", NULL);
    }
    return rc;
}

int intake_walk_all(const char *const *arguments, size_t count, const struct intake_walking *walking, bool measuring,
                    struct err *e)
{
    OWN(walk_release) struct walk w = {.walking = walking, .measuring = measuring, .e = e};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = walk_one(&w, arguments[i]);
    return rc;
}

static int tell(void *teller, struct intake_found *f, struct err *e)
{
    return intake_tell(teller, f, e);
}

int intake_walk(const char *const *arguments, size_t count, const struct intake_visitor *visitor, struct err *e)
{
    if (visitor->ahead)
        return intake_walk_ahead(arguments, count, visitor, e);
    struct intake_teller teller = {.visitor = visitor};
    struct intake_walking walking = {tell, &teller};
    int rc = intake_walk_all(arguments, count, &walking, false, e);
    intake_links_release(&teller.links);
    return rc;
}

/* ---- measuring ---- */

struct measure {
    const struct intake_stopping *stopping;
    uint64_t names, bytes;
};

static int measure_entry(void *context, struct intake_entry *entry, struct err *e)
{
    struct measure *m = context;
    if (m->stopping->asked(m->stopping->context))
        return err_set(e, ERR_STOPPED, "interrupted");
    m->names++;
    if (entry->refused == NULL && entry->first_cookie == UINT64_MAX)
        m->bytes += entry->bytes;
    entry->cookie = 0;
    return 0;
}

int intake_measure(const char *const *arguments, size_t count, const struct intake_stopping *stopping,
                   uint64_t *ret_names, uint64_t *ret_bytes, struct err *e)
{
    struct measure m = {.stopping = stopping};
    struct intake_visitor visitor = {measure_entry, &m, false};
    struct intake_teller teller = {.visitor = &visitor};
    struct intake_walking walking = {tell, &teller};
    int rc = intake_walk_all(arguments, count, &walking, true, e);
    intake_links_release(&teller.links);
    if (rc != 0)
        return rc;
    *ret_names = m.names;
    *ret_bytes = m.bytes;
    return 0;
}
