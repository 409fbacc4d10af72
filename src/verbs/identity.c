/* Identities: kept apart, sealed with keyholders, asked for, approved, opened. */
#include "verbs/verbs_internal.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    OPTION_KEYHOLDERS,
    OPTION_NEEDED,
    OPTION_OUT,
    OPTION_FILE,
    OPTION_WHY,
    OPTION_RECIPIENT,
    OPTION_NAME,
    OPTION_GONE,
};
enum { RECORD_ROOM = 4 * IDENTITY_RECORD_MAX, CODES_MAX = CRYPT_SHARES_MAX * (CONSENT_CODE_MAX + 1) };

typedef int action_run(const struct verbs_request *request, const struct verbs_face *face, struct err *e);

static int why_of(const struct verbs_request *request, struct buf *held, const char **ret, struct err *e)
{
    if (request->option[OPTION_WHY] == NULL)
        return err_set(e, ERR_USAGE, "say what for: --why TEXT");
    return verbs_text("--why", request->option[OPTION_WHY], held, ret, e);
}

static int leaf_of(const char *text, uint64_t *ret, struct err *e)
{
    return decimal_get(bytes_text(text), ret) == 0
               ? 0
               : err_set(e, ERR_USAGE, "%s: give the leaf of the request, as groundwork identity list shows it", text);
}

/* What was typed may be a name: it is not repeated. */
static int code_of(const char *what, const char *text, struct err *e)
{
    return consent_code_known(text)
               ? 0
               : err_set(e, ERR_USAGE,
                         "%s: this is no code of a person. A code is like P-0001: capital letters, a hyphen, digits. "
                         "Names do not belong here",
                         what);
}

/* A document would be kept by whatever reads it. */
static int no_document(const struct verbs_face *face, struct err *e)
{
    return face->json == NULL ? 0 : err_set(e, ERR_USAGE, "--json shows no identity: leave it out");
}

/* ---- keyholders ---- */

static int keyholder_say(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(buf_wipe) struct buf name = {0}, why = {0};
    OWN(store_keyholders_release) struct store_keyholders k = {0};
    struct verbs_place place;
    struct statement st = {.kind = STATEMENT_KEYHOLDER_SAID, .at_unix_s = time_now_unix_s(),
                           .keyholder = {.code = request->arguments[1],
                                         .recipient = request->option[OPTION_RECIPIENT]}};
    if ((request->option[OPTION_RECIPIENT] == NULL) == (request->option[OPTION_GONE] == NULL))
        return err_set(e, ERR_USAGE, "identity keyholder CODE: say --recipient AGE1, or --gone --why TEXT");
    int rc = verbs_text("--name", request->option[OPTION_NAME], &name, &st.keyholder.name, e);
    if (rc == 0 && (request->option[OPTION_GONE] != NULL || request->option[OPTION_WHY] != NULL))
        rc = why_of(request, &why, &st.keyholder.why, e);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_WRITE, 0, &place, &s, e);
    if (rc == 0)
        rc = store_draft_begin(s, e);
    if (rc == 0)
        rc = store_add(s, &st, NULL, NULL, e);
    if (rc == 0)
        rc = store_commit(s, e);
    if (rc == 0)
        rc = store_keyholders_load(s, &k, e);
    if (rc != 0)
        return rc;
    const struct store_keyholder *h = store_keyholder(&k, st.keyholder.code);
    if (face->json != NULL) {
        verbs_json_u64(face->json, "agreed", h->agreed);
        verbs_json_u64(face->json, "leaf", h->leaf);
        verbs_json_u64(face->json, "needed", k.needed);
        json_key(face->json, "stands");
        json_bool(face->json, h->stands);
        return 0;
    }
    if (h->gone)
        verbs_say(face, "%s holds shares no more. Shares that she has still count: identity reshare makes others.",
                  h->code);
    else if (h->stands)
        verbs_say(face, "%s is a keyholder from now on.", h->code);
    else
        verbs_say(face, "%zu of %zu administrators have said so of %s: the others run the same command.", h->agreed,
                  k.needed, h->code);
    return 0;
}

