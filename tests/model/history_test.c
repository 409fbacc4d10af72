/* The history of keys: who signs what from which leaf on, and every event that does not follow. */
#include "model/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../base/chance.h"

enum { KEYS = 40, LOG = 30 }; /* 0: the founder; LOG and above: log keys; 20 to 29: sheets; all others: members */

struct scene {
    struct history h;
    struct key seed[KEYS];
    struct note_key key[KEYS];
    struct hash shares[2];
    uint64_t leaf; /* of the last event */
    uint8_t entry[LEAF_ENTRY];
};

static void make_key(struct scene *s, unsigned i)
{
    uint8_t public_key[CRYPT_PUBLIC];
    char name[64];
    s->seed[i] = (struct key){{(uint8_t)(i + 1)}};
    snprintf(name, sizeof name, i >= LOG ? "example.org" : "example.org/%c/0000%04u", i >= 20 ? 'r' : 'm', i);
    crypt_sign_public(&s->seed[i], public_key);
    assert_int_equal(note_key_make(name, public_key, &s->key[i], NULL), 0);
}

static int begin(void **state, uint32_t needed)
{
    struct scene *s = calloc(1, sizeof *s);
    struct statement_founded founded = {.origin = "example.org", .administrators = needed};
    if (crypt_start(NULL) != 0)
        return -1;
    for (unsigned i = 0; i < KEYS; i++)
        make_key(s, i);
    founded.member = s->key[0];
    founded.log = s->key[LOG];
    s->entry[0] = LEAF_PUBLIC;
    s->entry[5] = 77;
    assert_int_equal(history_begin(&s->h, &founded, s->entry, NULL), 0);
    *state = s;
    return 0;
}

static int setup(void **state)
{
    return begin(state, 1);
}

static int setup_two(void **state)
{
    return begin(state, 2);
}

static int teardown(void **state)
{
    struct scene *s = *state;
    history_release(&s->h);
    free(s);
    return 0;
}

/* ---- events, each at its place ---- */

static struct statement placed(const struct scene *s, struct statement st)
{
    struct statement_event *v = statement_event(&st);
    v->number = s->h.events + 1;
    v->prev = s->h.last;
    return st;
}

static struct statement sheets(struct scene *s, unsigned key)
{
    struct statement st = {.kind = STATEMENT_RECOVERY,
                           .at_unix_s = 1500000000 + key,
                           .recovery = {.key = s->key[key],
                                        .epoch = 1,
                                        .needed = 1,
                                        .shares = s->shares,
                                        .share_count = 2}};
    history_set(&s->h.pin, &st.recovery, st.recovery.set);
    return placed(s, st);
}

static struct statement member(struct scene *s, unsigned key, const char *replaces)
{
    struct statement st = {.kind = STATEMENT_MEMBER, .member = {.key = s->key[key], .replaces = replaces}};
    memcpy(st.member.set, s->h.sheets.set, STATEMENT_ID);
    return placed(s, st);
}

static struct statement added(struct scene *s, unsigned key, enum statement_role role)
{
    return placed(s, (struct statement){.kind = STATEMENT_ADDED, .added = {.key = s->key[key], .role = role}});
}

static struct statement turned(struct scene *s, unsigned key, enum statement_role role, unsigned log)
{
    struct statement st = {.kind = STATEMENT_ROLE,
                           .role = {.name = s->key[key].name, .role = role, .log_known = log != 0}};
    if (log != 0)
        st.role.log = s->key[log];
    return placed(s, st);
}

static struct statement revoked(struct scene *s, unsigned key, unsigned log)
{
    struct statement st = {.kind = STATEMENT_REVOKED,
                           .revoked = {.name = s->key[key].name, .reason = STATEMENT_STOLEN, .log_known = log != 0}};
    if (log != 0)
        st.revoked.log = s->key[log];
    return placed(s, st);
}

static struct statement proposed(const struct scene *s, const struct statement *act)
{
    return placed(s, (struct statement){.kind = STATEMENT_PROPOSED, .proposed = {.act = act}});
}

static struct statement approved(const struct scene *s, uint64_t proposal)
{
    const struct history_proposal *p = history_proposal(&s->h, proposal);
    struct statement st = {.kind = STATEMENT_APPROVED, .approved = {.proposal = proposal}};
    if (p != NULL)
        st.approved.commitment = p->commitment;
    return placed(s, st);
}

/* The act again, by its proposal and the approvals at these leaves. */
static struct statement agreed(const struct scene *s, struct statement act, uint64_t proposal, size_t count,
                               const uint64_t *approvals)
{
    struct statement_event *v = statement_event(&act);
    v->by = (struct statement_by){.said = true, .proposal = proposal, .count = count};
    for (size_t i = 0; i < count; i++)
        v->by.approvals[i] = approvals[i];
    return placed(s, act);
}

static int take(struct scene *s, uint64_t leaf, unsigned signer, const struct statement *st, struct err *e)
{
    s->entry[1] = (uint8_t)leaf;
    s->entry[2] = (uint8_t)(leaf >> 8);
    const struct history_event v = {leaf, st, history_member_by_key(&s->h, &s->key[signer]), s->entry};
    return history_take(&s->h, &v, e);
}

static void takes(struct scene *s, uint64_t leaf, unsigned signer, const struct statement *st)
{
    struct err e = {0};
    if (take(s, leaf, signer, st, &e) != 0)
        fail_msg("%s", e.text);
    assert_memory_equal(s->h.last.b, s->entry + 1, CRYPT_HASH);
    s->leaf = leaf;
}

/* Refused by this rule, and nothing is changed. */
static void refuses(struct scene *s, uint64_t leaf, unsigned signer, const struct statement *st, const char *rule)
{
    struct err e = {0};
    struct history before = s->h;
    int rc = take(s, leaf, signer, st, &e);
    if (rc != ERR_DAMAGED || strstr(e.text, rule) == NULL)
        fail_msg("%s expected, %d \"%s\" came", rule, rc, e.text);
    assert_int_equal(s->h.count, before.count);
    assert_int_equal(s->h.events, before.events);
    assert_int_equal(s->h.key_count, before.key_count);
    assert_int_equal(s->h.logs.count, before.logs.count);
    assert_memory_equal(&s->h.last, &before.last, sizeof before.last);
    assert_memory_equal(&s->h.sheets, &before.sheets, sizeof before.sheets);
}

