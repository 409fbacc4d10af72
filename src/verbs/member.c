/* Members: who asks to join, who is added, in which role, who goes, and what others must approve. */
#include "verbs/verbs_internal.h"

#include "paper/paper.h"

#include <inttypes.h>
#include <stdio.h>

enum { OPTION_OUT, OPTION_ROLE, OPTION_NAME, OPTION_CONFIRM, OPTION_REASON, OPTION_DOUBTFUL, OPTION_NAMES };

/* ---- fingerprints ---- */

/* The first bytes of SHA-256 over the verification key, as words that can be read out. */
static void fingerprint(const struct note_key *key, uint8_t ret[PAPER_LINE])
{
    struct hash digest;
    char vkey[NOTE_VKEY_MAX];
    note_key_text(key, vkey);
    crypt_sha256(bytes_text(vkey), &digest);
    memcpy(ret, digest.b, PAPER_LINE);
}

static void fingerprint_words(const struct note_key *key, enum paper_letters letters, struct buf *to)
{
    uint8_t bytes[PAPER_LINE];
    fingerprint(key, bytes);
    paper_line(1, bytes, letters, to);
}

static int fingerprint_is(const struct note_key *key, const char *words, struct err *e)
{
    uint8_t own[PAPER_LINE], given[PAPER_LINE];
    fingerprint(key, own);
    int rc = paper_line_read(1, bytes_text(words), given, e);
    if (rc != 0)
        return err_add(e, ERR_USAGE, "the fingerprint, as typed");
    return memcmp(own, given, PAPER_LINE) == 0
               ? 0
               : err_set(e, ERR_REFUSED, "these are the words of another key than the request's: nothing was done. "
                                         "Ask her again, by a way that you trust");
}

static void say_fingerprint(const struct verbs_face *face, const struct note_key *key)
{
    OWN(buf_drop) struct buf latin = {0}, hangul = {0};
    fingerprint_words(key, PAPER_LATIN, &latin);
    fingerprint_words(key, PAPER_HANGUL, &hangul);
    verbs_say(face, "  Fingerprint: %s", buf_text(&latin));
    verbs_say(face, "               %s", buf_text(&hangul));
}

static void json_fingerprint(struct json_out *j, const struct note_key *key)
{
    OWN(buf_drop) struct buf latin = {0};
    fingerprint_words(key, PAPER_LATIN, &latin);
    verbs_json_text(j, "fingerprint", buf_text(&latin));
}

/* ---- request ---- */

/* Keys for the present epoch, which is as many as there were log keys, and for the next. */
static int identity_make(struct store *s, struct keyring_identity *ret, struct err *e)
{
    struct store_facts f;
    store_facts(s, &f);
    int rc = keyring_identity_make(f.origin, ret, e);
    if (rc != 0)
        return rc;
    memcpy(ret->holdings[0].compartment, f.founded->compartment, KEYRING_ID);
    for (size_t i = 0; i < KEYRING_EPOCHS; i++)
        ret->holdings[0].seeds[i].epoch = f.logs->count + i;
    ret->pin = f.pin;
    ret->checkpoint_size = f.position.leaves;
    ret->checkpoint_root = f.position.root;
    return 0;
}

static int request_files(const struct verbs_request *request, const struct verbs_face *face,
                         const struct store_place *place, const struct keyring_identity *id, struct file_path *ret_key,
                         struct err *e)
{
    OWN(buf_wipe) struct buf passphrase = {0};
    OWN(buf_drop) struct buf text = {0};
    const char *out = request->arguments[1];
    int rc = store_key_path_of(place, &id->pin, id->member.name, ret_key, e);
    if (rc == 0 && file_exists(out))
        rc = err_set(e, ERR_REFUSED, "%s is there already: name another file", out);
    if (rc == 0)
        rc = keyring_request_put(id, &text, e);
    if (rc == 0)
        rc = verbs_ask_fresh((void *)(uintptr_t)face, &passphrase, e);
    if (rc == 0 && place->key_path == NULL)
        rc = file_make_folders(place->config_folder, e);
    if (rc == 0)
        rc = keyring_identity_save(ret_key->s, id, buf_bytes(&passphrase), false, e);
    if (rc != 0)
        return rc;
    rc = file_create(out, buf_bytes(&text), 0644, e);
    if (rc != 0)
        (void)file_remove(ret_key->s, NULL);
    return rc;
}