static const char *standing(const struct store_keyholder *h)
{
    return h->gone ? TEXT("gone") : h->stands ? TEXT("stands") : TEXT("waits for other administrators");
}

static void keyholder_json(struct json_out *j, const struct store_keyholder *h)
{
    json_object_begin(j);
    verbs_json_u64(j, "agreed", h->agreed);
    verbs_json_text(j, "keyholder", h->code);
    verbs_json_u64(j, "leaf", h->leaf);
    verbs_json_text(j, "recipient", h->recipient[0] != 0 ? h->recipient : NULL);
    verbs_json_text(j, "state", standing(h));
    json_object_end(j);
}

static int keyholders_list(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(store_keyholders_release) struct store_keyholders k = {0};
    struct verbs_place place;
    int rc = verbs_open(request, face, STORE_READ, 0, &place, &s, e);
    if (rc == 0)
        rc = store_keyholders_load(s, &k, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL) {
        json_key(face->json, "keyholders");
        json_array_begin(face->json);
    } else if (k.count == 0)
        verbs_say(face, "There are no keyholders yet: an administrator names them with groundwork identity keyholder.");
    for (size_t i = 0; i < k.count; i++)
        if (face->json != NULL)
            keyholder_json(face->json, &k.list[i]);
        else
            verbs_say(face, "%s  %s  %s", k.list[i].code, text_tr(standing(&k.list[i])), k.list[i].recipient);
    if (face->json != NULL) {
        json_array_end(face->json);
        verbs_json_u64(face->json, "needed", k.needed);
    }
    return 0;
}

/* ---- records ---- */

/* What the person typed, as a record, in held memory. */
static int record_take(const struct verbs_face *face, const char *person, struct buf *held, struct err *e)
{
    OWN(crypt_hold_drop) struct buf typed = {0};
    int rc = crypt_hold(&typed, RECORD_ROOM, e);
    if (rc == 0)
        rc = crypt_hold(held, RECORD_ROOM, e);
    if (rc == 0)
        rc = face->record(face->context, &typed, e);
    return rc == 0 ? identity_record_typed(buf_bytes(&typed), person, held, e) : rc;
}

/* ---- the list ---- */

static int list_one(void *context, const struct store_identity *i, struct err *e)
{
    const struct verbs_face *face = context;
    const struct statement_identity_shares *x = i->held_by;
    OWN(buf_drop) struct buf codes = {0};
    for (size_t k = 0; i->is_sealed && k < x->holder_count; k++)
        buf_printf(&codes, k == 0 ? "%s" : ", %s", x->holders[k].code);
    if (face->json == NULL && i->is_sealed)
        verbs_say(face, "%s  sealed at leaf %" PRIu64 ": %u needed of %s", i->person, i->leaf, x->needed,
                  buf_text(&codes));
    else if (face->json == NULL)
        verbs_say(face, "%s  restricted, leaf %" PRIu64, i->person, i->leaf);
    if (face->json == NULL)
        return buf_check(&codes, e);
    json_object_begin(face->json);
    verbs_json_text(face->json, "grade", i->is_sealed ? "sealed" : "restricted");
    if (i->is_sealed) {
        json_key(face->json, "keyholders");
        json_array_begin(face->json);
        for (size_t k = 0; k < x->holder_count; k++)
            json_string(face->json, x->holders[k].code);
        json_array_end(face->json);
    }
    verbs_json_u64(face->json, "leaf", i->leaf);
    if (i->is_sealed)
        verbs_json_u64(face->json, "needed", x->needed);
    verbs_json_text(face->json, "person", i->person);
    json_object_end(face->json);
    return buf_check(&codes, e);
}

static int list_request(void *context, const struct store_asked_for *a, struct err *e)
{
    const struct verbs_face *face = context;
    const struct statement_identity_shares *x = &a->shares.identity_shares;
    (void)e;
    if (face->json == NULL) {
        if (a->spent)
            verbs_say(face, "Request at leaf %" PRIu64 " for %s: it has served.", a->leaf, x->person);
        else
            verbs_say(face, "Request at leaf %" PRIu64 " for %s: %zu of %u have approved it.", a->leaf, x->person,
                      a->approvals, x->needed);
        return 0;
    }
    json_object_begin(face->json);
    verbs_json_u64(face->json, "approvals", a->approvals);
    verbs_json_u64(face->json, "leaf", a->leaf);
    verbs_json_u64(face->json, "needed", x->needed);
    verbs_json_text(face->json, "person", x->person);
    json_key(face->json, "spent");
    json_bool(face->json, a->spent);
    json_object_end(face->json);
    return 0;
}

