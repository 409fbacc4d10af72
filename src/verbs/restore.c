/*
 * Restoring: DEST/<receipt>/<path as given>.  Folders are reached component by component without following links, so
 * neither a deep path nor a link that was itself restored leads out of DEST.  A file gets its name only after its
 * digest was found right; until then it has none, or, where the file system cannot do that, lies in DEST itself, where
 * only receipts have names, so that its passing name can be no item's.  Folders get their modes and times when they are
 * left and all that belongs into them is there.  What is there already counts as restored when its bytes are the
 * item's; all else that is there is left alone, and the item named.
 *
 * The calling thread walks the items, makes the folders, and hands out files and links by the handful, each with its
 * folder's descriptor; what became of them it hears, and tells, in the order of the items.
 */
#include "verbs/verbs_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>

enum { OPTION_ITEM, OPTION_RECEIPT, OPTION_ALL, OPTION_WHY, OPTION_MUST_LOG, OPTION_FOR, OPTION_TO,
       OPTION_WHOM };
enum {
    NAME_ROOM = 64,
    LARGE_FROM = 1 << 20, /* bytes of a file that is written with holes */
    THREADS_MAX = 8,
    JOB_ENTRIES = 64,
    JOB_FOLDERS = 8, /* descriptors that a job holds open */
    JOB_BYTES = 4 << 20,
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
    bool folder_alone; /* was asked for */
    struct verbs_way way;         /* out of the house, or none */
    struct verbs_folders folders; /* to the item at hand */
    struct verbs_folders firsts;  /* to the first name of a further one */
    struct buf path;              /* <receipt>/<path> */
    struct buf shown;
    struct written written;
    uint64_t files, bytes, failed, left_out;
    struct statement_sum already; /* there before, and the same */
    struct verbs_progress progress;
    struct store_crew *crew;
    struct job *filling; /* not given yet; NULL: none */
    unsigned job_count;  /* that were ever used */
    bool folder_given;     /* the last descriptor of the job at hand is that of the folder at hand, */
    uint64_t folder_moves; /* as long as this has not changed */
    int rc; /* of what was given while a folder was left */
    struct err e;
    _Atomic uint64_t done_bytes;
    _Atomic bool stop;     /* what is being worked on is to end */
    _Atomic bool nameless; /* files without a name can be made here */
};

enum entry_kind { ENTRY_FILE, ENTRY_LINK, ENTRY_FAILED, ENTRY_FOLDER };
enum entry_outcome { OUTCOME_NONE, OUTCOME_WRITTEN, OUTCOME_ALREADY, OUTCOME_FAILED };
struct entry {
    enum entry_kind kind;
    struct index_item item;       /* path and target: lengths only */
    size_t path_at, target_at;    /* in the job's text; of a folder: where it lies below DEST */
    char name[NAME_MAX + 1];
    unsigned folder; /* of the job's */
    bool fresh;      /* the folder was made by us: nothing is there */
    enum entry_outcome outcome;
    int number;      /* errno; 0: words */
    size_t words_at; /* in the job's words, up to a zero */
};
struct job {
    struct restoring *r;
    unsigned number;
    char passing[NAME_ROOM]; /* of the file at hand, below DEST, where it must have one */
    int folder[JOB_FOLDERS];
    unsigned folders;
    struct entry entry[JOB_ENTRIES];
    size_t count, done;
    uint64_t bytes;
    struct buf text, words;
    uint8_t *piece; /* VERBS_PIECE bytes */
    struct crypt_sha256 *hash;
    int rc;
    struct err e;
};

