/* Sealing a record: a fresh key of two halves, one of them in shares for keyholders. */
#include "store/store_internal.h"

#include "base/clock.h"
#include "base/text.h"

#include <assert.h>
#include <stdio.h>

void store_sealing_release(struct store_sealing *x)
{
    crypt_hold_drop(&x->held);
    buf_drop(&x->text);
    crypt_wipe(x, sizeof *x);
}

static int holders_find(struct store *s, const struct store_seal_for *whom, struct store_sealing *x, struct err *e)
{
    OWN(store_keyholders_release) struct store_keyholders k = {0};
    if (whom->count > CRYPT_SHARES_MAX || whom->needed < 1 || whom->needed > whom->count)
        return err_set(e, ERR_USAGE, "1 to %d keyholders hold the shares, and 1 to all of them are needed",
                       CRYPT_SHARES_MAX);
    int rc = store_keyholders_load(s, &k, e);
    for (unsigned i = 0; rc == 0 && i < whom->count; i++) {
        const struct store_keyholder *h = store_keyholder(&k, whom->keyholders[i]);
        if (h == NULL || !h->stands)
            return err_set(e, ERR_REFUSED, "%s is no keyholder who stands: groundwork identity keyholders",
                           whom->keyholders[i]);
        memcpy(x->code[i], h->code, sizeof h->code);
        memcpy(x->recipient[i], h->recipient, sizeof h->recipient);
    }
    return rc;
}

/* A set that does not give its secret back would be noticed by keyholders, years later. */
static int try_out(const struct key *a, const struct key *shares, unsigned needed, unsigned count, struct err *e)
{
    uint8_t index[CRYPT_SHARES_MAX];
    OWN(key_drop) struct key joined = {0};
    for (unsigned i = 0; i < needed; i++)
        index[i] = (uint8_t)(count - needed + i + 1);
    int rc = crypt_share_join(index, shares + (count - needed), needed, &joined, e);
    if (rc == 0 && !crypt_equal(joined.b, a->b, CRYPT_KEY))
        rc = err_set(e, ERR_IO, "the shares do not give their secret back: this computer computes wrong results");
    return rc;
}

static void share_write(struct store *s, struct store_sealing *x, unsigned i, const struct key *value)
{
    struct identity_share share = {.pin = s->pin, .needed = (uint8_t)x->needed, .count = (uint8_t)x->count,
                                   .index = (uint8_t)(i + 1), .value = *value};
    size_t at = x->held.n;
    memcpy(share.set, x->shares.identity_shares.set, STATEMENT_ID);
    memcpy(share.person, x->person, sizeof share.person);
    identity_share_put(&share, &x->held);
    key_drop(&share.value);
    x->share_bytes[i] = x->held.n - at;
    crypt_sha256(bytes_of(x->held.p + at, x->share_bytes[i]), &x->holder[i].sha256);
    x->holder[i].code = x->code[i];
    x->holder[i].recipient = x->recipient[i];
}

/* ${a} in shares, for those who were found. */
int store_seal_share(struct store *s, const struct key *a, struct store_sealing *x, struct err *e)
{
    struct statement_identity_shares *said = &x->shares.identity_shares;
    OWN(crypt_hold_drop) struct buf values = {0};
    int rc = crypt_hold(&x->held, (size_t)CRYPT_SHARES_MAX * IDENTITY_SHARE_MAX, e);
    if (rc == 0)
        rc = crypt_hold(&values, (size_t)CRYPT_SHARES_MAX * sizeof(struct key), e);
    if (rc != 0)
        return rc;
    struct key *shares = (struct key *)buf_more(&values, (size_t)CRYPT_SHARES_MAX * sizeof(struct key));
    rc = crypt_share_split(a, x->needed, x->count, shares, e);
    if (rc == 0)
        rc = try_out(a, shares, x->needed, x->count, e);
    if (rc != 0)
        return rc;
    crypt_random(said->set, STATEMENT_ID);
    for (unsigned i = 0; i < x->count; i++)
        share_write(s, x, i, &shares[i]);
    said->person = x->person;
    said->needed = x->needed;
    said->holders = x->holder;
    said->holder_count = x->count;
    return 0;
}