static int member_request(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(keyring_identity_drop) struct keyring_identity id = {0};
    struct verbs_place place;
    struct file_path key;
    int rc = verbs_outside(request, request->arguments[1], e);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_PUBLIC, 0, &place, &s, e);
    if (rc == 0)
        rc = identity_make(s, &id, e);
    if (rc == 0)
        rc = request_files(request, face, &place.place, &id, &key, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL) {
        json_fingerprint(face->json, &id.member);
        verbs_json_text(face->json, "key", id.member.name);
        verbs_json_text(face->json, "key_file", key.s);
        verbs_json_text(face->json, "request", request->arguments[1]);
        return 0;
    }
    verbs_say(face, "You ask to join as %s.", id.member.name);
    say_fingerprint(face, &id.member);
    verbs_say(face, "  Key file: %s", key.s);
    verbs_say(face, "  Request:  %s", request->arguments[1]);
    verbs_say(face, "Give the request to an administrator, by any way, and read the fingerprint to them by another. "
                    "Copy the key file to a safe place.");
    return 0;
}

/* ---- what came of an act ---- */

static void json_acted(struct json_out *j, const struct store_acted *a)
{
    json_key(j, "done");
    json_bool(j, a->done);
    if (!a->done)
        verbs_json_u64(j, "have", a->have);
    if (a->done)
        verbs_json_u64(j, "leaf", a->leaf);
    if (!a->done)
        verbs_json_u64(j, "needed", a->needed);
    if (!a->done)
        verbs_json_u64(j, "proposal", a->proposal);
}

static void say_acted(const struct verbs_face *face, const struct store_acted *a)
{
    if (!a->done) {
        verbs_say(face,
                  "Proposed at leaf %" PRIu64 ": %zu of %zu administrators agree so far. Nothing has changed yet.",
                  a->proposal, a->have, a->needed);
        verbs_say(face, "Next, by another administrator: groundwork member approve %" PRIu64, a->proposal);
        return;
    }
    verbs_say(face, "Done, at leaf %" PRIu64 ".", a->leaf);
    if (a->turned)
        verbs_say(face, "What is taken in from now on is under new keys, and the log has a new signing key. What she "
                        "could read until now she may have kept: nothing takes that back.");
    if (a->turned)
        verbs_say(face, "Next: each cosigner follows the new signing key by groundwork cosigner turn FILE; groundwork "
                        "recovery prints new sheets; groundwork mirror brings the mirrors up to date.");
}

static int tell(const struct verbs_face *face, const struct store_acted *a)
{
    if (face->json != NULL)
        json_acted(face->json, a);
    else
        say_acted(face, a);
    return 0;
}

int verbs_proposed(struct store *s, const struct verbs_face *face)
{
    const struct history *h = store_history(s);
    return tell(face, &(struct store_acted){
                          .have = 1, .needed = history_needed(h, UINT64_MAX), .proposal = h->last_leaf});
}

/* ---- add ---- */

static int request_read(struct store *s, const char *path, struct keyring_request *ret, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    struct store_facts f;
    store_facts(s, &f);
    int rc = file_read_all(path, KEYRING_REQUEST_MAX, &text, e);
    if (rc == 0)
        rc = keyring_request_parse(buf_bytes(&text), ret, e);
    if (rc == 0 && (strcmp(ret->origin, f.origin) != 0 || !hash_equal(&ret->pin, &f.pin)))
        rc = err_set(e, ERR_REFUSED, "%s asks to join another repository: %s", path, ret->origin);
    return rc;
}

static int role_of(const char *text, enum statement_role *ret, struct err *e)
{
    if (statement_role_find(text, ret))
        return 0;
    return err_set(e, ERR_USAGE, "a role is one of: administrator, investigator, analyst, keyholder, auditor");
}

