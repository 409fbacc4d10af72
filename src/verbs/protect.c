/* Protection: whose an item is, and how it is to be kept back. */
#include "verbs/verbs_internal.h"

#include <inttypes.h>

enum { OPTION_RECEIPT, OPTION_PERSON, OPTION_NOT, OPTION_NOBODY, OPTION_RESTRICTION, OPTION_PROVIDER, OPTION_LEVEL,
       OPTION_WHY };

struct protecting {
    struct store *store;
    struct verbs_persons linked, unlinked;
    struct verbs_ranges items; /* as they were named */
    struct verbs_ranges bytes; /* and what further names among them name, whose bytes they have */
    struct statement measure; /* of STATEMENT_PROTECTED, when measured */
    bool measured, nobody;
    struct buf held;
    const char *why;
};

static void protecting_release(struct protecting *p)
{
    verbs_persons_release(&p->linked);
    verbs_persons_release(&p->unlinked);
    verbs_ranges_release(&p->items);
    verbs_ranges_release(&p->bytes);
    buf_drop(&p->held);
}

static int measure_read(const struct verbs_request *request, struct protecting *p, struct err *e)
{
    struct statement_protected *x = &p->measure.protected;
    const char *restriction = request->option[OPTION_RESTRICTION], *level = request->option[OPTION_LEVEL];
    p->measured = restriction != NULL || level != NULL;
    if (restriction != NULL && !consent_restriction_find(restriction, &x->restriction))
        return err_set(e, ERR_USAGE, "\"%s\" is no restriction: say none or provider-confidential", restriction);
    if (level != NULL && !consent_level_find(level, &x->level))
        return err_set(e, ERR_USAGE, "\"%s\" is no level: say ordinary, high or closed", level);
    x->provider = request->option[OPTION_PROVIDER];
    if (x->provider != NULL && x->restriction != CONSENT_PROVIDER_CONFIDENTIAL)
        return err_set(e, ERR_USAGE, "--provider goes with --restriction provider-confidential");
    if (x->provider != NULL && !consent_code_known(x->provider))
        return err_set(e, ERR_USAGE, "--provider takes a code like S-0003: names do not belong here");
    return 0;
}

/* What needs no repository is looked at before one is opened. */
static int words_read(const struct verbs_request *request, struct protecting *p, struct err *e)
{
    const char *person = request->option[OPTION_PERSON], *not = request->option[OPTION_NOT];
    p->nobody = request->option[OPTION_NOBODY] != NULL;
    if (p->nobody && (person != NULL || not != NULL))
        return err_set(e, ERR_USAGE, "an item is somebody's or nobody's: give --person and --not, or --nobody");
    int rc = person == NULL ? 0 : verbs_persons("--person", person, &p->linked, e);
    if (rc == 0 && not != NULL)
        rc = verbs_persons("--not", not, &p->unlinked, e);
    if (rc == 0)
        rc = measure_read(request, p, e);
    if (rc == 0)
        rc = verbs_text("--why", request->option[OPTION_WHY], &p->held, &p->why, e);
    if (rc == 0 && p->why == NULL && (p->nobody || p->measured || not != NULL))
        rc = err_set(e, ERR_USAGE, "say why: --why TEXT");
    return rc;
}

static int take_deposit(void *context, const struct index_deposit *d, struct err *e)
{
    (void)e;
    *(uint64_t *)context = d->leaf;
    return 0;
}

static int take_span(void *context, const struct statement_range *range, struct err *e)
{
    return verbs_ranges_add(context, range->first, range->last, e);
}

int verbs_items_chosen(const struct verbs_request *request, size_t from, const char *receipt, struct store *s,
                       struct verbs_ranges *ret, struct err *e)
{
    struct index *x = store_index(s);
    uint64_t number, deposit = 0;
    int rc = 0;
    if (receipt == NULL && request->count <= from)
        return err_set(e, ERR_USAGE, "name items, or a receipt with --receipt");
    if (receipt != NULL) {
        rc = verbs_receipt_number(x, receipt, &number, e);
        if (rc == 0)
            rc = index_deposit_by_receipt(x, number, take_deposit, &deposit, e);
        if (rc == 0)
            rc = index_spans(x, deposit, take_span, ret, e);
        if (rc == 0 && ret->count == 0)
            rc = err_set(e, ERR_ABSENT, "receipt %s has no item of its own", receipt);
    }
    for (size_t i = from; rc == 0 && i < request->count; i++)
        rc = verbs_ranges_read(ret, s, request->arguments[i], e);
    verbs_ranges_settle(ret);
    return rc;
}

