/* groundwork erase: what would go, asking for it, agreeing to it, and having it done. */
#include "verbs/verbs_internal.h"

#include <inttypes.h>
#include <stdlib.h>

enum { OPTION_RECEIPT, OPTION_PERSON, OPTION_WHY };

/* ---- what is touched ---- */

struct plan {
    const struct verbs_face *face;
    uint64_t count[STORE_TOUCH_GIVEN_OUT + 1];
};

static const char *touch_words(enum store_touch touch)
{
    switch (touch) {
    case STORE_TOUCH_ITEM: return TEXT("item");
    case STORE_TOUCH_NAME: return TEXT("further name");
    case STORE_TOUCH_DEPOSIT: return TEXT("opening of the deposit: giver, note, paths");
    case STORE_TOUCH_PART: return TEXT("part of the deposit: names of what was refused");
    case STORE_TOUCH_CUSTODY: return TEXT("statement of custody");
    case STORE_TOUCH_IDENTITY: return TEXT("identity: who a person is");
    case STORE_TOUCH_CUSTODY_STAYS: return TEXT("STAYS: statement of custody, about other items too");
    case STORE_TOUCH_SHARED_STAYS: return TEXT("STAYS: item about others too: erase it by its number if it is to go");
    case STORE_TOUCH_RECEIPT_STAYS: return TEXT("STAYS: receipt, numbers alone");
    case STORE_TOUCH_TWIN_STAYS: return TEXT("STAYS: item with the same bytes, given by others or again");
    case STORE_TOUCH_GIVEN_OUT: return TEXT("GIVEN OUT: record of what was exported or restored; tell who has it");
    }
    return "";
}

static const char *touch_name(enum store_touch touch)
{
    static const char *const names[] = {
        [STORE_TOUCH_ITEM] = "item",
        [STORE_TOUCH_NAME] = "name",
        [STORE_TOUCH_DEPOSIT] = "deposit",
        [STORE_TOUCH_PART] = "part",
        [STORE_TOUCH_CUSTODY] = "custody",
        [STORE_TOUCH_IDENTITY] = "identity",
        [STORE_TOUCH_CUSTODY_STAYS] = "custody-stays",
        [STORE_TOUCH_SHARED_STAYS] = "shared-stays",
        [STORE_TOUCH_RECEIPT_STAYS] = "receipt-stays",
        [STORE_TOUCH_TWIN_STAYS] = "twin-stays",
        [STORE_TOUCH_GIVEN_OUT] = "given-out",
    };
    return names[touch];
}

static int touched(void *context, const struct store_touched *t, struct err *e)
{
    struct plan *p = context;
    OWN(buf_drop) struct buf shown = {0};
    (void)e;
    p->count[t->touch]++;
    if (p->face->json != NULL) {
        json_object_begin(p->face->json);
        json_key(p->face->json, "leaf");
        if (t->leaf == UINT64_MAX)
            json_null(p->face->json);
        else
            json_u64(p->face->json, t->leaf);
        if (t->item != NULL)
            verbs_json_name(p->face->json, t->item->path);
        verbs_json_text(p->face->json, "what", touch_name(t->touch));
        json_object_end(p->face->json);
    } else if (t->leaf == UINT64_MAX)
        verbs_say(p->face, "  -  %s", text_tr(touch_words(t->touch)));
    else
        verbs_say(p->face, "  %" PRIu64 "  %s  %s", t->leaf, text_tr(touch_words(t->touch)),
                  t->item != NULL ? verbs_shown(t->item->path, &shown) : "");
    return 0;
}

/* Each item by its number, once. */
static int wish_of(struct store *s, const struct verbs_request *request, uint64_t *items,
                   struct store_erase_wish *ret, struct err *e)
{
    const char *receipt = request->option[OPTION_RECEIPT];
    int rc = receipt != NULL ? verbs_receipt_number(store_index(s), receipt, &ret->receipt, e) : 0;
    for (size_t i = 0; rc == 0 && i < request->count; i++) {
        OWN(verbs_item_drop) struct verbs_item_held held = {.found = 0};
        rc = verbs_item(s, request->arguments[i], &held, e);
        items[ret->count] = held.item.leaf;
        ret->count += rc == 0;
    }
    ret->items = items;
    ret->person = request->option[OPTION_PERSON];
    if (rc == 0 && ret->person != NULL && !consent_code_known(ret->person))
        rc = err_set(e, ERR_USAGE,
                     "%s: this is no code of a person. A code is like P-0001: capital letters, a hyphen, digits. "
                     "Names do not belong here",
                     "--person");
    return rc;
}

