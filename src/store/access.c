/*
 * An access written down before anything is shown: sealed, and durable in the spool of this member and this device.
 * FORMAT 15.3.
 *
 * What this device has written last stands outside the repository too: so a spool that was taken away leaves a gap in
 * its numbers, once it writes again.
 *
 *     groundwork/device/v1
 *     pin <hex 32>
 *     device <hex 16>
 *     last none | last <number> <hex commitment>
 */
#include "store/store_internal.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

enum { WAIT_MS = 20000, PAUSE_MS = 5, DEVICE_BYTES_MAX = 1024 };
static const char DEVICE_HEAD[] = "groundwork/device/v1\n";

struct accessing {
    struct store *s;
    const struct store_accessing *what;
    struct store_device device;
    struct file_path device_path, folder, path;
    struct store_spool_of of;
    int fd;
    struct buf file;
    size_t end; /* of its whole frames */
    struct statement_place place;
    struct statement_range *items; /* fewer than were given */
    struct buf statement, values, frame;
    struct key secret;
    uint8_t entry[LEAF_ENTRY];
};

static void accessing_release(struct accessing *a)
{
    fd_drop(&a->fd);
    key_drop(&a->secret);
    buf_drop(&a->file);
    buf_wipe(&a->statement);
    buf_wipe(&a->values);
    buf_drop(&a->frame);
    free(a->items);
}

/* ---- the device ---- */

bool store_device_parse(struct bytes text, const struct hash *pin, struct store_device *ret)
{
    struct cursor c = cursor_of(text);
    struct bytes w[2] = {{0}};
    struct store_device d = {.any = false};
    if (!store_outside_head(&c, DEVICE_HEAD, pin) || !bytes_words(cursor_line(&c), "device", w, 1) ||
        hex_get(w[0], d.id, STATEMENT_ID) != 0)
        return false;
    struct bytes last = cursor_line(&c);
    if (!cursor_done(&c))
        return false;
    d.any = bytes_words(last, "last", w, 2);
    if (d.any ? decimal_get(w[0], &d.seq) != 0 || hex_get(w[1], d.commitment.b, CRYPT_HASH) != 0
              : !bytes_equal(last, bytes_text("last none")))
        return false;
    *ret = d;
    return true;
}

void store_device_put(const struct store_device *d, const struct hash *pin, struct buf *to)
{
    buf_printf(to, "%spin ", DEVICE_HEAD);
    buf_put_hex(to, bytes_of(pin->b, CRYPT_HASH));
    buf_put_text(to, "\ndevice ");
    buf_put_hex(to, bytes_of(d->id, STATEMENT_ID));
    if (d->any) {
        buf_printf(to, "\nlast %llu ", (unsigned long long)d->seq);
        buf_put_hex(to, bytes_of(d->commitment.b, CRYPT_HASH));
        buf_put_u8(to, '\n');
    } else
        buf_put_text(to, "\nlast none\n");
}

static int device_read(struct accessing *a, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    int rc = file_read_all(a->device_path.s, DEVICE_BYTES_MAX, &text, e);
    if (rc == 0 && !store_device_parse(buf_bytes(&text), &a->s->pin, &a->device))
        rc = err_set(e, ERR_DAMAGED, "%s is damaged: move it away; accesses are then numbered anew",
                     a->device_path.s);
    return rc;
}

static int device_path(const struct store *s, struct file_path *to, struct err *e)
{
    char hex[2 * 4 + 1], other[2 * 4 + 1] = "", ending[48];
    hex_put(hex, s->identity.member.id, 4);
    if (s->compartment_at != 0)
        hex_put(other, s->compartment, 4);
    (void)snprintf(ending, sizeof ending, "%s%s%s.device", hex, other[0] != 0 ? "-" : "", other);
    return store_outside(&s->place, &s->pin, ending, to, e);
}