/* By the words that she read out: typed with --confirm, or on the terminal. */
static int confirm(const struct verbs_request *request, const struct verbs_face *face,
                   const struct keyring_request *r, struct err *e)
{
    OWN(buf_drop) struct buf typed = {0};
    const char *words = request->option[OPTION_CONFIRM];
    if (words == NULL) {
        verbs_say(face, "%s asks to join.", r->key.name);
        int rc = face->typed(face->context, text_tr("The fingerprint as she reads it to you: "), &typed, e);
        if (rc != 0)
            return rc;
        words = buf_text(&typed);
    }
    return fingerprint_is(&r->key, words, e);
}

static struct statement added(const struct keyring_request *r, enum statement_role role)
{
    struct statement st = {
        .kind = STATEMENT_ADDED, .at_unix_s = time_now_unix_s(), .added = {.key = r->key, .role = role}};
    memcpy(st.added.box, r->box, CRYPT_PUBLIC);
    for (size_t i = 0; i < KEYRING_EPOCHS; i++) {
        st.added.receiving[i].epoch = r->receiving[i].epoch;
        memcpy(st.added.receiving[i].key, r->receiving[i].key, CRYPT_PUBLIC);
    }
    return st;
}

static int member_add(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(buf_drop) struct buf held = {0};
    struct keyring_request r;
    struct store_acted acted;
    struct verbs_place place;
    enum statement_role role = 0;
    const char *name = NULL;
    int rc = role_of(request->option[OPTION_ROLE], &role, e);
    if (rc == 0)
        rc = verbs_text("--name", request->option[OPTION_NAME], &held, &name, e);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_WRITE, 0, &place, &s, e);
    if (rc == 0)
        rc = request_read(s, request->arguments[1], &r, e);
    if (rc == 0)
        rc = confirm(request, face, &r, e);
    if (rc != 0)
        return rc;
    struct statement act = added(&r, role);
    rc = store_act(s, &act, name, &acted, e);
    if (rc == 0)
        rc = tell(face, &acted);
    return rc == 0 ? verbs_settle(request, face, &s, e) : rc;
}

/* ---- role, revoke, approve ---- */

static int subject(struct store *s, const char *name, const struct history_member **ret, struct err *e)
{
    *ret = history_member_called(store_history(s), name);
    return *ret != NULL ? 0 : err_set(e, ERR_USAGE, "no member's key is called %s: groundwork member list names them",
                                      name);
}

static int acts(struct store *s, struct statement *act, const char *key, const struct verbs_face *face, struct err *e)
{
    struct store_acted acted;
    char name[NOTE_NAME_MAX + 1];
    (void)snprintf(name, sizeof name, "%s", key); /* the history moves on meanwhile */
    if (act->kind == STATEMENT_ROLE)
        act->role.name = name;
    else
        act->revoked.name = name;
    act->at_unix_s = time_now_unix_s();
    int rc = store_act(s, act, NULL, &acted, e);
    return rc == 0 ? tell(face, &acted) : rc;
}

static int member_role(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    struct verbs_place place;
    const struct history_member *m = NULL;
    struct statement act = {.kind = STATEMENT_ROLE};
    int rc = role_of(request->arguments[2], &act.role.role, e);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_WRITE, 0, &place, &s, e);
    if (rc == 0)
        rc = subject(s, request->arguments[1], &m, e);
    if (rc == 0)
        rc = acts(s, &act, m->key.name, face, e);
    return rc == 0 ? verbs_settle(request, face, &s, e) : rc;
}

static int doubtful_of(struct store *s, const char *text, struct statement_revoked *r, struct err *e)
{
    struct store_facts f;
    store_facts(s, &f);
    r->doubted = text != NULL;
    if (text == NULL)
        return 0;
    if (decimal_get(bytes_text(text), &r->doubtful_from) != 0)
        return err_set(e, ERR_USAGE, "--doubtful-from %s: give the number of a leaf", text);
    if (r->doubtful_from >= f.position.leaves)
        return err_set(e, ERR_REFUSED, "rule revoked-doubtful: what was not signed yet is not doubtful");
    return 0;
}

