/*
 * The spool of one member and device: access records that are not on the log yet.  FORMAT 15.3.
 *
 *     head         512 bytes
 *     frames       each a whole number of sectors of 512, sealed, ending in a mark of its own
 *
 * Frames are appended and synced one by one.  What a crash leaves of the last one is too short, or has sectors that
 * were never written and read as zeros, and no frame behind it: that is no damage, for its view was never shown.
 */
#include "store/store_internal.h"

#include <assert.h>

enum {
    FRAME_HEAD = 48,
    MARK = 8,
    FRAME_AROUND = FRAME_HEAD + CRYPT_TAG + MARK,
    FRAME_STEP = 1024,
    CONTENT_HEAD = CRYPT_KEY + 8,
    AAD = CRYPT_HASH + FRAME_HEAD + STORE_SPOOL_OF,
};
static const char HEAD_MARK[] = "GWSPOOL\n", FRAME_MARK[] = "GWACCESS", END_MARK[] = "GWACCEND";
static const uint8_t NOTHING[STORE_SPOOL_SECTOR];

/* ---- names and heads ---- */

void store_spool_name(const struct store_spool_of *of, char to[STORE_SPOOL_NAME])
{
    hex_put(to, of->b, 4);
    to[8] = '-';
    hex_put(to + 9, of->b + 4, STORE_SPOOL_OF - 4);
}

bool store_spool_named(const char *name, struct store_spool_of *ret)
{
    return strlen(name) == STORE_SPOOL_NAME - 1 && name[8] == '-' &&
           hex_get(bytes_of((const uint8_t *)name, 8), ret->b, 4) == 0 &&
           hex_get(bytes_text(name + 9), ret->b + 4, STORE_SPOOL_OF - 4) == 0;
}

void store_spool_head(const struct store_spool_of *of, uint32_t logged, struct buf *to)
{
    size_t begin = to->n;
    buf_put_text(to, HEAD_MARK);
    buf_put_u32(to, 1);
    buf_put_u32(to, 0);
    buf_put(to, of->b, STORE_SPOOL_OF);
    buf_put_u32(to, logged);
    if (!to->failed)
        buf_put(to, NOTHING, STORE_SPOOL_SECTOR - (to->n - begin));
}

bool store_spool_begin(struct bytes file, const struct store_spool_of *of, uint32_t *ret_logged)
{
    struct cursor c = cursor_of(bytes_of(file.p, file.n < STORE_SPOOL_SECTOR ? file.n : STORE_SPOOL_SECTOR));
    struct store_spool_of said;
    if (!cursor_expect(&c, HEAD_MARK) || cursor_u32(&c) != 1 || cursor_u32(&c) != 0)
        return false;
    cursor_copy(&c, said.b, STORE_SPOOL_OF);
    uint32_t logged = cursor_u32(&c);
    struct bytes rest = cursor_take(&c, c.left);
    if (c.failed || file.n < STORE_SPOOL_SECTOR || memcmp(said.b, of->b, STORE_SPOOL_OF) != 0 ||
        memcmp(rest.p, NOTHING, rest.n) != 0)
        return false;
    *ret_logged = logged;
    return true;
}

/* ---- frames ---- */

/* The next sector behind ${from} that begins as a frame does, or the end. */
static size_t next_mark(struct bytes file, size_t from)
{
    for (size_t at = from + STORE_SPOOL_SECTOR; at < file.n && file.n - at >= MARK; at += STORE_SPOOL_SECTOR)
        if (memcmp(file.p + at, FRAME_MARK, MARK) == 0)
            return at;
    return file.n;
}

static bool never_written(struct bytes part)
{
    for (size_t at = 0; at < part.n; at += STORE_SPOOL_SECTOR) {
        size_t n = part.n - at < STORE_SPOOL_SECTOR ? part.n - at : STORE_SPOOL_SECTOR;
        if (memcmp(part.p + at, NOTHING, n) == 0)
            return true;
    }
    return false;
}

/* Its length, if what lies at ${at} is a whole frame by its form; 0: it is none; more than there is: it ends early. */
static size_t frame_length(struct bytes file, size_t at)
{
    size_t left = file.n - at;
    if (left < FRAME_HEAD)
        return FRAME_HEAD;
    const uint8_t *p = file.p + at;
    uint32_t n = u32_get(p + MARK);
    if (memcmp(p, FRAME_MARK, MARK) != 0 || n < FRAME_STEP || n > STORE_SPOOL_FRAME_MAX ||
        n % STORE_SPOOL_SECTOR != 0 || u32_get(p + MARK + 4) != ~n)
        return 0;
    return n > left || memcmp(p + n - MARK, END_MARK, MARK) == 0 ? n : 0;
}

