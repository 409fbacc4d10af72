/* Reading one sealed record: asked for, approved by keyholders who give their shares back, opened once. */
#include "store/store_internal.h"

#include <assert.h>

void store_asked_for_release(struct store_asked_for *a)
{
    for (size_t i = 0; i < COUNT(a->held); i++)
        store_held_drop(&a->held[i]);
    crypt_wipe(a, sizeof *a);
}

void store_returned_release(struct store_returned *r)
{
    crypt_hold_drop(&r->held);
    *r = (struct store_returned){0};
}

/* ---- a request ---- */

int store_request(struct store *s, const char *person, const char *why, uint64_t *ret_leaf, struct err *e)
{
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement shares, st = {.kind = STATEMENT_IDENTITY_ACCESS,
                                   .identity_access = {.step = STATEMENT_REQUESTED, .person = person, .why = why}};
    uint64_t sealed = 0;
    int rc = store_identity_find(s, STATEMENT_IDENTITY_SEALED, person, &sealed, e);
    if (rc == 0)
        rc = store_shares_of(s, sealed, &held, &shares, &st.identity_access.of, e);
    if (rc != 0)
        return rc;
    crypt_random(st.identity_access.answer.b, CRYPT_KEY);
    rc = store_say(s, &st, ret_leaf, e);
    key_drop(&st.identity_access.answer);
    return rc;
}

struct gathering {
    struct store *s;
    uint64_t end;
    struct store_asked_for *asked;
    struct store_held *held;
};

static void approved(struct store_asked_for *a, const char *keyholder)
{
    const struct statement_identity_shares *x = &a->shares.identity_shares;
    for (size_t i = 0; i < x->holder_count; i++)
        if (strcmp(x->holders[i].code, keyholder) == 0 && !a->approved[i]) {
            a->approved[i] = true;
            a->approvals++;
        }
}

static int gather(void *context, const struct index_statement_row *row, struct err *e)
{
    struct gathering *g = context;
    struct statement st;
    if (row->leaf >= g->end)
        return ERR_STOPPED;
    int rc = store_statement(g->s, row->leaf, &g->held, &st, e);
    if (rc != 0)
        return rc;
    if (st.kind == STATEMENT_IDENTITY_SHARES) {
        g->asked->spent |= st.identity_shares.follows && st.identity_shares.request == g->asked->leaf;
        return 0;
    }
    if (st.identity_access.of != g->asked->leaf)
        return 0;
    if (st.identity_access.step == STATEMENT_SHARE_RETURNED)
        approved(g->asked, st.identity_access.keyholder);
    g->asked->spent |= st.identity_access.step == STATEMENT_OPENED;
    return 0;
}

static int gather_all(struct gathering *g, struct err *e)
{
    static const enum statement_kind kinds[] = {STATEMENT_IDENTITY_ACCESS, STATEMENT_IDENTITY_SHARES};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < COUNT(kinds); i++) {
        rc = index_statements(store_index(g->s), g->asked->leaf + 1, (int)kinds[i], gather, g, e);
        rc = rc == ERR_STOPPED ? 0 : rc;
    }
    store_held_drop(&g->held);
    return rc;
}

int store_asked_before(struct store *s, uint64_t leaf, uint64_t end, int code, struct store_asked_for *ret,
                       struct err *e)
{
    struct gathering g = {.s = s, .end = end, .asked = ret};
    struct index_statement_row row = {0};
    *ret = (struct store_asked_for){.leaf = leaf};
    int rc = leaf < end ? index_statement_row(store_index(s), leaf, &row, NULL) : ERR_ABSENT;
    if (rc == 0 && row.kind == STATEMENT_IDENTITY_ACCESS)
        rc = store_statement(s, leaf, &ret->held[0], &ret->request, e);
    else if (rc == 0)
        rc = ERR_ABSENT;
    if (rc == ERR_ABSENT || (rc == 0 && ret->request.identity_access.step != STATEMENT_REQUESTED))
        return err_set(e, code, "leaf %llu is no request for an identity: groundwork identity list",
                       (unsigned long long)leaf);
    if (rc == 0)
        rc = store_statement(s, ret->request.identity_access.of, &ret->held[1], &ret->shares, e);
    if (rc == 0)
        rc = store_is_erased(s, ret->shares.identity_shares.sealed, &ret->erased, e);
    if (rc == 0 && !ret->erased)
        rc = store_statement(s, ret->shares.identity_shares.sealed, &ret->held[2], &ret->sealed, e);
    if (rc == 0)
        rc = gather_all(&g, e);
    if (rc != 0)
        store_asked_for_release(ret);
    return rc;
}