static int item_take(void *context, const struct index_item *item, struct err *e)
{
    return verbs_ranges_item(context, item, e);
}

/* What protects a further name protects the bytes, which stand under the item that it names. */
static int bytes_find(struct protecting *p, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < p->items.count; i++) {
        const struct statement_range *r = &p->items.list[i];
        rc = verbs_ranges_add(&p->bytes, r->first, r->last, e);
        for (uint64_t leaf = r->first; rc == 0 && leaf <= r->last; leaf++) {
            struct err mine = {0};
            rc = index_item(store_index(p->store), leaf, item_take, &p->bytes, &mine);
            rc = rc == 0 || rc == ERR_ABSENT ? 0 : err_set(e, rc, "%s", mine.text);
        }
    }
    verbs_ranges_settle(&p->bytes);
    return rc;
}

static int concern_add(struct protecting *p, enum consent_link link, const struct statement_persons *persons,
                       struct err *e)
{
    uint64_t leaf;
    const struct verbs_ranges *of = link == CONSENT_LINKED ? &p->bytes : &p->items;
    struct statement st = {.kind = STATEMENT_CONCERNS, .at_unix_s = time_now_unix_s(),
                           .concerns = {.link = link, .persons = *persons, .items = of->list,
                                        .item_count = of->count, .why = p->why}};
    return store_add(p->store, &st, &leaf, NULL, e);
}

/* Only what forbids more reaches beyond what was named. */
static bool holds_back(const struct statement_protected *x)
{
    return x->level != CONSENT_ORDINARY && x->restriction != CONSENT_UNRESTRICTED;
}

static int add_all(struct protecting *p, struct err *e)
{
    uint64_t leaf;
    int rc = store_draft_begin(p->store, e);
    if (rc == 0 && p->unlinked.list.count > 0)
        rc = concern_add(p, CONSENT_UNLINKED, &p->unlinked.list, e);
    if (rc == 0 && p->linked.list.count > 0)
        rc = concern_add(p, CONSENT_LINKED, &p->linked.list, e);
    if (rc == 0 && p->nobody)
        rc = concern_add(p, CONSENT_NOBODY, &p->linked.list, e);
    if (rc == 0 && p->measured) {
        const struct verbs_ranges *of = holds_back(&p->measure.protected) ? &p->bytes : &p->items;
        p->measure.protected.items = of->list;
        p->measure.protected.item_count = of->count;
        p->measure.protected.why = p->why;
        rc = store_add(p->store, &p->measure, &leaf, NULL, e);
    }
    return rc == 0 ? store_commit(p->store, e) : rc;
}

/* ---- what stands ---- */

static void say_facts(const struct verbs_face *face, uint64_t leaf, const struct consent_facts *f)
{
    OWN(buf_drop) struct buf codes = {0};
    for (size_t i = 0; i < f->person_count; i++) {
        buf_put_text(&codes, i == 0 ? "" : ", ");
        buf_put_text(&codes, f->persons[i]->code);
    }
    if (f->person_count > 0)
        verbs_say(face, "Item %" PRIu64 ": of %s", leaf, buf_text(&codes));
    else if (f->nobody)
        verbs_say(face, "Item %" PRIu64 ": of nobody", leaf);
    else
        verbs_say(face, "Item %" PRIu64 ": nobody has said whose it is, and so it goes nowhere", leaf);
    if (f->restriction == CONSENT_PROVIDER_CONFIDENTIAL && f->provider != NULL)
        verbs_say(face, "  given in confidence by %s", f->provider->code);
    else if (f->restriction == CONSENT_PROVIDER_CONFIDENTIAL)
        verbs_say(face, "  given in confidence; no provider is named who could lift it");
    if (f->level == CONSENT_HIGH)
        verbs_say(face, "  level high: it is not published");
    if (f->level == CONSENT_CLOSED)
        verbs_say(face, "  level closed: it goes nowhere");
}