static int member_revoke(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    struct verbs_place place;
    const struct history_member *m = NULL;
    struct statement act = {.kind = STATEMENT_REVOKED};
    if (!statement_leaving_find(request->option[OPTION_REASON], &act.revoked.reason))
        return err_set(e, ERR_USAGE, "--reason is one of: left, lost, arrested, stolen, other");
    int rc = verbs_open(request, face, STORE_WRITE, 0, &place, &s, e);
    if (rc == 0)
        rc = subject(s, request->arguments[1], &m, e);
    if (rc == 0)
        rc = doubtful_of(s, request->option[OPTION_DOUBTFUL], &act.revoked, e);
    if (rc == 0)
        rc = acts(s, &act, m->key.name, face, e);
    return rc == 0 ? verbs_settle(request, face, &s, e) : rc;
}

static int member_approve(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    struct store_acted acted;
    struct verbs_place place;
    uint64_t leaf = 0;
    if (decimal_get(bytes_text(request->arguments[1]), &leaf) != 0)
        return err_set(e, ERR_USAGE, "approve %s: give the leaf of the proposal", request->arguments[1]);
    int rc = verbs_open(request, face, STORE_WRITE, 0, &place, &s, e);
    if (rc == 0)
        rc = store_approve(s, leaf, NULL, &acted, e);
    if (rc == 0)
        rc = tell(face, &acted);
    return rc == 0 ? verbs_settle(request, face, &s, e) : rc;
}

/* ---- list and show ---- */

struct names {
    struct buf *text; /* of each member, by her place; empty: none was said */
    const struct history *h;
};

static int name_take(void *context, const char *member, const char *text, struct err *e)
{
    struct names *n = context;
    const struct history_member *m = history_member(n->h, member);
    if (m == NULL)
        return 0;
    struct buf *to = &n->text[m - n->h->members];
    buf_clear(to);
    buf_put_text(to, text);
    return buf_check(to, e);
}

static void names_release(struct names *n)
{
    for (size_t i = 0; n->text != NULL && i < n->h->count; i++)
        buf_wipe(&n->text[i]);
    free(n->text);
}

static const char *state_word(const struct history_member *m)
{
    return m->until == UINT64_MAX ? TEXT("stands") : m->replaced ? TEXT("replaced") : TEXT("revoked");
}

static enum statement_role last_role(const struct history_member *m)
{
    return m->turns[m->turn_count - 1].role;
}

static void say_member(const struct verbs_face *face, const struct history_member *m, const char *name)
{
    OWN(buf_drop) struct buf shown = {0};
    verbs_say(face, "  %s  %s, %s", m->key.name, statement_role_name(last_role(m)), text_tr(state_word(m)));
    if (name != NULL && name[0] != 0)
        verbs_say(face, "      %s", verbs_shown(bytes_text(name), &shown));
    if (m->until != UINT64_MAX && !m->replaced)
        verbs_say(face, "      at leaf %" PRIu64 " (%s)", m->until, statement_leaving_name(m->reason));
    if (m->doubted)
        verbs_say(face, "      DOUBTFUL from leaf %" PRIu64 " on", m->doubtful_from);
}

static void json_member(struct json_out *j, const struct history_member *m, const char *name)
{
    json_object_begin(j);
    verbs_json_u64(j, "at", m->at);
    if (m->doubted)
        verbs_json_u64(j, "doubtful_from", m->doubtful_from);
    json_fingerprint(j, &m->key);
    verbs_json_text(j, "key", m->key.name);
    if (name != NULL && name[0] != 0)
        verbs_json_text(j, "name", name);
    if (m->until != UINT64_MAX && !m->replaced)
        verbs_json_text(j, "reason", statement_leaving_name(m->reason));
    verbs_json_text(j, "role", statement_role_name(last_role(m)));
    verbs_json_text(j, "state", state_word(m));
    if (m->until != UINT64_MAX)
        verbs_json_u64(j, "until", m->until);
    json_object_end(j);
}