/* In the compartment that is open and in all others that are hers, unless one was named. */
static int everywhere(const struct verbs_request *request, const struct verbs_face *face, struct store *s,
                      int (*look)(struct store *s, const struct verbs_face *face, struct err *e), struct err *e)
{
    OWN(verbs_others_release) struct verbs_others o = {0};
    int rc = look(s, face, e);
    if (rc == 0 && request->compartment == NULL)
        rc = verbs_others(s, &o, e);
    for (size_t i = 0; rc == 0 && i < o.count; i++) {
        OWN(store_drop) struct store *other = NULL;
        struct verbs_place place;
        rc = verbs_other_open(request, face, STORE_READ, &o, i, &place, &other, e);
        if (rc == 0)
            rc = look(other, face, e);
    }
    return rc;
}

static int list_identities(struct store *s, const struct verbs_face *face, struct err *e)
{
    return store_identities(s, list_one, (void *)(uintptr_t)face, e);
}

static int list_requests(struct store *s, const struct verbs_face *face, struct err *e)
{
    return store_requests(s, list_request, (void *)(uintptr_t)face, e);
}

static int identity_list(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    static const struct {
        const char *name;
        int (*look)(struct store *s, const struct verbs_face *face, struct err *e);
    } lists[] = {{"identities", list_identities}, {"requests", list_requests}};
    OWN(store_drop) struct store *s = NULL;
    struct verbs_place place;
    int rc = verbs_open(request, face, STORE_READ, 0, &place, &s, e);
    for (size_t i = 0; rc == 0 && i < COUNT(lists); i++) {
        if (face->json != NULL) {
            json_key(face->json, lists[i].name);
            json_array_begin(face->json);
        }
        rc = everywhere(request, face, s, lists[i].look, e);
        if (face->json != NULL)
            json_array_end(face->json);
    }
    return rc;
}

/* ---- restricted: for whoever holds the compartment ---- */

/* Who people are stands in a compartment of its own. */
static int names_open(const struct verbs_request *request, const struct verbs_face *face, enum store_manner manner,
                      struct verbs_place *place, struct store **ret, struct err *e)
{
    struct verbs_request copy = *request;
    if (copy.compartment == NULL)
        copy.compartment = "names";
    return verbs_open(&copy, face, manner, 0, place, ret, e);
}

static int identity_add(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(crypt_hold_drop) struct buf record = {0};
    struct verbs_place place;
    const char *person = request->arguments[1];
    uint64_t leaf = 0;
    int rc = code_of("PERSON", person, e);
    if (rc == 0)
        rc = names_open(request, face, STORE_WRITE, &place, &s, e);
    if (rc == 0)
        rc = record_take(face, person, &record, e);
    if (rc == 0)
        rc = store_identity_add(s, person, buf_text(&record), &leaf, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL)
        verbs_json_u64(face->json, "leaf", leaf);
    verbs_say(face, "Who %s is stands at leaf %" PRIu64 ", for whoever holds this compartment. What must not fall with "
                    "one of their keys is to be sealed: groundwork identity seal.",
              person, leaf);
    return 0;
}

static int record_show(void *context, struct bytes record, struct err *e)
{
    const struct verbs_face *face = context;
    return face->reveal(face->context, record, e);
}

static int identity_show(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(buf_wipe) struct buf held = {0};
    struct verbs_place place;
    const char *why = NULL;
    int rc = no_document(face, e);
    if (rc == 0)
        rc = code_of("PERSON", request->arguments[1], e);
    if (rc == 0)
        rc = why_of(request, &held, &why, e);
    if (rc == 0)
        rc = names_open(request, face, STORE_WRITE, &place, &s, e);
    return rc == 0 ? store_identity_show(s, request->arguments[1], why, record_show, (void *)(uintptr_t)face, e) : rc;
}