/* ---- statements that are read by it ---- */

static int reads(const struct scene *s, uint64_t leaf, unsigned signer, const struct statement *st, struct err *e)
{
    OWN(buf_drop) struct buf text = {0}, values = {0}, note = {0};
    OWN(statement_held_drop) struct statement_held *held = NULL;
    const struct key secret = {{9}}, *salt = statement_kind_hidden(st->kind) ? &secret : NULL;
    const struct history_member *by = NULL;
    struct statement read;
    assert_int_equal(statement_make(st, salt, &text, &values, e), 0);
    assert_int_equal(
        statement_finish(st->kind, buf_bytes(&text), &s->key[signer], &s->seed[signer], &note, NULL), 0);
    int rc = history_read(&s->h, &(struct history_reading){leaf, buf_bytes(&note), buf_bytes(&values), salt}, &held,
                          &read, &by, e);
    if (rc == 0)
        assert_ptr_equal(by, history_member_by_key(&s->h, &s->key[signer]));
    return rc;
}

static void signs(const struct scene *s, uint64_t leaf, unsigned signer, bool expected)
{
    const struct statement note = {.kind = STATEMENT_NOTE, .note = {.text = "n"}};
    struct err e = {0};
    int rc = reads(s, leaf, signer, &note, &e);
    if ((rc == 0) != expected)
        fail_msg("key %u at leaf %llu: %d \"%s\"", signer, (unsigned long long)leaf, rc, e.text);
}

static void who_signs_where(void **state)
{
    struct scene *s = *state;
    signs(s, 1, 0, true);
    signs(s, UINT64_MAX, 0, true);
    signs(s, 1, 1, false);
    struct statement st = sheets(s, 20);
    takes(s, 10, 0, &st);
    uint8_t first[STATEMENT_ID];
    memcpy(first, s->h.sheets.set, STATEMENT_ID);
    signs(s, 11, 20, false); /* the one-time key signs nothing else */
    st = member(s, 2, NULL);
    struct err e = {0};
    assert_int_equal(reads(s, 10, 20, &st, &e), ERR_DAMAGED); /* the sheets count behind their own leaf */
    assert_int_equal(reads(s, 11, 20, &st, &e), 0);
    assert_int_equal(reads(s, 11, 0, &st, &e), ERR_DAMAGED);
    takes(s, 20, 0, &st);
    assert_true(s->h.sheets.spent);
    signs(s, 20, 0, true);
    signs(s, 21, 0, false);
    signs(s, 20, 2, false);
    signs(s, 21, 2, true);
    assert_int_equal(reads(s, 20, 20, &st, &e), 0); /* as it was read then */
    assert_int_equal(reads(s, 21, 20, &st, &e), ERR_DAMAGED);
    st = sheets(s, 21);
    takes(s, 21, 2, &st);
    assert_false(s->h.sheets.spent);
    assert_true(history_sheets_earlier(&s->h, first));
    assert_false(history_sheets_earlier(&s->h, s->h.sheets.set));
    st = member(s, 4, NULL);
    takes(s, 22, 0, &st);
    signs(s, 21, 2, true);
    signs(s, 23, 2, false);
    signs(s, 23, 4, true);
    assert_true(history_member(&s->h, s->key[0].name)->replaced);
    assert_int_equal(s->h.events, 4);
}

static void newer_sheets_replace_older_ones(void **state)
{
    struct scene *s = *state;
    struct statement st = sheets(s, 20);
    takes(s, 10, 0, &st);
    struct statement by_old = member(s, 2, NULL);
    st = sheets(s, 21);
    takes(s, 11, 0, &st);
    struct err e = {0};
    assert_int_equal(reads(s, 11, 20, &by_old, &e), 0);
    assert_int_equal(reads(s, 12, 20, &by_old, &e), ERR_DAMAGED);
    by_old = placed(s, by_old);
    refuses(s, 12, 0, &by_old, "rule member-set");
    st = member(s, 2, NULL);
    takes(s, 12, 0, &st);
}

static void once_only(void **state)
{
    struct scene *s = *state;
    struct statement st = member(s, 2, NULL);
    refuses(s, 5, 0, &st, "rule member-set"); /* no sheets yet */
    st = sheets(s, 20);
    takes(s, 10, 0, &st);
    st = member(s, 2, NULL);
    takes(s, 11, 0, &st);
    st = member(s, 4, NULL);
    refuses(s, 12, 0, &st, "rule member-set");
}

/* Of several members the sheets replace the administrator who is named, and no other. */
static void one_of_several_is_replaced(void **state)
{
    struct scene *s = *state;
    struct statement st = added(s, 1, STATEMENT_ADMINISTRATOR);
    takes(s, 5, 0, &st);
    st = added(s, 2, STATEMENT_ANALYST);
    takes(s, 6, 0, &st);
    st = sheets(s, 20);
    takes(s, 10, 1, &st);
    st = member(s, 4, NULL);
    refuses(s, 11, 0, &st, "rule member-replaces");
    st = member(s, 4, s->key[2].name);
    refuses(s, 11, 0, &st, "rule member-replaces"); /* an analyst */
    st = member(s, 4, s->key[7].name);
    refuses(s, 11, 0, &st, "rule member-replaces"); /* nobody */
    st = member(s, 4, s->key[1].name);
    takes(s, 11, 0, &st);
    signs(s, 12, 0, true);
    signs(s, 12, 1, false);
    signs(s, 12, 2, true);
    signs(s, 12, 4, true);
    assert_int_equal(history_administrators(&s->h, 12), 2);
}

static void a_place_that_does_not_follow(void **state)
{
    struct scene *s = *state;
    struct statement st = sheets(s, 20);
    st.recovery.event.number++;
    refuses(s, 10, 0, &st, "rule event-place");
    st.recovery.event.number = 0;
    refuses(s, 10, 0, &st, "rule event-place");
    st = sheets(s, 20);
    st.recovery.event.prev.b[31] ^= 1;
    refuses(s, 10, 0, &st, "rule event-place");
    st = sheets(s, 20);
    takes(s, 10, 0, &st);
    st = added(s, 2, STATEMENT_ANALYST);
    refuses(s, 10, 0, &st, "rule event-place"); /* not behind the one before */
    takes(s, 11, 0, &st);
}