int store_asked_load(struct store *s, uint64_t leaf, struct store_asked_for *ret, struct err *e)
{
    int rc = store_asked_before(s, leaf, UINT64_MAX, ERR_REFUSED, ret, e);
    if (rc != 0 || !ret->erased)
        return rc;
    rc = err_set(e, ERR_REFUSED, "leaf %llu is erased: nobody can open it any more",
                 (unsigned long long)ret->shares.identity_shares.sealed);
    store_asked_for_release(ret);
    return rc;
}

struct requests {
    struct store *s;
    int (*each)(void *context, const struct store_asked_for *a, struct err *e);
    void *context;
    struct store_held *held;
};

static int look(void *context, const struct index_statement_row *row, struct err *e)
{
    struct requests *r = context;
    OWN(store_asked_for_release) struct store_asked_for asked = {.leaf = 0};
    struct statement st;
    int rc = store_statement(r->s, row->leaf, &r->held, &st, e);
    if (rc != 0 || st.identity_access.step != STATEMENT_REQUESTED)
        return rc;
    rc = store_asked_before(r->s, row->leaf, UINT64_MAX, ERR_DAMAGED, &asked, e);
    return rc == 0 && !asked.erased ? r->each(r->context, &asked, e) : rc;
}

int store_requests(struct store *s, int (*each)(void *context, const struct store_asked_for *a, struct err *e),
                   void *context, struct err *e)
{
    struct requests r = {.s = s, .each = each, .context = context};
    int rc = index_statements(store_index(s), 0, STATEMENT_IDENTITY_ACCESS, look, &r, e);
    store_held_drop(&r.held);
    return rc;
}

int store_asked_enough(const struct store_asked_for *a, int code, struct err *e)
{
    const struct statement_identity_shares *x = &a->shares.identity_shares;
    if (a->spent)
        return err_set(e, code, "rule identity-once: the request at leaf %llu has served already: make another",
                       (unsigned long long)a->leaf);
    return a->approvals >= x->needed
               ? 0
               : err_set(e, code, "rule identity-needed: %zu of the %u keyholders who are needed have approved it",
                         a->approvals, x->needed);
}

/* ---- what the keyholders are sent ---- */

static void put_word(struct json_out *j, const char *key, const char *text)
{
    json_key(j, key);
    json_string(j, text);
}

static void document_put(struct store *s, const struct store_asked_for *a, struct json_out *j)
{
    const struct statement_identity_shares *x = &a->shares.identity_shares;
    const struct statement_identity_sealed *sealed = &a->sealed.identity_sealed;
    uint8_t answer[CRYPT_PUBLIC];
    char word[CRYPT_AGE_RECIPIENT];
    crypt_age_public(&a->request.identity_access.answer, answer);
    crypt_age_recipient_text(answer, word);
    json_object_begin(j);
    put_word(j, "answer", word);
    json_key(j, "b");
    json_hex(j, bytes_of(sealed->b, CRYPT_KEY));
    json_key(j, "check");
    json_hex(j, bytes_of(sealed->check.b, CRYPT_HASH));
    json_key(j, "holders");
    json_array_begin(j);
    for (size_t i = 0; i < x->holder_count; i++) {
        json_object_begin(j);
        put_word(j, "keyholder", x->holders[i].code);
        put_word(j, "recipient", x->holders[i].recipient);
        json_key(j, "sha256");
        json_hex(j, bytes_of(x->holders[i].sha256.b, CRYPT_HASH));
        json_object_end(j);
    }
    json_array_end(j);
    put_word(j, "kind", "groundwork/identity-request/v1");
    json_key(j, "needed");
    json_u64(j, x->needed);
    put_word(j, "origin", s->founded.founded.origin);
    put_word(j, "person", x->person);
    json_key(j, "pin");
    json_hex(j, bytes_of(s->pin.b, CRYPT_HASH));
    json_key(j, "request");
    json_u64(j, a->leaf);
    json_key(j, "sealed");
    json_base64(j, sealed->text);
    json_key(j, "set");
    json_hex(j, bytes_of(x->set, STATEMENT_ID));
    put_word(j, "why", a->request.identity_access.why);
    json_object_end(j);
}