/* ---- sealing ---- */

struct handing {
    char codes[CODES_MAX];
    const char *list[CRYPT_SHARES_MAX];
    struct store_seal_for whom;
    struct store_sealing sealing;
    const char *out;
    unsigned written;
};

static void handing_release(struct handing *h)
{
    store_sealing_release(&h->sealing);
}

static int holders_of(const struct verbs_request *request, struct handing *h, struct err *e)
{
    const char *given = request->option[OPTION_KEYHOLDERS], *needed = request->option[OPTION_NEEDED];
    uint64_t k = 0;
    h->out = request->option[OPTION_OUT];
    if (given == NULL || needed == NULL || h->out == NULL)
        return err_set(e, ERR_USAGE, "say --keyholders CODES, --needed K and --out FOLDER");
    if (decimal_get(bytes_text(needed), &k) != 0 || k < 1 || k > CRYPT_SHARES_MAX)
        return err_set(e, ERR_USAGE, "%s %s: give a number from 1 to %d", "--needed", needed, CRYPT_SHARES_MAX);
    if (strlen(given) >= sizeof h->codes)
        return err_set(e, ERR_USAGE, "--keyholders: at most %d", CRYPT_SHARES_MAX);
    (void)snprintf(h->codes, sizeof h->codes, "%s", given);
    h->whom.needed = (unsigned)k;
    h->whom.keyholders = h->list;
    for (char *at = h->codes; at != NULL;) {
        char *comma = strchr(at, ',');
        if (comma != NULL)
            *comma++ = 0;
        if (h->whom.count == CRYPT_SHARES_MAX)
            return err_set(e, ERR_USAGE, "--keyholders: at most %d", CRYPT_SHARES_MAX);
        int rc = code_of("--keyholders", at, e);
        if (rc != 0)
            return rc;
        h->list[h->whom.count++] = at;
        at = comma;
    }
    int rc = verbs_outside(request, h->out, e);
    return rc == 0 ? verbs_apart(h->out, e) : rc;
}

static int path_of(const struct handing *h, unsigned number, struct file_path *to, struct err *e)
{
    char set[9];
    hex_put(set, h->sealing.shares.identity_shares.set, 4);
    return file_path(to, e, "%s/%s-%s-%u-for-%s.age", h->out, h->sealing.person, set, number,
                     h->sealing.code[number - 1]);
}

/* Before the commit: shares that nobody holds would be the end of what they open. */
static int hand_out(struct handing *h, struct err *e)
{
    int rc = file_make_folders(h->out, e);
    while (rc == 0 && h->written < h->sealing.count) {
        OWN(buf_drop) struct buf file = {0};
        struct file_path path;
        rc = path_of(h, h->written + 1, &path, e);
        if (rc == 0)
            rc = store_seal_file(&h->sealing, h->written + 1, &file, e);
        if (rc == 0)
            rc = file_create(path.s, buf_bytes(&file), 0600, e);
        h->written += rc == 0;
    }
    return rc;
}

static void take_back(struct handing *h)
{
    struct file_path path;
    for (; h->written > 0; h->written--)
        if (path_of(h, h->written, &path, NULL) == 0)
            (void)file_remove(path.s, NULL);
}

static int hand_and_commit(struct store *s, const struct verbs_face *face, struct handing *h, uint64_t *ret_leaf,
                           struct err *e)
{
    int rc = hand_out(h, e);
    bool tried = rc == 0;
    if (rc == 0)
        rc = store_seal_commit(s, &h->sealing, ret_leaf, e);
    if (rc != 0 && tried && store_seal_may_count(s, &h->sealing))
        face->warn(face->context, text_tr("These shares may count already: keep the files, and look with groundwork "
                                          "identity list."));
    else if (rc != 0)
        take_back(h);
    return rc;
}

