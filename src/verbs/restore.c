/*
 * Restoring: DEST/<receipt>/<path as given>.  Folders are reached component by component without following links, so
 * neither a deep path nor a link that was itself restored leads out of DEST.  A file gets its name only after its
 * digest was found right; until then it lies in DEST itself, where only receipts have names, so that its passing name
 * can be no item's.  Folders get their modes and times last.
 */
#include "verbs/verbs_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

enum { OPTION_ITEM, OPTION_RECEIPT, OPTION_ALL };
enum { PASSING_NAME_MAX = 64 };

struct folder_later {
    struct folder_later *next;
    struct statement_time mtime;
    uint32_t mode;
    size_t path_bytes;
    uint8_t path[];
};
/* Files of which a further name may be made: those that this run wrote under their own name, a bit for each leaf. */
struct written {
    uint8_t *bits;
    size_t bytes;
};
struct restoring {
    struct store *store;
    const struct verbs_face *face;
    int dest;
    const char *dest_name;
    bool set_aside_too;
    int parent; /* open folder of the item before: neighbours share it */
    struct buf parent_path;
    struct buf path; /* <receipt>/<path> */
    struct buf shown;
    struct folder_later *folders;
    struct written written;
    uint64_t files, bytes, failed, left_out;
    struct verbs_progress progress;
};

static void restoring_release(struct restoring *r)
{
    fd_drop(&r->dest);
    fd_drop(&r->parent);
    buf_drop(&r->parent_path);
    buf_drop(&r->path);
    buf_drop(&r->shown);
    free(r->written.bits);
    while (r->folders != NULL) {
        struct folder_later *next = r->folders->next;
        free(r->folders);
        r->folders = next;
    }
}

/* One that cannot be restored is named, and the others go on. */
static void failed(struct restoring *r, const struct index_item *item, const char *words)
{
    r->failed++;
    verbs_warn(r->face, "item %" PRIu64 ", %s: %s", item->leaf, verbs_shown(item->path, &r->shown), words);
}

static void failed_os(struct restoring *r, const struct index_item *item, int number)
{
    failed(r, item,
           number == EEXIST ? text_tr("something is there already; nothing is overwritten")
                            : text_tr(strerror(number)));
}

static int written_note(struct written *w, uint64_t leaf, struct err *e)
{
    if (leaf / 8 >= w->bytes) {
        size_t bytes = (size_t)(leaf / 8) * 2 + 64;
        uint8_t *grown = realloc(w->bits, bytes);
        if (grown == NULL)
            return err_memory(e);
        memset(grown + w->bytes, 0, bytes - w->bytes);
        *w = (struct written){grown, bytes};
    }
    w->bits[leaf / 8] |= (uint8_t)(1u << leaf % 8);
    return 0;
}

static bool written_has(const struct written *w, uint64_t leaf)
{
    return leaf / 8 < w->bytes && (w->bits[leaf / 8] >> leaf % 8 & 1) != 0;
}

/* A path that intake never makes would be an attack: "..", an empty component, a leading slash. */
static bool path_is_safe(struct bytes path)
{
    size_t start = 0;
    for (size_t i = 0; i <= path.n; i++) {
        if (i < path.n && path.p[i] == 0)
            return false;
        if (i < path.n && path.p[i] != '/')
            continue;
        size_t n = i - start;
        if (n == 0 || (n == 1 && path.p[start] == '.') || (n == 2 && memcmp(path.p + start, "..", 2) == 0))
            return false;
        start = i + 1;
    }
    return true;
}