int store_asked_document(struct store *s, const struct store_asked_for *a, struct buf *to, struct err *e)
{
    OWN(buf_wipe) struct buf text = {0};
    struct json_out j = {.to = &text};
    const struct statement_identity_shares *x = &a->shares.identity_shares;
    uint8_t recipient[CRYPT_SHARES_MAX][CRYPT_PUBLIC];
    document_put(s, a, &j);
    buf_put_u8(&text, '\n');
    int rc = buf_check(&text, e);
    for (size_t i = 0; rc == 0 && i < x->holder_count; i++)
        rc = crypt_age_recipient(bytes_text(x->holders[i].recipient), recipient[i], e);
    return rc == 0 ? crypt_age_seal((const uint8_t(*)[CRYPT_PUBLIC])recipient, x->holder_count, buf_bytes(&text), to, e)
                   : rc;
}

/* ---- shares that come back ---- */

static struct key *value_of(const struct store_returned *r, unsigned number)
{
    return (struct key *)(void *)r->held.p + (number - 1);
}

static int returned_begin(struct store_returned *r, struct err *e)
{
    if (r->held.p != NULL)
        return 0;
    int rc = crypt_hold(&r->held, (size_t)CRYPT_SHARES_MAX * sizeof(struct key), e);
    if (rc == 0)
        (void)buf_more(&r->held, (size_t)CRYPT_SHARES_MAX * sizeof(struct key));
    return rc;
}

/* ${name}: of the file.  The number in it tells whose it is to be; the hash whether it is hers. */
static int share_known(struct store *s, const struct store_asked_for *a, const char *name, struct bytes text,
                       struct identity_share *ret, struct err *e)
{
    const struct statement_identity_shares *x = &a->shares.identity_shares;
    struct hash digest;
    int rc = identity_share_read(text, ret, e);
    if (rc != 0)
        return err_add(e, ERR_REFUSED, "%s", name);
    if (!hash_equal(&ret->pin, &s->pin) || strcmp(ret->person, x->person) != 0)
        return err_set(e, ERR_REFUSED, "%s: this share is of %s, or of another repository, and the request is for %s",
                       name, ret->person, x->person);
    if (memcmp(ret->set, x->set, STATEMENT_ID) != 0)
        return err_set(e, ERR_REFUSED,
                       "%s: this share is of other shares than the request asks for: newer ones replaced them, or they "
                       "are newer", name);
    if (ret->index > x->holder_count)
        return err_set(e, ERR_REFUSED, "%s: there is no share %u", name, ret->index);
    crypt_sha256(text, &digest);
    if (!hash_equal(&digest, &x->holders[ret->index - 1].sha256))
        return err_set(e, ERR_REFUSED, "%s: FALSE SHARE: what came as the share of %s is not what the log says she was "
                                       "given",
                       name, x->holders[ret->index - 1].code);
    return 0;
}

int store_share_take(struct store *s, const struct store_asked_for *a, const char *name, struct bytes file,
                     struct store_returned *to, unsigned *ret_number, struct err *e)
{
    OWN(crypt_hold_drop) struct buf text = {0};
    struct identity_share share = {0};
    int rc = returned_begin(to, e);
    if (rc == 0 && file.n > IDENTITY_RETURNED_MAX)
        rc = err_set(e, ERR_REFUSED, "%s: this is no keyholder's share", name);
    if (rc == 0)
        rc = crypt_hold(&text, IDENTITY_RETURNED_MAX, e);
    if (rc != 0)
        return rc;
    rc = crypt_age_open(&a->request.identity_access.answer, file, &text, e);
    if (rc != 0)
        return err_add(e, rc == ERR_IO ? rc : ERR_REFUSED, "%s", name);
    rc = share_known(s, a, name, buf_bytes(&text), &share, e);
    if (rc == 0) {
        *value_of(to, share.index) = share.value;
        to->count += !to->have[share.index - 1];
        to->have[share.index - 1] = true;
        *ret_number = share.index;
    }
    key_drop(&share.value);
    return rc;
}