bool store_device_known(const struct store *s, struct store_device *ret)
{
    OWN(buf_drop) struct buf text = {0};
    struct file_path path;
    return device_path(s, &path, NULL) == 0 && file_read_all(path.s, DEVICE_BYTES_MAX, &text, NULL) == 0 &&
           store_device_parse(buf_bytes(&text), &s->pin, ret);
}

void store_device_tell_lost(const struct store *s, const struct store_device *d, uint64_t next)
{
    struct err line = {0};
    if (!d->any || d->seq < next)
        return;
    (void)err_set(&line, ERR_DAMAGED,
                  "records of accesses by this computer, %llu to %llu, are neither in spool/ nor on the log: they were "
                  "lost, or are in another copy of the repository",
                  (unsigned long long)next, (unsigned long long)d->seq);
    store_tell(s, line.text);
}

/* The first access on this computer draws it; of two at once one is refused, and takes what the other drew. */
static int device_need(struct accessing *a, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    int rc = device_path(a->s, &a->device_path, e);
    if (rc == 0)
        rc = device_read(a, e);
    if (rc != ERR_ABSENT)
        return rc;
    struct store_device fresh = {.any = false};
    crypt_random(fresh.id, sizeof fresh.id);
    store_device_put(&fresh, &a->s->pin, &text);
    rc = buf_check(&text, e);
    if (rc == 0)
        rc = file_make_folders(a->s->place.state_folder, e);
    if (rc == 0)
        rc = file_create(a->device_path.s, buf_bytes(&text), 0600, e);
    return rc == 0 || rc == ERR_REFUSED ? device_read(a, e) : rc;
}

static int device_note(struct accessing *a, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    a->device.any = true;
    a->device.seq = a->place.seq;
    memcpy(a->device.commitment.b, a->entry + 1, CRYPT_HASH);
    store_device_put(&a->device, &a->s->pin, &text);
    int rc = buf_check(&text, e);
    return rc == 0 ? file_replace(a->device_path.s, buf_bytes(&text), 0600, e) : rc;
}

/* ---- the spool ---- */

enum shut { OPEN, SHUT, CLOSED };

/*
 * The nearest of them that is there must be writable: the file, its folder, the folder above.  SHUT: it never is, to
 * this user: the disk is read-only, or it is somebody else's.  CLOSED: it is hers to open, *ret which; so that a bit
 * taken off lets nobody read without a record.
 */
static enum shut shut_of(const char *const *paths, size_t count, const char **ret)
{
    struct stat own;
    enum shut shut = OPEN;
    for (size_t i = 0; i < count; i++) {
        if (faccessat(AT_FDCWD, paths[i], W_OK, AT_EACCESS) == 0)
            return shut;
        if (errno == ENOENT)
            continue;
        if (errno == EROFS)
            return SHUT;
        *ret = paths[i];
        shut = CLOSED;
        if (errno == EACCES && lstat(paths[i], &own) == 0)
            return own.st_uid != geteuid() ? SHUT : CLOSED;
        if (errno != EACCES)
            return CLOSED;
    }
    return shut;
}

static int paths_find(struct accessing *a, struct err *e)
{
    char name[STORE_SPOOL_NAME];
    memcpy(a->of.b, a->s->identity.member.id, 4);
    memcpy(a->of.b + 4, a->device.id, STATEMENT_ID);
    store_spool_name(&a->of, name);
    int rc = store_spool_folder(a->s, &a->folder, e);
    return rc == 0 ? file_path(&a->path, e, "%s/%s", a->folder.s, name) : rc;
}

static int spool_make(const struct accessing *a, struct err *e)
{
    OWN(buf_drop) struct buf head = {0};
    store_spool_head(&a->of, 0, &head);
    int rc = buf_check(&head, e);
    if (rc == 0)
        rc = file_make_folders(a->folder.s, e);
    if (rc == 0)
        rc = file_create(a->path.s, buf_bytes(&head), 0600, e);
    return rc == ERR_REFUSED ? 0 : rc;
}

