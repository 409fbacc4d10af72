/* Who is to sign checkpoints beside the log, what they are sent, and what they have signed; the log held to a paper. */
#include "verbs/verbs_internal.h"

#include "model/cosigning.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

enum { OPTION_NEEDED, OPTION_OLD };
enum { DAY_S = 86400 };

/* ---- what they have signed, in words ---- */

static void names_put(const struct policy *p, uint64_t nodes, struct buf *to)
{
    for (size_t i = 0; i < p->nodes; i++)
        if ((nodes >> i & 1) != 0)
            buf_printf(to, "%s%s", to->n == 0 ? "" : ", ", p->node[i].name);
}

static void say_needed(const struct verbs_face *face, const struct policy *p, const struct store_cosign_state *c)
{
    char n[VERBS_NUMBER_MAX];
    int needed = policy_plain_needed(p);
    if (needed > 0)
        verbs_say(face, "  Needed: %d of %zu cosigners.", needed, p->cosigners);
    if (p->quorum < 0)
        verbs_say(face, "  The policy asks for no cosigner.");
    else if (c->fulfilled)
        verbs_say(face, "  The policy is fulfilled.");
    else if (c->fulfilled_any)
        verbs_say(face, "  The policy is not fulfilled there yet; it is up to %s leaves.",
                  verbs_number(c->fulfilled_size, n));
    else
        verbs_say(face, "  The policy is not fulfilled.");
}

void verbs_cosigned_say(const struct verbs_face *face, const struct policy *p, const struct store_cosign_state *c,
                        uint64_t leaves)
{
    OWN(buf_drop) struct buf names = {0}, shown = {0};
    char n[VERBS_NUMBER_MAX], m[VERBS_NUMBER_MAX], when[TIME_TEXT_MAX];
    int64_t now = time_now_unix_s();
    if (!c->any) {
        verbs_say(face, "Cosigners: nobody has signed yet. groundwork cosigner export writes what they are sent.");
        say_needed(face, p, c);
        return;
    }
    uint64_t days = now > 0 && (uint64_t)now > c->at_unix_s ? ((uint64_t)now - c->at_unix_s) / DAY_S : 0;
    names_put(p, c->signed_by, &names);
    time_text(when, (int64_t)c->at_unix_s);
    verbs_say(face,
              "Cosigners: %s leaves are signed by %s, at %s as they say, %" PRIu64 " days ago; %s leaves came after.",
              verbs_number(c->size, n), verbs_shown(buf_bytes(&names), &shown), when, days,
              verbs_number(leaves > c->size ? leaves - c->size : 0, m));
    say_needed(face, p, c);
}

void verbs_cosigned_json(struct json_out *j, const struct policy *p, const struct store_cosign_state *c)
{
    json_key(j, "cosigned");
    json_object_begin(j);
    if (c->any)
        verbs_json_u64(j, "at", c->at_unix_s);
    json_key(j, "by");
    json_array_begin(j);
    for (size_t i = 0; i < p->nodes; i++)
        if ((c->signed_by >> i & 1) != 0)
            json_string(j, p->node[i].name);
    json_array_end(j);
    json_key(j, "fulfilled");
    json_bool(j, c->fulfilled || p->quorum < 0);
    if (c->fulfilled_any)
        verbs_json_u64(j, "fulfilled_leaves", c->fulfilled_size);
    if (c->any)
        verbs_json_u64(j, "leaves", c->size);
    json_object_end(j);
}

/* ---- list ---- */

static void say_one(const struct verbs_face *face, const struct policy_node *node, const struct store_cosign_one *one)
{
    OWN(buf_drop) struct buf shown = {0};
    char n[VERBS_NUMBER_MAX], when[TIME_TEXT_MAX];
    const char *name = verbs_shown(bytes_text(node->name), &shown);
    time_text(when, (int64_t)one->at_unix_s);
    if (one->known)
        verbs_say(face, "  %s: signed up to %s leaves, at %s as it says", name, verbs_number(one->size, n), when);
    else
        verbs_say(face, "  %s: nothing signed yet", name);
}

static void say_policy(const struct verbs_face *face, const struct policy *p)
{
    OWN(buf_drop) struct buf text = {0};
    policy_text(p, &text);
    struct cursor c = cursor_of(buf_bytes(&text));
    verbs_say(face, "The policy:");
    while (c.left > 0) {
        struct bytes line = cursor_line(&c);
        verbs_say(face, "  | %.*s", (int)line.n, (const char *)line.p);
    }
}