enum store_spool_step store_spool_next(struct bytes file, size_t *at, struct bytes *ret)
{
    if (*at >= file.n)
        return STORE_SPOOL_END;
    assert(*at % STORE_SPOOL_SECTOR == 0);
    size_t from = *at, n = frame_length(file, from), next = next_mark(file, from);
    bool last = next == file.n, is_short = n > file.n - from;
    if (!last && n > next - from) /* it would reach over another one */
        n = 0;
    if (n != 0 && !is_short && !(last && n == file.n - from && never_written(bytes_of(file.p + from, n)))) {
        *ret = bytes_of(file.p + from, n);
        *at = from + n;
        return STORE_SPOOL_FRAME;
    }
    *at = next;
    return last && (is_short || never_written(bytes_of(file.p + from, file.n - from))) ? STORE_SPOOL_TORN
                                                                                      : STORE_SPOOL_DAMAGED;
}

/* ---- a file, piece by piece: memory that is at hand costs less than fresh pages for all of it ---- */

enum { PIECE = 256 << 10 };
_Static_assert(PIECE % STORE_SPOOL_SECTOR == 0, "what is held begins with a sector");

void store_spool_file_close(struct store_spool_file *x)
{
    fd_drop(&x->fd);
    buf_drop(&x->held);
}

/* The next piece behind what is still to be looked at. */
static int piece(struct store_spool_file *x, uint64_t most, struct err *e)
{
    size_t left = x->held.n - x->at, n = (size_t)(x->size - x->read < most ? x->size - x->read : most);
    if (x->at > 0)
        memmove(x->held.p, x->held.p + x->at, left);
    x->held.n = left;
    x->base += x->at;
    x->at = 0;
    uint8_t *room = buf_more(&x->held, n);
    if (room == NULL)
        return err_memory(e);
    int rc = file_read_at(x->fd, room, n, x->read, x->path, e);
    if (rc == ERR_DAMAGED) /* a writer made it anew meanwhile */
        rc = err_set(e, ERR_IO, "%s was shortened while it was read", x->path);
    x->unread = rc != 0;
    if (rc != 0)
        (void)err_set(&x->why, rc, "%s", e == NULL ? "" : e->text);
    x->read += n;
    return rc;
}

int store_spool_file_open(const char *path, struct store_spool_file *ret, struct err *e)
{
    *ret = (struct store_spool_file){.path = path, .fd = -1};
    int rc = file_open_read(path, &ret->fd, e);
    if (rc == 0)
        rc = file_size(ret->fd, &ret->size, path, e);
    ret->longer = ret->size > STORE_SPOOL_BYTES_MAX;
    if (ret->longer)
        ret->size = STORE_SPOOL_BYTES_MAX;
    if (rc == 0)
        rc = piece(ret, PIECE, e);
    ret->at = ret->held.n < STORE_SPOOL_SECTOR ? ret->held.n : STORE_SPOOL_SECTOR;
    return rc;
}

struct bytes store_spool_file_head(const struct store_spool_file *x)
{
    return bytes_of(x->held.p, x->at);
}

/* What is no frame may be one of which the rest is not here yet; what still is none is looked at with all there is. */
int store_spool_file_next(struct store_spool_file *x, enum store_spool_step *ret, size_t *ret_at,
                          struct bytes *ret_frame, struct err *e)
{
    for (;;) {
        size_t at = x->at;
        *ret = store_spool_next(buf_bytes(&x->held), &x->at, ret_frame);
        *ret_at = x->base + at;
        if (*ret == STORE_SPOOL_FRAME || x->read == x->size)
            return 0;
        x->at = at;
        int rc = piece(x, x->held.n - at < PIECE ? PIECE : x->size, e);
        if (rc != 0)
            return rc;
    }
}

/* ---- what a frame holds ---- */

struct store_spool_lock store_spool_lock(const struct store *s, enum keyring_outside what,
                                         const struct store_spool_of *of, struct key *key)
{
    bool any = keyring_outside(s->keyring, what, 0, key);
    assert(any);
    return (struct store_spool_lock){.key = key, .pin = &s->pin, .of = of, .keyring = s->keyring, .what = what};
}

void store_spool_keys(const struct store_spool_lock *lock, const struct bytes *frames, size_t count, struct key *ret)
{
    enum { ROW = 64 };
    uint8_t salts[ROW][CRYPT_SALT] = {{0}};
    for (size_t at = 0; at < count; at += ROW) {
        size_t n = count - at < ROW ? count - at : ROW;
        for (size_t i = 0; i < n; i++)
            if (frames[at + i].n >= FRAME_HEAD)
                memcpy(salts[i], frames[at + i].p + MARK + 8, CRYPT_SALT);
        crypt_derive_salted_each(lock->key, (const uint8_t(*)[CRYPT_SALT])salts, n, "groundwork/spool-frame/v1",
                                 ret + at);
    }
}