int store_seal_begin(struct store *s, const struct store_seal_for *whom, struct store_sealing *x, struct err *e)
{
    *x = (struct store_sealing){.needed = whom->needed, .count = whom->count,
                                .shares = {.kind = STATEMENT_IDENTITY_SHARES}};
    int rc = store_writable(s, e);
    if (rc == 0 && !consent_code_known(whom->person))
        rc = err_set(e, ERR_REFUSED, "rule identity-code: %s is written like P-0001, and is never a name",
                     text_tr("the person's code"));
    if (rc == 0)
        rc = store_may_sign(s, STATEMENT_IDENTITY_SHARES, e);
    if (rc != 0)
        return rc;
    (void)snprintf(x->person, sizeof x->person, "%s", whom->person);
    return holders_find(s, whom, x, e);
}

int store_seal_make(struct store *s, const struct store_seal_for *whom, struct bytes record, struct store_sealing *ret,
                    struct err *e)
{
    OWN(crypt_hold_drop) struct buf held = {0};
    struct statement_identity_sealed *said = &ret->sealed.identity_sealed;
    struct identity_record r;
    int rc = store_seal_begin(s, whom, ret, e);
    if (rc == 0)
        rc = identity_record_read(record, &r, e);
    if (rc == 0 && !bytes_equal(r.person, bytes_text(ret->person)))
        rc = err_set(e, ERR_REFUSED, "rule identity-record: it is of another person than is said");
    if (rc == 0)
        rc = crypt_hold(&held, 2 * sizeof(struct key), e);
    if (rc == 0) {
        struct key *a = (struct key *)buf_more(&held, 2 * sizeof(struct key)), *key = a + 1;
        crypt_random(a->b, CRYPT_KEY);
        crypt_random(said->b, CRYPT_KEY);
        identity_key(a, said->b, key);
        identity_check(key, &said->check);
        rc = identity_seal(key, &s->pin, ret->person, record, &ret->text, e);
        if (rc == 0)
            rc = store_seal_share(s, a, ret, e);
    }
    ret->sealed.kind = STATEMENT_IDENTITY_SEALED;
    said->person = ret->person;
    said->text = buf_bytes(&ret->text);
    if (rc != 0)
        store_sealing_release(ret);
    return rc;
}

int store_seal_file(const struct store_sealing *x, unsigned number, struct buf *to, struct err *e)
{
    uint8_t recipient[1][CRYPT_PUBLIC];
    size_t at = 0;
    assert(number >= 1 && number <= x->count);
    for (unsigned i = 0; i + 1 < number; i++)
        at += x->share_bytes[i];
    int rc = crypt_age_recipient(bytes_text(x->recipient[number - 1]), recipient[0], e);
    return rc == 0 ? crypt_age_seal((const uint8_t(*)[CRYPT_PUBLIC])recipient, 1,
                                    bytes_of(x->held.p + at, x->share_bytes[number - 1]), to, e)
                   : rc;
}

int store_seal_commit(struct store *s, struct store_sealing *x, uint64_t *ret_leaf, struct err *e)
{
    bool follows = x->sealed.kind == 0;
    x->sealed.at_unix_s = x->shares.at_unix_s = time_now_unix_s();
    int rc = store_draft_begin(s, e);
    if (rc == 0 && !follows)
        rc = store_add(s, &x->sealed, &x->shares.identity_shares.sealed, NULL, e);
    if (rc == 0)
        rc = store_add(s, &x->shares, NULL, NULL, e);
    x->tried = rc == 0;
    if (rc == 0)
        rc = store_commit(s, e);
    if (rc == 0)
        *ret_leaf = x->shares.identity_shares.sealed;
    return rc;
}

bool store_seal_may_count(const struct store *s, const struct store_sealing *x)
{
    return x->tried && store_sheets_may_count(s);
}