static void json_one(struct json_out *j, const struct policy_node *node, const struct store_cosign_one *one)
{
    char vkey[NOTE_VKEY_MAX];
    json_object_begin(j);
    if (one->known)
        verbs_json_u64(j, "at", one->at_unix_s);
    note_key_text(&node->key, vkey);
    verbs_json_text(j, "key", vkey);
    if (one->known)
        verbs_json_u64(j, "leaves", one->size);
    verbs_json_text(j, "name", node->name);
    json_object_end(j);
}

static void json_list(struct json_out *j, const struct policy *p, const struct store_cosign_state *c, uint64_t leaves)
{
    OWN(buf_drop) struct buf text = {0};
    verbs_cosigned_json(j, p, c);
    json_key(j, "cosigners");
    json_array_begin(j);
    for (size_t i = 0; i < p->nodes; i++)
        if (!p->node[i].is_group)
            json_one(j, &p->node[i], &c->one[i]);
    json_array_end(j);
    verbs_json_u64(j, "leaves", leaves);
    policy_text(p, &text);
    verbs_json_text(j, "policy", buf_text(&text));
}

static int look(struct store *s, struct store_cosign_state *ret, struct err *e)
{
    OWN(store_cosignings_release) struct store_cosignings c = {0};
    int rc = store_cosignings_load(s, &c, e);
    return rc == 0 ? store_cosignings_look(&c, store_policy(s), ret, e) : rc;
}

static int none_yet(struct err *e)
{
    return err_set(e, ERR_REFUSED, "there are no cosigners yet: groundwork cosigner add names one");
}

static int list(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    struct store_cosign_state c;
    struct store_facts f;
    struct verbs_place place;
    int rc = verbs_open(request, face, STORE_PUBLIC, 0, &place, &s, e);
    if (rc == 0 && store_policy(s) == NULL) {
        if (face->json != NULL) {
            json_key(face->json, "cosigners");
            json_array_begin(face->json);
            json_array_end(face->json);
        }
        verbs_say(face, "No cosigners. groundwork cosigner add NAME KEY names one.");
        return 0;
    }
    if (rc == 0)
        rc = look(s, &c, e);
    if (rc != 0)
        return rc;
    const struct policy *p = store_policy(s);
    store_facts(s, &f);
    if (face->json != NULL) {
        json_list(face->json, p, &c, f.position.leaves);
        return 0;
    }
    verbs_cosigned_say(face, p, &c, f.position.leaves);
    for (size_t i = 0; i < p->nodes; i++)
        if (!p->node[i].is_group)
            say_one(face, &p->node[i], &c.one[i]);
    say_policy(face, p);
    return 0;
}

/* ---- who they are ---- */

/* The policy as it stands, to be changed; one of no cosigners where none was said. */
static int policy_now(struct store *s, struct policy **ret, struct err *e)
{
    struct policy *p = calloc(1, sizeof *p);
    struct store_facts f;
    if (p == NULL)
        return err_memory(e);
    store_facts(s, &f);
    p->quorum = -1;
    if (store_policy(s) != NULL)
        *p = *store_policy(s);
    p->log[0] = f.log_key; /* which may have turned since */
    p->logs = 1;
    *ret = p;
    return 0;
}

/* By how many cosigners a checkpoint is to be signed, from here on. */
static int needed_of(const struct verbs_request *request, unsigned before, size_t count, unsigned *ret, struct err *e)
{
    const char *text = request->option[OPTION_NEEDED];
    uint64_t v = before;
    if (text != NULL && decimal_get(bytes_text(text), &v) != 0)
        return err_set(e, ERR_USAGE, "--needed %s: give a number", text);
    if (v > count || (count > 0 && v == 0))
        return err_set(e, ERR_USAGE, "--needed: of %zu cosigners 1 to %zu can be needed", count, count);
    *ret = (unsigned)v;
    return 0;
}

static int must_be_plain(const struct policy *p, struct err *e)
{
    if (policy_plain_needed(p) >= 0)
        return 0;
    return err_set(e, ERR_REFUSED, "the policy has groups of its own: change it in a file and give that to groundwork "
                                   "cosigner policy FILE");
}