static void handed_say(const struct verbs_face *face, const struct handing *h, uint64_t leaf)
{
    struct file_path path;
    if (face->json != NULL) {
        json_key(face->json, "files");
        json_array_begin(face->json);
        for (unsigned i = 1; i <= h->written; i++)
            if (path_of(h, i, &path, NULL) == 0)
                json_string(face->json, path.s);
        json_array_end(face->json);
        verbs_json_u64(face->json, "leaf", leaf);
        return;
    }
    verbs_say(face, "Who %s is lies sealed at leaf %" PRIu64 ": %u of %u keyholders open it together, and nobody "
                    "without them.", h->sealing.person, leaf, h->sealing.needed, h->sealing.count);
    for (unsigned i = 1; i <= h->written; i++)
        if (path_of(h, i, &path, NULL) == 0)
            verbs_say(face, "  %s", path.s);
    verbs_say(face, "Give each keyholder her file. It is for her key alone; once all have theirs, destroy the folder.");
}

static int identity_seal_verb(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(crypt_hold_drop) struct buf record = {0};
    OWN(handing_release) struct handing h = {.whom = {.person = request->arguments[1]}};
    struct verbs_place place;
    uint64_t leaf = 0;
    int rc = code_of("PERSON", h.whom.person, e);
    if (rc == 0)
        rc = holders_of(request, &h, e);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_WRITE, 0, &place, &s, e);
    if (rc == 0)
        rc = record_take(face, h.whom.person, &record, e);
    if (rc == 0)
        rc = store_seal_make(s, &h.whom, buf_bytes(&record), &h.sealing, e);
    crypt_hold_drop(&record);
    if (rc == 0)
        rc = hand_and_commit(s, face, &h, &leaf, e);
    if (rc == 0)
        handed_say(face, &h, leaf);
    return rc;
}

/* ---- asking, approving, opening ---- */

static void requested_say(const struct verbs_face *face, const struct store_asked_for *a, const char *file)
{
    char word[CRYPT_AGE_RECIPIENT];
    uint8_t answer[CRYPT_PUBLIC];
    crypt_age_public(&a->request.identity_access.answer, answer);
    crypt_age_recipient_text(answer, word);
    if (face->json != NULL) {
        verbs_json_text(face->json, "answer", word);
        verbs_json_text(face->json, "file", file);
        verbs_json_u64(face->json, "leaf", a->leaf);
        return;
    }
    verbs_say(face, "Request at leaf %" PRIu64 " for %s; send this file to the keyholders: %s", a->leaf,
              a->shares.identity_shares.person, file);
    verbs_say(face, "Who approves it gives her share back by these words, KEY being her own key and SHARE her file:");
    verbs_say(face, "  age -d -i KEY SHARE | age -r %s -o BACK", word);
}

static int identity_request(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(store_asked_for_release) struct store_asked_for a = {.leaf = 0};
    OWN(buf_wipe) struct buf held = {0};
    OWN(buf_drop) struct buf file = {0};
    struct verbs_place place;
    const char *why = NULL, *out = request->option[OPTION_FILE];
    uint64_t leaf;
    int rc = code_of("PERSON", request->arguments[1], e);
    if (rc == 0)
        rc = out != NULL ? why_of(request, &held, &why, e)
                         : err_set(e, ERR_USAGE, "say where what the keyholders are sent goes: --file FILE");
    if (rc == 0)
        rc = verbs_outside(request, out, e);
    if (rc == 0 && file_exists(out))
        rc = err_set(e, ERR_REFUSED, "%s is there already: name another file", out);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_WRITE, 0, &place, &s, e);
    if (rc == 0)
        rc = store_request(s, request->arguments[1], why, &leaf, e);
    if (rc == 0)
        rc = store_asked_load(s, leaf, &a, e);
    if (rc == 0)
        rc = store_asked_document(s, &a, &file, e);
    if (rc == 0)
        rc = file_create(out, buf_bytes(&file), 0600, e);
    if (rc == 0)
        requested_say(face, &a, out);
    return rc;
}

/* A request, and the shares that came back for it. */
struct coming {
    struct store *s;
    struct verbs_place place;
    struct store_asked_for asked;
    struct store_returned returned;
    unsigned number[CRYPT_SHARES_MAX];
    size_t count;
    struct buf held;
    const char *why;
};

static void coming_release(struct coming *c)
{
    store_asked_for_release(&c->asked);
    store_returned_release(&c->returned);
    buf_wipe(&c->held);
    store_drop(&c->s);
}

