/* The compartment's table and the boxes in which its epoch key and the log key reach a member. */
#include "keyring/keyring_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

static const char TABLE_PURPOSE[] = "groundwork/table/v1";
enum { TABLE_PAD = 1024, PIN_HEAD = CRYPT_HASH + HEAD_BYTES, SEGMENT_ENTRY = 8 + 8 + CRYPT_KEY };
static_assert((uint64_t)SEGMENTS_MAX * SEGMENT_ENTRY + 2 * TABLE_PAD <= KEYRING_FILE_MAX, "a full table is readable");

static void with_pin(const struct hash *pin, const uint8_t head[HEAD_BYTES], uint8_t to[PIN_HEAD])
{
    memcpy(to, pin->b, CRYPT_HASH);
    memcpy(to + CRYPT_HASH, head, HEAD_BYTES);
}

static void table_name(const struct keyring *k, uint64_t version, char to[KEYRING_NAME_MAX])
{
    char comp[2 * KEYRING_ID + 1];
    keyring_comp_text(k->compartment, comp);
    snprintf(to, KEYRING_NAME_MAX, "%s/table-%llu", comp, (unsigned long long)version);
}

static uint32_t rewritten_count(const struct keyring *k)
{
    uint32_t count = 0;
    for (size_t i = 0; i < k->segment_count; i++)
        count += k->segments[i].rewritten > 0;
    return count;
}

static uint32_t features_of(const struct keyring *k)
{
    return (k->turn_count > 0 ? FEATURE_TURNS : 0u) | (rewritten_count(k) > 0 ? FEATURE_REWRITTEN : 0u);
}

static void rewritten_put(const struct keyring *k, struct buf *b)
{
    uint32_t count = rewritten_count(k);
    if (count > 0)
        buf_put_u32(b, count);
    for (size_t i = 0; i < k->segment_count; i++)
        if (k->segments[i].rewritten > 0) {
            buf_put_u64(b, k->segments[i].number);
            buf_put_u64(b, k->segments[i].rewritten);
        }
}

/* Content: index, pack and chunk key, u32 segments, then {u64 number, u64 first leaf, key} each; with FEATURE_TURNS u32
 * pack keys that followed, then {u64 pack, u32 sector, key} each; with FEATURE_REWRITTEN u32 segments that were
 * rewritten, then {u64 number, u64 how often} each; zeros to a KiB. */
static void content_put(const struct keyring *k, struct buf *b)
{
    buf_put(b, k->index.b, CRYPT_KEY);
    buf_put(b, k->pack.b, CRYPT_KEY);
    buf_put(b, k->chunk.b, CRYPT_KEY);
    buf_put_u32(b, (uint32_t)k->segment_count);
    for (size_t i = 0; i < k->segment_count; i++) {
        buf_put_u64(b, k->segments[i].number);
        buf_put_u64(b, k->segments[i].first_leaf);
        buf_put(b, k->segments[i].key.b, CRYPT_KEY);
    }
    if (k->turn_count > 0)
        buf_put_u32(b, (uint32_t)k->turn_count);
    for (size_t i = 0; i < k->turn_count; i++) {
        buf_put_u64(b, k->turns[i].pack);
        buf_put_u32(b, k->turns[i].sector);
        buf_put(b, k->turns[i].key.b, CRYPT_KEY);
    }
    rewritten_put(k, b);
    while (!b->failed && b->n % TABLE_PAD != 0)
        buf_put_u8(b, 0);
}

int keyring_table_write(struct keyring *k, struct err *e)
{
    OWN(buf_wipe) struct buf content = {0};
    OWN(buf_drop) struct buf file = {0};
    OWN(key_drop) struct key key = {0};
    uint8_t salt[CRYPT_SALT], aad[PIN_HEAD], head[HEAD_BYTES];
    char old[KEYRING_NAME_MAX], name[KEYRING_NAME_MAX];
    content_put(k, &content);
    int rc = buf_check(&content, e);
    if (rc != 0)
        return rc;
    table_name(k, k->version, old);
    table_name(k, k->version + 1, name);
    struct head h = {.magic = "GWTABLE\n",
                     .number = k->version + 1,
                     .epoch = k->epoch,
                     .features = features_of(k)};
    memcpy(h.compartment, k->compartment, KEYRING_ID);
    h.body = (uint32_t)(content.n + CRYPT_TAG);
    keyring_head_write(&h, head);
    with_pin(&k->pin, head, aad);
    crypt_random(salt, sizeof salt);
    crypt_derive_salted(&k->epoch_key, salt, TABLE_PURPOSE, &key);
    buf_put(&file, head, HEAD_BYTES);
    buf_put(&file, salt, CRYPT_SALT);
    uint8_t *p = buf_more(&file, h.body);
    if (p == NULL)
        return err_memory(e);
    crypt_seal(&key, 0, bytes_of(aad, sizeof aad), buf_bytes(&content), p);
    rc = keyring_signed_finish(&file, &k->member, &k->sign, e);
    if (rc == 0)
        rc = keyring_keys_write(k, name, buf_bytes(&file), e);
    if (rc != 0)
        return err_add(e, rc, "table of the keyring");
    if (k->version > 0) {
        struct keyring_file gone = {.removed = true};
        memcpy(gone.name, old, sizeof old);
        rc = keyring_change_add(k, &gone, e);
    }
    k->version++;
    crypt_sha256(buf_bytes(&file), &k->table_sha256);
    return rc;
}

