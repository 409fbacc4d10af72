/*
 * Restoring: DEST/<receipt>/<path as given>.  Folders are reached component by component without following links, so
 * neither a deep path nor a link that was itself restored leads out of DEST.  A file gets its name only after its
 * digest was found right; until then it lies in DEST itself, where only receipts have names, so that its passing name
 * can be no item's.  Folders get their modes and times when they are left.  What is there already counts as restored
 * when its bytes are the item's; all else that is there is left alone, and the item named.
 */
#include "verbs/verbs_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

enum { OPTION_ITEM, OPTION_RECEIPT, OPTION_ALL };
enum { PASSING_NAME_MAX = 64, READ_PIECE = 1 << 20, SPARSE_FROM = 1 << 20 };

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
    struct verbs_folders folders; /* to the item at hand */
    struct verbs_folders firsts;  /* to the first name of a further one */
    struct buf path;              /* <receipt>/<path> */
    struct buf shown;
    struct written written;
    char passing[PASSING_NAME_MAX]; /* of the file at hand, below dest */
    uint8_t *piece;
    struct crypt_sha256 *hash;
    uint64_t files, bytes, failed, left_out;
    struct statement_sum already; /* there before, and the same */
    struct verbs_progress progress;
};

static void restoring_release(struct restoring *r)
{
    verbs_folders_release(&r->folders);
    verbs_folders_release(&r->firsts);
    fd_drop(&r->dest);
    buf_drop(&r->path);
    buf_drop(&r->shown);
    free(r->written.bits);
    free(r->piece);
    crypt_sha256_free(r->hash);
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

static void folder_failed(void *context, struct bytes path, int number)
{
    struct restoring *r = context;
    r->failed++;
    verbs_warn(r->face, "folder %s: %s", verbs_shown(path, &r->shown), text_tr(strerror(number)));
}

/* Its folder open in ${folders}, *ret_name the last component. */
static int item_place(struct restoring *r, const struct index_item *item, struct verbs_folders *folders,
                      char ret_name[NAME_MAX + 1])
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
    return verbs_folders_enter(folders, bytes_of(r->path.p, cut - 1));
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

/* ---- what is there already ---- */

static int hash_there(struct restoring *r, int fd, struct hash *ret, uint64_t *ret_bytes, struct err *e)
{
    uint64_t bytes = 0;
    crypt_sha256_begin(r->hash);
    for (;;) {
        ssize_t n = read(fd, r->piece, READ_PIECE);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_os(e, ERR_IO, errno, "read");
        if (n == 0)
            break;
        crypt_sha256_add(r->hash, bytes_of(r->piece, (size_t)n));
        bytes += (uint64_t)n;
        r->progress.bytes += (uint64_t)n;
        int rc = progress(r, e);
        if (rc != 0)
            return rc;
    }
    crypt_sha256_end(r->hash, ret);
    *ret_bytes = bytes;
    return 0;
}

static bool same_time(struct timespec a, struct statement_time b)
{
    return a.tv_sec == (time_t)b.s && a.tv_nsec == (long)b.ns;
}

/* *ret_same: it is the item, and mode and time are as they were.  ERR_STOPPED; all else is no answer, and not same. */
static int file_is_there(struct restoring *r, const struct index_item *item, const char *name, bool *ret_same,
                         struct err *e)
{
    OWN(fd_drop)
    int fd = openat(verbs_folders_fd(&r->folders), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    struct stat st;
    struct hash got;
    struct err mine = {0};
    struct timespec when[2];
    uint64_t bytes = 0, before = r->progress.bytes;
    *ret_same = false;
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != item->bytes)
        return 0;
    int rc = hash_there(r, fd, &got, &bytes, &mine);
    if (rc == ERR_STOPPED)
        return err_set(e, rc, "%s", mine.text);
    if (rc != 0 || bytes != item->bytes || !hash_equal(&got, &item->sha256)) {
        r->progress.bytes = before;
        return 0;
    }
    times(item, when);
    *ret_same = ((st.st_mode & 07777) == item->mode || fchmod(fd, item->mode) == 0) &&
                (same_time(st.st_mtim, item->mtime) || futimens(fd, when) == 0);
    return 0;
}

static void already(struct restoring *r, const struct index_item *item)
{
    r->already.files++;
    r->already.bytes += item->bytes;
}

/* ---- one item ---- */

struct writing {
    struct restoring *r;
    struct verbs_holes holes;
    int number; /* errno of a failed write */
};

static int write_piece(void *context, struct bytes piece, struct err *e)
{
    struct writing *w = context;
    w->number = verbs_holes_put(&w->holes, piece);
    if (w->number != 0)
        return err_set(e, ERR_IO, "write");
    w->r->progress.bytes += piece.n;
    return progress(w->r, e);
}

/* No other process has this passing name; one that lies there can only be left by one that was killed. */
static int passing_open(const struct restoring *r)
{
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(r->dest, r->passing, flags, 0600);
    if (fd < 0 && errno == EEXIST && unlinkat(r->dest, r->passing, 0) == 0)
        fd = openat(r->dest, r->passing, flags, 0600);
    return fd;
}

/* Complete under its passing name: mode and time, then its own name.  0 or an errno. */
static int file_settle(struct restoring *r, const struct index_item *item, struct writing *w, const char *name)
{
    struct timespec when[2];
    times(item, when);
    int number = verbs_holes_end(&w->holes);
    if (number == 0 && (fchmod(w->holes.fd, item->mode) != 0 || futimens(w->holes.fd, when) != 0))
        number = errno;
    return number != 0 ? number : file_rename_new(r->dest, r->passing, verbs_folders_fd(&r->folders), name);
}

static int file_write(struct restoring *r, const struct index_item *item, const char *name, bool *ret_good,
                      struct err *e)
{
    struct err mine = {0};
    OWN(fd_drop) int fd = passing_open(r);
    if (fd < 0)
        return err_os(e, ERR_IO, errno, "write below %s", r->dest_name);
    struct writing w = {r, {.fd = fd, .sparse = item->bytes > SPARSE_FROM}, 0};
    struct vault_sink sink = {write_piece, &w};
    int rc = store_get(r->store, item, &sink, &mine);
    int number = rc == 0 ? file_settle(r, item, &w, name) : 0;
    *ret_good = rc == 0 && number == 0;
    if (!*ret_good)
        (void)unlinkat(r->dest, r->passing, 0);
    if (rc == ERR_STOPPED)
        return err_set(e, rc, "%s", mine.text);
    if (w.number != 0)
        return err_os(e, ERR_IO, w.number, "write below %s", r->dest_name);
    if (rc != 0)
        failed(r, item, mine.text);
    else if (number != 0)
        failed_os(r, item, number);
    return 0;
}

/* *ret_good: under its name lies the item, written now or there before. */
static int restore_file(struct restoring *r, const struct index_item *item, const char *name, bool *ret_good,
                        struct err *e)
{
    struct stat st;
    int rc;
    *ret_good = false;
    if (!verbs_folders_fresh(&r->folders) &&
        fstatat(verbs_folders_fd(&r->folders), name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        rc = file_is_there(r, item, name, ret_good, e);
        if (rc == 0 && *ret_good)
            already(r, item);
        else if (rc == 0)
            failed_os(r, item, EEXIST);
        return rc;
    }
    rc = file_write(r, item, name, ret_good, e);
    if (rc == 0 && *ret_good) {
        r->files++;
        r->bytes += item->bytes;
    }
    return rc;
}

static bool link_is_there(int folder, const char *name, struct bytes target)
{
    OWN(buf_drop) struct buf got = {0};
    uint8_t *p = buf_more(&got, target.n + 1); /* one more, to see whether it is longer */
    ssize_t n = p != NULL ? readlinkat(folder, name, (char *)p, target.n + 1) : -1;
    return n >= 0 && bytes_equal(bytes_of(p, (size_t)n), target);
}

static int restore_link(struct restoring *r, const struct index_item *item, const char *name, struct err *e)
{
    OWN(buf_drop) struct buf target = {0};
    struct timespec when[2];
    int folder = verbs_folders_fd(&r->folders);
    times(item, when);
    buf_put_bytes(&target, item->target);
    if (buf_check(&target, e) != 0)
        return ERR_IO;
    if (symlinkat(buf_text(&target), folder, name) == 0)
        r->files++;
    else if (errno == EEXIST && link_is_there(folder, name, item->target))
        already(r, item);
    else {
        failed_os(r, item, errno);
        return 0;
    }
    (void)utimensat(folder, name, when, AT_SYMLINK_NOFOLLOW);
    return 0;
}

/* Entered, so that it gets mode and time when it is left.  One that was shut by an earlier run is opened for that. */
static int restore_folder(struct restoring *r, const struct index_item *item, const char *name)
{
    struct bytes path = buf_bytes(&r->path);
    int number = verbs_folders_enter(&r->folders, path);
    if (number == EACCES && fchmodat(verbs_folders_fd(&r->folders), name, 0700, AT_SYMLINK_NOFOLLOW) == 0)
        number = verbs_folders_enter(&r->folders, path);
    if (number == 0)
        verbs_folders_finish_as(&r->folders, item->mode, item->mtime);
    else
        failed_os(r, item, number == ENOTDIR || number == ELOOP ? EEXIST : number);
    return 0;
}

struct original {
    struct restoring *r;
    const struct index_item *name;
};

/* Linked to the first name when this run saw to that; else anything may lie under it: the bytes again, then. */
static int restore_name_of(void *context, const struct index_item *original, struct err *e)
{
    struct original *o = context;
    struct restoring *r = o->r;
    char name[NAME_MAX + 1], first[NAME_MAX + 1];
    struct stat own, other;
    struct index_item again = *original;
    bool good;
    again.path = o->name->path;
    again.receipt = o->name->receipt;
    bool known = original->receipt == o->name->receipt && written_has(&r->written, original->leaf) &&
                 item_place(r, original, &r->firsts, first) == 0;
    int number = item_place(r, o->name, &r->folders, name);
    if (number != 0) {
        failed_os(r, o->name, number);
        return 0;
    }
    int from = verbs_folders_fd(&r->firsts), to = verbs_folders_fd(&r->folders);
    if (known && linkat(from, first, to, name, 0) == 0) {
        r->files++;
        return 0;
    }
    if (known && errno == EEXIST && fstatat(from, first, &other, AT_SYMLINK_NOFOLLOW) == 0 &&
        fstatat(to, name, &own, AT_SYMLINK_NOFOLLOW) == 0 && own.st_dev == other.st_dev && own.st_ino == other.st_ino) {
        already(r, &again);
        return 0;
    }
    return restore_file(r, &again, name, &good, e);
}

static int restore_item(void *context, const struct index_item *item, struct err *e)
{
    struct restoring *r = context;
    char name[NAME_MAX + 1];
    bool good = false;
    if (item->set_aside && !r->set_aside_too) {
        r->left_out++;
        return 0;
    }
    if (!path_is_safe(item->path)) {
        failed(r, item, text_tr("its path would lead out of the folder: it is not restored"));
        return 0;
    }
    r->progress.files++;
    int rc = progress(r, e);
    if (rc != 0)
        return rc;
    if (item->further_name) {
        struct original o = {r, item};
        return index_item(store_index(r->store), item->of, restore_name_of, &o, e);
    }
    int number = item_place(r, item, &r->folders, name);
    if (number != 0) {
        failed_os(r, item, number);
        return 0;
    }
    switch (item->type) {
    case STATEMENT_FILE:
        rc = restore_file(r, item, name, &good, e);
        return rc == 0 && good ? written_note(&r->written, item->leaf, e) : rc;
    case STATEMENT_LINK:
        return restore_link(r, item, name, e);
    case STATEMENT_FOLDER:
        return restore_folder(r, item, name);
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
        verbs_json_u64(j, "already", r->already.files);
        verbs_json_u64(j, "already_bytes", r->already.bytes);
        verbs_json_u64(j, "bytes", r->bytes);
        verbs_json_u64(j, "failed", r->failed);
        verbs_json_u64(j, "files", r->files);
        verbs_json_u64(j, "set_aside", r->left_out);
        return;
    }
    if (r->files > 0 || r->already.files + r->failed == 0)
        verbs_say(r->face, "Restored %s files (%s) under %s; every digest was checked.", verbs_number(r->files, n),
                  verbs_size(r->bytes, b), r->dest_name);
    if (r->already.files > 0)
        verbs_say(r->face, "%s files (%s) were there already under %s; every digest was checked.",
                  verbs_number(r->already.files, n), verbs_size(r->already.bytes, b), r->dest_name);
    if (r->failed > 0)
        verbs_say(r->face, "%s items could not be restored; each is named above.", verbs_number(r->failed, n));
    if (r->left_out > 0)
        verbs_say(r->face, "%s items of receipts that were set aside were left out; --receipt restores them.",
                  verbs_number(r->left_out, n));
}

int verbs_restore(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(restoring_release)
    struct restoring r = {.face = face, .dest = -1, .dest_name = request->arguments[0]};
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
    r.folders = (struct verbs_folders){.dest = r.dest, .failed = folder_failed, .context = &r};
    r.firsts = (struct verbs_folders){.dest = r.dest, .only_there = true};
    snprintf(r.passing, sizeof r.passing, ".groundwork-%d.part", (int)getpid());
    r.piece = malloc(READ_PIECE);
    r.hash = crypt_sha256_new();
    if (r.piece == NULL || r.hash == NULL)
        return err_memory(e);
    rc = restore_chosen(&r, request, e);
    verbs_folders_leave(&r.folders);
    if (syncfs(r.dest) != 0 && rc == 0)
        rc = err_os(e, ERR_IO, errno, "sync %s", r.dest_name);
    if (rc != 0)
        return rc;
    answer(&r);
    *ret_exit = r.failed > 0 ? VERBS_FAILED : VERBS_DONE;
    return 0;
}