static void json_facts(struct json_out *j, uint64_t leaf, const struct consent_facts *f)
{
    json_object_begin(j);
    verbs_json_u64(j, "item", leaf);
    verbs_json_text(j, "level", consent_level_name(f->level == CONSENT_LEVEL_UNSAID ? CONSENT_ORDINARY : f->level));
    json_key(j, "nobody");
    json_bool(j, f->nobody && f->person_count == 0);
    json_key(j, "persons");
    json_array_begin(j);
    for (size_t i = 0; i < f->person_count; i++)
        json_string(j, f->persons[i]->code);
    json_array_end(j);
    verbs_json_text(j, "provider", f->provider == NULL ? NULL : f->provider->code);
    verbs_json_text(j, "restriction",
                    consent_restriction_name(f->restriction == CONSENT_RESTRICTION_UNSAID ? CONSENT_UNRESTRICTED
                                                                                          : f->restriction));
    json_object_end(j);
}

struct standing {
    const struct verbs_face *face;
    uint64_t item, last; /* last: leaf of the hold told of */
};

static int say_hold(void *context, const struct index_hold *row, struct err *e)
{
    struct standing *t = context;
    (void)e;
    if (t->last == row->leaf)
        return 0;
    t->last = row->leaf;
    verbs_say(t->face, "  a hold stands over it: leaf %" PRIu64 ", %s", row->leaf, consent_ground_name(row->ground));
    return 0;
}

/* What is no item has nothing that stands of it, and would be told of as if it were one. */
static int all_items(struct protecting *p, int code, struct err *e)
{
    for (size_t i = 0; i < p->items.count; i++) {
        const struct statement_range *r = &p->items.list[i];
        uint64_t there;
        int rc = index_items_between(store_index(p->store), r->first, r->last, &there, e);
        if (rc == 0 && (there == 0 || there - 1 != r->last - r->first))
            rc = err_set(e, code, "the leaves %llu to %llu are not all items: groundwork items lists them",
                         (unsigned long long)r->first, (unsigned long long)r->last);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int tell_all(struct protecting *p, const struct verbs_face *face, struct err *e)
{
    OWN(store_deciding_drop) struct store_deciding *d = NULL;
    const struct consent_facts *facts;
    int rc = store_deciding_new(p->store, consent_use(0), "", &d, e);
    for (size_t i = 0; rc == 0 && i < p->bytes.count; i++)
        for (uint64_t leaf = p->bytes.list[i].first; rc == 0 && leaf <= p->bytes.list[i].last; leaf++) {
            struct standing t = {face, leaf, UINT64_MAX};
            rc = store_persons_at(d, leaf, &facts, e);
            if (rc == 0 && face->json != NULL)
                json_facts(face->json, leaf, facts);
            else if (rc == 0) {
                say_facts(face, leaf, facts);
                rc = store_holds(p->store, leaf, leaf, say_hold, &t, e);
            }
        }
    return rc;
}

int verbs_protect(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(protecting_release)
    struct protecting p = {.measure = {.kind = STATEMENT_PROTECTED, .at_unix_s = time_now_unix_s()}};
    struct verbs_place place;
    (void)ret_exit;
    int rc = words_read(request, &p, e);
    bool changes = p.measured || p.nobody || p.linked.list.count > 0 || p.unlinked.list.count > 0;
    if (rc == 0)
        rc = verbs_open(request, face, changes ? STORE_WRITE : STORE_READ, 0, &place, &s, e);
    p.store = s;
    if (rc == 0)
        rc = verbs_items_chosen(request, 0, request->option[OPTION_RECEIPT], s, &p.items, e);
    if (rc == 0)
        rc = all_items(&p, changes ? ERR_REFUSED : ERR_ABSENT, e);
    if (rc == 0)
        rc = bytes_find(&p, e);
    if (rc == 0 && changes)
        rc = add_all(&p, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL) {
        json_key(face->json, "items");
        json_array_begin(face->json);
    }
    rc = tell_all(&p, face, e);
    if (face->json != NULL)
        json_array_end(face->json);
    return rc;
}
