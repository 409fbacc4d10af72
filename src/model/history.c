#include "model/history.h"

#include <assert.h>

static const char SET_PURPOSE[] = "groundwork/recovery-set/v1\n";
#define LLU(number) ((unsigned long long)(number))

void history_release(struct history *h)
{
    for (size_t i = 0; i < h->count; i++)
        free(h->members[i].turns);
    free(h->members);
    free(h->by_id);
    free(h->logs.list);
    free(h->once);
    free(h->proposals);
    free(h->keys);
    free(h->earlier);
    free(h->policy);
    *h = (struct history){0};
}

static void commitment(const uint8_t entry[LEAF_ENTRY], struct hash *ret)
{
    memcpy(ret->b, entry + 1, CRYPT_HASH);
}

/* ---- keys ---- */

/* Where the key stands or belongs among all that were ever named. */
static size_t key_place(const struct history *h, const struct note_key *key)
{
    size_t low = 0, high = h->key_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(h->keys[middle], key->public_key, CRYPT_PUBLIC) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* No key comes back: a former member, or a spent one-time key, would sign again. */
static bool is_fresh(const struct history *h, const struct note_key *key)
{
    size_t i = key_place(h, key);
    return i == h->key_count || memcmp(h->keys[i], key->public_key, CRYPT_PUBLIC) != 0;
}

static size_t id_place(const struct history *h, const uint8_t id[4])
{
    size_t low = 0, high = h->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(h->members[h->by_id[middle]].key.id, id, 4) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct history_member *member_by_id(const struct history *h, const uint8_t id[4])
{
    size_t i = id_place(h, id);
    return i < h->count && memcmp(h->members[h->by_id[i]].key.id, id, 4) == 0 ? &h->members[h->by_id[i]] : NULL;
}

const struct history_member *history_member(const struct history *h, const char *name)
{
    for (size_t i = 0; i < h->count; i++)
        if (strcmp(h->members[i].key.name, name) == 0)
            return &h->members[i];
    return NULL;
}

const struct history_member *history_member_called(const struct history *h, const char *name)
{
    const struct history_member *m = history_member(h, name);
    for (size_t i = 0; m == NULL && i < h->count; i++) {
        const char *slash = strrchr(h->members[i].key.name, '/');
        if (slash != NULL && strcmp(slash + 1, name) == 0)
            m = &h->members[i];
    }
    return m;
}

const struct history_member *history_member_by_key(const struct history *h, const struct note_key *key)
{
    const struct history_member *m = member_by_id(h, key->id);
    return m != NULL && memcmp(m->key.public_key, key->public_key, CRYPT_PUBLIC) == 0 ? m : NULL;
}

static size_t log_place(const struct history_logs *logs, uint64_t leaves)
{
    size_t low = 1, high = logs->count;
    assert(high > 0);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (logs->list[middle].from <= leaves)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

const struct note_key *history_log(const struct history_logs *logs, uint64_t leaves)
{
    return &logs->list[log_place(logs, leaves)].key;
}

const struct note_key *history_log_now(const struct history *h)
{
    return &h->logs.list[h->logs.count - 1].key;
}

/* The number of leaves that a checkpoint names, to be believed when it has been read by a key. */
static uint64_t size_said(struct bytes text)
{
    struct cursor c = cursor_of(text);
    uint64_t size = 0;
    (void)cursor_line(&c);
    return decimal_get(cursor_line(&c), &size) == 0 && !c.failed ? size : 0;
}

int history_checkpoint(struct bytes note, const struct history_logs *logs, enum note_manner manner,
                       struct checkpoint *ret, struct err *e)
{
    OWN(note_drop) struct note n = {0};
    int rc = note_parse(note, &n, e);
    if (rc != 0)
        return rc;
    size_t i = log_place(logs, size_said(n.text));
    if (manner == NOTE_FOREIGN || n.lines != 2 || i == 0)
        return checkpoint_read(note, &logs->list[i].key, manner, ret, e);
    rc = history_turned(note, &logs->list[i - 1].key, &logs->list[i].key, e);
    return rc == 0 ? checkpoint_read(note, &logs->list[i].key, NOTE_FOREIGN, ret, e) : rc;
}

int history_turned(struct bytes note, const struct note_key *before, const struct note_key *after, struct err *e)
{
    OWN(note_drop) struct note n = {0};
    const struct note_key both[] = {*before, *after};
    int rc = note_parse(note, &n, e);
    if (rc == 0 && n.lines != COUNT(both))
        rc = err_set(e, ERR_DAMAGED, "the first checkpoint under a new log key is not signed by both keys");
    return rc == 0 ? note_check(&n, both, COUNT(both), NOTE_STRICT, e) : rc;
}

/* ---- members ---- */

/* What counts at a leaf; NULL: she does not stand there. */
static const struct history_turn *turn_at(const struct history_member *m, uint64_t leaf)
{
    assert(m != NULL);
    size_t i = m->turn_count;
    if (leaf > m->until)
        return NULL;
    while (i > 0 && m->turns[i - 1].from > leaf)
        i--;
    return i == 0 ? NULL : &m->turns[i - 1];
}

enum statement_role history_role(const struct history_member *m, uint64_t leaf)
{
    const struct history_turn *t = turn_at(m, leaf);
    return t == NULL ? 0 : t->role;
}

size_t history_compartment(const struct history *h, const uint8_t id[STATEMENT_ID])
{
    for (size_t i = 0; i < h->compartment_count; i++)
        if (memcmp(h->compartments[i].id, id, STATEMENT_ID) == 0)
            return i;
    return HISTORY_COMPARTMENTS_MAX;
}

static bool has(const struct history_member *m, size_t compartment)
{
    return compartment < HISTORY_COMPARTMENTS_MAX && (m->holds >> compartment & 1) != 0;
}

bool history_holds(const struct history_member *m, size_t compartment)
{
    return has(m, compartment) && statement_role_writes(history_role(m, UINT64_MAX));
}

bool history_held(const struct history_member *m, size_t compartment, uint64_t leaf)
{
    const struct history_turn *t = turn_at(m, leaf);
    return t != NULL && compartment < HISTORY_COMPARTMENTS_MAX && (t->holds >> compartment & 1) != 0 &&
           statement_role_writes(t->role);
}

const uint8_t *history_receiving(const struct history_member *m, uint64_t epoch)
{
    return m->receiving[m->receiving[1].epoch <= epoch ? 1 : 0].key;
}

bool history_is_doubtful(const struct history_member *m, uint64_t leaf)
{
    return m->doubted && leaf >= m->doubtful_from;
}

static size_t standing(const struct history *h, uint64_t leaf, enum statement_role role)
{
    size_t count = 0;
    for (size_t i = 0; i < h->count; i++) {
        enum statement_role has = history_role(&h->members[i], leaf);
        count += has != 0 && (role == 0 || has == role);
    }
    return count;
}

size_t history_administrators(const struct history *h, uint64_t leaf)
{
    return standing(h, leaf, STATEMENT_ADMINISTRATOR);
}

size_t history_needed(const struct history *h, uint64_t leaf)
{
    size_t stand = history_administrators(h, leaf);
    return h->needed < stand ? h->needed : stand;
}

const struct history_proposal *history_proposal(const struct history *h, uint64_t leaf)
{
    size_t low = 0, high = h->proposal_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (h->proposals[middle].leaf < leaf)
            low = middle + 1;
        else
            high = middle;
    }
    return low < h->proposal_count && h->proposals[low].leaf == leaf ? &h->proposals[low] : NULL;
}

static bool administers(const struct history *h, size_t member, uint64_t leaf)
{
    return history_role(&h->members[member], leaf) == STATEMENT_ADMINISTRATOR;
}

size_t history_approvers(const struct history *h, const struct history_proposal *p, uint64_t leaf)
{
    size_t count = 0;
    if (!administers(h, p->by[0], leaf)) /* it falls with who made it */
        return 0;
    for (size_t i = 0; i < p->count; i++)
        count += administers(h, p->by[i], leaf);
    return count;
}

/* ---- beginning ---- */

/* The list with room for so many, or NULL. */
static void *grown(void *list, size_t room, size_t size, struct err *e)
{
    void *more = reallocarray(list, room, size);
    if (more == NULL)
        (void)err_memory(e);
    return more;
}

#define GROW(list, room, e)                                                                                            \
    do {                                                                                                               \
        void *more_ = grown((list), (room), sizeof *(list), (e));                                                      \
        if (more_ == NULL)                                                                                             \
            return ERR_IO;                                                                                             \
        (list) = more_;                                                                                                \
    } while (0)

/* Room for one more of everything, so that what follows cannot fail half way: an event adds one of each at most. */
static int room_make(struct history *h, struct err *e)
{
    enum { FIRST = 8, SPARE = 4 };
    if (h->events + SPARE <= h->room)
        return 0;
    size_t room = h->room * 2 + FIRST;
    GROW(h->members, room, e);
    GROW(h->by_id, room, e);
    GROW(h->logs.list, room, e);
    GROW(h->once, room, e);
    GROW(h->proposals, room, e);
    GROW(h->keys, room, e);
    GROW(h->earlier, room, e);
    h->room = room;
    return 0;
}

static void key_add(struct history *h, const struct note_key *key)
{
    size_t i = key_place(h, key);
    memmove(h->keys + i + 1, h->keys + i, (h->key_count - i) * sizeof *h->keys);
    memcpy(h->keys[i], key->public_key, CRYPT_PUBLIC);
    h->key_count++;
}

/* ${turn}: her first role, allocated; the history's from here on. */
static void member_add(struct history *h, const struct history_member *m, struct history_turn *turn)
{
    size_t i = id_place(h, m->key.id);
    memmove(h->by_id + i + 1, h->by_id + i, (h->count - i) * sizeof *h->by_id);
    h->by_id[i] = h->count;
    h->members[h->count] = *m;
    h->members[h->count].turns = turn;
    turn->holds = m->holds;
    h->members[h->count].turn_count = 1;
    h->members[h->count].until = UINT64_MAX;
    h->count++;
    key_add(h, &m->key);
}

static struct history_turn *turn_new(uint64_t from, enum statement_role role, struct err *e)
{
    struct history_turn *t = malloc(sizeof *t);
    if (t == NULL)
        (void)err_memory(e);
    else
        *t = (struct history_turn){from, role, 0};
    return t;
}

/* One more for who is there already; what she holds is said by then. */
static int turn_next(struct history_member *m, uint64_t from, enum statement_role role, struct err *e)
{
    struct history_turn *turns = reallocarray(m->turns, m->turn_count + 1, sizeof *turns);
    if (turns == NULL)
        return err_memory(e);
    m->turns = turns;
    m->turns[m->turn_count++] = (struct history_turn){from, role, m->holds};
    return 0;
}

int history_begin(struct history *h, const struct statement_founded *founded, const uint8_t entry[LEAF_ENTRY],
                  struct err *e)
{
    history_release(h);
    int rc = room_make(h, e);
    struct history_turn *turn = rc == 0 ? turn_new(0, STATEMENT_ADMINISTRATOR, e) : NULL;
    if (turn == NULL)
        return ERR_IO;
    struct history_member m = {.key = founded->member, .holds = 1, .held = 1};
    memcpy(h->compartments[h->compartment_count++].id, founded->compartment, STATEMENT_ID);
    memcpy(m.box, founded->member_box, CRYPT_PUBLIC);
    memcpy(m.receiving, founded->receiving, sizeof m.receiving);
    crypt_sha256(bytes_of(entry, LEAF_ENTRY), &h->pin);
    commitment(entry, &h->last);
    memcpy(h->origin, founded->log.name, sizeof h->origin);
    h->needed = founded->administrators > 0 ? founded->administrators : 1;
    h->logs.list[h->logs.count++] = (struct history_log){0, founded->log};
    member_add(h, &m, turn);
    key_add(h, &founded->log);
    return 0;
}

bool history_is_event(enum statement_kind kind)
{
    return statement_is_act(kind) || kind == STATEMENT_MEMBER || kind == STATEMENT_PROPOSED ||
           kind == STATEMENT_APPROVED;
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


/* ---- who signed ---- */

static const struct history_once *once_at(const struct history *h, uint64_t leaf)
{
    size_t i = h->once_count;
    while (i > 0 && h->once[i - 1].after >= leaf)
        i--;
    return i > 0 && leaf <= h->once[i - 1].until ? &h->once[i - 1] : NULL;
}

/* The member who must have signed, by the one signature line; NULL: no member. */
static const struct history_member *signer_find(const struct history *h, const struct note *note)
{
    return note->lines == 1 ? member_by_id(h, note->line[0].id) : NULL;
}

static int signer_rule(const struct history_member *m, uint64_t leaf, enum statement_kind kind, struct err *e)
{
    enum statement_role role = history_role(m, leaf);
    if (role == 0 && leaf > m->until)
        return err_set(e, ERR_DAMAGED, "rule signer-standing: %s signs nothing behind leaf %llu", m->key.name,
                       LLU(m->until));
    if (role == 0)
        return err_set(e, ERR_DAMAGED, "rule signer-standing: %s signs nothing up to leaf %llu", m->key.name,
                       LLU(m->at));
    if (kind != STATEMENT_FOUNDED && kind != STATEMENT_MEMBER && !statement_role_may(role, kind))
        return err_set(e, ERR_DAMAGED, "rule signer-role: %s is %s here and may not sign \"%s\"", m->key.name,
                       statement_role_name(role), statement_kind_name(kind));
    return 0;
}

/* Below its folder are a compartment's files; false: a name of another kind. */
static bool compartment_of(const char *name, uint8_t ret[STATEMENT_ID])
{
    enum { HEX = 2 * STATEMENT_ID };
    return strlen(name) > HEX && name[HEX] == '/' && hex_get(bytes_of(name, HEX), ret, STATEMENT_ID) == 0;
}

/*
 * Files of the keyring: of compartments that she holds, and receiving keys of her own.  Else whoever may write could
 * name in others' stead what their programs then box to, replace or destroy.
 */
static int keyring_rule(const struct history *h, uint64_t leaf, const struct history_member *m,
                        const struct statement *st, struct err *e)
{
    static const char FOLDER[] = "receiving/";
    for (size_t i = 0; st->kind == STATEMENT_KEYRING && i < st->keyring.count; i++) {
        const char *name = st->keyring.files[i].name, *dash = strchr(name, '-');
        uint8_t id[STATEMENT_ID];
        char hex[9];
        hex_put(hex, m->key.id, 4);
        if (strncmp(name, FOLDER, strlen(FOLDER)) == 0 && (dash == NULL || strcmp(dash + 1, hex) != 0))
            return err_set(e, ERR_DAMAGED, "rule keyring-receiving: %s names a receiving key that is not hers",
                           m->key.name);
        if (compartment_of(name, id) && !history_held(m, history_compartment(h, id), leaf))
            return err_set(e, ERR_DAMAGED, "rule keyring-compartment: %s names keys of a compartment that she does "
                                           "not hold", m->key.name);
    }
    return 0;
}

int history_read(const struct history *h, const struct history_reading *what, struct statement_held **held,
                 struct statement *ret, const struct history_member **ret_signer, struct err *e)
{
    OWN(note_drop) struct note note = {0};
    const struct history_once *once = once_at(h, what->leaf);
    struct note_key keys[2] = {0};
    bool is_note = !statement_is_unsigned(what->bytes) && what->bytes.n <= LEAF_STATEMENT_MAX;
    int rc = is_note ? note_parse(what->bytes, &note, e) : 0;
    if (rc != 0)
        return err_add(e, rc, "statement");
    const struct history_member *signer = is_note ? signer_find(h, &note) : NULL;
    if (signer != NULL)
        keys[0] = signer->key;
    if (once != NULL)
        keys[1] = once->key;
    const struct statement_parsed parsed = {
        what->bytes, what->values, is_note ? &note : NULL, what->secret, what->salts, what->owed};
    rc = statement_read_parsed(&parsed, keys, once != NULL && what->salts == NULL ? 2 : 1, held, ret, e);
    if (rc == 0 && signer != NULL)
        rc = signer_rule(signer, what->leaf, ret->kind, e);
    if (rc == 0 && signer != NULL)
        rc = keyring_rule(h, what->leaf, signer, ret, e);
    if (rc == 0 && ret_signer != NULL)
        *ret_signer = signer;
    return rc;
}

/* ---- what an event must keep to ---- */

static int event_rule(const struct history *h, uint64_t leaf, const struct statement_event *v, struct err *e)
{
    if (h->events == HISTORY_EVENTS_MAX)
        return err_set(e, ERR_DAMAGED, "rule event-count: more than %d key events", HISTORY_EVENTS_MAX);
    if (leaf <= h->last_leaf || v->number != h->events + 1 || !hash_equal(&v->prev, &h->last))
        return err_set(e, ERR_DAMAGED, "rule event-place: the key event does not follow the one before");
    return 0;
}

static int key_rule(const struct history *h, const struct note_key *key, struct err *e)
{
    return is_fresh(h, key) ? 0
                            : err_set(e, ERR_DAMAGED,
                                      "rule event-key: a key that was registered before is no new one");
}

/* <origin>/m/<8 hex>, and no other of that name or id: files are named by it, and events name her by it. */
static int member_key_rule(const struct history *h, const struct note_key *key, struct err *e)
{
    size_t n = strlen(h->origin);
    const char *p = key->name;
    bool good = strncmp(p, h->origin, n) == 0 && strncmp(p + n, "/m/", 3) == 0 && strlen(p + n + 3) == 8 &&
                strspn(p + n + 3, "0123456789abcdef") == 8;
    int rc = key_rule(h, key, e);
    if (rc == 0 && (!good || history_member(h, key->name) != NULL || member_by_id(h, key->id) != NULL))
        rc = err_set(e, ERR_DAMAGED, "rule event-name: a member's key is named %s/m/ and eight hex digits of its own",
                     h->origin);
    return rc;
}

/* Who is written of: a member that stands. */
static int subject_find(const struct history *h, uint64_t leaf, const char *name, const struct history_member **ret,
                        struct err *e)
{
    *ret = history_member(h, name);
    if (*ret == NULL || history_role(*ret, leaf) == 0)
        return err_set(e, ERR_DAMAGED, "rule event-member: %s is no member here", name);
    return 0;
}

/* What is left when ${m} has this role (0: none), as the act says. */
struct turning {
    const struct history_member *member, *signer;
    enum statement_role role;
    bool log_known;
    const struct note_key *log;
    bool proposed; /* the log key is drawn by whoever acts */
};

static int log_rule(const struct history *h, const struct turning *t, bool loses, struct err *e)
{
    if (t->proposed)
        return 0;
    if (loses != t->log_known)
        return err_set(e, ERR_DAMAGED, loses ? "rule event-log: a writer goes, and no new log key is named"
                                             : "rule event-log: a new log key is named, and no writer goes");
    if (!loses)
        return 0;
    if (strcmp(t->log->name, h->origin) != 0 || h->logs.count == HISTORY_LOGS_MAX)
        return err_set(e, ERR_DAMAGED, "rule event-log: the log key has the log's name, and at most %d follow each "
                                       "other", HISTORY_LOGS_MAX);
    return key_rule(h, t->log, e);
}

static int turning_rule(const struct history *h, uint64_t leaf, const struct turning *t, struct err *e)
{
    enum statement_role now = history_role(t->member, leaf);
    size_t administrators = history_administrators(h, leaf);
    bool loses = statement_role_writes(now) && !statement_role_writes(t->role);
    administrators += t->role == STATEMENT_ADMINISTRATOR;
    administrators -= now == STATEMENT_ADMINISTRATOR;
    if (administrators == 0 || administrators > STATEMENT_ADMINISTRATORS_MAX)
        return err_set(e, ERR_DAMAGED, "rule event-administrators: 1 to %d administrators stand at any time",
                       STATEMENT_ADMINISTRATORS_MAX);
    if (now == t->role)
        return err_set(e, ERR_DAMAGED, "rule event-role: %s has that role already", t->member->key.name);
    if (loses && !t->proposed && t->signer == t->member) /* she could not sign what follows in the record */
        return err_set(e, ERR_DAMAGED, "rule event-self: who signs no more is written off by another administrator");
    return log_rule(h, t, loses, e);
}

static int recovery_rule(const struct history *h, uint64_t leaf, const struct statement_recovery *r, struct err *e)
{
    uint8_t set[STATEMENT_ID];
    history_set(&h->pin, r, set);
    if (memcmp(set, r->set, STATEMENT_ID) != 0 || r->leaves > leaf)
        return err_set(e, ERR_DAMAGED, "rule recovery-set: the set of sheets has not the id that follows from it");
    return key_rule(h, &r->key, e);
}

static int policy_read(const struct history *h, const struct statement *s, struct policy **ret, struct err *e)
{
    OWN(mem_drop) struct policy *p = calloc(1, sizeof *p);
    if (p == NULL)
        return err_memory(e);
    int rc = policy_parse(bytes_text(s->cosigners.policy), p, e);
    if (rc != 0)
        return rc;
    const struct note_key *log = history_log_now(h);
    if (p->logs != 1 || strcmp(p->log[0].name, log->name) != 0 ||
        memcmp(p->log[0].public_key, log->public_key, CRYPT_PUBLIC) != 0)
        return err_set(e, ERR_DAMAGED, "rule cosigners-log: the policy is of another log");
    *ret = TAKE(p);
    return 0;
}

static int added_rule(const struct history *h, uint64_t leaf, const struct statement_added *a, struct err *e)
{
    if (a->role == STATEMENT_ADMINISTRATOR && history_administrators(h, leaf) == STATEMENT_ADMINISTRATORS_MAX)
        return err_set(e, ERR_DAMAGED, "rule event-administrators: 1 to %d administrators stand at any time",
                       STATEMENT_ADMINISTRATORS_MAX);
    return member_key_rule(h, &a->key, e);
}

static int turned_rule(const struct history *h, const struct history_event *v, const struct statement *act,
                       struct err *e)
{
    bool revoked = act->kind == STATEMENT_REVOKED;
    struct turning t = {.signer = v->signer,
                        .role = revoked ? 0 : act->role.role,
                        .log_known = revoked ? act->revoked.log_known : act->role.log_known,
                        .log = revoked ? &act->revoked.log : &act->role.log,
                        .proposed = v->statement->kind == STATEMENT_PROPOSED};
    int rc = subject_find(h, v->leaf, revoked ? act->revoked.name : act->role.name, &t.member, e);
    if (rc == 0 && revoked && act->revoked.doubted && act->revoked.doubtful_from > v->leaf)
        rc = err_set(e, ERR_DAMAGED, "rule revoked-doubtful: what was not signed yet is not doubtful");
    return rc == 0 ? turning_rule(h, v->leaf, &t, e) : rc;
}

static int compartment_new_rule(const struct history *h, size_t at, struct err *e)
{
    if (at != HISTORY_COMPARTMENTS_MAX || h->compartment_count == HISTORY_COMPARTMENTS_MAX)
        return err_set(e, ERR_DAMAGED,
                       "rule compartment-new: a compartment has an id of its own, and there are at most %d",
                       HISTORY_COMPARTMENTS_MAX);
    return 0;
}

/* Nobody is left without any: who should read nothing is given another role, or revoked. */
static int compartment_lost_rule(const struct history_event *v, const struct history_member *m, size_t at,
                                 struct err *e)
{
    if (m->holds == (uint64_t)1 << at)
        return err_set(e, ERR_DAMAGED, "rule compartment-last: %s holds no other compartment: revoke her, or give her "
                                       "another role", m->key.name);
    if (v->statement->kind != STATEMENT_PROPOSED && v->signer == m)
        return err_set(e, ERR_DAMAGED, "rule compartment-self: who reads no more is written off by another "
                                       "administrator");
    return 0;
}

static int compartment_rule(const struct history *h, const struct history_event *v, const struct statement *act,
                            struct err *e)
{
    const struct statement_compartment *x = &act->compartment;
    const struct history_member *m;
    size_t at = history_compartment(h, x->compartment);
    bool granted = act->kind == STATEMENT_GRANTED;
    if (act->kind == STATEMENT_COMPARTMENT)
        return compartment_new_rule(h, at, e);
    if (at == HISTORY_COMPARTMENTS_MAX)
        return err_set(e, ERR_DAMAGED, "rule compartment-known: there is no such compartment here");
    int rc = subject_find(h, v->leaf, x->name, &m, e);
    if (rc != 0)
        return rc;
    if (!statement_role_writes(history_role(m, v->leaf)))
        return err_set(e, ERR_DAMAGED, "rule compartment-role: %s is %s, and holds no compartment", m->key.name,
                       statement_role_name(history_role(m, v->leaf)));
    if (granted == has(m, at))
        return err_set(e, ERR_DAMAGED,
                       granted ? "rule compartment-held: %s holds that compartment already"
                               : "rule compartment-held: %s does not hold that compartment", m->key.name);
    return granted ? 0 : compartment_lost_rule(v, m, at, e);
}

static int act_rule(const struct history *h, const struct history_event *v, const struct statement *act, struct err *e)
{
    OWN(mem_drop) struct policy *p = NULL;
    switch (act->kind) {
    case STATEMENT_ADDED: return added_rule(h, v->leaf, &act->added, e);
    case STATEMENT_RECOVERY: return recovery_rule(h, v->leaf, &act->recovery, e);
    case STATEMENT_COSIGNERS: return policy_read(h, act, &p, e);
    case STATEMENT_COMPARTMENT:
    case STATEMENT_GRANTED:
    case STATEMENT_UNGRANTED: return compartment_rule(h, v, act, e);
    default: return turned_rule(h, v, act, e);
    }
}

/* ---- several administrators ---- */

static bool spoke(const struct history_proposal *p, uint64_t leaf)
{
    for (size_t i = 1; i < p->count; i++)
        if (p->leaves[i] == leaf)
            return true;
    return false;
}

/* Every approval that an act names must still count when it is made. */
static int approvals_rule(const struct history *h, uint64_t leaf, const struct statement_by *by,
                          const struct history_proposal *p, struct err *e)
{
    for (size_t i = 0; i < by->count; i++)
        if (!spoke(p, by->approvals[i]))
            return err_set(e, ERR_DAMAGED, "rule event-approvals: leaf %llu is no approval of this",
                           LLU(by->approvals[i]));
    for (size_t i = 0; i < p->count; i++) {
        bool named = i == 0;
        for (size_t k = 0; k < by->count; k++)
            named = named || by->approvals[k] == p->leaves[i];
        if (named && !administers(h, p->by[i], leaf))
            return err_set(e, ERR_DAMAGED, "rule event-approvals: %s is no administrator any more",
                           h->members[p->by[i]].key.name);
    }
    return 0;
}

static int by_rule(const struct history *h, const struct history_event *v, const struct statement_by *by,
                   struct err *e)
{
    size_t needed = history_needed(h, v->leaf);
    struct hash act;
    if (needed <= 1 && by->said)
        return err_set(e, ERR_DAMAGED, "rule event-approvals: one administrator is enough here");
    if (needed <= 1)
        return 0;
    const struct history_proposal *p = by->said ? history_proposal(h, by->proposal) : NULL;
    if (p == NULL || p->done || 1 + by->count < needed)
        return err_set(e, ERR_DAMAGED, "rule event-approvals: %zu administrators are needed", needed);
    int rc = statement_act_hash(v->statement, &act, e);
    if (rc == 0 && !hash_equal(&act, &p->act))
        rc = err_set(e, ERR_DAMAGED, "rule event-proposal: it is not what was proposed");
    return rc == 0 ? approvals_rule(h, v->leaf, by, p, e) : rc;
}

static int approved_rule(const struct history *h, const struct history_event *v, struct err *e)
{
    const struct statement_approved *a = &v->statement->approved;
    const struct history_proposal *p = history_proposal(h, a->proposal);
    if (p == NULL || p->done || !hash_equal(&a->commitment, &p->commitment))
        return err_set(e, ERR_DAMAGED, "rule approved-proposal: there is no such proposal that waits");
    for (size_t i = 0; i < p->count; i++)
        if (&h->members[p->by[i]] == v->signer)
            return err_set(e, ERR_DAMAGED, "rule approved-once: %s spoke for it already", v->signer->key.name);
    if (p->count == COUNT(p->by))
        return err_set(e, ERR_DAMAGED, "rule approved-once: more approvals than administrators can be");
    return 0;
}

static int member_rule(const struct history *h, uint64_t leaf, const struct statement_member *m,
                       const struct history_member **ret, struct err *e)
{
    if (!h->sheets.known || h->sheets.spent || memcmp(h->sheets.set, m->set, STATEMENT_ID) != 0)
        return err_set(e, ERR_DAMAGED, "rule member-set: its sheets are not those that may replace a member here");
    *ret = NULL;
    for (size_t i = 0; i < h->count; i++)
        if (history_role(&h->members[i], leaf) == STATEMENT_ADMINISTRATOR &&
            (m->replaces == NULL || strcmp(h->members[i].key.name, m->replaces) == 0))
            *ret = &h->members[i];
    if (*ret == NULL || (m->replaces == NULL && standing(h, leaf, 0) != 1))
        return err_set(e, ERR_DAMAGED, "rule member-replaces: it does not say which administrator is replaced");
    return member_key_rule(h, &m->key, e);
}

int history_check(const struct history *h, const struct history_event *v, struct err *e)
{
    const struct statement *s = v->statement;
    const struct history_member *replaced;
    struct statement_event event;
    if (!statement_event_get(s, &event))
        return 0;
    int rc = event_rule(h, v->leaf, &event, e);
    if (rc != 0)
        return rc;
    if (s->kind == STATEMENT_MEMBER)
        return member_rule(h, v->leaf, &s->member, &replaced, e);
    assert(v->signer != NULL);
    if (s->kind == STATEMENT_APPROVED)
        return approved_rule(h, v, e);
    if (s->kind == STATEMENT_PROPOSED)
        return act_rule(h, v, s->proposed.act, e);
    rc = act_rule(h, v, s, e);
    return rc == 0 ? by_rule(h, v, &event.by, e) : rc;
}

/* ---- taking ---- */

static void take_recovery(struct history *h, const struct history_event *v)
{
    const struct statement_recovery *r = &v->statement->recovery;
    if (h->sheets.known)
        memcpy(h->earlier[h->earlier_count++], h->sheets.set, STATEMENT_ID);
    if (h->sheets.known && !h->sheets.spent)
        h->once[h->once_count - 1].until = v->leaf;
    h->sheets = (struct history_sheets){.known = true,
                                        .leaf = v->leaf,
                                        .at_unix_s = v->statement->at_unix_s,
                                        .key = r->key,
                                        .epoch = r->epoch,
                                        .needed = r->needed,
                                        .count = (uint32_t)r->share_count};
    memcpy(h->sheets.receiving, r->receiving, CRYPT_PUBLIC);
    memcpy(h->sheets.set, r->set, STATEMENT_ID);
    memcpy(h->sheets.shares, r->shares, r->share_count * sizeof h->sheets.shares[0]);
    h->once[h->once_count++] = (struct history_once){v->leaf, UINT64_MAX, r->key};
    key_add(h, &r->key);
}

static struct history_member *mine(struct history *h, const struct history_member *m)
{
    assert(m != NULL); /* the rules have found it */
    return &h->members[m - h->members];
}

/* Who stops writing reads nothing any more, who begins to reads the first compartment. */
static void reads_by_role(struct history_member *m, enum statement_role role, uint64_t leaf)
{
    bool wrote = statement_role_writes(history_role(m, leaf)), writes = statement_role_writes(role);
    if (wrote != writes)
        m->holds = writes ? 1 : 0;
    m->held |= m->holds;
}

/* The sheets open every compartment, and so does she who came by them. */
static uint64_t all_of_them(const struct history *h)
{
    return h->compartment_count == HISTORY_COMPARTMENTS_MAX ? UINT64_MAX : ((uint64_t)1 << h->compartment_count) - 1;
}

static int take_compartment(struct history *h, const struct history_event *v, struct err *e)
{
    const struct statement_compartment *x = &v->statement->compartment;
    size_t at = history_compartment(h, x->compartment);
    struct history_member *m = mine(h, x->name == NULL ? v->signer : history_member(h, x->name));
    if (v->statement->kind == STATEMENT_COMPARTMENT) {
        at = h->compartment_count++;
        h->compartments[at] = (struct history_compartment){.leaf = v->leaf};
        memcpy(h->compartments[at].id, x->compartment, STATEMENT_ID);
    }
    if (v->statement->kind == STATEMENT_UNGRANTED)
        m->holds &= ~((uint64_t)1 << at);
    else
        m->holds |= (uint64_t)1 << at;
    m->held |= m->holds;
    return turn_next(m, v->leaf + 1, history_role(m, v->leaf + 1), e);
}

static int take_member(struct history *h, const struct history_event *v, struct err *e)
{
    const struct statement_member *s = &v->statement->member;
    const struct history_member *replaced = NULL;
    struct history_member m = {.key = s->key, .at = v->leaf, .holds = all_of_them(h), .held = all_of_them(h)};
    int rc = member_rule(h, v->leaf, s, &replaced, e);
    struct history_turn *turn = rc == 0 ? turn_new(v->leaf + 1, STATEMENT_ADMINISTRATOR, e) : NULL;
    if (turn == NULL)
        return rc == 0 ? ERR_IO : rc;
    assert(replaced != NULL);
    memcpy(m.box, s->box, CRYPT_PUBLIC);
    memcpy(m.receiving, s->receiving, sizeof m.receiving);
    mine(h, replaced)->until = v->leaf;
    mine(h, replaced)->replaced = true;
    mine(h, replaced)->holds = 0;
    h->sheets.spent = true;
    h->once[h->once_count - 1].until = v->leaf;
    member_add(h, &m, turn);
    return 0;
}

static int take_added(struct history *h, const struct history_event *v, struct err *e)
{
    const struct statement_added *s = &v->statement->added;
    const uint64_t holds = statement_role_writes(s->role);
    struct history_member m = {.key = s->key, .at = v->leaf, .added = true, .holds = holds, .held = holds};
    struct history_turn *turn = turn_new(v->leaf + 1, s->role, e);
    if (turn == NULL)
        return ERR_IO;
    memcpy(m.box, s->box, CRYPT_PUBLIC);
    memcpy(m.receiving, s->receiving, sizeof m.receiving);
    member_add(h, &m, turn);
    return 0;
}

static void log_add(struct history *h, uint64_t leaf, bool known, const struct note_key *log)
{
    if (!known)
        return;
    h->logs.list[h->logs.count++] = (struct history_log){leaf + 1, *log};
    key_add(h, log);
}

static int take_role(struct history *h, const struct history_event *v, struct err *e)
{
    const struct statement_role_said *s = &v->statement->role;
    struct history_member *m = mine(h, history_member(h, s->name));
    reads_by_role(m, s->role, v->leaf);
    int rc = turn_next(m, v->leaf + 1, s->role, e);
    if (rc != 0)
        return rc;
    log_add(h, v->leaf, s->log_known, &s->log);
    return 0;
}

static void take_revoked(struct history *h, const struct history_event *v)
{
    const struct statement_revoked *s = &v->statement->revoked;
    struct history_member *m = mine(h, history_member(h, s->name));
    m->holds = 0;
    m->until = v->leaf;
    m->reason = s->reason;
    m->doubted = s->doubted;
    m->doubtful_from = s->doubtful_from;
    log_add(h, v->leaf, s->log_known, &s->log);
}

/* Who signs statements stays: a cosigner signs none. */
static int take_cosigners(struct history *h, const struct history_event *v, struct err *e)
{
    struct policy *p = NULL;
    int rc = policy_read(h, v->statement, &p, e);
    if (rc != 0)
        return rc;
    free(h->policy);
    h->policy = p;
    h->policy_leaf = v->leaf;
    return 0;
}

static int take_proposed(struct history *h, const struct history_event *v, struct err *e)
{
    struct history_proposal *p = &h->proposals[h->proposal_count];
    const struct statement *act = v->statement->proposed.act;
    *p = (struct history_proposal){.leaf = v->leaf, .kind = act->kind, .count = 1};
    p->by[0] = (size_t)(v->signer - h->members);
    p->leaves[0] = v->leaf;
    commitment(v->entry, &p->commitment);
    int rc = statement_act_hash(act, &p->act, e);
    h->proposal_count += rc == 0;
    return rc;
}

static void take_approved(struct history *h, const struct history_event *v)
{
    const struct history_proposal *found = history_proposal(h, v->statement->approved.proposal);
    assert(found != NULL); /* the rules have found it */
    struct history_proposal *p = &h->proposals[found - h->proposals];
    p->by[p->count] = (size_t)(v->signer - h->members);
    p->leaves[p->count++] = v->leaf;
}

static int take_kind(struct history *h, const struct history_event *v, struct err *e)
{
    switch (v->statement->kind) {
    case STATEMENT_RECOVERY: take_recovery(h, v); return 0;
    case STATEMENT_REVOKED: take_revoked(h, v); return 0;
    case STATEMENT_APPROVED: take_approved(h, v); return 0;
    case STATEMENT_COMPARTMENT:
    case STATEMENT_GRANTED:
    case STATEMENT_UNGRANTED: return take_compartment(h, v, e);
    case STATEMENT_MEMBER: return take_member(h, v, e);
    case STATEMENT_ADDED: return take_added(h, v, e);
    case STATEMENT_ROLE: return take_role(h, v, e);
    case STATEMENT_PROPOSED: return take_proposed(h, v, e);
    default: return take_cosigners(h, v, e);
    }
}

int history_take(struct history *h, const struct history_event *v, struct err *e)
{
    struct statement_event event;
    if (!statement_event_get(v->statement, &event))
        return 0;
    int rc = history_check(h, v, e);
    struct history_event moved = *v;
    size_t signer = v->signer == NULL ? 0 : (size_t)(v->signer - h->members);
    if (rc == 0)
        rc = room_make(h, e);
    if (v->signer != NULL)
        moved.signer = &h->members[signer];
    if (rc == 0)
        rc = take_kind(h, &moved, e);
    if (rc != 0)
        return err_add(e, rc, "leaf %llu", LLU(v->leaf));
    if (event.by.said) {
        const struct history_proposal *p = history_proposal(h, event.by.proposal);
        assert(p != NULL); /* the rules have found it */
        h->proposals[p - h->proposals].done = true;
    }
    h->events++;
    h->last_leaf = v->leaf;
    commitment(v->entry, &h->last);
    return 0;
}