static void keys_that_were_there_before(void **state)
{
    struct scene *s = *state;
    struct statement st = sheets(s, 0);
    refuses(s, 10, 0, &st, "rule event-key");
    st = sheets(s, LOG);
    refuses(s, 10, 0, &st, "rule event-key");
    st = sheets(s, 20);
    takes(s, 10, 0, &st);
    for (unsigned key = 0; key <= 20; key += 20) {
        st = member(s, key, NULL);
        refuses(s, 11, 0, &st, "rule event-key");
        st = added(s, key, STATEMENT_ANALYST);
        refuses(s, 11, 0, &st, "rule event-key");
    }
    st = member(s, 2, NULL);
    takes(s, 11, 0, &st);
    st = added(s, 1, STATEMENT_ANALYST);
    takes(s, 12, 2, &st);
    st = revoked(s, 1, LOG);
    refuses(s, 13, 2, &st, "rule event-key");
    st = revoked(s, 1, LOG + 1);
    takes(s, 13, 2, &st);
    static const unsigned known[] = {0, 1, 2, 20, LOG, LOG + 1};
    for (size_t i = 0; i < COUNT(known); i++) {
        st = sheets(s, known[i]);
        refuses(s, 14, 2, &st, "rule event-key");
        st = added(s, known[i], STATEMENT_ANALYST);
        refuses(s, 14, 2, &st, "rule event-key");
    }
}

static void names_of_members(void **state)
{
    struct scene *s = *state;
    static const char *const names[] = {"example.org/m/0000001",  "example.org/m/000000011", "example.org/m/0000000G",
                                        "example.com/m/00000011", "example.org/r/00000011",  "example.org",
                                        "example.org/m/00000000"}; /* the founder's */
    for (size_t i = 0; i < COUNT(names); i++) {
        struct statement st = added(s, 1, STATEMENT_ANALYST);
        assert_int_equal(note_key_make(names[i], s->key[1].public_key, &st.added.key, NULL), 0);
        refuses(s, 10, 0, &st, "rule event-name");
    }
    struct statement st = added(s, 1, STATEMENT_ANALYST);
    memcpy(st.added.key.id, s->key[0].id, sizeof s->key[0].id);
    refuses(s, 10, 0, &st, "rule event-name");
}

/* The id binds pin, checkpoint, keys and numbers: a sheet of another repository names another set. */
static void the_id_of_a_set(void **state)
{
    struct scene *s = *state;
    const struct statement st = sheets(s, 20);
    struct statement other[8];
    for (size_t i = 0; i < COUNT(other); i++)
        other[i] = st;
    other[0].recovery.leaves++;
    other[1].recovery.root.b[0] ^= 1;
    other[2].recovery.key = s->key[5];
    other[3].recovery.receiving[9] ^= 1;
    other[4].recovery.needed = 2;
    other[5].recovery.share_count = 1;
    other[6].recovery.set[15] ^= 1;
    other[7].recovery.leaves = 11; /* later than itself */
    history_set(&s->h.pin, &other[7].recovery, other[7].recovery.set);
    for (size_t i = 0; i < COUNT(other); i++)
        refuses(s, 10, 0, &other[i], "rule recovery-set");
    struct hash pin = s->h.pin;
    uint8_t set[STATEMENT_ID];
    pin.b[7] ^= 1;
    history_set(&pin, &st.recovery, set);
    assert_memory_not_equal(set, st.recovery.set, STATEMENT_ID);
    takes(s, 10, 0, &st);
}

static struct statement cosigners(struct scene *s, const char *policy)
{
    return placed(s, (struct statement){.kind = STATEMENT_COSIGNERS, .cosigners = {.policy = policy}});
}

/* The newest policy counts; who signs statements does not change; and the chain is one with that of the sheets. */
static void cosigners_are_events(void **state)
{
    struct scene *s = *state;
    char vkey[NOTE_VKEY_MAX], one[512], two[1024];
    struct key seed = {{99}};
    struct note_key cosigner;
    uint8_t public_key[CRYPT_PUBLIC];
    crypt_sign_public(&seed, public_key);
    assert_int_equal(note_cosigner_make("c.example/cosigner", public_key, &cosigner, NULL), 0);
    note_key_text(&s->key[LOG], vkey);
    snprintf(one, sizeof one, "log %s\nquorum none\n", vkey);
    char line[NOTE_VKEY_MAX];
    note_key_text(&cosigner, line);
    snprintf(two, sizeof two, "log %s\nwitness c %s\ngroup cosigners 1 c\nquorum cosigners\n", vkey, line);
    struct statement st = cosigners(s, one);
    assert_null(s->h.policy);
    takes(s, 10, 0, &st);
    assert_int_equal(s->h.policy->nodes, 0);
    assert_int_equal(s->h.count, 1);
    signs(s, 11, 0, true);
    st = cosigners(s, two);
    refuses(s, 10, 0, &st, "rule event-place"); /* not behind the one before */
    takes(s, 11, 0, &st);
    assert_int_equal(s->h.policy->cosigners, 1);
    assert_int_equal(s->h.policy_leaf, 11);
    st = sheets(s, 20);
    refuses(s, 11, 0, &st, "rule event-place");
    takes(s, 12, 0, &st);
    st = cosigners(s, one);
    refuses(s, 12, 0, &st, "rule event-place");
    st.cosigners.event.number--;
    refuses(s, 13, 0, &st, "rule event-place");
    st = cosigners(s, one);
    takes(s, 13, 0, &st);
    assert_int_equal(s->h.events, 4);
    st = added(s, 1, STATEMENT_INVESTIGATOR);
    takes(s, 14, 0, &st);
    st = revoked(s, 1, LOG + 1);
    takes(s, 15, 0, &st);
    st = cosigners(s, one); /* of the log key that is no more */
    refuses(s, 16, 0, &st, "rule cosigners-log");
}

static void a_policy_of_another_log(void **state)
{
    struct scene *s = *state;
    char vkey[NOTE_VKEY_MAX], text[512];
    note_key_text(&s->key[4], vkey);
    snprintf(text, sizeof text, "log %s\nquorum none\n", vkey);
    struct statement st = cosigners(s, text);
    refuses(s, 10, 0, &st, "rule cosigners-log");
    st = cosigners(s, "quorum none\n");
    refuses(s, 10, 0, &st, "rule cosigners-log");
    st = cosigners(s, "quorum nobody\n");
    refuses(s, 10, 0, &st, "line 1 of the policy");
    assert_null(s->h.policy);
}