static void turns_forget(struct keyring *k)
{
    if (k->turns != NULL)
        crypt_wipe(k->turns, k->turn_count * sizeof *k->turns);
    free(k->turns);
    k->turns = NULL;
    k->turn_count = 0;
}

/* Ascending, and at least one where there is the feature. */
static int turns_get(struct keyring *k, struct cursor *c, struct err *e)
{
    uint32_t count = cursor_u32(c);
    if (c->failed || count == 0 || count > TURNS_MAX) {
        c->failed = true;
        return 0;
    }
    k->turns = calloc(count, sizeof *k->turns);
    if (k->turns == NULL)
        return err_memory(e);
    k->turn_count = count;
    for (uint32_t i = 0; i < count; i++) {
        struct keyring_turn *t = &k->turns[i];
        t->pack = cursor_u64(c);
        t->sector = cursor_u32(c);
        cursor_copy(c, t->key.b, CRYPT_KEY);
        if (i > 0 && (t->pack < t[-1].pack || (t->pack == t[-1].pack && t->sector < t[-1].sector)))
            c->failed = true;
    }
    return 0;
}

/* Ascending, each of a segment that is there, and at least one where there is the feature. */
static void rewritten_get(struct cursor *c, struct segment *list, uint32_t segments)
{
    uint32_t count = cursor_u32(c), at = 0;
    c->failed = c->failed || count == 0 || count > segments;
    for (uint32_t i = 0; !c->failed && i < count; i++) {
        uint64_t number = cursor_u64(c), rewritten = cursor_u64(c);
        while (at < segments && list[at].number < number)
            at++;
        c->failed = c->failed || at == segments || list[at].number != number || rewritten == 0 ||
                    list[at].rewritten != 0;
        if (!c->failed)
            list[at].rewritten = rewritten;
    }
}

static int content_get(struct keyring *k, struct bytes content, uint32_t features, struct err *e)
{
    struct cursor c = cursor_of(content);
    cursor_copy(&c, k->index.b, CRYPT_KEY);
    cursor_copy(&c, k->pack.b, CRYPT_KEY);
    cursor_copy(&c, k->chunk.b, CRYPT_KEY);
    uint32_t count = cursor_u32(&c);
    if (c.failed || count > SEGMENTS_MAX)
        return err_set(e, ERR_DAMAGED, "its content has no known form");
    struct segment *list = calloc(count + 1u, sizeof *list);
    if (list == NULL)
        return err_memory(e);
    for (uint32_t i = 0; i < count; i++) {
        list[i].number = cursor_u64(&c);
        list[i].first_leaf = cursor_u64(&c);
        cursor_copy(&c, list[i].key.b, CRYPT_KEY);
        if (i > 0 && (list[i].number <= list[i - 1].number || list[i].first_leaf <= list[i - 1].first_leaf))
            c.failed = true;
        if (list[i].number == UINT64_MAX) /* it stands for "no segment", and no segment could follow */
            c.failed = true;
    }
    turns_forget(k);
    int rc = (features & FEATURE_TURNS) != 0 ? turns_get(k, &c, e) : 0;
    if (rc == 0 && (features & FEATURE_REWRITTEN) != 0)
        rewritten_get(&c, list, count);
    c.failed = c.failed || content.n % TABLE_PAD != 0 || c.left >= TABLE_PAD; /* one table has one form */
    for (size_t i = 0; i < c.left; i++)
        c.failed = c.failed || c.p[i] != 0;
    if (k->segments != NULL) {
        crypt_wipe(k->segments, k->segment_room * sizeof *k->segments);
        free(k->segments);
    }
    k->segments = list;
    k->segment_count = count;
    k->segment_room = count + 1u;
    if (rc == 0 && c.failed)
        rc = err_set(e, ERR_DAMAGED, "its content has no known form");
    return rc;
}

