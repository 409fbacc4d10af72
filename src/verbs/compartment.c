/* Compartments: making one, saying who reads it, and what whoever loses one may have kept. */
#include "verbs/verbs_internal.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>

enum { OPTION_PROPOSAL };

/* ---- the others that the member holds ---- */

void verbs_others_release(struct verbs_others *o)
{
    free(o->hex);
    crypt_secret_free(o->identity);
    *o = (struct verbs_others){0};
}

static int other_take(void *context, const struct store_compartment *c, struct err *e)
{
    struct verbs_others *o = context;
    const bool opens = c->held && c->name != NULL; /* what was just granted is boxed by whoever writes there next */
    o->foreign += !opens;
    if (!opens || c->here)
        return 0;
    char(*grown)[VERBS_COMPARTMENT_HEX] = reallocarray(o->hex, o->count + 1, sizeof *grown);
    if (grown == NULL)
        return err_memory(e);
    o->hex = grown;
    hex_put(o->hex[o->count++], c->id, STATEMENT_ID);
    return 0;
}

int verbs_others(struct store *s, struct verbs_others *ret, struct err *e)
{
    int rc = store_compartments(s, other_take, ret, e);
    if (rc != 0 || ret->count == 0)
        return rc;
    ret->identity = crypt_secret_new(sizeof *ret->identity);
    if (ret->identity == NULL)
        return err_memory(e);
    *ret->identity = *store_identity(s);
    return 0;
}

int verbs_other_open(const struct verbs_request *request, const struct verbs_face *face, enum store_manner manner,
                     const struct verbs_others *o, size_t i, struct verbs_place *place, struct store **ret,
                     struct err *e)
{
    verbs_place(request, face, place);
    place->place.identity = o->identity;
    place->place.compartment = o->hex[i];
    return store_open(&place->place, manner, ret, e);
}

int verbs_settle(const struct verbs_request *request, const struct verbs_face *face, struct store **s, struct err *e)
{
    OWN(verbs_others_release) struct verbs_others o = {0};
    int rc = verbs_others(*s, &o, e);
    store_close(*s); /* it holds the lock */
    *s = NULL;
    for (size_t i = 0; rc == 0 && i < o.count; i++) {
        OWN(store_drop) struct store *other = NULL;
        struct verbs_place place;
        rc = verbs_other_open(request, face, STORE_WRITE, &o, i, &place, &other, e);
    }
    return rc;
}

/* ---- list ---- */

struct listing {
    const struct verbs_face *face;
    struct buf held;
};

static void list_json(struct json_out *j, const struct store_compartment *c)
{
    char hex[VERBS_COMPARTMENT_HEX];
    hex_put(hex, c->id, STATEMENT_ID);
    json_object_begin(j);
    json_key(j, "held");
    json_bool(j, c->held);
    verbs_json_u64(j, "holders", c->holders);
    verbs_json_text(j, "id", hex);
    verbs_json_u64(j, "leaf", c->leaf);
    if (c->name != NULL)
        verbs_json_text(j, "name", c->name);
    json_key(j, "sheets");
    json_bool(j, c->sheets);
    json_key(j, "turn_due");
    json_bool(j, c->turn_due);
    json_object_end(j);
}

static int list_one(void *context, const struct store_compartment *c, struct err *e)
{
    struct listing *l = context;
    char hex[VERBS_COMPARTMENT_HEX];
    (void)e;
    hex_put(hex, c->id, STATEMENT_ID);
    if (l->face->json != NULL)
        list_json(l->face->json, c);
    if (c->name != NULL)
        verbs_say(l->face, "%s  (%s), held by %zu members", verbs_shown(bytes_text(c->name), &l->held), hex,
                  c->holders);
    else if (c->held)
        verbs_say(l->face, "%s, yours, but it does not open; held by %zu members", hex, c->holders);
    else
        verbs_say(l->face, "%s, not yours; held by %zu members", hex, c->holders);
    if (c->turn_due)
        verbs_say(l->face, "    somebody holds it no more: whoever holds it and writes next gives it new keys");
    return 0;
}

static int list_all(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    struct verbs_place place;
    struct listing l = {.face = face};
    int rc = verbs_open(request, face, STORE_READ, 0, &place, &s, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL) {
        json_key(face->json, "compartments");
        json_array_begin(face->json);
    }
    rc = store_compartments(s, list_one, &l, e);
    if (face->json != NULL)
        json_array_end(face->json);
    buf_drop(&l.held);
    return rc;
}

/* ---- what is done ---- */

static void tell_wait(const struct verbs_face *face, const struct store_acted *a)
{
    if (face->json != NULL) {
        verbs_json_u64(face->json, "have", a->have);
        verbs_json_u64(face->json, "needed", a->needed);
        verbs_json_u64(face->json, "proposal", a->proposal);
    }
    verbs_say(face,
              "Proposed at leaf %" PRIu64 ": %zu of %zu administrators agree. Others agree with groundwork member "
              "approve %" PRIu64 ".",
              a->proposal, a->have, a->needed, a->proposal);
}

struct taken {
    const char *name;
    bool is;
};

static int taken_look(void *context, const struct store_compartment *c, struct err *e)
{
    struct taken *t = context;
    (void)e;
    t->is = t->is || (c->name != NULL && strcmp(c->name, t->name) == 0);
    return 0;
}

static int name_check(struct store *s, const char *name, struct err *e)
{
    struct taken t = {.name = name};
    int rc = store_compartment_called(s, name, e);
    if (rc == 0)
        rc = store_compartments(s, taken_look, &t, e);
    if (rc == 0 && t.is)
        rc = err_set(e, ERR_REFUSED, "you hold a compartment called %s already: give another name", name);
    return rc;
}

