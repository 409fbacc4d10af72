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
    return (k->turn_count > 0 ? FEATURE_TURNS : 0u) | (k->called[0] != 0 ? FEATURE_CALLED : 0u) |
           (rewritten_count(k) > 0 ? FEATURE_REWRITTEN : 0u);
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
 * pack keys that followed, then {u64 pack, u32 sector, key} each; with FEATURE_CALLED u8 bytes, name; with
 * FEATURE_REWRITTEN u32 segments that were rewritten, then {u64 number, u64 how often} each; zeros to a KiB. */
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
    if (k->called[0] != 0) {
        buf_put_u8(b, (uint8_t)strlen(k->called));
        buf_put_text(b, k->called);
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
    struct head h = {.magic = "GWTABLE\n", .number = k->version + 1, .epoch = k->epoch, .features = features_of(k)};
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

static void called_get(struct keyring *k, struct cursor *c)
{
    size_t n = cursor_u8(c);
    struct bytes name = cursor_take(c, n);
    if (c->failed || n == 0 || memchr(name.p, 0, n) != NULL) {
        c->failed = true;
        return;
    }
    memcpy(k->called, name.p, n);
    k->called[n] = 0;
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
        c->failed =
            c->failed || at == segments || list[at].number != number || rewritten == 0 || list[at].rewritten != 0;
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
    k->called[0] = 0;
    if (rc == 0 && (features & FEATURE_CALLED) != 0)
        called_get(k, &c);
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
    if (!keyring_head_is(file.p, &expected) || body.n != (size_t)HEAD_BYTES + CRYPT_SALT + h.body || h.body < CRYPT_TAG)
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

/* The number behind ${prefix}; false: another name. */
static bool number_of(const char *name, const char *prefix, uint64_t *ret)
{
    size_t n = strlen(prefix);
    return strncmp(name, prefix, n) == 0 && decimal_get(bytes_text(name + n), ret) == 0;
}

/* Files of this compartment by their names, in either copy: each may come twice. */
static int names_each(const struct keyring *k, void (*each)(void *context, const char *name), void *context,
                      struct err *e)
{
    char comp[2 * KEYRING_ID + 1];
    keyring_comp_text(k->compartment, comp);
    for (int i = 0; i < COPIES; i++) {
        struct file_path path;
        if (file_path(&path, NULL, "%s/%c/keys/%s", k->root, COPY_NAME(i), comp) != 0)
            continue;
        OWN(dir_drop) DIR *dir = opendir(path.s);
        struct err mine = {0};
        if (dir == NULL)
            (void)err_os(&mine, ERR_IO, errno, "cannot open the folder %s", path.s);
        if (err_is_scarce(&mine)) /* what is unreadable otherwise has its other copy */
            return err_set(e, ERR_IO, "%s", mine.text);
        for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;)
            each(context, d->d_name);
    }
    return 0;
}

struct versions {
    uint64_t max, *list;
    size_t count;
};

/* At most a few: old ones go at the next commit. */
static void version_take(void *context, const char *name)
{
    struct versions *v = context;
    uint64_t number = 0;
    size_t at = 0;
    if (!number_of(name, "table-", &number) || number > v->max)
        return;
    while (at < v->count && v->list[at] > number)
        at++;
    if ((at < v->count && v->list[at] == number) || at == KEYRING_NUMBERS_MAX)
        return;
    size_t keep = v->count < KEYRING_NUMBERS_MAX ? v->count : KEYRING_NUMBERS_MAX - 1;
    memmove(v->list + at + 1, v->list + at, (keep - at) * sizeof *v->list);
    v->list[at] = number;
    v->count = keep + 1;
}

static int versions_find(const struct keyring *k, uint64_t max, uint64_t list[KEYRING_NUMBERS_MAX], size_t *ret_count,
                         struct err *e)
{
    struct versions v = {.max = max, .list = list};
    int rc = names_each(k, version_take, &v, e);
    *ret_count = v.count;
    return rc;
}

int keyring_tables(const struct keyring *k, size_t *ret_count, struct err *e)
{
    uint64_t versions[KEYRING_NUMBERS_MAX];
    return versions_find(k, UINT64_MAX, versions, ret_count, e);
}

/*
 * A named version is the one that is meant.  Without one, a newer table that is damaged may be what an unfinished
 * commit left, and must not keep the older one closed; the caller holds what was opened to the log.
 */
int keyring_table_read(struct keyring *k, uint64_t table_max, struct err *e)
{
    uint64_t versions[KEYRING_NUMBERS_MAX];
    size_t count = 0;
    int rc = versions_find(k, table_max, versions, &count, e);
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

static void wrap_name(const struct keyring *k, const struct note_key *reader, uint64_t number,
                      char to[KEYRING_NAME_MAX])
{
    char comp[2 * KEYRING_ID + 1], id[9];
    keyring_comp_text(k->compartment, comp);
    hex_put(id, reader->id, 4);
    int n = snprintf(to, KEYRING_NAME_MAX, "%s/wrap-%llu-%s", comp, (unsigned long long)k->epoch, id);
    if (number > 0)
        snprintf(to + n, KEYRING_NAME_MAX - (size_t)n, "-%llu", (unsigned long long)number);
}

bool keyring_box_name(const char *name, struct keyring_box *ret)
{
    const char *dash = strncmp(name, "wrap-", 5) == 0 ? strchr(name + 5, '-') : NULL;
    ret->number = 0;
    return dash != NULL && decimal_get(bytes_of(name + 5, (size_t)(dash - name) - 5), &ret->epoch) == 0 &&
           strlen(dash) >= 9 && hex_get(bytes_of(dash + 1, 8), ret->reader, 4) == 0 &&
           (dash[9] == 0 || (dash[9] == '-' && decimal_get(bytes_text(dash + 10), &ret->number) == 0));
}

struct boxes {
    const struct note_key *reader;
    struct keyring_box *list;
    size_t count;
};

static bool is_newer(const struct keyring_box *a, const struct keyring_box *b)
{
    return a->epoch > b->epoch || (a->epoch == b->epoch && a->number > b->number);
}

static void box_take(void *context, const char *name)
{
    struct boxes *b = context;
    struct keyring_box box;
    size_t at = 0;
    if (!keyring_box_name(name, &box) || memcmp(box.reader, b->reader->id, 4) != 0)
        return;
    while (at < b->count && is_newer(&b->list[at], &box))
        at++;
    if (at == KEYRING_NUMBERS_MAX || (at < b->count && !is_newer(&box, &b->list[at])))
        return;
    size_t keep = b->count < KEYRING_NUMBERS_MAX ? b->count : KEYRING_NUMBERS_MAX - 1;
    memmove(b->list + at + 1, b->list + at, (keep - at) * sizeof *b->list);
    b->list[at] = box;
    b->count = keep + 1;
}

int keyring_boxes(const struct keyring *k, const struct note_key *reader, struct keyring_box list[KEYRING_NUMBERS_MAX],
                  size_t *ret_count, struct err *e)
{
    struct boxes b = {reader, list, 0};
    int rc = names_each(k, box_take, &b, e);
    *ret_count = b.count;
    return rc;
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

int keyring_epoch_wrap_write(struct keyring *k, const struct keyring_reader *reader, struct err *e)
{
    char name[KEYRING_NAME_MAX];
    const struct head wrap = wrap_head(k, &reader->key);
    wrap_name(k, &reader->key, reader->number, name);
    return box_write(k, &wrap, name, reader->receiving, &k->epoch_key, e);
}

/* Whichever of her receiving keys the present epoch's box is to. */
static int boxes_remove(struct keyring *k, const struct note_key *reader, uint64_t but, struct err *e)
{
    struct keyring_box list[KEYRING_NUMBERS_MAX];
    size_t count = 0;
    bool any = false;
    int rc = keyring_boxes(k, reader, list, &count, e);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct keyring_file gone = {.removed = true};
        if (list[i].epoch != k->epoch || list[i].number == but)
            continue;
        any = true;
        wrap_name(k, reader, list[i].number, gone.name);
        rc = keyring_change_add(k, &gone, e);
    }
    if (rc != 0 || any || but != UINT64_MAX)
        return rc;
    struct keyring_file gone = {.removed = true}; /* both copies are lost: what the log names is to go all the same */
    wrap_name(k, reader, 0, gone.name);
    return keyring_change_add(k, &gone, e);
}

int keyring_epoch_wrap_remove(struct keyring *k, const struct note_key *reader, struct err *e)
{
    return boxes_remove(k, reader, UINT64_MAX, e);
}

int keyring_box_again(struct keyring *k, const struct keyring_reader *reader, struct err *e)
{
    int rc = keyring_epoch_wrap_write(k, reader, e);
    return rc == 0 ? boxes_remove(k, &reader->key, reader->number, e) : rc;
}

int keyring_wrap_write(struct keyring *k, const struct keyring_reader *reader, struct err *e)
{
    char name[KEYRING_NAME_MAX];
    const struct head log = log_head(k, &reader->key);
    int rc = reader->reads ? keyring_epoch_wrap_write(k, reader, e) : 0;
    if (rc != 0 || !reader->writes)
        return rc;
    log_name(k, &reader->key, name);
    return box_write(k, &log, name, reader->box, &k->log_seed, e);
}

int keyring_wrap_remove(struct keyring *k, const struct keyring_reader *reader, struct err *e)
{
    struct keyring_file log = {.removed = true};
    log_name(k, &reader->key, log.name);
    int rc = reader->reads ? keyring_epoch_wrap_remove(k, &reader->key, e) : 0;
    return rc == 0 && reader->writes ? keyring_change_add(k, &log, e) : rc;
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

int keyring_wrap_read(struct keyring *k, const struct keyring_identity *id, const struct keyring_box *box,
                      struct err *e)
{
    OWN(buf_drop) struct buf file = {0};
    char name[KEYRING_NAME_MAX];
    k->epoch = box->epoch;
    struct box_try wrap = {k, wrap_head(k, &k->reader), NULL, keyring_identity_holding(id, k->compartment),
                           &k->epoch_key};
    wrap_name(k, &k->reader, box->number, name);
    int rc = keyring_keys_read(k->root, name, box_good, &wrap, &file, e);
    for (size_t i = 0; rc == ERR_KEY && box->number > 0 && i < wrap.seeds->count; i++)
        if (wrap.seeds->seeds[i].epoch == box->number)
            return rc;
    return rc != ERR_KEY || box->number == 0
               ? rc
               : err_set(e, rc,
                         "the key file is an old copy: what opened %s until then was renewed since something was "
                         "erased; take the present one",
                         name);
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
