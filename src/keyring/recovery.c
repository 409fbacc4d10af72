/*
 * Recovery: the secret on the sheets, its two keys, and the boxes to it.  FORMAT 2.6.
 *
 * A share, 54 bytes:
 *     0   1  version, 1
 *     1   1  k, sheets that are needed
 *     2   1  n, sheets of the set
 *     3   1  index, from 1
 *     4  16  set
 *    20  32  share of the secret
 *    52   2  check: the first bytes of SHA-256 over a purpose and the 52 bytes before
 */
#include "keyring/keyring_internal.h"

#include <assert.h>
#include <stdio.h>

static const char SIGN_PURPOSE[] = "groundwork/recovery-sign/v1",
                  RECEIVE_PURPOSE[] = "groundwork/recovery-receiving/v1", SHARE_PURPOSE[] = "groundwork/share/v1\n";
enum { SHARE_VERSION = 1, SHARE_BODY = 52 };
static_assert(4 + KEYRING_ID + CRYPT_KEY == SHARE_BODY && SHARE_BODY + 2 == KEYRING_SHARE, "the table above");

/* ---- shares ---- */

static void share_digest(const uint8_t body[SHARE_BODY], struct hash *ret)
{
    uint8_t text[sizeof SHARE_PURPOSE - 1 + SHARE_BODY];
    memcpy(text, SHARE_PURPOSE, sizeof SHARE_PURPOSE - 1);
    memcpy(text + sizeof SHARE_PURPOSE - 1, body, SHARE_BODY);
    crypt_sha256(bytes_of(text, sizeof text), ret);
    crypt_wipe(text, sizeof text);
}

void keyring_share_put(const struct keyring_share *s, uint8_t ret[KEYRING_SHARE])
{
    struct hash digest;
    ret[0] = SHARE_VERSION;
    ret[1] = s->needed;
    ret[2] = s->count;
    ret[3] = s->index;
    memcpy(ret + 4, s->set, KEYRING_ID);
    memcpy(ret + 4 + KEYRING_ID, s->share.b, CRYPT_KEY);
    share_digest(ret, &digest);
    memcpy(ret + SHARE_BODY, digest.b, KEYRING_SHARE - SHARE_BODY);
}

int keyring_share_get(const uint8_t from[KEYRING_SHARE], struct keyring_share *ret, struct err *e)
{
    struct hash digest;
    share_digest(from, &digest);
    if (memcmp(digest.b, from + SHARE_BODY, KEYRING_SHARE - SHARE_BODY) != 0)
        return err_set(e, ERR_DAMAGED,
                       "its check does not fit: it was not copied right, or its lines are of two sheets");
    if (from[0] != SHARE_VERSION)
        return err_set(e, ERR_NEWER, "it was written by a newer groundwork: update the program");
    *ret = (struct keyring_share){.needed = from[1], .count = from[2], .index = from[3]};
    memcpy(ret->set, from + 4, KEYRING_ID);
    memcpy(ret->share.b, from + 4 + KEYRING_ID, CRYPT_KEY);
    if (ret->needed >= 1 && ret->needed <= ret->count && ret->count <= CRYPT_SHARES_MAX && ret->index >= 1 &&
        ret->index <= ret->count)
        return 0;
    key_drop(&ret->share);
    return err_set(e, ERR_DAMAGED, "its numbers cannot be: it is no recovery sheet");
}

void keyring_share_hash(const struct keyring_share *s, struct hash *ret)
{
    uint8_t bytes[KEYRING_SHARE];
    keyring_share_put(s, bytes);
    crypt_sha256(bytes_of(bytes, SHARE_BODY), ret);
    crypt_wipe(bytes, sizeof bytes);
}

/* ---- the sheets as a reader ---- */

void keyring_recovery_drop(struct keyring_recovery *r)
{
    crypt_wipe(r, sizeof *r);
}

int keyring_recovery_keys(const struct key *secret, const char *name, struct keyring_recovery *ret, struct err *e)
{
    uint8_t public_key[CRYPT_PUBLIC];
    *ret = (struct keyring_recovery){0};
    crypt_derive(secret, SIGN_PURPOSE, bytes_of(NULL, 0), &ret->sign);
    crypt_derive(secret, RECEIVE_PURPOSE, bytes_of(NULL, 0), &ret->receiving);
    crypt_sign_public(&ret->sign, public_key);
    crypt_box_public(&ret->receiving, ret->public_key);
    int rc = note_key_make(name, public_key, &ret->key, e);
    if (rc != 0)
        keyring_recovery_drop(ret);
    return rc;
}

int keyring_recovery_wrap(struct keyring *k, const struct keyring_recovery *r, const struct note_key *replaced,
                          struct err *e)
{
    struct keyring_reader sheets = {.key = r->key, .reads = true, .writes = true};
    memcpy(sheets.receiving, r->public_key, CRYPT_PUBLIC);
    memcpy(sheets.box, r->public_key, CRYPT_PUBLIC);
    int rc = keyring_wrap_write(k, &sheets, e);
    if (rc != 0 || replaced == NULL)
        return rc;
    sheets.key = *replaced;
    return keyring_wrap_remove(k, &sheets, e);
}