static int plan_tell(struct store *s, const struct verbs_request *request, const struct verbs_face *face,
                     struct store_erase_plan *ret, struct err *e)
{
    OWN(mem_drop) uint64_t *items = calloc(request->count + 1, sizeof *items);
    struct store_erase_wish wish = {.count = 0};
    struct plan p = {.face = face};
    if (items == NULL)
        return err_memory(e);
    int rc = wish_of(s, request, items, &wish, e);
    if (rc != 0)
        return rc;
    verbs_say(face, "What goes, and what stays although it is near it:");
    if (face->json != NULL) {
        json_key(face->json, "affected");
        json_array_begin(face->json);
    }
    rc = store_erase_plan(s, &wish, touched, &p, ret, e);
    if (face->json != NULL)
        json_array_end(face->json);
    if (rc == 0 && p.count[STORE_TOUCH_GIVEN_OUT] > 0)
        verbs_say(face, "What was given out is out of reach: whoever has it is to be told.");
    if (rc == 0 && wish.person != NULL)
        verbs_say(face, "What this person allowed and withdrew stays on the log, under the code alone.");
    if (rc == 0 && wish.person != NULL && store_history(s)->compartment_count > 1)
        verbs_say(face, "This is one compartment. Ask for each of the others too: --compartment NAME, before erase.");
    if (rc == 0)
        verbs_say(face, "The giver may have it still: taking it in again brings it back.");
    return rc;
}

/* ---- where a request stands ---- */

static void say_policy(const struct verbs_face *face, const struct store_request *r)
{
    char when[TIME_TEXT_MAX];
    time_text(when, r->due_unix_s);
    verbs_say(face, "  By the policy of this repository %zu persons must agree: %zu have. It may be done from %s on.",
              r->needed, r->agreed, when);
}

static void say_request(const struct verbs_face *face, const struct store_request *r)
{
    OWN(buf_drop) struct buf shown = {0};
    char when[TIME_TEXT_MAX];
    uint64_t leaves = 0;
    for (size_t i = 0; i < r->count; i++)
        leaves += r->leaves[i].last - r->leaves[i].first + 1;
    time_text(when, r->at_unix_s);
    verbs_say(face, "%" PRIu64 "  %s, by %s: %" PRIu64 " leaves", r->leaf, when, r->signer, leaves);
    verbs_say(face, "  %s", verbs_shown(bytes_text(r->why), &shown));
    if (r->erased != 0)
        verbs_say(face, "  ERASED by leaf %" PRIu64, r->erased);
    else if (r->withdrawn)
        verbs_say(face, "  withdrawn");
    else
        say_policy(face, r);
    if (r->held > 0)
        verbs_say(face, "  REFUSED while a hold stood: %" PRIu64 " times; for counsel to look at", r->held);
}

static void json_request(struct json_out *j, const struct store_request *r)
{
    json_object_begin(j);
    verbs_json_u64(j, "agreed", r->agreed);
    json_key(j, "asked");
    json_i64(j, r->at_unix_s);
    json_key(j, "due");
    json_i64(j, r->due_unix_s);
    if (r->erased != 0)
        verbs_json_u64(j, "erased_by", r->erased);
    verbs_json_u64(j, "held", r->held);
    verbs_json_u64(j, "leaf", r->leaf);
    json_key(j, "leaves");
    json_array_begin(j);
    for (size_t i = 0; i < r->count; i++) {
        json_array_begin(j);
        json_u64(j, r->leaves[i].first);
        json_u64(j, r->leaves[i].last);
        json_array_end(j);
    }
    json_array_end(j);
    verbs_json_u64(j, "needed", r->needed);
    verbs_json_text(j, "signer", r->signer);
    verbs_json_text(j, "why", r->why);
    json_key(j, "withdrawn");
    json_bool(j, r->withdrawn);
    json_object_end(j);
}

static int list_one(void *context, const struct store_request *r, struct err *e)
{
    const struct verbs_face *face = context;
    (void)e;
    if (face->json != NULL)
        json_request(face->json, r);
    else
        say_request(face, r);
    return 0;
}

struct wanted {
    uint64_t leaf;
    const struct verbs_face *face;
    bool ready;
};

static int ready_look(void *context, const struct store_request *r, struct err *e)
{
    struct wanted *w = context;
    (void)e;
    if (r->leaf != w->leaf)
        return 0;
    w->ready = r->agreed >= r->needed && r->due_unix_s <= time_now_unix_s();
    say_policy(w->face, r);
    if (!w->ready && r->agreed < r->needed)
        verbs_say(w->face, "Another member agrees to it with: groundwork erase approve %" PRIu64, r->leaf);
    else if (!w->ready)
        verbs_say(w->face, "When the time is over it is done with: groundwork erase finish %" PRIu64, r->leaf);
    return 0;
}