struct table_try {
    struct keyring *k;
    uint64_t version;
};

static int table_good(void *context, struct bytes file, struct err *e)
{
    struct table_try *t = context;
    struct keyring *k = t->k;
    struct head h;
    struct bytes body;
    int rc = keyring_signed_check(file, k->signers, k->signer_count, &body, e);
    if (rc == 0)
        rc = keyring_head_read(file.p, "GWTABLE\n", &h, e);
    if (rc != 0)
        return rc;
    struct head expected = {
        .magic = h.magic, .number = t->version, .epoch = h.epoch, .body = h.body, .features = h.features};
    memcpy(expected.compartment, k->compartment, KEYRING_ID);
    if (!keyring_head_is(file.p, &expected) || body.n != (size_t)HEAD_BYTES + CRYPT_SALT + h.body ||
        h.body < CRYPT_TAG)
        return err_set(e, ERR_DAMAGED, "it is not the table that its name says");
    if (h.epoch != k->epoch)
        return err_set(e, ERR_KEY, "it belongs to epoch %llu, and these keys open epoch %llu",
                       (unsigned long long)h.epoch, (unsigned long long)k->epoch);
    OWN(key_drop) struct key key = {0};
    OWN(buf_wipe) struct buf content = {0};
    uint8_t aad[PIN_HEAD];
    with_pin(&k->pin, file.p, aad);
    crypt_derive_salted(&k->epoch_key, file.p + HEAD_BYTES, TABLE_PURPOSE, &key);
    uint8_t *p = buf_more(&content, h.body);
    if (p == NULL)
        return err_memory(e);
    if (crypt_open(&key, 0, bytes_of(aad, sizeof aad), bytes_of(file.p + HEAD_BYTES + CRYPT_SALT, h.body), p) != 0)
        return err_set(e, ERR_DAMAGED, "it does not open with the epoch's key");
    content.n = h.body - CRYPT_TAG;
    rc = content_get(k, buf_bytes(&content), h.features, e);
    if (rc == 0) {
        k->version = h.number;
        crypt_sha256(file, &k->table_sha256);
    }
    return rc;
}

/* The number in this name; false: another name. */
static bool number_of(const char *name, const char *prefix, const char *suffix, uint64_t *ret)
{
    size_t n = strlen(name), before = strlen(prefix), after = strlen(suffix);
    return n > before + after && strncmp(name, prefix, before) == 0 && strcmp(name + n - after, suffix) == 0 &&
           decimal_get(bytes_of(name + before, n - before - after), ret) == 0;
}

/* At most a few: old ones go at the next commit. */
int keyring_numbers(const struct keyring *k, const char *prefix, const char *suffix, uint64_t max,
                    uint64_t list[KEYRING_NUMBERS_MAX], size_t *ret_count, struct err *e)
{
    size_t count = 0;
    char comp[2 * KEYRING_ID + 1];
    keyring_comp_text(k->compartment, comp);
    for (int i = 0; i < COPIES; i++) {
        struct file_path path;
        if (file_path(&path, NULL, "%s/%c/keys/%s", k->root, COPY_NAME(i), comp) != 0)
            continue;
        OWN(dir_drop) DIR *dir = opendir(path.s);
        if (dir == NULL && errno == ENOMEM) /* what is unreadable otherwise has its other copy */
            return err_memory(e);
        for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;) {
            uint64_t number = 0;
            if (!number_of(d->d_name, prefix, suffix, &number) || number > max)
                continue;
            size_t at = 0;
            while (at < count && list[at] > number)
                at++;
            if ((at < count && list[at] == number) || at == KEYRING_NUMBERS_MAX)
                continue;
            size_t keep = count < KEYRING_NUMBERS_MAX ? count : KEYRING_NUMBERS_MAX - 1;
            memmove(list + at + 1, list + at, (keep - at) * sizeof *list);
            list[at] = number;
            count = keep + 1;
        }
    }
    *ret_count = count;
    return 0;
}

int keyring_tables(const struct keyring *k, size_t *ret_count, struct err *e)
{
    uint64_t versions[KEYRING_NUMBERS_MAX];
    return keyring_numbers(k, "table-", "", UINT64_MAX, versions, ret_count, e);
}

/*
 * A named version is the one that is meant.  Without one, a newer table that is damaged may be what an unfinished
 * commit left, and must not keep the older one closed; the caller holds what was opened to the log.
 */