static int propose_or_make(struct store *s, const char *name, const char *proposal, struct store_acted *ret,
                           struct err *e)
{
    struct statement act = {.kind = STATEMENT_COMPARTMENT, .at_unix_s = time_now_unix_s()};
    uint64_t leaf;
    crypt_random(act.compartment.compartment, STATEMENT_ID);
    if (proposal == NULL)
        return store_act(s, &act, name, ret, e);
    if (decimal_get(bytes_text(proposal), &leaf) != 0)
        return err_set(e, ERR_USAGE, "--proposal %s: give the leaf of the proposal", proposal);
    return store_approve(s, leaf, name, ret, e);
}

static int begin(const struct verbs_request *request, const struct verbs_face *face, const char *given, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(buf_drop) struct buf text = {0}, held = {0};
    struct verbs_place place;
    struct store_acted acted = {.done = false};
    const char *name;
    int rc = verbs_text(text_tr("the name"), given, &text, &name, e);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_WRITE, 0, &place, &s, e);
    if (rc == 0)
        rc = name_check(s, name, e);
    if (rc == 0)
        rc = propose_or_make(s, name, request->option[OPTION_PROPOSAL], &acted, e);
    if (rc != 0)
        return rc;
    if (!acted.done) {
        tell_wait(face, &acted);
        verbs_say(face, "The name is on no log. When enough agree: groundwork compartment new NAME --proposal %" PRIu64,
                  acted.proposal);
        return 0;
    }
    if (face->json != NULL)
        verbs_json_u64(face->json, "leaf", acted.leaf);
    verbs_say(face, "Compartment \"%s\" begins with leaf %" PRIu64 " of the log; you alone hold it.",
              verbs_shown(bytes_text(name), &held), acted.leaf);
    return verbs_settle(request, face, &s, e);
}

/* Opened by the compartment itself, where it is held: then what follows among its keys is done at once. */
static int open_named(const struct verbs_request *request, const struct verbs_face *face, const char *name,
                      struct verbs_place *place, struct store **ret, struct err *e)
{
    verbs_place(request, face, place);
    place->place.compartment = name;
    return store_open(&place->place, STORE_WRITE, ret, e);
}

struct found {
    struct store_compartment here;
    struct buf name;
};

static int found_take(void *context, const struct store_compartment *c, struct err *e)
{
    struct found *f = context;
    if (!c->here)
        return 0;
    f->here = *c;
    buf_put_text(&f->name, c->name != NULL ? c->name : "");
    return buf_check(&f->name, e);
}

static void say_lost(const struct verbs_face *face, const struct store_acted *a, const char *member, struct buf *name)
{
    OWN(buf_drop) struct buf held = {0};
    verbs_say(face, "From leaf %" PRIu64 " on %s does not read \"%s\": what comes after is under new keys.", a->leaf,
              member, verbs_shown(buf_bytes(name), &held));
    verbs_say(face, "What was in it until now she may have kept: with her key file and a copy of the repository of "
                    "before it opens, and nothing here can undo that. Recovery sheets of before open what was there "
                    "then, too.");
}

static int change(const struct verbs_request *request, const struct verbs_face *face, enum statement_kind kind,
                  struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    struct found f = {.name = {0}};
    struct verbs_place place;
    struct store_acted acted;
    struct statement act = {.kind = kind, .at_unix_s = time_now_unix_s()};
    char member[NOTE_NAME_MAX + 1];
    int rc = open_named(request, face, request->arguments[1], &place, &s, e);
    const struct history_member *m = rc == 0 ? history_member_called(store_history(s), request->arguments[2]) : NULL;
    if (rc == 0 && m == NULL)
        rc = err_set(e, ERR_USAGE, "no member's key is called %s: groundwork member list names them",
                     request->arguments[2]);
    if (rc == 0)
        rc = store_compartments(s, found_take, &f, e);
    if (rc == 0) {
        (void)snprintf(member, sizeof member, "%s", m->key.name); /* the history moves on meanwhile */
        act.compartment.name = member;
        memcpy(act.compartment.compartment, f.here.id, STATEMENT_ID);
        rc = store_act(s, &act, NULL, &acted, e);
    }
    if (rc == 0 && !acted.done)
        tell_wait(face, &acted);
    else if (rc == 0) {
        if (face->json != NULL)
            verbs_json_u64(face->json, "leaf", acted.leaf);
        if (kind == STATEMENT_UNGRANTED)
            say_lost(face, &acted, member, &f.name);
        else
            verbs_say(face, "From leaf %" PRIu64 " on %s reads \"%s\", all that is in it.", acted.leaf, member,
                      buf_text(&f.name));
    }
    buf_drop(&f.name);
    return rc;
}

int verbs_compartment(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    (void)ret_exit;
    const char *action = request->arguments[0];
    if (strcmp(action, "list") == 0 && request->count == 1)
        return list_all(request, face, e);
    if (strcmp(action, "new") == 0 && request->count == 2)
        return begin(request, face, request->arguments[1], e);
    if (strcmp(action, "grant") == 0 && request->count == 3)
        return change(request, face, STATEMENT_GRANTED, e);
    if (strcmp(action, "revoke") == 0 && request->count == 3)
        return change(request, face, STATEMENT_UNGRANTED, e);
    return err_set(e, ERR_USAGE, "groundwork compartment list, new NAME, grant NAME KEY, or revoke NAME KEY");
}
