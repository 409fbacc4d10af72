/*
 * The receiving key that a member publishes after she joined: in the clear, under her own signature.  With it she says
 * that nothing in her key file opens what was boxed to her before.  FORMAT 2.4, 19.3.
 *
 *     head (mark GWRECVS, number, key id: hers), X25519 key, key id, signature
 */
#include "keyring/keyring_internal.h"

#include <assert.h>
#include <stdio.h>

static const char MARK[] = "GWRECVS\n";

void keyring_receiving_name(const struct note_key *member, uint64_t number, char to[KEYRING_NAME_MAX])
{
    char id[9];
    hex_put(id, member->id, 4);
    snprintf(to, KEYRING_NAME_MAX, "receiving/%llu-%s", (unsigned long long)number, id);
}

bool keyring_receiving_number(const char *name, uint8_t ret_member[4], uint64_t *ret_number)
{
    static const char FOLDER[] = "receiving/";
    if (strncmp(name, FOLDER, strlen(FOLDER)) != 0)
        return false;
    const char *at = name + strlen(FOLDER), *dash = strchr(at, '-');
    return dash != NULL && decimal_get(bytes_of(at, (size_t)(dash - at)), ret_number) == 0 &&
           hex_get(bytes_text(dash + 1), ret_member, 4) == 0;
}

static struct head receiving_head(const struct note_key *member, uint64_t number)
{
    struct head h = {.magic = MARK, .number = number, .body = CRYPT_PUBLIC};
    memcpy(h.member, member->id, sizeof h.member);
    return h;
}

int keyring_receiving_write(struct keyring *k, uint64_t number, const uint8_t key[CRYPT_PUBLIC], uint64_t replaced,
                            struct err *e)
{
    OWN(buf_drop) struct buf file = {0};
    uint8_t head[HEAD_BYTES];
    struct keyring_file gone = {.removed = true};
    char name[KEYRING_NAME_MAX];
    const struct head h = receiving_head(&k->member, number);
    keyring_head_write(&h, head);
    buf_put(&file, head, HEAD_BYTES);
    buf_put(&file, key, CRYPT_PUBLIC);
    keyring_receiving_name(&k->member, number, name);
    int rc = keyring_signed_finish(&file, &k->member, &k->sign, e);
    if (rc == 0)
        rc = keyring_keys_write(k, name, buf_bytes(&file), e);
    if (rc != 0 || replaced == 0)
        return rc;
    assert(replaced != number);
    keyring_receiving_name(&k->member, replaced, gone.name);
    return keyring_change_add(k, &gone, e);
}

struct receiving_try {
    const struct keyring_file *logged;
    const struct note_key *member;
    struct head head;
};

static int receiving_good(void *context, struct bytes file, struct err *e)
{
    const struct receiving_try *t = context;
    struct hash digest;
    struct bytes body;
    crypt_sha256(file, &digest);
    if (file.n != t->logged->bytes || !hash_equal(&digest, &t->logged->sha256))
        return err_set(e, ERR_DAMAGED, "it is not what the log names");
    int rc = keyring_signed_check(file, t->member, 1, &body, e);
    if (rc == 0 && (body.n != HEAD_BYTES + CRYPT_PUBLIC || !keyring_head_is(file.p, &t->head)))
        rc = err_set(e, ERR_DAMAGED, "it is not what its name says");
    return rc;
}

int keyring_receiving_read(const char *root, const struct note_key *member, const struct keyring_file *logged,
                           uint8_t ret[CRYPT_PUBLIC], struct err *e)
{
    OWN(buf_drop) struct buf file = {0};
    uint64_t number;
    uint8_t id[4];
    if (!keyring_receiving_number(logged->name, id, &number))
        return err_set(e, ERR_DAMAGED, "%s is no receiving key's name", logged->name);
    struct receiving_try t = {logged, member, receiving_head(member, number)};
    int rc = keyring_keys_read(root, logged->name, receiving_good, &t, &file, e);
    if (rc == 0)
        memcpy(ret, file.p + HEAD_BYTES, CRYPT_PUBLIC);
    return rc;
}

/* ---- the seeds ---- */

static void seeds_remove(struct keyring_holding *h, size_t at, size_t count)
{
    memmove(h->seeds + at, h->seeds + at + count, (h->count - at - count) * sizeof h->seeds[0]);
    crypt_wipe(h->seeds + (h->count - count), count * sizeof h->seeds[0]);
    h->count -= count;
}

/* The seed of this number, or how many there are. */
static size_t seed_at(const struct keyring_holding *h, uint64_t number)
{
    size_t at = 0;
    while (at < h->count && h->seeds[at].epoch != number)
        at++;
    return at;
}

int keyring_identity_publish(struct keyring_identity *id, uint64_t published, uint64_t number,
                             uint8_t ret[CRYPT_PUBLIC], struct err *e)
{
    struct keyring_holding *h = &id->holdings[0];
    size_t last = seed_at(h, published), keep = published > 0 ? last + 1 : KEYRING_EPOCHS;
    if (published > 0 && last == h->count)
        return err_set(e, ERR_KEY, "the receiving key that was published last is not in this key file: is it an old "
                                   "copy?");
    if (h->count > keep)
        seeds_remove(h, keep, h->count - keep); /* drawn, and never published */
    if (h->seeds[h->count - 1].epoch >= number || h->count == KEYRING_SEEDS_MAX)
        return err_set(e, ERR_DAMAGED, "the key file's receiving keys are not those of this log");
    h->seeds[h->count].epoch = number;
    crypt_random(h->seeds[h->count].seed.b, CRYPT_KEY);
    crypt_box_public(&h->seeds[h->count++].seed, ret);
    return 0;
}

bool keyring_identity_forget(struct keyring_identity *id, uint64_t published)
{
    struct keyring_holding *h = &id->holdings[0];
    size_t at = seed_at(h, published);
    bool any = (at > 0 && at < h->count) || id->holding_count > 1;
    if (at == h->count)
        return false;
    seeds_remove(h, 0, at);
    crypt_wipe(&id->holdings[1], (id->holding_count - 1) * sizeof id->holdings[1]);
    id->holding_count = 1;
    return any;
}

const struct keyring_holding *keyring_identity_holding(const struct keyring_identity *id,
                                                       const uint8_t compartment[KEYRING_ID])
{
    size_t at = id->holding_count;
    while (at > 1 && memcmp(id->holdings[at - 1].compartment, compartment, KEYRING_ID) != 0)
        at--;
    assert(at > 0);
    return &id->holdings[at - 1];
}
