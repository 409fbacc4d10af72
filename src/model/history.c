#include "model/history.h"

#include <assert.h>

static const char SET_PURPOSE[] = "groundwork/recovery-set/v1\n";

void history_release(struct history *h)
{
    free(h->spans);
    free(h->earlier);
    free(h->policy);
    *h = (struct history){0};
}

/* Room for one further span, so that what follows cannot fail half way. */
static int room_make(struct history *h, struct err *e)
{
    if (h->count == h->room) {
        size_t room = h->room * 2 + 4;
        struct history_span *grown = reallocarray(h->spans, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        h->spans = grown;
        h->room = room;
    }
    if (h->earlier_count == h->earlier_room) {
        size_t room = h->earlier_room * 2 + 4;
        void *grown = reallocarray(h->earlier, room, sizeof *h->earlier);
        if (grown == NULL)
            return err_memory(e);
        h->earlier = grown;
        h->earlier_room = room;
    }
    return 0;
}

static void commitment(const uint8_t entry[LEAF_ENTRY], struct hash *ret)
{
    memcpy(ret->b, entry + 1, CRYPT_HASH);
}

int history_begin(struct history *h, const struct statement_founded *founded, const uint8_t entry[LEAF_ENTRY],
                  struct err *e)
{
    history_release(h);
    int rc = room_make(h, e);
    if (rc != 0)
        return rc;
    crypt_sha256(bytes_of(entry, LEAF_ENTRY), &h->pin);
    commitment(entry, &h->last);
    h->log = founded->log;
    h->spans[h->count++] = (struct history_span){.from = 0, .keys = {founded->member}, .count = 1};
    return 0;
}

bool history_is_event(enum statement_kind kind)
{
    return kind == STATEMENT_RECOVERY || kind == STATEMENT_MEMBER || kind == STATEMENT_COSIGNERS;
}

const struct history_span *history_at(const struct history *h, uint64_t leaf)
{
    size_t i = h->count;
    assert(i > 0);
    while (i > 1 && h->spans[i - 1].from > leaf)
        i--;
    return &h->spans[i - 1];
}

const struct note_key *history_member(const struct history *h)
{
    return &h->spans[h->count - 1].keys[0];
}

bool history_sheets_earlier(const struct history *h, const uint8_t set[STATEMENT_ID])
{
    for (size_t i = 0; i < h->earlier_count; i++)
        if (memcmp(h->earlier[i], set, STATEMENT_ID) == 0)
            return true;
    return false;
}

void history_set(const struct hash *pin, const struct statement_recovery *r, uint8_t ret[STATEMENT_ID])
{
    uint8_t text[sizeof SET_PURPOSE - 1 + CRYPT_HASH + 8 + CRYPT_HASH + CRYPT_PUBLIC + CRYPT_PUBLIC + 2], *p = text;
    struct hash digest;
    memcpy(p, SET_PURPOSE, sizeof SET_PURPOSE - 1);
    p += sizeof SET_PURPOSE - 1;
    memcpy(p, pin->b, CRYPT_HASH);
    p += CRYPT_HASH;
    u64_put(p, r->leaves);
    p += 8;
    memcpy(p, r->root.b, CRYPT_HASH);
    p += CRYPT_HASH;
    memcpy(p, r->key.public_key, CRYPT_PUBLIC);
    p += CRYPT_PUBLIC;
    memcpy(p, r->receiving, CRYPT_PUBLIC);
    p += CRYPT_PUBLIC;
    *p++ = (uint8_t)r->needed;
    *p = (uint8_t)r->share_count;
    crypt_sha256(bytes_of(text, sizeof text), &digest);
    memcpy(ret, digest.b, STATEMENT_ID);
}

/* No key comes back: a former member, or a spent one-time key, would sign again. */
static bool is_fresh(const struct history *h, const struct note_key *key)
{
    for (size_t i = 0; i < h->count; i++)
        for (size_t k = 0; k < h->spans[i].count; k++)
            if (memcmp(h->spans[i].keys[k].public_key, key->public_key, CRYPT_PUBLIC) == 0)
                return false;
    return true;
}

/* Each event stands behind the one before: its own leaf, and so the span that begins behind it. */
static uint64_t leaf_next(const struct history *h)
{
    uint64_t from = h->spans[h->count - 1].from;
    return h->policy != NULL && h->policy_leaf >= from ? h->policy_leaf + 1 : from;
}

static int event_rule(const struct history *h, uint64_t leaf, const struct statement_event *v,
                      const struct note_key *key, struct err *e)
{
    if (h->events == HISTORY_EVENTS_MAX)
        return err_set(e, ERR_DAMAGED, "rule event-count: more than %d key events", HISTORY_EVENTS_MAX);
    if (leaf < leaf_next(h) || v->number != h->events + 1 || !hash_equal(&v->prev, &h->last))
        return err_set(e, ERR_DAMAGED, "rule event-place: the key event does not follow the one before");
    if (key != NULL && !is_fresh(h, key))
        return err_set(e, ERR_DAMAGED, "rule event-key: a key that was registered before is no new one");
    return 0;
}

static int take_recovery(struct history *h, uint64_t leaf, const struct statement *s, struct err *e)
{
    const struct statement_recovery *r = &s->recovery;
    uint8_t set[STATEMENT_ID];
    history_set(&h->pin, r, set);
    if (memcmp(set, r->set, STATEMENT_ID) != 0 || r->leaves > leaf)
        return err_set(e, ERR_DAMAGED, "rule recovery-set: the set of sheets has not the id that follows from it");
    if (h->sheets.known)
        memcpy(h->earlier[h->earlier_count++], h->sheets.set, STATEMENT_ID);
    h->sheets = (struct history_sheets){.known = true,
                                        .leaf = leaf,
                                        .at_unix_s = s->at_unix_s,
                                        .key = r->key,
                                        .epoch = r->epoch,
                                        .needed = r->needed,
                                        .count = (uint32_t)r->share_count};
    memcpy(h->sheets.receiving, r->receiving, CRYPT_PUBLIC);
    memcpy(h->sheets.set, r->set, STATEMENT_ID);
    memcpy(h->sheets.shares, r->shares, r->share_count * sizeof h->sheets.shares[0]);
    h->spans[h->count] = (struct history_span){.from = leaf + 1, .keys = {*history_member(h), r->key}, .count = 2};
    h->count++;
    return 0;
}

static int take_member(struct history *h, uint64_t leaf, const struct statement *s, struct err *e)
{
    if (!h->sheets.known || h->sheets.spent || memcmp(h->sheets.set, s->member.set, STATEMENT_ID) != 0)
        return err_set(e, ERR_DAMAGED, "rule member-set: its sheets are not those that may replace a member here");
    h->sheets.spent = true;
    h->spans[h->count] = (struct history_span){.from = leaf + 1, .keys = {s->member.key}, .count = 1};
    h->count++;
    return 0;
}

/* The spans stay: a cosigner signs no statements. */
static int take_cosigners(struct history *h, uint64_t leaf, const struct statement *s, struct err *e)
{
    OWN(mem_drop) struct policy *p = calloc(1, sizeof *p);
    if (p == NULL)
        return err_memory(e);
    int rc = policy_parse(bytes_text(s->cosigners.policy), p, e);
    if (rc != 0)
        return rc;
    if (p->logs != 1 || strcmp(p->log[0].name, h->log.name) != 0 ||
        memcmp(p->log[0].public_key, h->log.public_key, CRYPT_PUBLIC) != 0)
        return err_set(e, ERR_DAMAGED, "rule cosigners-log: the policy is of another log");
    free(h->policy);
    h->policy = TAKE(p);
    h->policy_leaf = leaf;
    return 0;
}

/* Its place among the events, and the key that it registers, if it does. */
static const struct statement_event *event_of(const struct statement *s, const struct note_key **ret_key)
{
    *ret_key = s->kind == STATEMENT_MEMBER ? &s->member.key : s->kind == STATEMENT_RECOVERY ? &s->recovery.key : NULL;
    return s->kind == STATEMENT_MEMBER     ? &s->member.event
           : s->kind == STATEMENT_RECOVERY ? &s->recovery.event
                                           : &s->cosigners.event;
}

int history_take(struct history *h, uint64_t leaf, const struct statement *s, const uint8_t entry[LEAF_ENTRY],
                 struct err *e)
{
    if (!history_is_event(s->kind))
        return 0;
    const struct note_key *key;
    const struct statement_event *event = event_of(s, &key);
    int rc = event_rule(h, leaf, event, key, e);
    if (rc == 0)
        rc = room_make(h, e);
    if (rc == 0)
        rc = s->kind == STATEMENT_MEMBER     ? take_member(h, leaf, s, e)
             : s->kind == STATEMENT_RECOVERY ? take_recovery(h, leaf, s, e)
                                             : take_cosigners(h, leaf, s, e);
    if (rc != 0)
        return err_add(e, rc, "leaf %llu", (unsigned long long)leaf);
    h->events++;
    commitment(entry, &h->last);
    return 0;
}