static int not_advanced(void *context, const struct history_member *m, struct err *e)
{
    const struct verbs_face *face = context;
    (void)e;
    if (face->json != NULL)
        json_string(face->json, m->key.name);
    else
        verbs_say(face, "    %s can still open copies from before, until she next writes here by her passphrase, not "
                        "unlocked", m->key.name);
    return 0;
}

static int erased_one(void *context, const struct statement_range *r, uint64_t by, struct err *e)
{
    (void)e;
    if (r->first == r->last)
        verbs_say(context, "ERASED: leaf %" PRIu64 ", by leaf %" PRIu64, r->first, by);
    else
        verbs_say(context, "ERASED: leaves %" PRIu64 " to %" PRIu64 ", by leaf %" PRIu64, r->first, r->last, by);
    return 0;
}

int verbs_erased_say(struct store *s, const struct verbs_face *face, uint64_t first, uint64_t last, struct err *e)
{
    return store_erased_ranges(s, first, last, erased_one, (void *)(uintptr_t)face, e);
}

struct sums {
    uint64_t acts, leaves, last;
    bool pending;
};

/* A copy that has more leaves than this is from behind it.  Where that is not known, at least one followed it. */
static uint64_t ended(const struct store_erased *act)
{
    return act->done != 0 ? act->done : act->leaf + 1;
}

static int act_sum(void *context, const struct store_erased *act, struct err *e)
{
    struct sums *n = context;
    (void)e;
    n->acts++;
    n->leaves += act->leaves;
    if (ended(act) > n->last)
        n->last = ended(act);
    n->pending = n->pending || act->pending;
    return 0;
}

static bool is_older(uint64_t leaves, uint64_t ended)
{
    return leaves <= ended;
}

/* Where what is destroyed here may be opened still. */
static int elsewhere(const struct verbs_face *face, struct store *s, uint64_t ended, struct err *e)
{
    OWN(mirror_notes_drop) struct mirror_notes *notes = NULL;
    OWN(buf_drop) struct buf shown = {0};
    struct store_facts f;
    store_facts(s, &f);
    int rc = store_not_advanced(s, not_advanced, (void *)(uintptr_t)face, e);
    if (rc == 0 && f.sheets != NULL && !f.sheets->spent && is_older(f.sheets->leaf, ended))
        verbs_say(face, "    the recovery sheets open copies from before: make new ones, and destroy these");
    if (rc == 0)
        rc = mirror_notes(f.place, &f.pin, &notes, e);
    for (size_t i = 0; rc == 0 && i < notes->count; i++)
        if (is_older(notes->list[i].leaves, ended))
            verbs_say(face, "    the mirror in %s is from before: run groundwork mirror",
                      verbs_shown(bytes_text(notes->list[i].folder), &shown));
    if (rc == 0)
        verbs_say(face, "    copies and key files kept elsewhere are not known here");
    return rc;
}

int verbs_erased_status(const struct verbs_face *face, struct store *s, struct err *e)
{
    struct sums n = {0};
    char shown[VERBS_NUMBER_MAX];
    bool left = false;
    if (!store_erase_glance(s))
        return 0;
    int rc = store_erased_each(s, act_sum, &n, e);
    if (rc != 0 || n.acts == 0)
        return rc;
    if (!n.pending)
        rc = store_erase_remains(s, &left, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL) {
        json_key(face->json, "erased");
        json_object_begin(face->json);
        verbs_json_u64(face->json, "leaves", n.leaves);
        json_key(face->json, "not_advanced");
        json_array_begin(face->json);
        rc = store_not_advanced(s, not_advanced, (void *)(uintptr_t)face, e);
        json_array_end(face->json);
        json_key(face->json, "pending");
        json_bool(face->json, n.pending || left);
        json_object_end(face->json);
        return rc;
    }
    if (n.pending || left) {
        verbs_say(face,
                  "  ERASE PENDING: %s leaves; the next member who holds their compartment and writes finishes it",
                  verbs_number(n.leaves, shown));
        return 0;
    }
    verbs_say(face, "  Erased: %s leaves. Destroyed here. What may open it still:", verbs_number(n.leaves, shown));
    return elsewhere(face, s, n.last, e);
}

/* Destroyed here; and where not. */
static int done_tell(struct store *s, const struct verbs_face *face, uint64_t by, struct err *e)
{
    if (face->json != NULL) {
        verbs_json_u64(face->json, "erased_by", by);
        return 0;
    }
    verbs_say(face, "ERASED, by leaf %" PRIu64 ": the keys are destroyed here.", by);
    verbs_say(face, "What may open it still:");
    return elsewhere(face, s, by + 1, e);
}