static int add_to(struct policy *p, const struct verbs_request *request, struct err *e)
{
    assert(p != NULL);
    struct policy_node n = {.is_group = false};
    const char *name = request->arguments[1];
    unsigned needed = 0, before = (unsigned)policy_plain_needed(p);
    struct err mine = {0};
    int rc = note_name_check(name, e);
    if (rc == 0 && note_cosigner_parse(bytes_text(request->arguments[2]), &n.key, &mine) != 0)
        rc = err_set(e, ERR_USAGE, "%s", mine.text);
    if (rc == 0 && (strcmp(name, POLICY_PLAIN_GROUP) == 0 || strcmp(name, "none") == 0 || policy_find(p, name) >= 0))
        rc = err_set(e, ERR_USAGE, "the name %s is taken: choose another", name);
    if (rc == 0 && p->cosigners >= STATEMENT_COSIGNERS_MAX)
        rc = err_set(e, ERR_REFUSED, "rule cosigners-count: a policy has at most %d cosigners",
                     STATEMENT_COSIGNERS_MAX);
    for (size_t i = 0; rc == 0 && i < p->nodes; i++)
        if (!p->node[i].is_group && memcmp(p->node[i].key.public_key, n.key.public_key, CRYPT_PUBLIC) == 0)
            rc = err_set(e, ERR_USAGE, "this key is the cosigner %s's already", p->node[i].name);
    if (rc == 0)
        rc = needed_of(request, before == 0 ? 1 : before, p->cosigners + 1, &needed, e);
    if (rc != 0)
        return rc;
    (void)snprintf(n.name, sizeof n.name, "%s", name);
    p->node[p->nodes++] = n;
    policy_plain(p, needed);
    return 0;
}

static int remove_from(struct policy *p, const struct verbs_request *request, struct err *e)
{
    assert(p != NULL);
    const char *name = request->arguments[1];
    unsigned needed = 0, before = (unsigned)policy_plain_needed(p);
    int at = policy_find(p, name);
    if (at < 0 || p->node[at].is_group)
        return err_set(e, ERR_USAGE, "no cosigner is called %s: groundwork cosigner list names them", name);
    size_t left = p->cosigners - 1;
    int rc = needed_of(request, left == 0 ? 0 : before, left, &needed, e);
    if (rc != 0)
        return rc;
    p->node[at].name[0] = 0;
    policy_plain(p, needed);
    return 0;
}

static int from_file(struct policy *p, const struct verbs_request *request, const struct policy *now, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    struct err mine = {0};
    int rc = file_read_all(request->arguments[1], POLICY_BYTES_MAX, &text, e);
    if (rc == 0 && policy_parse(buf_bytes(&text), p, &mine) != 0)
        rc = err_set(e, mine.code == ERR_IO ? ERR_IO : ERR_USAGE, "%s: %s", request->arguments[1], mine.text);
    if (rc == 0 && p->logs == 0) { /* which log is meant follows from where it is said */
        p->log[0] = now->log[0];
        p->logs = 1;
    }
    return rc;
}

static int change(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(mem_drop) struct policy *p = NULL;
    OWN(mem_drop) struct policy *made = NULL;
    struct verbs_place place;
    const char *action = request->arguments[0];
    bool file = strcmp(action, "policy") == 0;
    int rc = verbs_open(request, face, STORE_WRITE, 0, &place, &s, e);
    if (rc == 0)
        rc = policy_now(s, &p, e);
    if (rc == 0 && file) {
        made = calloc(1, sizeof *made);
        rc = made == NULL ? err_memory(e) : from_file(made, request, p, e);
    } else if (rc == 0) {
        rc = must_be_plain(p, e);
        if (rc == 0)
            rc = strcmp(action, "add") == 0 ? add_to(p, request, e) : remove_from(p, request, e);
    }
    if (rc == 0)
        rc = store_policy_set(s, file ? made : p, e);
    if (rc != 0)
        return rc;
    const struct policy *now = store_policy(s);
    if (history_needed(store_history(s), UINT64_MAX) > 1)
        return verbs_proposed(s, face);
    if (face->json != NULL) {
        OWN(buf_drop) struct buf text = {0};
        policy_text(now, &text);
        verbs_json_text(face->json, "policy", buf_text(&text));
        return 0;
    }
    if (policy_plain_needed(now) > 0)
        verbs_say(face, "From here on %d of %zu cosigners are to sign.", policy_plain_needed(now), now->cosigners);
    else if (now->quorum < 0)
        verbs_say(face, "From here on no cosigner needs to sign.");
    say_policy(face, now);
    return 0;
}

/* ---- what they are sent, and what comes back ---- */