int keyring_table_read(struct keyring *k, uint64_t table_max, struct err *e)
{
    uint64_t versions[KEYRING_NUMBERS_MAX];
    size_t count = 0;
    int rc = keyring_numbers(k, "table-", "", table_max, versions, &count, e);
    if (rc != 0)
        return rc;
    if (count == 0)
        return err_set(e, ERR_DAMAGED, "%s holds no table of keys in either copy: get them from a mirror", k->root);
    if (table_max != UINT64_MAX)
        count = 1;
    struct err newest = {0};
    for (size_t i = 0; i < count; i++) {
        char name[KEYRING_NAME_MAX];
        OWN(buf_drop) struct buf file = {0};
        struct table_try t = {k, versions[i]};
        table_name(k, versions[i], name);
        rc = keyring_keys_read(k->root, name, table_good, &t, &file, i == 0 ? &newest : NULL);
        if (rc == 0)
            return 0;
        if (rc != ERR_DAMAGED)
            break;
    }
    return err_set(e, newest.code, "%s", newest.text);
}

/* ---- boxes ---- */

/* ${again}: to a receiving key that was published after the epoch began. */
static void wrap_name(const struct keyring *k, const struct note_key *reader, bool again, char to[KEYRING_NAME_MAX])
{
    char comp[2 * KEYRING_ID + 1], id[9];
    keyring_comp_text(k->compartment, comp);
    hex_put(id, reader->id, 4);
    snprintf(to, KEYRING_NAME_MAX, "%s/wrap-%llu-%s%s", comp, (unsigned long long)k->epoch, id, again ? "-1" : "");
}

static bool is_there(const struct keyring *k, const char *name)
{
    bool there = false;
    for (int i = 0; i < COPIES; i++) {
        struct file_path path;
        there = there || (file_path(&path, NULL, "%s/%c/keys/%s", k->root, COPY_NAME(i), name) == 0 &&
                          file_exists(path.s));
    }
    return there;
}

static void log_name(const struct keyring *k, const struct note_key *reader, char to[KEYRING_NAME_MAX])
{
    char id[9];
    hex_put(id, reader->id, 4);
    snprintf(to, KEYRING_NAME_MAX, "log/%llu-%s", (unsigned long long)k->log_number, id);
}

/* The head of a box for this reader: what was written is what is expected when it is read. */
static struct head box_head(const struct note_key *reader, const char *magic, uint64_t number)
{
    struct head h = {.magic = magic, .number = number, .body = CRYPT_KEY + CRYPT_BOX_OVERHEAD};
    memcpy(h.member, reader->id, sizeof h.member);
    return h;
}

static struct head wrap_head(const struct keyring *k, const struct note_key *reader)
{
    struct head h = box_head(reader, "GWWRAPS\n", k->epoch);
    memcpy(h.compartment, k->compartment, KEYRING_ID);
    return h;
}

static struct head log_head(const struct keyring *k, const struct note_key *reader)
{
    return box_head(reader, "GWLOGKY\n", k->log_number);
}

static int box_write(struct keyring *k, const struct head *h, const char *name, const uint8_t receiver[CRYPT_PUBLIC],
                     const struct key *what, struct err *e)
{
    OWN(buf_drop) struct buf file = {0};
    uint8_t head[HEAD_BYTES], context[PIN_HEAD];
    keyring_head_write(h, head);
    with_pin(&k->pin, head, context);
    buf_put(&file, head, HEAD_BYTES);
    int rc = crypt_box_seal(receiver, bytes_of(context, sizeof context), bytes_of(what->b, CRYPT_KEY), &file);
    if (rc != 0)
        return err_memory(e);
    assert(file.n == (size_t)HEAD_BYTES + h->body);
    rc = keyring_signed_finish(&file, &k->member, &k->sign, e);
    return rc != 0 ? rc : keyring_keys_write(k, name, buf_bytes(&file), e);
}

int keyring_epoch_wrap_write(struct keyring *k, const struct note_key *reader, const uint8_t receiving[CRYPT_PUBLIC],
                             struct err *e)
{
    char name[KEYRING_NAME_MAX];
    const struct head wrap = wrap_head(k, reader);
    wrap_name(k, reader, false, name);
    return box_write(k, &wrap, name, receiving, &k->epoch_key, e);
}

int keyring_box_again(struct keyring *k, const uint8_t receiving[CRYPT_PUBLIC], struct err *e)
{
    char name[KEYRING_NAME_MAX];
    struct keyring_file before = {.removed = true};
    const struct head wrap = wrap_head(k, &k->member);
    wrap_name(k, &k->member, true, name);
    wrap_name(k, &k->member, false, before.name);
    int rc = box_write(k, &wrap, name, receiving, &k->epoch_key, e);
    return rc == 0 && is_there(k, before.name) ? keyring_change_add(k, &before, e) : rc;
}