int keyring_recovery_open(const struct keyring_place *place, const struct keyring_recovery *r, uint64_t table_max,
                          struct keyring **ret, struct err *e)
{
    OWN(keyring_drop) struct keyring *k = NULL;
    OWN(keyring_identity_drop) struct keyring_identity id = {.member = *place->member, .pin = place->pin};
    id.box = r->receiving;
    id.holdings[0] = (struct keyring_holding){.count = 1, .seeds = {{place->epoch, r->receiving}}};
    id.holding_count = 1;
    int rc = keyring_new(place, &id, &k, e);
    if (rc != 0)
        return rc;
    k->reader = r->key;
    rc = keyring_unlock(k, &id, table_max, e);
    if (rc == 0)
        *ret = TAKE(k);
    return rc == 0 ? 0 : err_add(e, rc, "keyring");
}

int keyring_replace(struct keyring *k, const struct keyring_identity *fresh, bool log, struct err *e)
{
    struct keyring_reader reader = {.key = fresh->member, .reads = true, .writes = log};
    struct keyring_reader before = {.key = k->member, .reads = true, .writes = log};
    struct keyring_reader sheets = {.key = k->reader, .reads = true, .writes = log};
    crypt_box_public(&fresh->box, reader.box);
    crypt_box_public(keyring_identity_seed(fresh, k->compartment, k->epoch), reader.receiving);
    k->member = fresh->member;
    k->reader = fresh->member;
    k->sign = fresh->sign;
    int rc = keyring_wrap_write(k, &reader, e);
    if (rc == 0)
        rc = keyring_table_write(k, e);
    if (rc == 0)
        rc = keyring_wrap_remove(k, &before, e);
    return rc == 0 ? keyring_wrap_remove(k, &sheets, e) : rc;
}

/* ---- key events ---- */

static void event_name(uint64_t number, char to[KEYRING_NAME_MAX])
{
    snprintf(to, KEYRING_NAME_MAX, "history/%llu", (unsigned long long)number);
}

static struct head event_head(uint64_t number, uint64_t leaf, size_t n)
{
    return (struct head){.magic = "GWEVENT\n", .number = number, .epoch = leaf, .body = (uint32_t)n};
}

static int event_file(uint64_t number, uint64_t leaf, struct bytes statement, struct buf *to, struct err *e)
{
    uint8_t head[HEAD_BYTES];
    const struct head h = event_head(number, leaf, statement.n);
    keyring_head_write(&h, head);
    buf_put(to, head, HEAD_BYTES);
    buf_put_bytes(to, statement);
    return buf_check(to, e);
}

int keyring_event_write(struct keyring *k, uint64_t number, uint64_t leaf, struct bytes statement, struct err *e)
{
    OWN(buf_drop) struct buf file = {0};
    char name[KEYRING_NAME_MAX];
    event_name(number, name);
    int rc = event_file(number, leaf, statement, &file, e);
    return rc != 0 ? rc : keyring_keys_write(k, name, buf_bytes(&file), e);
}

int keyring_event_restore(const char *root, uint64_t number, uint64_t leaf, struct bytes statement,
                          struct buf *ret_words, struct err *e)
{
    OWN(buf_drop) struct buf content = {0};
    struct keyring_file file = {0};
    event_name(number, file.name);
    int rc = event_file(number, leaf, statement, &content, e);
    if (rc != 0)
        return rc;
    file.bytes = content.n;
    crypt_sha256(buf_bytes(&content), &file.sha256);
    return keyring_restore(root, &file, buf_bytes(&content), ret_words, e);
}

static int event_good(void *context, struct bytes file, struct err *e)
{
    struct head h;
    if (file.n < HEAD_BYTES)
        return err_set(e, ERR_DAMAGED, "it is too short");
    int rc = keyring_head_read(file.p, "GWEVENT\n", &h, e);
    if (rc != 0)
        return rc;
    const struct head expected = event_head(*(const uint64_t *)context, h.epoch, file.n - HEAD_BYTES);
    return keyring_head_is(file.p, &expected) ? 0
                                              : err_set(e, ERR_DAMAGED, "it is not the key event that its name says");
}

int keyring_event_read(const char *root, uint64_t number, uint64_t *ret_leaf, struct buf *ret_statement, struct err *e)
{
    OWN(buf_drop) struct buf file = {0};
    char name[KEYRING_NAME_MAX];
    event_name(number, name);
    int rc = keyring_keys_read(root, name, event_good, &number, &file, e);
    if (rc != 0)
        return rc;
    *ret_leaf = u64_get(file.p + 40);
    buf_clear(ret_statement);
    buf_put(ret_statement, file.p + HEAD_BYTES, file.n - HEAD_BYTES);
    return buf_check(ret_statement, e);
}