/* The folder of r->path[0..n), made where it is missing. */
static int folder_open(struct restoring *r, size_t n)
{
    if (r->parent >= 0 && r->parent_path.n == n && memcmp(r->parent_path.p, r->path.p, n) == 0)
        return 0;
    fd_drop(&r->parent);
    r->parent = fcntl(r->dest, F_DUPFD_CLOEXEC, 0);
    buf_clear(&r->parent_path);
    for (size_t start = 0; start < n && r->parent >= 0;) {
        const uint8_t *slash = memchr(r->path.p + start, '/', n - start);
        size_t end = slash == NULL ? n : (size_t)(slash - r->path.p);
        char name[NAME_MAX + 1];
        if (end - start > NAME_MAX)
            return ENAMETOOLONG;
        memcpy(name, r->path.p + start, end - start);
        name[end - start] = 0;
        if (mkdirat(r->parent, name, 0700) != 0 && errno != EEXIST)
            return errno;
        int next = openat(r->parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int number = errno;
        fd_drop(&r->parent);
        r->parent = next;
        if (next < 0)
            return number;
        start = end + 1;
    }
    if (r->parent < 0)
        return errno;
    buf_put(&r->parent_path, r->path.p, n);
    return 0;
}

/* Parent open, *ret_name the last component. */
static int item_place(struct restoring *r, const struct index_item *item, char ret_name[NAME_MAX + 1])
{
    buf_clear(&r->path);
    buf_put_decimal(&r->path, item->receipt);
    buf_put_u8(&r->path, '/');
    buf_put_bytes(&r->path, item->path);
    if (r->path.failed)
        return ENOMEM;
    size_t cut = r->path.n;
    while (r->path.p[cut - 1] != '/')
        cut--;
    if (r->path.n - cut > NAME_MAX)
        return ENAMETOOLONG;
    memcpy(ret_name, r->path.p + cut, r->path.n - cut);
    ret_name[r->path.n - cut] = 0;
    return folder_open(r, cut - 1);
}

static void times(const struct index_item *item, struct timespec to[2])
{
    const struct timespec at = {.tv_sec = (time_t)item->mtime.s, .tv_nsec = (long)item->mtime.ns};
    to[0] = at;
    to[1] = at;
}

static int progress(struct restoring *r, struct err *e)
{
    if (r->face->progress(r->face->context, &r->progress) != 0)
        return err_set(e, ERR_STOPPED, "interrupted: what is under its name is whole");
    return 0;
}

struct writing {
    struct restoring *r;
    int fd;
    int number; /* errno of a failed write */
};

static int write_piece(void *context, struct bytes piece, struct err *e)
{
    struct writing *w = context;
    size_t done = 0;
    while (done < piece.n) {
        ssize_t n = write(w->fd, piece.p + done, piece.n - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            w->number = n < 0 ? errno : EIO;
            return err_set(e, ERR_IO, "write");
        }
        done += (size_t)n;
    }
    w->r->progress.bytes += piece.n;
    return progress(w->r, e);
}

/* The passing name, which no other process has; one of the same number can only be left by one that was killed. */
static int temporary_open(struct restoring *r, char to[PASSING_NAME_MAX])
{
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    snprintf(to, PASSING_NAME_MAX, ".groundwork-%d.part", (int)getpid());
    int fd = openat(r->dest, to, flags, 0600);
    if (fd < 0 && errno == EEXIST && unlinkat(r->dest, to, 0) == 0)
        fd = openat(r->dest, to, flags, 0600);
    return fd;
}

static int restore_file(struct restoring *r, const struct index_item *item, const char *name, struct err *e)
{
    char temporary[PASSING_NAME_MAX];
    struct stat there;
    if (fstatat(r->parent, name, &there, AT_SYMLINK_NOFOLLOW) == 0) {
        failed_os(r, item, EEXIST);
        return 0;
    }
    OWN(fd_drop) int fd = temporary_open(r, temporary);
    if (fd < 0)
        return err_os(e, ERR_IO, errno, "write below %s", r->dest_name);
    struct writing w = {r, fd, 0};
    struct vault_sink sink = {write_piece, &w};
    struct err mine = {0};
    struct timespec when[2];
    times(item, when);
    int rc = store_get(r->store, item, &sink, &mine);
    if (rc == 0 && (fchmod(fd, item->mode) != 0 || futimens(fd, when) != 0 ||
                    renameat2(r->dest, temporary, r->parent, name, RENAME_NOREPLACE) != 0)) {
        failed_os(r, item, errno);
        (void)unlinkat(r->dest, temporary, 0);
        return 0;
    }
    if (rc == 0) {
        r->files++;
        r->bytes += item->bytes;
        return 0;
    }
    (void)unlinkat(r->dest, temporary, 0);
    if (rc == ERR_STOPPED)
        return err_set(e, rc, "%s", mine.text);
    if (w.number != 0)
        return err_os(e, ERR_IO, w.number, "write below %s", r->dest_name);
    failed(r, item, mine.text);
    return 0;
}

static int restore_link(struct restoring *r, const struct index_item *item, const char *name, struct err *e)
{
    OWN(buf_drop) struct buf target = {0};
    struct timespec when[2];
    times(item, when);
    buf_put_bytes(&target, item->target);
    if (buf_check(&target, e) != 0)
        return ERR_IO;
    if (symlinkat(buf_text(&target), r->parent, name) != 0)
        failed_os(r, item, errno);
    else {
        (void)utimensat(r->parent, name, when, AT_SYMLINK_NOFOLLOW);
        r->files++;
    }
    return 0;
}

static int restore_folder(struct restoring *r, const struct index_item *item, const char *name, struct err *e)
{
    struct stat there;
    if (mkdirat(r->parent, name, 0700) != 0 &&
        (errno != EEXIST || fstatat(r->parent, name, &there, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(there.st_mode))) {
        failed_os(r, item, errno);
        return 0;
    }
    struct folder_later *f = malloc(sizeof *f + r->path.n);
    if (f == NULL)
        return err_memory(e);
    *f = (struct folder_later){.next = r->folders, .mtime = item->mtime, .mode = item->mode, .path_bytes = r->path.n};
    memcpy(f->path, r->path.p, r->path.n);
    r->folders = f;
    return 0;
}

struct original {
    struct restoring *r;
    const struct index_item *name;
};

/* Linked to the first name when this run wrote that; what else lies under it may be anything: the bytes again, then. */
static int restore_name_of(void *context, const struct index_item *original, struct err *e)
{
    struct original *o = context;
    struct restoring *r = o->r;
    char name[NAME_MAX + 1], first[NAME_MAX + 1];
    OWN(fd_drop) int first_parent = -1;
    if (original->receipt == o->name->receipt && written_has(&r->written, original->leaf)) {
        struct index_item at_first = *original;
        int number = item_place(r, &at_first, first);
        if (number == 0)
            first_parent = fcntl(r->parent, F_DUPFD_CLOEXEC, 0);
    }
    int number = item_place(r, o->name, name);
    if (number != 0) {
        failed_os(r, o->name, number);
        return 0;
    }
    if (first_parent >= 0 && linkat(first_parent, first, r->parent, name, 0) == 0) {
        r->files++;
        return 0;
    }
    struct index_item again = *original;
    again.path = o->name->path;
    again.receipt = o->name->receipt;
    return restore_file(r, &again, name, e);
}

static int restore_item(void *context, const struct index_item *item, struct err *e)
{
    struct restoring *r = context;
    char name[NAME_MAX + 1];
    if (item->set_aside && !r->set_aside_too) {
        r->left_out++;
        return 0;
    }
    if (!path_is_safe(item->path)) {
        failed(r, item, text_tr("its path would lead out of the folder: it is not restored"));
        return 0;
    }
    r->progress.files++;
    uint64_t files = r->files;
    int rc = progress(r, e);
    if (rc != 0)
        return rc;
    if (item->further_name) {
        struct original o = {r, item};
        return index_item(store_index(r->store), item->of, restore_name_of, &o, e);
    }
    int number = item_place(r, item, name);
    if (number != 0) {
        failed_os(r, item, number);
        return 0;
    }
    switch (item->type) {
    case STATEMENT_FILE:
        rc = restore_file(r, item, name, e);
        return rc == 0 && r->files > files ? written_note(&r->written, item->leaf, e) : rc;
    case STATEMENT_LINK:
        return restore_link(r, item, name, e);
    case STATEMENT_FOLDER:
        return restore_folder(r, item, name, e);
    }
    return 0;
}

/* Newest first: what lies in a folder comes before the folder itself. */
static int finish_folders(struct restoring *r, struct err *e)
{
    for (struct folder_later *f = r->folders; f != NULL; f = f->next) {
        buf_clear(&r->path);
        buf_put(&r->path, f->path, f->path_bytes);
        if (buf_check(&r->path, e) != 0)
            return ERR_IO;
        size_t cut = r->path.n;
        while (r->path.p[cut - 1] != '/')
            cut--;
        char name[NAME_MAX + 1];
        memcpy(name, r->path.p + cut, r->path.n - cut);
        name[r->path.n - cut] = 0;
        struct timespec when[2] = {{.tv_sec = (time_t)f->mtime.s, .tv_nsec = (long)f->mtime.ns}};
        when[1] = when[0];
        int number = folder_open(r, cut - 1);
        if (number == 0 && fchmodat(r->parent, name, f->mode, AT_SYMLINK_NOFOLLOW) != 0)
            number = errno;
        if (number == 0 && utimensat(r->parent, name, when, AT_SYMLINK_NOFOLLOW) != 0)
            number = errno;
        if (number != 0) {
            r->failed++;
            verbs_warn(r->face, "folder %s: %s", verbs_shown(buf_bytes(&r->path), &r->shown),
                       text_tr(strerror(number)));
        }
    }
    return 0;
}

struct chosen {
    uint64_t deposit;
};

static int take_deposit(void *context, const struct index_deposit *d, struct err *e)
{
    (void)e;
    ((struct chosen *)context)->deposit = d->leaf;
    return 0;
}

static int restore_chosen(struct restoring *r, const struct verbs_request *request, struct err *e)
{
    struct index *x = store_index(r->store);
    struct chosen c = {UINT64_MAX};
    uint64_t number;
    int rc = 0;
    if (request->option[OPTION_ITEM] != NULL) {
        OWN(verbs_item_drop) struct verbs_item_held held = {0};
        r->set_aside_too = true;
        rc = verbs_item(x, request->option[OPTION_ITEM], &held, e);
        return rc != 0 ? rc : restore_item(r, &held.item, e);
    }
    if (request->option[OPTION_RECEIPT] != NULL) {
        r->set_aside_too = true;
        rc = verbs_receipt_number(x, request->option[OPTION_RECEIPT], &number, e);
        if (rc == 0)
            rc = index_deposit_by_receipt(x, number, take_deposit, &c, e);
    }
    return rc != 0 ? rc : index_items(x, c.deposit, 0, restore_item, r, e);
}

static void answer(const struct restoring *r)
{
    char n[VERBS_NUMBER_MAX], b[VERBS_NUMBER_MAX];
    struct json_out *j = r->face->json;
    if (j != NULL) {
        verbs_json_u64(j, "bytes", r->bytes);
        verbs_json_u64(j, "failed", r->failed);
        verbs_json_u64(j, "files", r->files);
        verbs_json_u64(j, "set_aside", r->left_out);
        return;
    }
    verbs_say(r->face, "Restored %s files (%s) under %s; every digest was checked.", verbs_number(r->files, n),
              verbs_size(r->bytes, b), r->dest_name);
    if (r->left_out > 0)
        verbs_say(r->face, "%s items of receipts that were set aside were left out; --receipt restores them.",
                  verbs_number(r->left_out, n));
}

int verbs_restore(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(restoring_release)
    struct restoring r = {.face = face, .dest = -1, .parent = -1, .dest_name = request->arguments[0]};
    struct verbs_place place;
    struct index_sums sums;
    unsigned choices = 0;
    for (int i = OPTION_ITEM; i <= OPTION_ALL; i++)
        choices += request->option[i] != NULL;
    if (choices > 1)
        return err_set(e, ERR_USAGE, "give one of --item, --receipt and --all");
    int rc = verbs_outside(request, r.dest_name, e);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_READ, 0, &place, &s, e);
    if (rc == 0)
        rc = index_sums(store_index(s), &sums, e);
    if (rc == 0)
        rc = file_make_folders(r.dest_name, e);
    if (rc != 0)
        return rc;
    r.store = s;
    if (request->option[OPTION_ITEM] == NULL && request->option[OPTION_RECEIPT] == NULL) {
        r.progress.files_all = sums.items + sums.names + sums.folders;
        r.progress.bytes_all = sums.bytes;
    }
    r.dest = open(r.dest_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r.dest < 0)
        return err_os(e, ERR_IO, errno, "open %s", r.dest_name);
    rc = restore_chosen(&r, request, e);
    int folders = finish_folders(&r, rc == 0 ? e : NULL);
    if (rc == 0)
        rc = folders;
    if (syncfs(r.dest) != 0 && rc == 0)
        rc = err_os(e, ERR_IO, errno, "sync %s", r.dest_name);
    if (rc != 0)
        return rc;
    answer(&r);
    *ret_exit = r.failed > 0 ? VERBS_FAILED : VERBS_DONE;
    return 0;
}