int keyring_wrap_write(struct keyring *k, const struct note_key *reader, const uint8_t receiving[CRYPT_PUBLIC],
                       const uint8_t box[CRYPT_PUBLIC], struct err *e)
{
    char name[KEYRING_NAME_MAX];
    const struct head log = log_head(k, reader);
    int rc = keyring_epoch_wrap_write(k, reader, receiving, e);
    if (rc != 0)
        return rc;
    log_name(k, reader, name);
    return box_write(k, &log, name, box, &k->log_seed, e);
}

int keyring_epoch_wrap_remove(struct keyring *k, const struct note_key *reader, struct err *e)
{
    struct keyring_file wrap = {.removed = true};
    wrap_name(k, reader, true, wrap.name);
    if (!is_there(k, wrap.name))
        wrap_name(k, reader, false, wrap.name);
    return keyring_change_add(k, &wrap, e);
}

int keyring_wrap_remove(struct keyring *k, const struct note_key *reader, struct err *e)
{
    struct keyring_file log = {.removed = true};
    log_name(k, reader, log.name);
    int rc = keyring_epoch_wrap_remove(k, reader, e);
    return rc != 0 ? rc : keyring_change_add(k, &log, e);
}

struct box_try {
    struct keyring *k;
    struct head head; /* that it must have */
    const struct key *seed;
    const struct keyring_holding *seeds; /* NULL: by the one above */
    struct key *ret;
};

/* By any of the seeds: which one the box is to was decided by who wrote it. */
static int box_open(const struct box_try *t, struct bytes bound, struct bytes body, struct buf *to)
{
    int rc = t->seeds == NULL ? crypt_box_open(t->seed, bound, body, to) : ERR_KEY;
    for (size_t i = t->seeds == NULL ? 0 : t->seeds->count; rc != 0 && i-- > 0;) {
        buf_clear(to);
        rc = crypt_box_open(&t->seeds->seeds[i].seed, bound, body, to);
    }
    return rc;
}

static int box_good(void *context, struct bytes file, struct err *e)
{
    struct box_try *t = context;
    struct head h;
    struct bytes body;
    int rc = keyring_signed_check(file, t->k->signers, t->k->signer_count, &body, e);
    if (rc == 0)
        rc = keyring_head_read(file.p, t->head.magic, &h, e);
    if (rc != 0)
        return rc;
    if (!keyring_head_is(file.p, &t->head) || body.n != (size_t)HEAD_BYTES + h.body)
        return err_set(e, ERR_DAMAGED, "it is not what its name says");
    uint8_t bound[PIN_HEAD];
    OWN(buf_wipe) struct buf opened = {0};
    with_pin(&t->k->pin, file.p, bound);
    rc = box_open(t, bytes_of(bound, sizeof bound), bytes_of(file.p + HEAD_BYTES, h.body), &opened);
    if (rc != 0 || opened.n != CRYPT_KEY)
        return err_set(e, ERR_KEY, "your keys do not open it");
    memcpy(t->ret->b, opened.p, CRYPT_KEY);
    return 0;
}

int keyring_wrap_read(struct keyring *k, const struct keyring_identity *id, uint64_t epoch, struct err *e)
{
    OWN(buf_drop) struct buf file = {0};
    char name[KEYRING_NAME_MAX];
    k->epoch = epoch;
    struct box_try wrap = {k, wrap_head(k, &k->reader), NULL, keyring_identity_holding(id, k->compartment),
                           &k->epoch_key};
    char plain[KEYRING_NAME_MAX];
    wrap_name(k, &k->reader, true, name);
    wrap_name(k, &k->reader, false, plain);
    if (is_there(k, name) && (!is_there(k, plain) ||
                              keyring_keys_read(k->root, name, box_good, &wrap, &file, NULL) == 0))
        return keyring_keys_read(k->root, name, box_good, &wrap, &file, e);
    wrap_name(k, &k->reader, false, name);
    return keyring_keys_read(k->root, name, box_good, &wrap, &file, e);
}

int keyring_log_read(struct keyring *k, const struct keyring_identity *id, struct err *e)
{
    OWN(buf_drop) struct buf file = {0};
    char name[KEYRING_NAME_MAX];
    struct box_try log = {k, log_head(k, &k->reader), &id->box, NULL, &k->log_seed};
    log_name(k, &k->reader, name);
    struct err mine = {0};
    int rc = keyring_keys_read(k->root, name, box_good, &log, &file, &mine);
    k->log_known = rc == 0;
    return rc == 0 ? 0 : err_set(e, rc == ERR_ABSENT ? ERR_DAMAGED : rc, "%s", mine.text);
}