static void other_kinds_are_no_events(void **state)
{
    struct scene *s = *state;
    for (int kind = 1; kind <= STATEMENT_KIND_LAST; kind++) {
        struct statement st = {.kind = (enum statement_kind)kind};
        if (!statement_kind_known(st.kind))
            continue;
        assert_true(history_is_event(st.kind) == (statement_event(&st) != NULL));
        if (history_is_event(st.kind))
            continue;
        assert_int_equal(take(s, 10, 0, &st, NULL), 0);
        assert_int_equal(s->h.events, 0);
    }
}

/* ---- roles ---- */

/* Every kind has somebody who may sign it, but for those that other keys sign; writers are told by the log key. */
static void the_table_of_roles(void **state)
{
    (void)state;
    for (int kind = 1; kind <= STATEMENT_KIND_LAST; kind++) {
        enum statement_kind k = (enum statement_kind)kind;
        bool other_key = k == STATEMENT_FOUNDED || k == STATEMENT_MEMBER || k == STATEMENT_RECEIVED;
        if (!statement_kind_known(k))
            continue;
        assert_true(statement_role_may(STATEMENT_ADMINISTRATOR, k) != other_key);
        assert_false(statement_role_may(STATEMENT_KEYHOLDER, k));
        assert_false(statement_role_may(STATEMENT_AUDITOR, k));
        assert_false(statement_role_may(0, k));
        assert_true(!statement_role_may(STATEMENT_ANALYST, k) || statement_role_may(STATEMENT_INVESTIGATOR, k));
        assert_true(!history_is_event(k) || !statement_role_may(STATEMENT_INVESTIGATOR, k));
    }
    static const enum statement_kind never[] = {STATEMENT_DEPOSIT, STATEMENT_PART, STATEMENT_RECEIPT, STATEMENT_COVER,
                                                STATEMENT_SET_ASIDE};
    for (size_t i = 0; i < COUNT(never); i++)
        assert_false(statement_role_may(STATEMENT_ANALYST, never[i]));
    for (int role = 1; role <= STATEMENT_ROLE_LAST; role++) {
        enum statement_role found = 0, r = (enum statement_role)role;
        assert_true(statement_role_find(statement_role_name(r), &found) && found == r);
        assert_true(statement_role_writes(r) == statement_role_may(r, STATEMENT_KEYRING));
    }
    for (int why = 1; why <= STATEMENT_LEAVING_LAST; why++) {
        enum statement_leaving found = 0;
        assert_true(statement_leaving_find(statement_leaving_name((enum statement_leaving)why), &found));
        assert_int_equal(found, why);
    }
    enum statement_role role = 0;
    enum statement_leaving why = 0;
    assert_false(statement_role_find("owner", &role) || statement_role_find(NULL, &role));
    assert_false(statement_leaving_find("?", &why) || statement_leaving_find(NULL, &why));
}

static void roles_by_leaf(void **state)
{
    struct scene *s = *state;
    const struct statement deposit = {.kind = STATEMENT_DEPOSIT};
    struct err e = {0};
    struct statement st = added(s, 1, STATEMENT_ANALYST);
    takes(s, 10, 0, &st);
    signs(s, 10, 1, false);
    signs(s, 11, 1, true);
    assert_int_equal(reads(s, 11, 1, &deposit, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "rule signer-role"));
    assert_int_equal(reads(s, 11, 1, &st, &e), ERR_DAMAGED); /* a key event by an analyst */
    assert_non_null(strstr(e.text, "rule signer-role"));
    st = turned(s, 1, STATEMENT_ANALYST, 0);
    refuses(s, 20, 0, &st, "rule event-role");
    st = turned(s, 1, STATEMENT_INVESTIGATOR, LOG + 1);
    refuses(s, 20, 0, &st, "rule event-log"); /* no writer goes */
    st = turned(s, 1, STATEMENT_INVESTIGATOR, 0);
    takes(s, 20, 0, &st);
    assert_int_equal(reads(s, 20, 1, &deposit, &e), ERR_DAMAGED);
    assert_int_equal(reads(s, 21, 1, &deposit, &e), 0);
    st = turned(s, 1, STATEMENT_AUDITOR, 0);
    refuses(s, 30, 0, &st, "rule event-log"); /* a writer goes */
    st = turned(s, 1, STATEMENT_AUDITOR, LOG + 1);
    takes(s, 30, 0, &st);
    signs(s, 30, 1, true);
    signs(s, 31, 1, false);
    st = turned(s, 7, STATEMENT_AUDITOR, 0);
    refuses(s, 31, 0, &st, "rule event-member");
    st = turned(s, 1, STATEMENT_ANALYST, 0);
    takes(s, 32, 0, &st);
    signs(s, 33, 1, true);
}

static void checkpoint_note(const struct scene *s, uint64_t size, size_t count, const unsigned *keys, struct buf *to)
{
    struct checkpoint c = {.origin = "example.org", .size = size};
    buf_clear(to);
    for (size_t i = 0; i < count; i++) {
        OWN(buf_drop) struct buf one = {0};
        OWN(note_drop) struct note n = {0};
        assert_int_equal(checkpoint_sign(&c, &s->key[keys[i]], &s->seed[keys[i]], i == 0 ? to : &one, NULL), 0);
        if (i == 0)
            continue;
        assert_int_equal(note_parse(buf_bytes(&one), &n, NULL), 0);
        note_line_put(&n.line[0], to);
    }
}