int store_share_approve(struct store *s, const struct store_asked_for *a, unsigned number, const char *why,
                        struct err *e)
{
    const struct statement_identity_shares *x = &a->shares.identity_shares;
    struct statement st = {.kind = STATEMENT_IDENTITY_ACCESS,
                           .identity_access = {.step = STATEMENT_SHARE_RETURNED, .person = x->person, .why = why,
                                               .of = a->leaf, .keyholder = x->holders[number - 1].code}};
    uint64_t leaf;
    return store_say(s, &st, &leaf, e);
}

/* ---- with enough of them ---- */

/* ${ret_a}: the half that the shares give, which opens what is sealed; by shares of those who approved. */
static int join(const struct store_asked_for *a, const struct store_returned *r, struct key *ret_a, struct key *ret_key,
                struct err *e)
{
    const struct statement_identity_shares *x = &a->shares.identity_shares;
    OWN(crypt_hold_drop) struct buf chosen = {0};
    uint8_t index[CRYPT_SHARES_MAX];
    unsigned count = 0;
    struct hash check;
    int rc = store_asked_enough(a, ERR_REFUSED, e);
    if (rc == 0)
        rc = crypt_hold(&chosen, (size_t)CRYPT_SHARES_MAX * sizeof(struct key), e);
    for (unsigned i = 0; rc == 0 && i < x->holder_count && count < x->needed; i++)
        if (r->have[i] && a->approved[i]) {
            index[count++] = (uint8_t)(i + 1);
            buf_put(&chosen, value_of(r, i + 1)->b, CRYPT_KEY);
        }
    if (rc == 0 && count < x->needed)
        rc = err_set(e, ERR_REFUSED, "%u shares of keyholders who approved were given, and %u are needed", count,
                     x->needed);
    if (rc == 0)
        rc = crypt_share_join(index, (const struct key *)(const void *)chosen.p, count, ret_a, e);
    if (rc != 0)
        return rc;
    identity_key(ret_a, a->sealed.identity_sealed.b, ret_key);
    identity_check(ret_key, &check);
    return hash_equal(&check, &a->sealed.identity_sealed.check)
               ? 0
               : err_set(e, ERR_DAMAGED, "the shares are those of the log, and do not give the key that the log knows");
}

int store_unseal(struct store *s, const struct store_asked_for *a, const struct store_returned *r, const char *why,
                 struct buf *ret, struct err *e)
{
    OWN(crypt_hold_drop) struct buf held = {0};
    struct identity_record record;
    struct statement st = {.kind = STATEMENT_IDENTITY_ACCESS,
                           .identity_access = {.step = STATEMENT_OPENED, .why = why, .of = a->leaf,
                                               .person = a->shares.identity_shares.person}};
    uint64_t leaf;
    int rc = crypt_hold(&held, 2 * sizeof(struct key), e);
    if (rc != 0)
        return rc;
    struct key *half = (struct key *)(void *)buf_more(&held, 2 * sizeof(struct key)), *key = half + 1;
    rc = join(a, r, half, key, e);
    if (rc == 0)
        rc = store_say(s, &st, &leaf, e);
    if (rc == 0 && s->failed)
        rc = err_set(e, ERR_IO, "what follows from the commit could not be written");
    const struct statement_identity_sealed *sealed = &a->sealed.identity_sealed;
    if (rc == 0 && identity_open(key, &s->pin, sealed->person, sealed->text, ret) != 0)
        rc = err_set(e, ERR_DAMAGED, "what is sealed does not open with its own key");
    return rc == 0 ? identity_record_read(buf_bytes(ret), &record, e) : rc;
}

int store_reseal(struct store *s, const struct store_asked_for *a, const struct store_returned *r, const char *why,
                 const struct store_seal_for *whom, struct store_sealing *ret, struct err *e)
{
    OWN(crypt_hold_drop) struct buf held = {0};
    int rc = crypt_hold(&held, 2 * sizeof(struct key), e);
    if (rc != 0)
        return rc;
    struct key *half = (struct key *)(void *)buf_more(&held, 2 * sizeof(struct key)), *key = half + 1;
    rc = store_seal_begin(s, whom, ret, e);
    if (rc == 0)
        rc = join(a, r, half, key, e);
    if (rc == 0)
        rc = store_seal_share(s, half, ret, e);
    struct statement_identity_shares *said = &ret->shares.identity_shares;
    said->sealed = a->shares.identity_shares.sealed;
    said->follows = true;
    said->request = a->leaf;
    said->why = why;
    if (rc != 0)
        store_sealing_release(ret);
    return rc;
}