int store_spool_take(const char *path, int *ret_fd, struct err *e)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    uint64_t until = time_monotonic_ms() + WAIT_MS;
    for (;;) {
        struct stat own, named;
        OWN(fd_drop) int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd < 0)
            return errno == ENOENT ? err_set(e, ERR_ABSENT, "%s is not there", path)
                                   : err_os(e, ERR_IO, errno, "open %s", path);
        if (fcntl(fd, F_OFD_SETLK, &whole) == 0) {
            if (fstat(fd, &own) == 0 && stat(path, &named) == 0 && own.st_dev == named.st_dev &&
                own.st_ino == named.st_ino) {
                *ret_fd = TAKE_FD(fd);
                return 0;
            }
        } else if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return err_os(e, ERR_IO, errno, "lock %s", path);
        if (time_monotonic_ms() >= until)
            return err_set(e, ERR_BUSY, "%s is in use: try again", path);
        usleep(PAUSE_MS * 1000);
    }
}

static int spool_take(struct accessing *a, struct err *e)
{
    struct err mine = {0};
    int rc = store_spool_take(a->path.s, &a->fd, &mine);
    if (rc != ERR_ABSENT)
        return rc == 0 ? 0 : err_set(e, rc, "%s", mine.text);
    rc = spool_make(a, e);
    return rc == 0 ? store_spool_take(a->path.s, &a->fd, e) : rc;
}

static int spool_damaged(const struct accessing *a, struct err *e)
{
    return err_set(e, ERR_DAMAGED, "%s is damaged: run groundwork repair", a->path.s);
}

static void follow(struct accessing *a, uint64_t seq, const uint8_t commitment[CRYPT_HASH])
{
    if (seq < a->place.seq)
        return;
    a->place.seq = seq + 1;
    memcpy(a->place.prev.b, commitment, CRYPT_HASH);
}

/* Behind the newest that the log, the spool or this computer knows: each of them may lack what another one has. */
static int place_find(struct accessing *a, struct err *e)
{
    OWN(store_record_release) struct store_record last = {0};
    OWN(key_drop) struct key key = {0};
    struct store_spool_lock lock = store_spool_lock(a->s, KEYRING_SPOOL, &a->of, &key);
    struct ledger_position now;
    struct bytes frame, newest = {0};
    enum store_spool_step step;
    uint32_t logged;
    int rc = file_read_all(a->path.s, STORE_SPOOL_BYTES_MAX, &a->file, e);
    if (rc == 0)
        rc = index_place(store_index(a->s), a->device.id, &a->place, e);
    if (rc != 0)
        return rc;
    if (!store_spool_begin(buf_bytes(&a->file), &a->of, &logged))
        return spool_damaged(a, e);
    size_t at = STORE_SPOOL_SECTOR;
    a->end = at;
    while ((step = store_spool_next(buf_bytes(&a->file), &at, &frame)) == STORE_SPOOL_FRAME) {
        newest = frame;
        a->end = at;
    }
    if (step == STORE_SPOOL_DAMAGED)
        return spool_damaged(a, e);
    if (newest.n > 0) {
        ledger_where(a->s->ledger, &now);
        lock.leaves = now.leaves;
        rc = store_record_read(a->s, &lock, NULL, newest, &last, NULL);
        if (rc != 0)
            return rc == ERR_DAMAGED ? spool_damaged(a, e) : err_memory(e);
        follow(a, last.st.place.seq, last.entry + 1);
    }
    store_device_tell_lost(a->s, &a->device, a->place.seq);
    if (a->device.any)
        follow(a, a->device.seq, a->device.commitment.b);
    return 0;
}