static int old_of(struct store *s, const struct verbs_request *request, uint64_t *ret, struct err *e)
{
    struct store_cosign_state c;
    const char *text = request->option[OPTION_OLD];
    const struct policy *p = store_policy(s);
    if (p == NULL)
        return none_yet(e);
    int at = policy_find(p, request->arguments[1]);
    if (at < 0 || p->node[at].is_group)
        return err_set(e, ERR_USAGE, "no cosigner is called %s: groundwork cosigner list names them",
                       request->arguments[1]);
    if (text != NULL)
        return decimal_get(bytes_text(text), ret) == 0
                   ? 0
                   : err_set(e, ERR_USAGE, "--old %s: give a number of leaves", text);
    int rc = look(s, &c, e);
    if (rc == 0)
        *ret = c.one[at].known ? c.one[at].size : 0;
    return rc;
}

static int export(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(buf_drop) struct buf body = {0};
    struct verbs_place place;
    struct store_facts f;
    uint64_t old = 0;
    char n[VERBS_NUMBER_MAX], m[VERBS_NUMBER_MAX];
    const char *path = request->arguments[2];
    int rc = verbs_outside(request, path, e);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_PUBLIC, 0, &place, &s, e);
    if (rc == 0)
        rc = old_of(s, request, &old, e);
    if (rc == 0)
        rc = store_cosigner_request(s, old, &body, e);
    if (rc == 0)
        rc = file_create(path, buf_bytes(&body), 0644, e);
    if (rc != 0)
        return rc == ERR_REFUSED && file_exists(path) ? err_set(e, rc, "%s is there already: name another file", path)
                                                      : rc;
    store_facts(s, &f);
    if (face->json != NULL) {
        verbs_json_u64(face->json, "leaves", f.position.leaves);
        verbs_json_u64(face->json, "old", old);
    }
    verbs_say(face, "%s is the request to sign %s leaves, from %s on. Take it to %s, and bring the answer back.", path,
              verbs_number(f.position.leaves, n), verbs_number(old, m), request->arguments[1]);
    return 0;
}

static int import(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(buf_drop) struct buf asked = {0}, answer = {0};
    struct store_cosigner_answered a;
    struct verbs_place place;
    char n[VERBS_NUMBER_MAX];
    int rc = file_read_all(request->arguments[1], COSIGNING_REQUEST_MAX, &asked, e);
    if (rc == 0)
        rc = file_read_all(request->arguments[2], COSIGNING_ANSWER_MAX, &answer, e);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_WRITE, 0, &place, &s, e);
    if (rc == 0)
        rc = store_cosigner_answer(s, buf_bytes(&asked), buf_bytes(&answer), &a, e);
    if (rc != 0)
        return rc;
    if (a.conflict)
        *ret_exit = VERBS_REFUSED;
    if (face->json != NULL) {
        json_key(face->json, "conflict");
        json_bool(face->json, a.conflict);
        verbs_json_u64(face->json, "fresh", a.fresh);
        verbs_json_u64(face->json, "leaves", a.conflict ? a.conflict_size : a.checkpoint.size);
    }
    if (a.conflict)
        verbs_say(face,
                  "The cosigner did not sign: it has signed %s leaves last. Export again with --old %" PRIu64 ".",
                  verbs_number(a.conflict_size, n), a.conflict_size);
    else if (a.fresh == 0)
        verbs_say(face, "These signatures are on the log already.");
    else
        verbs_say(face, "Signatures on %s leaves: %zu new. They are on the log, and in log/cosigned.",
                  verbs_number(a.checkpoint.size, n), a.fresh);
    return 0;
}

/* ---- a new log key ---- */

/* What a cosigner needs to follow the log under its new key. */
static int turn(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(buf_drop) struct buf note = {0};
    struct verbs_place place;
    char vkey[NOTE_VKEY_MAX];
    uint64_t number = 0;
    const char *out = request->arguments[request->count - 1];
    int rc = verbs_outside(request, out, e);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_PUBLIC, 0, &place, &s, e);
    if (rc != 0)
        return rc;
    const struct history_logs *logs = &store_history(s)->logs;
    number = logs->count;
    if (request->count > 2 && decimal_get(bytes_text(request->arguments[1]), &number) != 0)
        return err_set(e, ERR_USAGE, "turn %s: give the number of a log key", request->arguments[1]);
    rc = store_turn_note(s, number, &note, e);
    if (rc == 0)
        rc = file_create(out, buf_bytes(&note), 0644, e);
    if (rc != 0)
        return rc;
    note_key_text(&logs->list[number - 1].key, vkey);
    if (face->json != NULL) {
        verbs_json_text(face->json, "checkpoint", out);
        verbs_json_text(face->json, "key", vkey);
        verbs_json_u64(face->json, "number", number);
        return 0;
    }
    verbs_say(face, "Take %s to each cosigner, and tell them the log's new key by another way:", out);
    verbs_say(face, "  groundwork-cosign turn %s FILE", vkey);
    return 0;
}