/* Trees of up to 20 leaves by the first log key, of 21 and more by the second, beside which the first may stand. */
static void checkpoints_by_size(const struct scene *s)
{
    static const struct {
        uint64_t size;
        unsigned keys[3];
        size_t count;
        bool strict, foreign, turned;
    } cases[] = {
        {20, {LOG}, 1, true, true, false},
        {20, {LOG + 1}, 1, false, false, false},
        {21, {LOG}, 1, false, false, false},
        {21, {LOG + 1}, 1, true, true, false},
        {21, {LOG, LOG + 1}, 2, true, true, true},
        {21, {LOG, LOG + 2}, 2, false, false, false},
        {21, {LOG + 1, LOG + 2}, 2, false, true, false},
        {20, {LOG, LOG + 1}, 2, false, true, true},
        {21, {LOG, LOG + 1, LOG + 2}, 3, false, true, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        OWN(buf_drop) struct buf note = {0};
        struct checkpoint c;
        checkpoint_note(s, cases[i].size, cases[i].count, cases[i].keys, &note);
        assert_true((history_checkpoint(buf_bytes(&note), &s->h.logs, NOTE_STRICT, &c, NULL) == 0) == cases[i].strict);
        assert_true((history_checkpoint(buf_bytes(&note), &s->h.logs, NOTE_FOREIGN, &c, NULL) == 0) ==
                    cases[i].foreign);
        assert_true((history_turned(buf_bytes(&note), &s->key[LOG], &s->key[LOG + 1], NULL) == 0) == cases[i].turned);
    }
}

static void the_log_key_follows(void **state)
{
    struct scene *s = *state;
    struct statement st = added(s, 1, STATEMENT_INVESTIGATOR);
    takes(s, 10, 0, &st);
    st = added(s, 2, STATEMENT_AUDITOR);
    takes(s, 11, 0, &st);
    st = revoked(s, 1, 0);
    refuses(s, 20, 0, &st, "rule event-log");
    st = revoked(s, 1, 5); /* another name than the log's */
    refuses(s, 20, 0, &st, "rule event-log");
    st = revoked(s, 2, LOG + 1);
    refuses(s, 20, 0, &st, "rule event-log");
    st = revoked(s, 1, LOG + 1);
    takes(s, 20, 0, &st);
    st = revoked(s, 2, 0);
    takes(s, 25, 0, &st);
    st = revoked(s, 2, 0);
    refuses(s, 26, 0, &st, "rule event-member");
    assert_int_equal(s->h.logs.count, 2);
    const struct note_key *old = &s->h.logs.list[0].key, *new = &s->h.logs.list[1].key;
    assert_ptr_equal(history_log(&s->h.logs, 0), old);
    assert_ptr_equal(history_log(&s->h.logs, 20), old); /* a tree of the leaves 0 to 19 */
    assert_ptr_equal(history_log(&s->h.logs, 21), new);
    checkpoints_by_size(s);
    assert_ptr_equal(history_log_now(&s->h), new);
}

static void what_is_doubtful(void **state)
{
    struct scene *s = *state;
    struct statement st = added(s, 1, STATEMENT_INVESTIGATOR);
    takes(s, 10, 0, &st);
    st = revoked(s, 1, LOG + 1);
    st.revoked.doubted = true;
    st.revoked.doubtful_from = 21;
    refuses(s, 20, 0, &st, "rule revoked-doubtful");
    st.revoked.doubtful_from = 15;
    takes(s, 20, 0, &st);
    const struct history_member *m = history_member(&s->h, s->key[1].name);
    assert_false(history_is_doubtful(m, 14));
    assert_true(history_is_doubtful(m, 15));
    assert_false(history_is_doubtful(history_member(&s->h, s->key[0].name), 15));
    signs(s, 16, 1, true); /* doubtful, and still there */
    struct err e = {0};
    const struct statement note = {.kind = STATEMENT_NOTE, .note = {.text = "n"}};
    assert_int_equal(reads(s, 21, 1, &note, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "rule signer-standing"));
    assert_int_equal(reads(s, 10, 1, &note, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "rule signer-standing"));
}

static void administrators_remain(void **state)
{
    struct scene *s = *state;
    struct statement st = added(s, 1, STATEMENT_ADMINISTRATOR);
    st = revoked(s, 0, LOG + 1);
    refuses(s, 9, 0, &st, "rule event-administrators");
    st = turned(s, 0, STATEMENT_INVESTIGATOR, 0);
    refuses(s, 9, 0, &st, "rule event-administrators");
    for (unsigned i = 1; i < STATEMENT_ADMINISTRATORS_MAX; i++) {
        st = added(s, i, STATEMENT_ADMINISTRATOR);
        takes(s, 9 + i, 0, &st);
    }
    assert_int_equal(history_administrators(&s->h, 100), STATEMENT_ADMINISTRATORS_MAX);
    st = added(s, 17, STATEMENT_ADMINISTRATOR);
    refuses(s, 40, 0, &st, "rule event-administrators");
    st = added(s, 17, STATEMENT_ANALYST);
    takes(s, 40, 0, &st);
    st = turned(s, 17, STATEMENT_ADMINISTRATOR, 0);
    refuses(s, 41, 0, &st, "rule event-administrators");
    st = revoked(s, 0, LOG + 1);
    refuses(s, 41, 0, &st, "rule event-self");
    takes(s, 41, 1, &st);
    st = turned(s, 1, STATEMENT_KEYHOLDER, LOG + 2);
    refuses(s, 42, 1, &st, "rule event-self");
    st = turned(s, 1, STATEMENT_ANALYST, 0);
    takes(s, 42, 1, &st);
}

/* ---- several administrators ---- */

/* Two administrators stand, and two are needed. */
static void two_stand(struct scene *s)
{
    struct statement st = added(s, 1, STATEMENT_ADMINISTRATOR);
    assert_int_equal(history_needed(&s->h, 5), 1); /* as many as there are */
    takes(s, 5, 0, &st);
    assert_int_equal(history_needed(&s->h, 5), 1);
    assert_int_equal(history_needed(&s->h, 6), 2);
}

static void an_act_needs_two(void **state)
{
    struct scene *s = *state;
    two_stand(s);
    const struct statement act = added(s, 2, STATEMENT_INVESTIGATOR);
    refuses(s, 10, 0, &act, "rule event-approvals");
    struct statement st = proposed(s, &act);
    takes(s, 10, 0, &st);
    const uint64_t leaves[] = {11, 12};
    st = agreed(s, act, 10, 0, leaves);
    refuses(s, 11, 1, &st, "rule event-approvals"); /* short of two */
    st = approved(s, 10);
    refuses(s, 11, 0, &st, "rule approved-once"); /* who proposed has spoken */
    st.approved.commitment.b[3] ^= 1;
    refuses(s, 11, 1, &st, "rule approved-proposal");
    st = approved(s, 5);
    refuses(s, 11, 1, &st, "rule approved-proposal"); /* no proposal */
    st = approved(s, 10);
    takes(s, 11, 1, &st);
    assert_int_equal(history_approvers(&s->h, history_proposal(&s->h, 10), 12), 2);
    st = approved(s, 10);
    refuses(s, 12, 1, &st, "rule approved-once");
    st = agreed(s, act, 10, 1, leaves + 1);
    refuses(s, 12, 0, &st, "rule event-approvals"); /* leaf 12 approves nothing */
    st = agreed(s, added(s, 2, STATEMENT_ADMINISTRATOR), 10, 1, leaves);
    refuses(s, 12, 0, &st, "rule event-proposal"); /* not what was proposed */
    st = agreed(s, act, 10, 1, leaves);
    takes(s, 12, 0, &st);
    st = agreed(s, act, 10, 1, leaves);
    refuses(s, 13, 0, &st, "rule"); /* once */
    st = approved(s, 10);
    refuses(s, 13, 1, &st, "rule approved-proposal");
    st = turned(s, 2, STATEMENT_ANALYST, 0);
    st = agreed(s, st, 10, 1, leaves);
    refuses(s, 13, 0, &st, "rule event-approvals");
}

static void one_is_enough_where_one_is_needed(void **state)
{
    struct scene *s = *state;
    const struct statement act = added(s, 2, STATEMENT_INVESTIGATOR);
    struct statement st = proposed(s, &act);
    takes(s, 10, 0, &st);
    st = agreed(s, act, 10, 0, NULL);
    refuses(s, 11, 0, &st, "rule event-approvals");
    st = placed(s, act);
    takes(s, 11, 0, &st);
}

/* The log key is drawn by whoever acts: the proposal does not name it. */
static void a_revocation_by_three(void **state)
{
    struct scene *s = *state;
    two_stand(s);
    struct statement act = added(s, 2, STATEMENT_ADMINISTRATOR), st = proposed(s, &act);
    takes(s, 10, 0, &st);
    st = approved(s, 10);
    takes(s, 11, 1, &st);
    const uint64_t first[] = {11};
    st = agreed(s, act, 10, 1, first);
    takes(s, 12, 0, &st);
    act = revoked(s, 1, 0);
    st = proposed(s, &act);
    takes(s, 20, 0, &st);
    st = approved(s, 20);
    takes(s, 21, 2, &st);
    const uint64_t second[] = {21};
    st = agreed(s, act, 20, 1, second);
    refuses(s, 22, 2, &st, "rule event-log");
    st = agreed(s, revoked(s, 1, LOG + 1), 20, 1, second);
    takes(s, 22, 2, &st);
}

/* Who approved, or proposed, and does not stand any more is not counted. */
static void approvals_fall_with_who_gave_them(void **state)
{
    struct scene *s = *state;
    two_stand(s);
    struct statement act = added(s, 2, STATEMENT_ADMINISTRATOR), st = proposed(s, &act);
    takes(s, 10, 0, &st);
    st = approved(s, 10);
    takes(s, 11, 1, &st);
    const uint64_t first[] = {11};
    st = agreed(s, act, 10, 1, first);
    takes(s, 12, 0, &st);
    const struct statement later = added(s, 3, STATEMENT_ANALYST), other = added(s, 4, STATEMENT_ANALYST);
    st = proposed(s, &later);
    takes(s, 20, 0, &st);
    st = approved(s, 20);
    takes(s, 21, 1, &st);
    st = proposed(s, &other);
    takes(s, 22, 1, &st);
    st = approved(s, 22);
    takes(s, 23, 0, &st);
    act = revoked(s, 1, 0);
    st = proposed(s, &act);
    takes(s, 30, 0, &st);
    st = approved(s, 30);
    takes(s, 31, 2, &st);
    const uint64_t third[] = {31}, second[] = {21}, fourth[] = {23};
    st = agreed(s, revoked(s, 1, LOG + 1), 30, 1, third);
    takes(s, 32, 2, &st);
    st = agreed(s, later, 20, 1, second);
    refuses(s, 33, 0, &st, "rule event-approvals");
    assert_int_equal(history_approvers(&s->h, history_proposal(&s->h, 20), 33), 1);
    st = agreed(s, other, 22, 1, fourth);
    refuses(s, 33, 0, &st, "rule event-approvals");
    assert_int_equal(history_approvers(&s->h, history_proposal(&s->h, 22), 33), 0);
    st = approved(s, 20);
    takes(s, 33, 2, &st);
    const uint64_t fifth[] = {33};
    st = agreed(s, later, 20, 1, fifth);
    takes(s, 34, 0, &st);
}

/* ---- any chain ---- */

struct step {
    struct statement st, act;
    unsigned signer;
    uint64_t leaf;
};

/* A member who stands in that role, or KEYS. */
static unsigned any_standing(const struct scene *s, struct chance *c, enum statement_role role, unsigned other_than)
{
    unsigned list[KEYS], count = 0;
    for (unsigned i = 0; i < 20; i++) {
        const struct history_member *m = history_member_by_key(&s->h, &s->key[i]);
        enum statement_role has = m == NULL ? 0 : history_role(m, s->leaf + 1);
        if (i != other_than && has != 0 && (role == 0 || has == role))
            list[count++] = i;
    }
    return count == 0 ? KEYS : list[chance_below(c, count)];
}

static bool any_step(struct scene *s, struct chance *c, struct step *ret, unsigned *next, unsigned *log)
{
    ret->signer = any_standing(s, c, STATEMENT_ADMINISTRATOR, KEYS);
    ret->leaf = s->leaf + 1 + chance_below(c, 5);
    unsigned subject = any_standing(s, c, 0, ret->signer);
    switch (chance_below(c, 3)) {
    case 0:
        if (*next == 20)
            return false;
        ret->st = added(s, (*next)++, (enum statement_role)(1 + chance_below(c, STATEMENT_ROLE_LAST)));
        return true;
    case 1: {
        if (subject == KEYS || *log == KEYS - 1)
            return false;
        const struct history_member *m = history_member_by_key(&s->h, &s->key[subject]);
        bool writes = statement_role_writes(history_role(m, ret->leaf));
        ret->st = revoked(s, subject, writes ? ++*log : 0);
        return true;
    }
    default: {
        if (subject == KEYS)
            return false;
        const struct history_member *m = history_member_by_key(&s->h, &s->key[subject]);
        enum statement_role now = history_role(m, ret->leaf), role = now % STATEMENT_ROLE_LAST + 1;
        bool goes = statement_role_writes(now) && !statement_role_writes(role);
        if (goes && *log == KEYS - 1)
            return false;
        ret->st = turned(s, subject, role, goes ? ++*log : 0);
        return true;
    }
    }
}

enum { CHAIN = 12 };

static size_t any_chain(struct scene *s, struct chance *c, struct step list[CHAIN])
{
    unsigned next = 1, log = LOG;
    size_t count = 0;
    s->leaf = 0;
    for (unsigned tries = 0; tries < 60 && count < CHAIN; tries++)
        if (any_step(s, c, &list[count], &next, &log)) {
            takes(s, list[count].leaf, list[count].signer, &list[count].st);
            count++;
        }
    return count;
}

/* How far a fresh history comes with these events. */
static size_t follow(void **state, const struct step *list, size_t count, struct err *e)
{
    void *fresh = NULL;
    assert_int_equal(setup(&fresh), 0);
    struct scene *s = fresh;
    size_t done = 0;
    (void)state;
    while (done < count && take(s, list[done].leaf, list[done].signer, &list[done].st, e) == 0)
        done++;
    teardown(&fresh);
    return done;
}

/* Any chain of events is followed; with one left out, twice, exchanged or changed, it is not followed past that. */
static void any_chain_of_events(void **state)
{
    struct chance c = {20261127};
    for (int round = 0; round < 60; round++) {
        void *fresh = NULL;
        struct step list[CHAIN], bad[CHAIN + 1];
        struct err e = {0};
        assert_int_equal(setup(&fresh), 0);
        size_t count = any_chain(fresh, &c, list);
        assert_int_equal(follow(state, list, count, &e), count);
        size_t at = chance_below(&c, count - 1);
        memcpy(bad, list, sizeof list); /* left out */
        memmove(bad + at, bad + at + 1, (count - at - 1) * sizeof *bad);
        assert_int_equal(follow(state, bad, count - 1, &e), at);
        assert_non_null(strstr(e.text, "rule event-place"));
        memcpy(bad, list, sizeof list); /* twice */
        memmove(bad + at + 1, bad + at, (count - at) * sizeof *bad);
        bad[at + 1].leaf = count > at + 1 ? list[at + 1].leaf : list[at].leaf + 1;
        assert_int_equal(follow(state, bad, count + 1, &e), at + 1);
        assert_non_null(strstr(e.text, "rule event-place"));
        memcpy(bad, list, sizeof list); /* exchanged */
        bad[at].st = list[at + 1].st;
        bad[at + 1].st = list[at].st;
        assert_int_equal(follow(state, bad, count, &e), at);
        assert_non_null(strstr(e.text, "rule event-place"));
        teardown(&fresh);
    }
}

/* ---- compartments ---- */

static struct statement compartment(struct scene *s, enum statement_kind kind, uint8_t id, unsigned key)
{
    const char *name = kind == STATEMENT_COMPARTMENT ? NULL : s->key[key].name;
    struct statement st = {.kind = kind, .compartment = {.name = name}};
    memset(st.compartment.compartment, id, STATEMENT_ID);
    return placed(s, st);
}

static bool holds(const struct scene *s, unsigned key, size_t at)
{
    const struct history_member *m = history_member_by_key(&s->h, &s->key[key]);
    assert_non_null(m);
    return history_holds(m, at);
}

static void says(struct scene *s, uint64_t leaf, unsigned signer, enum statement_kind kind, uint8_t id, unsigned key)
{
    struct statement st = compartment(s, kind, id, key);
    takes(s, leaf, signer, &st);
}

static void may_not(struct scene *s, uint64_t leaf, unsigned signer, enum statement_kind kind, uint8_t id,
                    unsigned key, const char *rule)
{
    struct statement st = compartment(s, kind, id, key);
    refuses(s, leaf, signer, &st, rule);
}

static void who_holds_what(void **state)
{
    struct scene *s = *state;
    uint8_t id[STATEMENT_ID];
    memset(id, 7, STATEMENT_ID);
    struct statement st = added(s, 1, STATEMENT_ADMINISTRATOR);
    takes(s, 3, 0, &st);
    st = added(s, 2, STATEMENT_AUDITOR);
    takes(s, 4, 0, &st);
    assert_true(holds(s, 0, 0) && holds(s, 1, 0) && !holds(s, 2, 0));
    assert_int_equal(history_compartment(&s->h, id), HISTORY_COMPARTMENTS_MAX);
    may_not(s, 5, 0, STATEMENT_GRANTED, 7, 1, "rule compartment-known");
    may_not(s, 5, 0, STATEMENT_COMPARTMENT, 0, 0, "rule compartment-new"); /* the first one's */
    says(s, 5, 0, STATEMENT_COMPARTMENT, 7, 0);
    assert_int_equal(history_compartment(&s->h, id), 1);
    assert_true(holds(s, 0, 1) && !holds(s, 1, 1) && s->h.compartments[1].leaf == 5);
    may_not(s, 6, 0, STATEMENT_COMPARTMENT, 7, 0, "rule compartment-new");
    may_not(s, 6, 0, STATEMENT_GRANTED, 7, 0, "rule compartment-held");
    may_not(s, 6, 0, STATEMENT_UNGRANTED, 7, 1, "rule compartment-held");
    may_not(s, 6, 0, STATEMENT_GRANTED, 7, 2, "rule compartment-role");
    may_not(s, 6, 0, STATEMENT_GRANTED, 7, 9, "rule event-member");
    says(s, 6, 0, STATEMENT_GRANTED, 7, 1);
    assert_true(holds(s, 1, 1));
    may_not(s, 7, 0, STATEMENT_UNGRANTED, 7, 0, "rule compartment-self");
    says(s, 7, 1, STATEMENT_UNGRANTED, 7, 0);
    assert_true(!holds(s, 0, 1) && holds(s, 0, 0));
    may_not(s, 8, 1, STATEMENT_UNGRANTED, 0, 0, "rule compartment-last");
}

static void names(struct scene *s, uint64_t leaf, unsigned signer, const char *name, bool removed, const char *rule)
{
    struct statement_file_hash file = {.name = name, .bytes = 9, .removed = removed};
    const struct statement st = {.kind = STATEMENT_KEYRING, .keyring = {&file, 1}};
    struct err e = {0};
    int rc = reads(s, leaf, signer, &st, &e);
    if (rc != (rule == NULL ? 0 : ERR_DAMAGED) || (rule != NULL && strstr(e.text, rule) == NULL))
        fail_msg("%s: %s", name, e.text);
}

/* In others' stead nobody names keys: neither what is boxed to, nor what is destroyed. */
static void keys_of_her_own(void **state)
{
    struct scene *s = *state;
    static const char SEVENTH[] = "07070707070707070707070707070707/";
    char own[64], hers[64], box[80], gone[80], hex[9];
    struct statement st = added(s, 1, STATEMENT_INVESTIGATOR);
    takes(s, 3, 0, &st);
    says(s, 5, 0, STATEMENT_COMPARTMENT, 7, 0);
    hex_put(hex, s->key[0].id, 4);
    (void)snprintf(own, sizeof own, "receiving/8-%s", hex);
    (void)snprintf(box, sizeof box, "%swrap-1-%s", SEVENTH, hex);
    (void)snprintf(gone, sizeof gone, "%ssegment-1-1", SEVENTH);
    hex_put(hex, s->key[1].id, 4);
    (void)snprintf(hers, sizeof hers, "receiving/8-%s", hex);
    names(s, 8, 0, own, false, NULL);
    names(s, 8, 0, hers, false, "rule keyring-receiving");
    names(s, 8, 0, hers, true, "rule keyring-receiving");
    names(s, 8, 1, hers, false, NULL);
    names(s, 8, 0, box, false, NULL);
    names(s, 5, 0, box, false, "rule keyring-compartment"); /* not yet */
    names(s, 8, 1, box, false, "rule keyring-compartment");
    names(s, 8, 1, gone, true, "rule keyring-compartment");
    names(s, 8, 1, "history/4", false, NULL);
    says(s, 9, 0, STATEMENT_GRANTED, 7, 1);
    names(s, 10, 1, gone, true, NULL);
}

/* Who stops writing holds nothing any more; who writes again holds the first one alone; sheets hold all. */
static void holding_by_role(void **state)
{
    struct scene *s = *state;
    struct statement st = added(s, 1, STATEMENT_INVESTIGATOR);
    takes(s, 3, 0, &st);
    says(s, 4, 0, STATEMENT_COMPARTMENT, 7, 0);
    says(s, 5, 0, STATEMENT_COMPARTMENT, 8, 0);
    says(s, 6, 0, STATEMENT_GRANTED, 7, 1);
    st = turned(s, 1, STATEMENT_AUDITOR, LOG + 1);
    takes(s, 7, 0, &st);
    assert_true(!holds(s, 1, 0) && !holds(s, 1, 1));
    st = turned(s, 1, STATEMENT_ANALYST, 0);
    takes(s, 8, 0, &st);
    assert_true(holds(s, 1, 0) && !holds(s, 1, 1));
    st = turned(s, 1, STATEMENT_ADMINISTRATOR, 0);
    takes(s, 9, 0, &st);
    says(s, 10, 0, STATEMENT_GRANTED, 8, 1);
    st = revoked(s, 1, LOG + 2);
    takes(s, 11, 0, &st);
    assert_true(!holds(s, 1, 0) && !holds(s, 1, 2));
    st = sheets(s, 20);
    takes(s, 12, 0, &st);
    st = member(s, 5, s->key[0].name);
    takes(s, 13, 20, &st);
    assert_true(holds(s, 5, 0) && holds(s, 5, 1) && holds(s, 5, 2) && !holds(s, 5, 3) && !holds(s, 0, 0));
}

static void compartments_that_fit(void **state)
{
    struct scene *s = *state;
    for (unsigned i = 1; i < HISTORY_COMPARTMENTS_MAX; i++)
        says(s, 10 + i, 0, STATEMENT_COMPARTMENT, (uint8_t)i, 0);
    assert_true(holds(s, 0, HISTORY_COMPARTMENTS_MAX - 1) && !holds(s, 0, HISTORY_COMPARTMENTS_MAX));
    may_not(s, 100, 0, STATEMENT_COMPARTMENT, 200, 0, "rule compartment-new");
    struct statement st = sheets(s, 20);
    takes(s, 101, 0, &st);
    st = member(s, 5, NULL);
    takes(s, 102, 20, &st);
    assert_true(history_member_by_key(&s->h, &s->key[5])->holds == UINT64_MAX);
}

static void a_receiving_key_for_every_epoch(void **state)
{
    struct history_member m = {.receiving = {{.epoch = 3, .key = {3}}, {.epoch = 5, .key = {5}}}};
    static const uint8_t expected[] = {3, 3, 3, 3, 3, 5, 5};
    for (uint64_t epoch = 0; epoch < COUNT(expected); epoch++)
        assert_int_equal(history_receiving(&m, epoch)[0], expected[epoch]);
}

int main(void)
{
#define HISTORY_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define HISTORY_TWO(test) cmocka_unit_test_setup_teardown(test, setup_two, teardown)
    const struct CMUnitTest tests[] = {
        HISTORY_TEST(who_signs_where),
        HISTORY_TEST(newer_sheets_replace_older_ones),
        HISTORY_TEST(once_only),
        HISTORY_TEST(one_of_several_is_replaced),
        HISTORY_TEST(a_place_that_does_not_follow),
        HISTORY_TEST(keys_that_were_there_before),
        HISTORY_TEST(names_of_members),
        HISTORY_TEST(the_id_of_a_set),
        HISTORY_TEST(cosigners_are_events),
        HISTORY_TEST(a_policy_of_another_log),
        HISTORY_TEST(other_kinds_are_no_events),
        HISTORY_TEST(the_table_of_roles),
        HISTORY_TEST(roles_by_leaf),
        HISTORY_TEST(the_log_key_follows),
        HISTORY_TEST(what_is_doubtful),
        HISTORY_TEST(administrators_remain),
        HISTORY_TWO(an_act_needs_two),
        HISTORY_TEST(one_is_enough_where_one_is_needed),
        HISTORY_TWO(a_revocation_by_three),
        HISTORY_TWO(approvals_fall_with_who_gave_them),
        HISTORY_TEST(any_chain_of_events),
        HISTORY_TEST(who_holds_what),
        HISTORY_TEST(keys_of_her_own),
        HISTORY_TEST(holding_by_role),
        HISTORY_TEST(compartments_that_fit),
        HISTORY_TEST(a_receiving_key_for_every_epoch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