static int shares_take(const struct verbs_request *request, struct coming *c, struct err *e)
{
    int rc = request->count > 2 + CRYPT_SHARES_MAX
                 ? err_set(e, ERR_USAGE, "give at most %d files", CRYPT_SHARES_MAX)
                 : 0;
    for (size_t i = 2; rc == 0 && i < request->count; i++) {
        OWN(buf_drop) struct buf file = {0};
        rc = file_read_all(request->arguments[i], IDENTITY_RETURNED_MAX, &file, e);
        if (rc == 0)
            rc = store_share_take(c->s, &c->asked, request->arguments[i], buf_bytes(&file), &c->returned,
                                  &c->number[c->count], e);
        c->count += rc == 0;
    }
    return rc;
}

static int coming_begin(const struct verbs_request *request, const struct verbs_face *face, struct coming *c,
                        struct err *e)
{
    uint64_t leaf = 0;
    int rc = leaf_of(request->arguments[1], &leaf, e);
    if (rc == 0)
        rc = why_of(request, &c->held, &c->why, e);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_WRITE, 0, &c->place, &c->s, e);
    if (rc == 0)
        rc = store_asked_load(c->s, leaf, &c->asked, e);
    return rc == 0 ? shares_take(request, c, e) : rc;
}

static int identity_approve(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(coming_release) struct coming c = {.s = NULL};
    int rc = coming_begin(request, face, &c, e);
    const struct statement_identity_shares *x = &c.asked.shares.identity_shares;
    for (size_t i = 0; rc == 0 && i < c.count; i++) {
        rc = store_share_approve(c.s, &c.asked, c.number[i], c.why, e);
        if (rc == 0)
            verbs_say(face, "%s approved: her share is the one that the log knows.", x->holders[c.number[i] - 1].code);
    }
    uint64_t leaf = c.asked.leaf;
    if (rc != 0)
        return rc;
    store_asked_for_release(&c.asked);
    rc = store_asked_load(c.s, leaf, &c.asked, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL) {
        verbs_json_u64(face->json, "approvals", c.asked.approvals);
        verbs_json_u64(face->json, "needed", x->needed);
    }
    verbs_say(face, "%zu of %u keyholders have approved it.", c.asked.approvals, x->needed);
    return 0;
}

/* The record of an opening, which is on the log by then. */
static int unseal(const struct verbs_request *request, const struct verbs_face *face, struct coming *c,
                  struct buf *record, struct err *e)
{
    int rc = crypt_hold(record, RECORD_ROOM, e);
    if (rc == 0)
        rc = coming_begin(request, face, c, e);
    return rc == 0 ? store_unseal(c->s, &c->asked, &c->returned, c->why, record, e) : rc;
}

static int identity_open_verb(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(coming_release) struct coming c = {.s = NULL};
    OWN(crypt_hold_drop) struct buf record = {0};
    int rc = no_document(face, e);
    if (rc == 0)
        rc = unseal(request, face, &c, &record, e);
    return rc == 0 ? face->reveal(face->context, buf_bytes(&record), e) : rc;
}

struct leaks {
    const struct verbs_face *face;
    uint64_t count;
    const char *compartment; /* its id, until it was said; NULL: the one that is open */
};

static int leak_say(void *context, const struct store_leak *leak, struct err *e)
{
    struct leaks *l = context;
    (void)e;
    l->count++;
    if (l->compartment != NULL)
        verbs_say(l->face, "In the compartment %s (groundwork compartment list):", l->compartment);
    l->compartment = NULL;
    if (leak->in_bytes)
        verbs_say(l->face, "  item %" PRIu64 ": in its bytes", leak->leaf);
    else if (leak->kind == STATEMENT_RECEIVED)
        verbs_say(l->face, "  item %" PRIu64 ": in its name", leak->leaf);
    else
        verbs_say(l->face, "  leaf %" PRIu64 ": in what the statement \"%s\" says", leak->leaf,
                  statement_kind_name(leak->kind));
    return 0;
}

static int leak_unread(void *context, const char *line, struct err *e)
{
    const struct leaks *l = context;
    (void)e;
    l->face->warn(l->face->context, line);
    return 0;
}