int verbs_cosigner(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    static const struct {
        const char *action;
        size_t count;
    } actions[] = {{"list", 1}, {"add", 3}, {"remove", 2}, {"policy", 2}, {"export", 3}, {"import", 3},
                   {"turn", 2}};
    const char *action = request->arguments[0];
    size_t i = 0;
    while (i < COUNT(actions) && strcmp(actions[i].action, action) != 0)
        i++;
    if (i == COUNT(actions))
        return err_set(e, ERR_USAGE, "cosigner %s: there are list, add, remove, policy, export, import and turn",
                       action);
    if (request->count != actions[i].count && (strcmp(action, "turn") != 0 || request->count != 3))
        return err_set(e, ERR_USAGE, "cosigner %s: groundwork cosigner --help says what belongs behind it", action);
    if (strcmp(action, "list") == 0)
        return list(request, face, e);
    if (strcmp(action, "turn") == 0)
        return turn(request, face, e);
    if (strcmp(action, "export") == 0)
        return export(request, face, e);
    return strcmp(action, "import") == 0 ? import(request, face, ret_exit, e) : change(request, face, e);
}

/* ---- the log held to what somebody kept ---- */

static int write_fork(const struct verbs_request *request, const struct verbs_face *face, const char *path,
                      const struct buf *fork, struct err *e)
{
    int rc = path != NULL && fork->n > 0 ? verbs_outside(request, path, e) : 0;
    if (rc != 0 || path == NULL || fork->n == 0)
        return rc;
    rc = file_create(path, buf_bytes(fork), 0644, e);
    if (rc == ERR_REFUSED)
        return err_set(e, rc, "%s is there already: name another file", path);
    if (rc == 0)
        verbs_say(face, "The proof is in %s: keep copies of it, and show it.", path);
    return rc;
}

static void json_against(struct json_out *j, const struct store_against *a, const struct err *mine)
{
    json_key(j, "findings");
    json_array_begin(j);
    if (mine->code != 0)
        json_string(j, mine->text);
    json_array_end(j);
    verbs_json_u64(j, "given_leaves", a->checkpoint.size);
    verbs_json_u64(j, "leaves", a->now.size);
    verbs_json_text(j, "result", mine->code == 0 ? "VERIFIED" : "FAILED");
    json_key(j, "rewritten");
    json_bool(j, a->rewritten);
    json_key(j, "signed");
    json_bool(j, a->is_signed);
}

int verbs_verify_against(const struct verbs_request *request, const struct verbs_face *face, const char *against,
                         const char *fork_path, int *ret_exit, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(buf_drop) struct buf text = {0}, fork = {0};
    struct store_against a = {.is_signed = false};
    struct verbs_place place;
    struct err mine = {0};
    char n[VERBS_NUMBER_MAX], m[VERBS_NUMBER_MAX];
    int rc = file_read_all(against, COSIGNING_FORK_MAX, &text, e);
    if (rc != 0)
        return rc;
    rc = verbs_open(request, face, STORE_PUBLIC, 0, &place, &s, &mine);
    if (rc == 0)
        rc = verbs_checkpoint_words(s, &text, &mine);
    if (rc == 0)
        rc = store_against(s, buf_bytes(&text), &a, &fork, &mine);
    if (rc != 0 && rc != ERR_DAMAGED)
        return err_set(e, rc, "%s", mine.text);
    *ret_exit = rc == 0 ? VERBS_DONE : VERBS_FAILED;
    if (face->json != NULL)
        json_against(face->json, &a, &mine);
    if (rc != 0) {
        verbs_say(face, "FAILED: %s", mine.text);
        return write_fork(request, face, fork_path, &fork, e);
    }
    if (!a.is_signed)
        verbs_say(face, "The checkpoint is not signed: it is what the paper says, and no proof by itself.");
    if (a.is_fork)
        verbs_say(face, "It is no fork: this log holds both checkpoints.");
    verbs_say(face, "The log has %s leaves; its first %s are those of the checkpoint.", verbs_number(a.now.size, n),
              verbs_number(a.checkpoint.size, m));
    verbs_say(face, "VERIFIED");
    return 0;
}