static void list_json(struct json_out *j, const struct history *h, const struct names *n)
{
    verbs_json_u64(j, "administrators", history_administrators(h, UINT64_MAX));
    verbs_json_u64(j, "log_keys", h->logs.count);
    json_key(j, "members");
    json_array_begin(j);
    for (size_t i = 0; i < h->count; i++)
        json_member(j, &h->members[i], n->text != NULL ? buf_text(&n->text[i]) : NULL);
    json_array_end(j);
    verbs_json_u64(j, "needed", history_needed(h, UINT64_MAX));
    json_key(j, "proposals");
    json_array_begin(j);
    for (size_t i = 0; i < h->proposal_count; i++)
        if (!h->proposals[i].done) {
            json_object_begin(j);
            verbs_json_u64(j, "have", history_approvers(h, &h->proposals[i], UINT64_MAX));
            verbs_json_text(j, "kind", statement_kind_name(h->proposals[i].kind));
            verbs_json_u64(j, "leaf", h->proposals[i].leaf);
            json_object_end(j);
        }
    json_array_end(j);
}

static void list_say(const struct verbs_face *face, const struct history *h, const struct names *n)
{
    verbs_say(face, "Members:");
    for (size_t i = 0; i < h->count; i++)
        say_member(face, &h->members[i], n->text != NULL ? buf_text(&n->text[i]) : NULL);
    verbs_say(face, "Administrators: %zu; %zu of them decide.", history_administrators(h, UINT64_MAX),
              history_needed(h, UINT64_MAX));
    for (size_t i = 0; i < h->proposal_count; i++)
        if (!h->proposals[i].done)
            verbs_say(face, "Waits for approval: \"%s\", proposed at leaf %" PRIu64 " (%zu agree)",
                      statement_kind_name(h->proposals[i].kind), h->proposals[i].leaf,
                      history_approvers(h, &h->proposals[i], UINT64_MAX));
}

/* The persons' names are no public matter: with --names the keys are asked for. */
static int open_to_list(const struct verbs_request *request, const struct verbs_face *face, struct verbs_place *place,
                        struct store **ret, struct names *n, struct err *e)
{
    bool names = request->option[OPTION_NAMES] != NULL;
    int rc = verbs_open(request, face, names ? STORE_READ : STORE_PUBLIC, 0, place, ret, e);
    if (rc != 0)
        return rc;
    n->h = store_history(*ret);
    if (!names)
        return 0;
    n->text = calloc(n->h->count, sizeof *n->text);
    return n->text == NULL ? err_memory(e) : store_named(*ret, name_take, n, e);
}

static int member_list(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(names_release) struct names n = {0};
    struct verbs_place place;
    int rc = open_to_list(request, face, &place, &s, &n, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL)
        list_json(face->json, n.h, &n);
    else
        list_say(face, n.h, &n);
    return 0;
}

static int member_show(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(names_release) struct names n = {0};
    struct verbs_place place;
    const struct history_member *m = NULL;
    int rc = open_to_list(request, face, &place, &s, &n, e);
    if (rc == 0)
        rc = subject(s, request->arguments[1], &m, e);
    if (rc != 0)
        return rc;
    const char *name = n.text != NULL ? buf_text(&n.text[m - n.h->members]) : NULL;
    if (face->json != NULL) {
        json_key(face->json, "member");
        json_member(face->json, m, name);
        return 0;
    }
    say_member(face, m, name);
    say_fingerprint(face, &m->key);
    for (size_t i = 0; i < m->turn_count; i++)
        verbs_say(face, "  from leaf %" PRIu64 ": %s", m->turns[i].from, statement_role_name(m->turns[i].role));
    return 0;
}

/* ---- which of them ---- */

int verbs_member(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    static const struct {
        const char *name;
        size_t arguments;
        int (*run)(const struct verbs_request *request, const struct verbs_face *face, struct err *e);
    } actions[] = {{"request", 2, member_request}, {"add", 2, member_add},       {"list", 1, member_list},
                   {"show", 2, member_show},       {"revoke", 2, member_revoke}, {"role", 3, member_role},
                   {"approve", 2, member_approve}, {"drill", 1, verbs_member_drill}};
    (void)ret_exit;
    for (size_t i = 0; i < COUNT(actions); i++)
        if (strcmp(request->arguments[0], actions[i].name) == 0)
            return request->count == actions[i].arguments
                       ? actions[i].run(request, face, e)
                       : err_set(e, ERR_USAGE, "member %s: takes %zu more words (groundwork help member)",
                                 actions[i].name, actions[i].arguments - 1);
    return err_set(e, ERR_USAGE, "member %s: say request, add, list, show, revoke, role, approve or drill",
                   request->arguments[0]);
}