static void frame_aad(const struct store_spool_lock *lock, const uint8_t *head, uint8_t aad[AAD])
{
    memcpy(aad, lock->pin->b, CRYPT_HASH);
    memcpy(aad + CRYPT_HASH, head, FRAME_HEAD);
    memcpy(aad + CRYPT_HASH + FRAME_HEAD, lock->of->b, STORE_SPOOL_OF);
}

int store_spool_seal(const struct store_spool_lock *lock, const struct store_spool_content *content, struct buf *to,
                     struct err *e)
{
    OWN(buf_wipe) struct buf plain = {0};
    OWN(key_drop) struct key key = {0};
    uint8_t aad[AAD], salt[CRYPT_SALT];
    size_t n = CONTENT_HEAD + content->statement.n + content->values.n;
    size_t frame = (leaf_padded(n) + FRAME_AROUND + FRAME_STEP - 1) / FRAME_STEP * FRAME_STEP;
    if (frame > STORE_SPOOL_FRAME_MAX)
        return err_set(e, ERR_REFUSED, "a record of an access would be longer than %d bytes", STORE_SPOOL_FRAME_MAX);
    buf_put(&plain, content->secret.b, CRYPT_KEY);
    buf_put_u32(&plain, (uint32_t)content->statement.n);
    buf_put_u32(&plain, (uint32_t)content->values.n);
    buf_put_bytes(&plain, content->statement);
    buf_put_bytes(&plain, content->values);
    uint8_t *rest = buf_more(&plain, frame - FRAME_AROUND - n);
    if (rest == NULL || buf_check(&plain, e) != 0)
        return err_memory(e);
    memset(rest, 0, frame - FRAME_AROUND - n);
    crypt_random(salt, sizeof salt);
    size_t begin = to->n;
    buf_put_text(to, FRAME_MARK);
    buf_put_u32(to, (uint32_t)frame);
    buf_put_u32(to, ~(uint32_t)frame); /* or a flipped bit would make a frame that seems to end early */
    buf_put(to, salt, sizeof salt);
    uint8_t *sealed = buf_more(to, plain.n + CRYPT_TAG);
    if (sealed == NULL)
        return err_memory(e);
    store_spool_keys(lock, &(struct bytes){to->p + begin, FRAME_HEAD}, 1, &key);
    frame_aad(lock, to->p + begin, aad);
    crypt_seal(&key, 0, bytes_of(aad, sizeof aad), buf_bytes(&plain), sealed);
    buf_put_text(to, END_MARK);
    return buf_check(to, e);
}

int store_spool_open(const struct store_spool_lock *lock, struct bytes frame, struct buf *held,
                     struct store_spool_content *ret, struct err *e)
{
    OWN(key_drop) struct key key = {0};
    store_spool_keys(lock, &frame, 1, &key);
    return store_spool_open_by(&key, lock, frame, held, ret, e);
}

/* By the keys before: it was sealed before somebody left, or by who had not heard of that. */
static bool opened_by_earlier(const struct store_spool_lock *lock, struct bytes frame, struct bytes aad,
                              struct bytes sealed, uint8_t *plain)
{
    OWN(key_drop) struct key outer = {0}, key = {0};
    struct store_spool_lock earlier = *lock;
    earlier.key = &outer;
    for (size_t i = 1; lock->keyring != NULL && keyring_outside(lock->keyring, lock->what, i, &outer); i++) {
        store_spool_keys(&earlier, &frame, 1, &key);
        if (crypt_open(&key, 0, aad, sealed, plain) == 0)
            return true;
    }
    return false;
}

int store_spool_open_by(const struct key *frame_key, const struct store_spool_lock *lock, struct bytes frame,
                        struct buf *held, struct store_spool_content *ret, struct err *e)
{
    uint8_t aad[AAD];
    struct bytes sealed = bytes_of(frame.p + FRAME_HEAD, frame.n - FRAME_HEAD - MARK);
    buf_clear(held);
    uint8_t *plain = buf_more(held, sealed.n - CRYPT_TAG);
    if (plain == NULL)
        return err_memory(e);
    frame_aad(lock, frame.p, aad);
    if (crypt_open(frame_key, 0, bytes_of(aad, sizeof aad), sealed, plain) != 0 &&
        !opened_by_earlier(lock, frame, bytes_of(aad, sizeof aad), sealed, plain))
        return err_set(e, ERR_DAMAGED, "a record of an access does not open");
    struct cursor c = cursor_of(buf_bytes(held));
    cursor_copy(&c, ret->secret.b, CRYPT_KEY);
    uint32_t n = cursor_u32(&c), m = cursor_u32(&c);
    ret->statement = cursor_take(&c, n);
    ret->values = cursor_take(&c, m);
    struct bytes rest = cursor_take(&c, c.left);
    bool good = !c.failed && (rest.n == 0 || (rest.p[0] == 0 && memcmp(rest.p, rest.p + 1, rest.n - 1) == 0));
    return good ? 0 : err_set(e, ERR_DAMAGED, "a record of an access has another form than such records have");
}