/* Of every compartment that is hers: the same name may stand where nobody thought of it. */
static int leaks_beyond(const struct verbs_request *request, const struct verbs_face *face, struct store *s,
                        struct bytes record, struct leaks *l, struct err *e)
{
    OWN(verbs_others_release) struct verbs_others o = {0};
    int rc = verbs_others(s, &o, e);
    for (size_t i = 0; rc == 0 && i < o.count; i++) {
        OWN(store_drop) struct store *other = NULL;
        struct verbs_place place;
        rc = verbs_other_open(request, face, STORE_READ, &o, i, &place, &other, e);
        l->compartment = o.hex[i];
        if (rc == 0)
            rc = store_leaks(other, record, &(struct store_leak_each){leak_say, leak_unread, l}, e);
    }
    if (rc == 0 && o.foreign > 0)
        verbs_say(face, "Not looked into: %zu compartments that you do not hold, or that do not open.", o.foreign);
    return rc;
}

static int identity_leaks(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(coming_release) struct coming c = {.s = NULL};
    OWN(crypt_hold_drop) struct buf record = {0};
    struct leaks l = {.face = face};
    int rc = no_document(face, e);
    if (rc == 0)
        rc = unseal(request, face, &c, &record, e);
    if (rc == 0)
        rc = store_leaks(c.s, buf_bytes(&record), &(struct store_leak_each){leak_say, leak_unread, &l}, e);
    if (rc == 0)
        rc = leaks_beyond(request, face, c.s, buf_bytes(&record), &l, e);
    if (rc != 0)
        return rc;
    if (l.count == 0)
        verbs_say(face, "What stands in the record stands nowhere else that you can read here, as plain text.");
    else
        verbs_say(face, "%" PRIu64 " places say what was sealed. Whoever reads those needs no keyholder.", l.count);
    verbs_say(face, "Not looked into: what is compressed, as in PDF, office documents and archives; pictures; sound.");
    return 0;
}

static int identity_reshare(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(coming_release) struct coming c = {.s = NULL};
    OWN(handing_release) struct handing h = {.out = NULL};
    uint64_t leaf = 0;
    int rc = holders_of(request, &h, e);
    if (rc == 0)
        rc = coming_begin(request, face, &c, e);
    h.whom.person = rc == 0 ? c.asked.shares.identity_shares.person : NULL;
    if (rc == 0)
        rc = store_reseal(c.s, &c.asked, &c.returned, c.why, &h.whom, &h.sealing, e);
    if (rc == 0)
        rc = hand_and_commit(c.s, face, &h, &leaf, e);
    if (rc == 0)
        handed_say(face, &h, leaf);
    if (rc == 0)
        verbs_say(face, "The shares before these still open it, as many together as were needed: let each keyholder "
                        "destroy hers.");
    return rc;
}

/* ---- which of them ---- */

int verbs_identity(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    static const struct {
        const char *name;
        size_t words, words_max;
        action_run *run;
    } actions[] = {{"add", 2, 2, identity_add},
                   {"approve", 3, SIZE_MAX, identity_approve},
                   {"keyholder", 2, 2, keyholder_say},
                   {"keyholders", 1, 1, keyholders_list},
                   {"leaks", 3, SIZE_MAX, identity_leaks},
                   {"list", 1, 1, identity_list},
                   {"open", 3, SIZE_MAX, identity_open_verb},
                   {"request", 2, 2, identity_request},
                   {"reshare", 3, SIZE_MAX, identity_reshare},
                   {"seal", 2, 2, identity_seal_verb},
                   {"show", 2, 2, identity_show}};
    (void)ret_exit;
    for (size_t i = 0; i < COUNT(actions); i++)
        if (strcmp(request->arguments[0], actions[i].name) == 0)
            return request->count >= actions[i].words && request->count <= actions[i].words_max
                       ? actions[i].run(request, face, e)
                       : err_set(e, ERR_USAGE, "identity %s: this takes other words (groundwork help identity)",
                                 actions[i].name);
    return err_set(e, ERR_USAGE, "identity %s: say add, show, seal, list, request, approve, open, reshare, leaks, "
                                 "keyholder or keyholders",
                   request->arguments[0]);
}