static void restoring_release(struct restoring *r)
{
    verbs_folders_release(&r->folders);
    verbs_folders_release(&r->firsts);
    fd_drop(&r->dest);
    buf_drop(&r->path);
    buf_drop(&r->shown);
    verbs_way_release(&r->way);
    free(r->written.bits);
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

static void folder_failed(void *context, struct bytes path, int number)
{
    struct restoring *r = context;
    r->failed++;
    verbs_warn(r->face, "folder %s: %s", verbs_shown(path, &r->shown), text_tr(strerror(number)));
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

static int interrupted(struct err *e)
{
    return err_set(e, ERR_STOPPED, "interrupted: what is under its name is whole");
}

/* In the calling thread. */
static int progress(struct restoring *r, struct err *e)
{
    r->progress.bytes = atomic_load(&r->done_bytes);
    return r->face->progress(r->face->context, &r->progress) != 0 ? interrupted(e) : 0;
}

/* In any thread. */
static int advance(struct restoring *r, uint64_t bytes, struct err *e)
{
    (void)atomic_fetch_add(&r->done_bytes, bytes);
    return atomic_load(&r->stop) ? interrupted(e) : 0;
}

/* A job's own while it is worked on, when first needed. */
static int tools_need(struct job *j, struct err *e)
{
    if (j->piece == NULL)
        j->piece = aligned_alloc(VERBS_ALIGN, VERBS_PIECE);
    if (j->hash == NULL)
        j->hash = crypt_sha256_new();
    return j->piece == NULL || j->hash == NULL ? err_memory(e) : 0;
}

static void tools_release(struct job *j)
{
    free(j->piece);
    j->piece = NULL;
    crypt_sha256_drop(&j->hash);
}

/* ---- what is there already ---- */

static int hash_there(struct job *j, int fd, struct hash *ret, uint64_t *ret_bytes, struct err *e)
{
    uint64_t bytes = 0;
    int rc = tools_need(j, e);
    if (rc != 0)
        return rc;
    crypt_sha256_begin(j->hash);
    for (;;) {
        ssize_t n = read(fd, j->piece, VERBS_PIECE);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_os(e, ERR_IO, errno, "read");
        if (n == 0)
            break;
        crypt_sha256_add(j->hash, bytes_of(j->piece, (size_t)n));
        bytes += (uint64_t)n;
        rc = advance(j->r, (uint64_t)n, e);
        if (rc != 0)
            return rc;
    }
    crypt_sha256_end(j->hash, ret);
    *ret_bytes = bytes;
    return 0;
}

static bool same_time(struct timespec a, struct statement_time b)
{
    return a.tv_sec == (time_t)b.s && a.tv_nsec == (long)b.ns;
}

/* *ret_same: it is the item, and mode and time are as they were.  ERR_STOPPED; all else is no answer, and not same. */
static int file_is_there(struct job *j, const struct entry *n, bool *ret_same, struct err *e)
{
    const struct index_item *item = &n->item;
    OWN(fd_drop)
    int fd = openat(j->folder[n->folder], n->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    struct stat st;
    struct hash got;
    struct err mine = {0};
    struct timespec when[2];
    uint64_t bytes = 0;
    *ret_same = false;
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != item->bytes)
        return 0;
    int rc = hash_there(j, fd, &got, &bytes, &mine);
    if (rc == ERR_STOPPED)
        return err_set(e, rc, "%s", mine.text);
    if (rc != 0 || bytes != item->bytes || !hash_equal(&got, &item->sha256)) {
        (void)atomic_fetch_sub(&j->r->done_bytes, bytes);
        return 0;
    }
    times(item, when);
    *ret_same = ((st.st_mode & 07777) == item->mode || fchmod(fd, item->mode) == 0) &&
                (same_time(st.st_mtim, item->mtime) || futimens(fd, when) == 0);
    return 0;
}

/* ---- one file or link, in any thread ---- */

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
    return advance(w->r, piece.n, e);
}

/* No other process has this passing name; one that lies there can only be left by one that was killed. */
static int passing_open(const struct job *j)
{
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int dest = j->r->dest;
    int fd = openat(dest, j->passing, flags, 0600);
    if (fd < 0 && errno == EEXIST && unlinkat(dest, j->passing, 0) == 0)
        fd = openat(dest, j->passing, flags, 0600);
    return fd;
}

/* A file without a name, in the folder where it will have one; or, where there are none, one of a passing name. */
static int fresh_open(struct job *j, const struct entry *n, bool *ret_nameless)
{
    int fd = -1;
    if (atomic_load(&j->r->nameless))
        fd = openat(j->folder[n->folder], ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
        atomic_store(&j->r->nameless, false);
    *ret_nameless = fd >= 0;
    return fd >= 0 ? fd : passing_open(j);
}

/* What has no name gets its own.  0 or an errno. */
static int name_give(const struct job *j, const struct entry *n, int fd, bool nameless)
{
    char path[NAME_ROOM];
    if (!nameless)
        return file_rename_new(j->r->dest, j->passing, j->folder[n->folder], n->name);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return linkat(AT_FDCWD, path, j->folder[n->folder], n->name, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
}

/* Complete: mode and time, then its own name.  0 or an errno. */
static int file_settle(const struct job *j, const struct entry *n, struct writing *w, bool nameless)
{
    struct timespec when[2];
    times(&n->item, when);
    int number = verbs_holes_end(&w->holes);
    if (number == 0 && (fchmod(w->holes.fd, n->item.mode) != 0 || futimens(w->holes.fd, when) != 0))
        number = errno;
    return number != 0 ? number : name_give(j, n, w->holes.fd, nameless);
}

static void entry_words(struct job *j, struct entry *n, const char *words)
{
    n->outcome = OUTCOME_FAILED;
    n->words_at = j->words.n;
    buf_put_text(&j->words, words);
    buf_put_u8(&j->words, 0);
}

static void entry_number(struct entry *n, int number)
{
    n->outcome = OUTCOME_FAILED;
    n->number = number;
}

static int file_write(struct job *j, struct entry *n, struct err *e)
{
    struct restoring *r = j->r;
    struct err mine = {0};
    bool nameless, large = n->item.bytes > LARGE_FROM;
    int rc = large ? tools_need(j, e) : 0;
    if (rc != 0)
        return rc;
    OWN(fd_drop) int fd = fresh_open(j, n, &nameless);
    if (fd < 0)
        return err_os(e, ERR_IO, errno, "write below %s", r->dest_name);
    struct writing w = {r, {.fd = fd, .piece = large ? j->piece : NULL}, 0};
    struct vault_sink sink = {write_piece, &w};
    rc = store_get(r->store, &n->item, &sink, &mine);
    int number = rc == 0 ? file_settle(j, n, &w, nameless) : 0;
    if (rc == 0 && number == 0) {
        n->outcome = OUTCOME_WRITTEN;
        return 0;
    }
    if (!nameless)
        (void)unlinkat(r->dest, j->passing, 0);
    if (rc == ERR_STOPPED)
        return err_set(e, rc, "%s", mine.text);
    if (w.number != 0)
        return err_os(e, ERR_IO, w.number, "write below %s", r->dest_name);
    if (rc == 0 && nameless && number != EEXIST) { /* such a file cannot be named here: once more, and the other way */
        atomic_store(&r->nameless, false);
        return file_write(j, n, e);
    }
    if (rc != 0)
        entry_words(j, n, mine.text);
    else
        entry_number(n, number);
    return 0;
}

static int entry_file(struct job *j, struct entry *n, struct err *e)
{
    struct stat st;
    bool same;
    if (n->fresh || fstatat(j->folder[n->folder], n->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return file_write(j, n, e);
    int rc = file_is_there(j, n, &same, e);
    if (rc == 0 && same)
        n->outcome = OUTCOME_ALREADY;
    else if (rc == 0)
        entry_number(n, EEXIST);
    return rc;
}

static bool link_is_there(int folder, const char *name, struct bytes target)
{
    OWN(buf_drop) struct buf got = {0};
    uint8_t *p = buf_more(&got, target.n + 1); /* one more, to see whether it is longer */
    ssize_t n = p != NULL ? readlinkat(folder, name, (char *)p, target.n + 1) : -1;
    return n >= 0 && bytes_equal(bytes_of(p, (size_t)n), target);
}

static int entry_link(struct job *j, struct entry *n, struct err *e)
{
    OWN(buf_drop) struct buf target = {0};
    struct timespec when[2];
    struct bytes wanted = bytes_of(j->text.p + n->target_at, n->item.target.n);
    int folder = j->folder[n->folder];
    times(&n->item, when);
    buf_put_bytes(&target, wanted);
    if (buf_check(&target, e) != 0)
        return ERR_IO;
    if (symlinkat(buf_text(&target), folder, n->name) == 0)
        n->outcome = OUTCOME_WRITTEN;
    else if (errno == EEXIST && link_is_there(folder, n->name, wanted))
        n->outcome = OUTCOME_ALREADY;
    else {
        entry_number(n, errno);
        return 0;
    }
    (void)utimensat(folder, n->name, when, AT_SYMLINK_NOFOLLOW);
    return 0;
}

static void job_work(void *context, void *job)
{
    struct job *j = job;
    (void)context;
    for (; j->rc == 0 && j->done < j->count; j->done += j->rc == 0) {
        struct entry *n = &j->entry[j->done];
        if (n->kind == ENTRY_FILE)
            j->rc = atomic_load(&j->r->stop) ? interrupted(&j->e) : entry_file(j, n, &j->e);
        else if (n->kind == ENTRY_LINK)
            j->rc = entry_link(j, n, &j->e);
    }
    tools_release(j); /* more jobs wait to be settled than are worked on */
}

/* ---- in the calling thread: what became of them ---- */

static void job_clear(struct job *j)
{
    for (unsigned i = 0; i < j->folders; i++)
        fd_drop(&j->folder[i]);
    j->folders = 0;
    j->count = j->done = 0;
    j->bytes = 0;
    buf_clear(&j->text);
    buf_clear(&j->words);
}

static void job_release(void *job)
{
    struct job *j = job;
    job_clear(j);
    buf_drop(&j->text);
    buf_drop(&j->words);
}

static int entry_settle(struct restoring *r, struct job *j, struct entry *n, struct err *e)
{
    n->item.path.p = j->text.p + n->path_at;
    if (n->kind == ENTRY_FOLDER) {
        int number = n->number;
        if (number == 0)
            number = verbs_folder_finish(j->folder[n->folder], n->item.mode, n->item.mtime);
        if (number != 0)
            folder_failed(r, n->item.path, number);
        return 0;
    }
    r->progress.files++;
    bool file = n->kind == ENTRY_FILE;
    if (n->outcome == OUTCOME_FAILED && n->number != 0)
        failed_os(r, &n->item, n->number);
    else if (n->outcome == OUTCOME_FAILED)
        failed(r, &n->item, (const char *)j->words.p + n->words_at);
    else if (n->outcome == OUTCOME_ALREADY) {
        r->already.files++;
        r->already.bytes += n->item.bytes;
    } else {
        r->files++;
        r->bytes += file ? n->item.bytes : 0;
    }
    bool good = file && n->outcome != OUTCOME_FAILED && !n->item.further_name;
    return good ? written_note(&r->written, n->item.leaf, e) : 0;
}

static int job_settle(void *context, void *job, struct err *e)
{
    struct restoring *r = context;
    struct job *j = job;
    int rc = buf_check(&j->words, e);
    for (size_t i = 0; rc == 0 && i < j->done; i++)
        rc = entry_settle(r, j, &j->entry[i], e);
    if (rc == 0 && j->rc != 0)
        rc = err_set(e, j->rc, "%s", j->e.text);
    job_clear(j);
    return rc == 0 ? progress(r, e) : rc;
}

static int tick(void *context, struct err *e)
{
    return progress(context, e);
}

/* ---- handing out ---- */

static void job_give(struct restoring *r)
{
    if (r->filling != NULL && r->filling->count > 0)
        store_crew_give(r->crew);
    r->filling = NULL;
    r->folder_given = false;
}

/* All that was handed out is done and told. */
static int settle_all(struct restoring *r, struct err *e)
{
    job_give(r);
    return store_crew_finish(r->crew, e);
}

static int job_need(struct restoring *r, struct err *e)
{
    void *slot;
    if (r->filling != NULL)
        return 0;
    int rc = store_crew_slot(r->crew, &slot, e);
    if (rc != 0)
        return rc;
    struct job *j = slot;
    if (j->number == 0) {
        j->number = ++r->job_count;
        (void)snprintf(j->passing, sizeof j->passing, ".groundwork-%d-%u.part", (int)getpid(), j->number);
    }
    j->r = r;
    j->rc = 0;
    r->filling = j;
    return 0;
}

/* The descriptor among those of the job: its last one serves neighbours. */
static int job_folder(struct job *j, int fd, bool same, unsigned *ret)
{
    if (!same) {
        int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (own < 0)
            return errno;
        j->folder[j->folders++] = own;
    }
    *ret = j->folders - 1;
    return 0;
}

/* The next entry of the job at hand, in the order in which it is to be told. */
static int entry_add(struct restoring *r, enum entry_kind kind, const struct index_item *item, struct entry **ret,
                     struct err *e)
{
    int rc = job_need(r, e);
    if (rc != 0)
        return rc;
    struct job *j = r->filling;
    struct entry *n = &j->entry[j->count++];
    *n = (struct entry){.kind = kind, .item = *item, .path_at = j->text.n};
    buf_put_bytes(&j->text, item->path);
    n->target_at = j->text.n;
    buf_put_bytes(&j->text, item->target);
    *ret = n;
    return buf_check(&j->text, e);
}

static void job_give_when_full(struct restoring *r)
{
    const struct job *j = r->filling;
    if (j != NULL && (j->count == JOB_ENTRIES || j->folders == JOB_FOLDERS || j->bytes >= JOB_BYTES))
        job_give(r);
}

static int give_failed(struct restoring *r, const struct index_item *item, int number, const char *words,
                       struct err *e)
{
    struct entry *n;
    int rc = entry_add(r, ENTRY_FAILED, item, &n, e);
    if (rc != 0)
        return rc;
    if (number != 0)
        entry_number(n, number);
    else
        entry_words(r->filling, n, words);
    job_give_when_full(r);
    return 0;
}

/* A folder is left: it is finished after all that was given before. */
static void folder_left(void *context, int fd, struct bytes path, uint32_t mode, struct statement_time mtime)
{
    struct restoring *r = context;
    const struct index_item item = {.path = path, .mode = mode, .mtime = mtime};
    struct entry *n;
    if (r->rc != 0)
        return;
    r->rc = entry_add(r, ENTRY_FOLDER, &item, &n, &r->e);
    if (r->rc != 0)
        return;
    struct job *j = r->filling;
    int own = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    n->number = own >= 0 ? 0 : fd < 0 ? ENOENT : errno;
    n->folder = j->folders;
    j->folder[j->folders++] = own;
    r->folder_given = false;
    job_give_when_full(r);
}

static int give(struct restoring *r, enum entry_kind kind, const struct index_item *item, const char *name,
                struct err *e)
{
    struct entry *n;
    int rc = entry_add(r, kind, item, &n, e);
    if (rc != 0)
        return rc;
    struct job *j = r->filling;
    bool same = r->folder_given && r->folder_moves == r->folders.moves;
    int number = job_folder(j, verbs_folders_fd(&r->folders), same, &n->folder);
    if (number != 0) {
        j->count--;
        return give_failed(r, item, number, NULL, e);
    }
    r->folder_given = true;
    r->folder_moves = r->folders.moves;
    memcpy(n->name, name, strlen(name) + 1);
    n->fresh = verbs_folders_fresh(&r->folders);
    j->bytes += kind == ENTRY_FILE ? item->bytes : 0;
    job_give_when_full(r);
    return 0;
}

/* Entered, so that it gets mode and time when it is left.  One that was shut by an earlier run is opened for that. */
static int restore_folder(struct restoring *r, const struct index_item *item, const char *name, struct err *e)
{
    struct bytes path = buf_bytes(&r->path);
    int number = verbs_folders_enter(&r->folders, path);
    if (number == EACCES && fchmodat(verbs_folders_fd(&r->folders), name, 0700, AT_SYMLINK_NOFOLLOW) == 0)
        number = verbs_folders_enter(&r->folders, path);
    if (number != 0)
        return give_failed(r, item, number == ENOTDIR || number == ELOOP ? EEXIST : number, NULL, e);
    r->progress.files++;
    verbs_folders_finish_as(&r->folders, item->mode, item->mtime);
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
    again.path = o->name->path;
    again.receipt = o->name->receipt;
    again.further_name = true;
    bool known = original->receipt == o->name->receipt && written_has(&r->written, original->leaf) &&
                 item_place(r, original, &r->firsts, first) == 0;
    int number = item_place(r, o->name, &r->folders, name);
    if (number != 0)
        return give_failed(r, o->name, number, NULL, e);
    int from = verbs_folders_fd(&r->firsts), to = verbs_folders_fd(&r->folders);
    bool linked = known && linkat(from, first, to, name, 0) == 0;
    bool there = known && !linked && errno == EEXIST && fstatat(from, first, &other, AT_SYMLINK_NOFOLLOW) == 0 &&
                 fstatat(to, name, &own, AT_SYMLINK_NOFOLLOW) == 0 && own.st_dev == other.st_dev &&
                 own.st_ino == other.st_ino;
    if (!linked && !there)
        return give(r, ENTRY_FILE, &again, name, e);
    r->progress.files++;
    r->files += linked;
    if (there) {
        r->already.files++;
        r->already.bytes += again.bytes;
    }
    return 0;
}

static int restore_placed(struct restoring *r, const struct index_item *item, struct err *e)
{
    char name[NAME_MAX + 1];
    int number = item_place(r, item, &r->folders, name);
    if (number != 0)
        return give_failed(r, item, number, NULL, e);
    switch (item->type) {
    case STATEMENT_FILE:
        return give(r, ENTRY_FILE, item, name, e);
    case STATEMENT_LINK:
        return give(r, ENTRY_LINK, item, name, e);
    case STATEMENT_FOLDER:
        return restore_folder(r, item, name, e);
    }
    return 0;
}

static int restore_item(void *context, const struct index_item *item, struct err *e)
{
    struct restoring *r = context;
    int rc = 0;
    if (item->set_aside && !r->set_aside_too) {
        r->left_out++;
        return 0;
    }
    if (r->way.use != NULL && !verbs_way_may(&r->way, item->leaf))
        return 0;
    if (!path_is_safe(item->path))
        return give_failed(r, item, 0, text_tr("its path would lead out of the folder: it is not restored"), e);
    if (item->further_name) { /* the first name must be there */
        struct original o = {r, item};
        rc = settle_all(r, e);
        if (rc == 0)
            rc = index_item(store_index(r->store), item->of, restore_name_of, &o, e);
    } else
        rc = restore_placed(r, item, e);
    if (rc == 0 && r->rc != 0)
        rc = err_set(e, r->rc, "%s", r->e.text);
    return rc;
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

/* What may not go out must not lie among what does: an earlier restore may have brought it. */
static int not_there(struct restoring *r, const struct index_item *item, struct err *e)
{
    struct stat there;
    buf_clear(&r->path);
    buf_put_decimal(&r->path, item->receipt);
    buf_put_u8(&r->path, '/');
    buf_put_bytes(&r->path, item->path);
    if (buf_check(&r->path, e) != 0)
        return ERR_IO;
    if (item->type == STATEMENT_FOLDER || fstatat(r->dest, buf_text(&r->path), &there, AT_SYMLINK_NOFOLLOW) != 0)
        return 0;
    return err_set(e, ERR_REFUSED, "item %llu may not go out, and lies in %s already: name an empty folder",
                   (unsigned long long)item->leaf, r->dest_name);
}

/* May it go out?  What is set aside and not asked for by name is not asked about. */
static int decide_item(void *context, const struct index_item *item, struct err *e)
{
    struct restoring *r = context;
    bool may = true;
    if (item->set_aside && !r->set_aside_too)
        return 0;
    int rc = verbs_way_item(&r->way, item, &may, e);
    return rc == 0 && !may ? not_there(r, item, e) : rc;
}

/* Of what was chosen, what may go.  ERR_STOPPED without a line: nothing. */
static int decide(struct restoring *r, const struct index_item *item, uint64_t deposit, struct err *e)
{
    int rc = verbs_way_begin(&r->way, r->store, e);
    if (rc == 0)
        rc = item != NULL ? decide_item(r, item, e) : index_items(store_index(r->store), deposit, 0, decide_item, r, e);
    verbs_ranges_settle(&r->way.may);
    if (rc == 0)
        rc = verbs_way_say(&r->way, r->face, e);
    return rc == 0 && r->way.may.count == 0 && r->way.denied_count > 0 ? ERR_STOPPED : rc;
}

/*
 * What was decided is so still, now that it is on record: a withdrawal that came meanwhile has not seen the record, and
 * one that comes later finds it.
 */
static int decided_still(struct restoring *r, struct err *e)
{
    bool still = false;
    int rc = store_decided_still(r->way.deciding, &still, e);
    if (rc != 0 || still)
        return rc;
    return err_set(e, ERR_BUSY,
                   "somebody wrote in the repository meanwhile, which may forbid it: nothing was restored; run it "
                   "again");
}

/* On record before the first byte is written: once, by ranges, however many they are. */
static int on_record(struct restoring *r, const struct verbs_request *request, const struct index_item *item,
                     uint64_t deposit, struct err *e)
{
    struct index *x = store_index(r->store);
    struct verbs_access a = {.act = "restored", .why = request->option[OPTION_WHY],
                             .must_log = r->way.use != NULL || request->option[OPTION_MUST_LOG] != NULL};
    if (r->way.use != NULL) {
        int rc = decide(r, item, deposit, e);
        a.use = r->way.said;
        a.ranges = r->way.may;
        if (rc == 0)
            rc = verbs_access(r->store, r->face, &a, e);
        return rc == 0 ? decided_still(r, e) : rc;
    }
    int rc = item != NULL            ? verbs_ranges_item(&a.ranges, item, e)
             : deposit != UINT64_MAX ? verbs_ranges_deposit(&a.ranges, x, deposit, e)
                                     : verbs_ranges_living(&a.ranges, x, e);
    if (rc == 0)
        rc = verbs_access(r->store, r->face, &a, e);
    verbs_ranges_release(&a.ranges);
    return rc;
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
        rc = verbs_item(r->store, request->option[OPTION_ITEM], &held, e);
        r->folder_alone = held.item.type == STATEMENT_FOLDER;
        if (rc == 0)
            rc = on_record(r, request, &held.item, UINT64_MAX, e);
        if (rc == 0)
            rc = restore_item(r, &held.item, e);
        return rc == 0 ? settle_all(r, e) : rc;
    }
    if (request->option[OPTION_RECEIPT] != NULL) {
        r->set_aside_too = true;
        rc = verbs_receipt_number(x, request->option[OPTION_RECEIPT], &number, e);
        if (rc == 0)
            rc = index_deposit_by_receipt(x, number, take_deposit, &c, e);
    }
    if (rc == 0)
        rc = on_record(r, request, NULL, c.deposit, e);
    if (rc == 0)
        rc = index_items(x, c.deposit, 0, restore_item, r, e);
    return rc == 0 ? settle_all(r, e) : rc;
}

/* Folders that are still open are left, and so finished. */
static int finish_all(struct restoring *r, struct err *e)
{
    verbs_folders_leave(&r->folders);
    if (r->rc != 0)
        return err_set(e, r->rc, "%s", r->e.text);
    return settle_all(r, e);
}

/* Done or not, nobody works on; what is still open gets its mode and time. */
static void restoring_end(struct restoring *r)
{
    atomic_store(&r->stop, true);
    store_crew_drop(&r->crew);
    r->folders.left = NULL;
    verbs_folders_leave(&r->folders);
}

static int crew_begin(struct restoring *r, struct err *e)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct store_crew_setup setup = {.threads = processors < 1             ? 1
                                                : processors > THREADS_MAX ? THREADS_MAX
                                                                           : (unsigned)processors,
                                     .job_bytes = sizeof(struct job),
                                     .work = job_work,
                                     .settle = job_settle,
                                     .tick = tick,
                                     .release = job_release,
                                     .context = r};
    r->folders.left = folder_left;
    atomic_store(&r->nameless, true);
    return store_crew_new(&setup, &r->crew, e);
}

static void answer(const struct restoring *r)
{
    char n[VERBS_NUMBER_MAX], b[VERBS_NUMBER_MAX];
    struct json_out *j = r->face->json;
    if (j != NULL) {
        verbs_json_u64(j, "already", r->already.files);
        verbs_json_u64(j, "already_bytes", r->already.bytes);
        verbs_json_u64(j, "bytes", r->bytes);
        if (r->way.use != NULL)
            verbs_way_json(&r->way, j);
        verbs_json_u64(j, "failed", r->failed);
        verbs_json_u64(j, "files", r->files);
        verbs_json_u64(j, "set_aside", r->left_out);
        return;
    }
    if (r->files > 0 || r->already.files + r->failed == 0)
        verbs_say(r->face, "Restored %s files (%s) under %s; every digest was checked.", verbs_number(r->files, n),
                  verbs_size(r->bytes, b), r->dest_name);
    if (r->folder_alone)
        verbs_say(r->face, "That item is a folder: what lies in it are items of their own.");
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
    int rc = verbs_way_read(&r.way, request->option[OPTION_FOR], request->option[OPTION_TO],
                            request->option[OPTION_WHOM], e);
    if (rc == 0)
        rc = verbs_outside(request, r.dest_name, e);
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
    rc = crew_begin(&r, e);
    if (rc == 0)
        rc = restore_chosen(&r, request, e);
    if (rc == 0)
        rc = finish_all(&r, e);
    restoring_end(&r);
    if (syncfs(r.dest) != 0 && rc == 0)
        rc = err_os(e, ERR_IO, errno, "sync %s", r.dest_name);
    if (rc == ERR_STOPPED && r.way.denied_count > 0 && r.way.may.count == 0) {
        verbs_way_refuse(&r.way, face, ret_exit);
        return 0;
    }
    if (rc != 0)
        return rc;
    answer(&r);
    *ret_exit = r.failed > 0 ? VERBS_FAILED : VERBS_DONE;
    return 0;
}
