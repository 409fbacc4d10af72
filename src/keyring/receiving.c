/*
 * Receiving keys that a member publishes after she joined: in the clear, under her own signature, for an epoch and the
 * next one.  With them she says that nothing in her key file opens what is older.  FORMAT 2.4, 19.3.
 *
 *     head (mark GWRECVS, number: the epoch, key id: hers), two X25519 keys, key id, signature
 */
#include "keyring/keyring_internal.h"

#include <assert.h>
#include <stdio.h>

static const char MARK[] = "GWRECVS\n";
enum { RECEIVING_BODY = KEYRING_EPOCHS * CRYPT_PUBLIC };

void keyring_receiving_name(const uint8_t compartment[KEYRING_ID], const struct note_key *member, uint64_t epoch,
                            char to[KEYRING_NAME_MAX])
{
    char comp[2 * KEYRING_ID + 1], id[9];
    keyring_comp_text(compartment, comp);
    hex_put(id, member->id, 4);
    int n = snprintf(to, KEYRING_NAME_MAX, "%s/receiving-%s-", comp, id);
    if (epoch > 0)
        snprintf(to + n, KEYRING_NAME_MAX - (size_t)n, "%llu", (unsigned long long)epoch);
}

static struct head receiving_head(const uint8_t compartment[KEYRING_ID], const struct note_key *member, uint64_t epoch)
{
    struct head h = {.magic = MARK, .number = epoch, .body = RECEIVING_BODY};
    memcpy(h.compartment, compartment, KEYRING_ID);
    memcpy(h.member, member->id, sizeof h.member);
    return h;
}

int keyring_receiving_write(struct keyring *k, uint64_t epoch, const uint8_t keys[KEYRING_EPOCHS][CRYPT_PUBLIC],
                            const struct keyring_file *replaced, struct err *e)
{
    OWN(buf_drop) struct buf file = {0};
    uint8_t head[HEAD_BYTES];
    char name[KEYRING_NAME_MAX];
    const struct head h = receiving_head(k->compartment, &k->member, epoch);
    keyring_head_write(&h, head);
    buf_put(&file, head, HEAD_BYTES);
    for (size_t i = 0; i < KEYRING_EPOCHS; i++)
        buf_put(&file, keys[i], CRYPT_PUBLIC);
    keyring_receiving_name(k->compartment, &k->member, epoch, name);
    int rc = keyring_signed_finish(&file, &k->member, &k->sign, e);
    if (rc == 0)
        rc = keyring_keys_write(k, name, buf_bytes(&file), e);
    if (rc != 0 || replaced == NULL || strcmp(replaced->name, name) == 0)
        return rc;
    struct keyring_file gone = {.removed = true};
    memcpy(gone.name, replaced->name, sizeof gone.name);
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
    if (rc == 0 && (body.n != HEAD_BYTES + RECEIVING_BODY || !keyring_head_is(file.p, &t->head)))
        rc = err_set(e, ERR_DAMAGED, "it is not what its name says");
    return rc;
}

int keyring_receiving_read(const char *root, const uint8_t compartment[KEYRING_ID], const struct note_key *member,
                           const struct keyring_file *logged, uint64_t epoch,
                           uint8_t ret[KEYRING_EPOCHS][CRYPT_PUBLIC], struct err *e)
{
    OWN(buf_drop) struct buf file = {0};
    struct receiving_try t = {logged, member, receiving_head(compartment, member, epoch)};
    int rc = keyring_keys_read(root, logged->name, receiving_good, &t, &file, e);
    if (rc == 0)
        memcpy(ret, file.p + HEAD_BYTES, RECEIVING_BODY);
    return rc;
}

/* ---- the seeds ---- */