static int finish(struct store *s, const struct verbs_face *face, uint64_t request, struct err *e)
{
    uint64_t by = 0;
    int rc = store_erase_carry_out(s, request, &by, e);
    return rc == 0 ? done_tell(s, face, by, e) : rc;
}

static int go_on(struct store *s, const struct verbs_face *face, uint64_t request, struct err *e)
{
    struct wanted w = {.leaf = request, .face = face};
    int rc = store_erase_requests(s, ready_look, &w, e);
    return rc == 0 && w.ready ? finish(s, face, request, e) : rc;
}

/* ---- the actions ---- */

static int erase_items(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(store_erase_plan_release) struct store_erase_plan plan = {0};
    OWN(buf_drop) struct buf held = {0};
    struct verbs_place place;
    const char *why = NULL;
    uint64_t leaf = 0;
    if (request->count == 0 && request->option[OPTION_RECEIPT] == NULL && request->option[OPTION_PERSON] == NULL)
        return err_set(e, ERR_USAGE, "erase: name items, a receipt with --receipt, or a person with --person");
    int rc = verbs_text("--why", request->option[OPTION_WHY], &held, &why, e);
    if (rc == 0)
        rc = verbs_open(request, face, why != NULL ? STORE_WRITE : STORE_READ, 0, &place, &s, e);
    if (rc == 0)
        rc = plan_tell(s, request, face, &plan, e);
    if (rc != 0 || why == NULL) {
        if (rc == 0)
            verbs_say(face, "Nothing was done. To ask for it: the same with --why TEXT.");
        return rc;
    }
    rc = store_erase_ask(s, plan.leaves, plan.count, why, &leaf, e);
    if (rc != 0)
        return rc;
    verbs_say(face, "Asked for, as leaf %" PRIu64 ".", leaf);
    if (face->json != NULL)
        verbs_json_u64(face->json, "asked", leaf);
    return go_on(s, face, leaf, e);
}

static int erase_list(const struct verbs_request *request, const struct verbs_face *face, uint64_t leaf, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    struct verbs_place place;
    (void)leaf;
    int rc = verbs_open(request, face, STORE_READ, 0, &place, &s, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL) {
        json_key(face->json, "requests");
        json_array_begin(face->json);
    }
    rc = store_erase_requests(s, list_one, (void *)(uintptr_t)face, e);
    if (face->json != NULL)
        json_array_end(face->json);
    return rc;
}

static int answer(const struct verbs_request *request, const struct verbs_face *face, uint64_t leaf,
                  const char *answered, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(buf_drop) struct buf held = {0};
    struct verbs_place place;
    const char *why = NULL;
    int rc = verbs_text("--why", request->option[OPTION_WHY], &held, &why, e);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_WRITE, 0, &place, &s, e);
    if (rc == 0)
        rc = store_erase_answer(s, leaf, answered, why, e);
    return rc == 0 && strcmp(answered, "approved") == 0 ? go_on(s, face, leaf, e) : rc;
}

static int erase_approve(const struct verbs_request *request, const struct verbs_face *face, uint64_t leaf,
                         struct err *e)
{
    return answer(request, face, leaf, "approved", e);
}

static int erase_withdraw(const struct verbs_request *request, const struct verbs_face *face, uint64_t leaf,
                          struct err *e)
{
    return answer(request, face, leaf, "withdrawn", e);
}

static int erase_finish(const struct verbs_request *request, const struct verbs_face *face, uint64_t leaf,
                        struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    struct verbs_place place;
    int rc = verbs_open(request, face, STORE_WRITE, 0, &place, &s, e);
    return rc == 0 ? finish(s, face, leaf, e) : rc;
}

int verbs_erase(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    static const struct {
        const char *name;
        size_t arguments;
        int (*run)(const struct verbs_request *request, const struct verbs_face *face, uint64_t leaf, struct err *e);
    } actions[] = {{"list", 1, erase_list},
                   {"approve", 2, erase_approve},
                   {"withdraw", 2, erase_withdraw},
                   {"finish", 2, erase_finish}};
    (void)ret_exit;
    for (size_t i = 0; request->count > 0 && i < COUNT(actions); i++) {
        uint64_t leaf = 0;
        if (strcmp(request->arguments[0], actions[i].name) != 0)
            continue;
        if (request->count != actions[i].arguments ||
            (request->count == 2 && decimal_get(bytes_text(request->arguments[1]), &leaf) != 0))
            return err_set(e, ERR_USAGE, "erase %s: %s", actions[i].name,
                           actions[i].arguments == 1 ? text_tr("it takes nothing more")
                                                     : text_tr("give the leaf of the request: groundwork erase list"));
        return actions[i].run(request, face, leaf, e);
    }
    return erase_items(request, face, e);
}