static int items_fit(struct accessing *a, struct err *e)
{
    size_t count = a->what->count;
    a->items = reallocarray(NULL, count, sizeof *a->items);
    if (a->items == NULL)
        return err_memory(e);
    memcpy(a->items, a->what->items, count * sizeof *a->items);
    count = statement_ranges_fit(a->items, count);
    struct statement st = {.kind = STATEMENT_ACCESSED, .at_unix_s = time_now_unix_s(), .place = a->place,
                           .accessed = {a->what->act, a->items, count, a->what->why, a->what->use}};
    OWN(buf_drop) struct buf text = {0};
    crypt_random(a->secret.b, CRYPT_KEY);
    int rc = statement_make(&st, &a->secret, &text, &a->values, e);
    if (rc == 0)
        rc = statement_finish(st.kind, buf_bytes(&text), &a->s->identity.member, &a->s->identity.sign, &a->statement,
                              e);
    return rc;
}

static int record_append(struct accessing *a, struct err *e)
{
    OWN(key_drop) struct key key = {0};
    const struct store_spool_lock lock = store_spool_lock(a->s, KEYRING_SPOOL, &a->of, &key);
    struct store_spool_content content = {
        .secret = a->secret, .statement = buf_bytes(&a->statement), .values = buf_bytes(&a->values)};
    int rc = store_spool_seal(&lock, &content, &a->frame, e);
    key_drop(&content.secret);
    if (rc == 0 && a->end + a->frame.n > STORE_SPOOL_BYTES_MAX)
        rc = err_set(e, ERR_REFUSED, "%s is full: let a writer take over what waits there, as groundwork note does",
                     a->path.s);
    if (rc != 0)
        return rc;
    leaf_entry_hidden(&a->secret, buf_bytes(&a->statement), a->entry);
    if (a->end < a->file.n && ftruncate(a->fd, (off_t)a->end) != 0)
        return err_os(e, ERR_IO, errno, "shorten %s", a->path.s);
    rc = file_write_at(a->fd, a->frame.p, a->frame.n, a->end, a->path.s, e);
    if (rc == 0)
        rc = file_sync(a->fd, a->path.s, e);
    return rc == 0 ? device_note(a, e) : rc;
}

static int access_note(struct accessing *a, struct err *e)
{
    int rc = spool_take(a, e);
    if (rc == 0)
        rc = device_read(a, e);
    if (rc == 0)
        rc = place_find(a, e);
    if (rc == 0)
        rc = items_fit(a, e);
    return rc == 0 ? record_append(a, e) : rc;
}

/* 1: it may go on without a record. */
static int may_write(const struct accessing *a, const char *const *paths, size_t count, struct err *ret_unlogged,
                     struct err *e)
{
    const char *which = a->s->root;
    enum shut shut = shut_of(paths, count, &which);
    if (shut == OPEN)
        return 0;
    if (shut == CLOSED)
        return err_set(e, ERR_REFUSED,
                       "%s is closed for writing, so the access cannot be put on record: nothing is shown; make it "
                       "writable again with chmod u+rwX",
                       which);
    if (!statement_access_may_go_unlogged(true, a->what->must_log))
        return err_set(e, ERR_REFUSED, "%s cannot be written to, so the access cannot be put on record: nothing is "
                                       "shown",
                       a->s->root);
    (void)err_set(ret_unlogged, ERR_IO, "%s cannot be written to: this access is not on record", a->s->root);
    return 1;
}

int store_access(struct store *s, const struct store_accessing *what, struct err *ret_unlogged, struct err *e)
{
    OWN(accessing_release) struct accessing a = {.s = s, .what = what, .fd = -1};
    const char *const outside[] = {s->place.state_folder}, *const root[] = {s->root};
    *ret_unlogged = (struct err){0};
    if (what->count == 0)
        return 0;
    int rc = may_write(&a, outside, 1, ret_unlogged, e);
    if (rc == 0)
        rc = may_write(&a, root, 1, ret_unlogged, e);
    if (rc == 0)
        rc = device_need(&a, e);
    if (rc == 0)
        rc = paths_find(&a, e);
    const char *const inner[] = {a.path.s, a.folder.s, s->root};
    if (rc == 0)
        rc = may_write(&a, inner, COUNT(inner), ret_unlogged, e);
    if (rc != 0)
        return rc > 0 ? 0 : rc;
    return access_note(&a, e);
}