const struct keyring_holding *keyring_identity_holding(const struct keyring_identity *id,
                                                       const uint8_t compartment[KEYRING_ID])
{
    size_t at = id->holding_count;
    while (at > 1 && memcmp(id->holdings[at - 1].compartment, compartment, KEYRING_ID) != 0)
        at--;
    assert(at > 0);
    return &id->holdings[at - 1];
}

/* A compartment that had none of its own gets what received for it until now. */
static struct keyring_holding *holding_own(struct keyring_identity *id, const uint8_t compartment[KEYRING_ID])
{
    const struct keyring_holding *h = keyring_identity_holding(id, compartment);
    size_t at = (size_t)(h - id->holdings);
    if (memcmp(h->compartment, compartment, KEYRING_ID) == 0)
        return &id->holdings[at];
    if (id->holding_count == KEYRING_HOLDINGS_MAX)
        return NULL;
    struct keyring_holding *fresh = &id->holdings[id->holding_count++];
    *fresh = *h;
    memcpy(fresh->compartment, compartment, KEYRING_ID);
    return fresh;
}

static void seeds_forget(struct keyring_holding *h, size_t count)
{
    memmove(h->seeds, h->seeds + count, (h->count - count) * sizeof h->seeds[0]);
    crypt_wipe(h->seeds + (h->count - count), count * sizeof h->seeds[0]);
    h->count -= count;
}

/* The seed of this very epoch, drawn where there is none; epochs ascend. */
static const struct keyring_seed *seed_of(struct keyring_holding *h, uint64_t epoch)
{
    size_t at = h->count;
    while (at > 0 && h->seeds[at - 1].epoch > epoch)
        at--;
    if (at > 0 && h->seeds[at - 1].epoch == epoch)
        return &h->seeds[at - 1];
    assert(h->count < KEYRING_SEEDS_MAX);
    memmove(h->seeds + at + 1, h->seeds + at, (h->count - at) * sizeof h->seeds[0]);
    h->seeds[at].epoch = epoch;
    crypt_random(h->seeds[at].seed.b, CRYPT_KEY);
    h->count++;
    return &h->seeds[at];
}

/* Seeds that were drawn and never came to be published; any other may open the present box. */
static void drafts_forget(struct keyring_holding *h, uint64_t published, uint64_t epoch)
{
    uint64_t last = published > 0 ? published + 1 : h->seeds[h->count > 1 ? 1 : 0].epoch;
    for (size_t i = h->count; i-- > 1;) {
        uint64_t label = h->seeds[i].epoch;
        if (label <= last || label == epoch || label == epoch + 1)
            continue;
        memmove(h->seeds + i, h->seeds + i + 1, (h->count - i - 1) * sizeof h->seeds[0]);
        crypt_wipe(&h->seeds[--h->count], sizeof h->seeds[0]);
    }
}

int keyring_identity_publish(struct keyring_identity *id, const uint8_t compartment[KEYRING_ID], uint64_t published,
                             uint64_t epoch, uint8_t ret[KEYRING_EPOCHS][CRYPT_PUBLIC], struct err *e)
{
    struct keyring_holding *h = holding_own(id, compartment);
    if (h == NULL)
        return err_set(e, ERR_REFUSED, "a key file holds at most %d compartments", KEYRING_HOLDINGS_MAX);
    drafts_forget(h, published, epoch);
    for (size_t i = 0; i < KEYRING_EPOCHS; i++)
        crypt_box_public(&seed_of(h, epoch + i)->seed, ret[i]);
    return 0;
}

bool keyring_identity_forget(struct keyring_identity *id, const uint8_t compartment[KEYRING_ID], uint64_t epoch)
{
    size_t old = 0;
    const struct keyring_holding *h = keyring_identity_holding(id, compartment);
    if (memcmp(h->compartment, compartment, KEYRING_ID) != 0)
        return false;
    while (old + 1 < h->count && h->seeds[old].epoch < epoch)
        old++;
    if (old == 0)
        return false;
    seeds_forget(&id->holdings[h - id->holdings], old);
    return true;
}
