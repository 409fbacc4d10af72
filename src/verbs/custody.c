/* Custody: what was done with an item outside the repository, said by those who did it; and the chain of all that. */
#include "verbs/verbs_internal.h"

#include <inttypes.h>

enum { OPTION_ITEM, OPTION_RECEIPT, OPTION_DATE, OPTION_FROM, OPTION_TO, OPTION_PLACE, OPTION_WHY, OPTION_REFERS,
       OPTION_PAGE, OPTION_LANGUAGE };

/* ---- custody add ---- */

struct adding {
    struct store *store;
    struct statement st;
    struct buf from, to, place, why;
    struct verbs_ranges items;
};

static void adding_release(struct adding *a)
{
    buf_drop(&a->from);
    buf_drop(&a->to);
    buf_drop(&a->place);
    buf_drop(&a->why);
    verbs_ranges_release(&a->items);
}

static int about_read(struct adding *a, const struct verbs_request *request, struct err *e)
{
    struct statement_custody *x = &a->st.custody;
    if (request->option[OPTION_RECEIPT] != NULL)
        return verbs_receipt_number(store_index(a->store), request->option[OPTION_RECEIPT], &x->receipt, e);
    int rc = verbs_ranges_read(&a->items, a->store, request->option[OPTION_ITEM], e);
    if (rc != 0)
        return rc;
    verbs_ranges_settle(&a->items);
    x->items = a->items.list;
    x->item_count = a->items.count;
    return 0;
}

static int refers_read(struct adding *a, const char *text, struct err *e)
{
    struct statement_custody *x = &a->st.custody;
    if (text == NULL)
        return 0;
    if (decimal_get(bytes_text(text), &x->refers_leaf) != 0)
        return err_set(e, ERR_USAGE, "\"%s\" is no leaf: --refers takes the number of an earlier statement", text);
    x->refers = true;
    return store_commitment(a->store, x->refers_leaf, &x->refers_commitment, e);
}

/* What needs no repository is looked at before one is opened. */
static int words_read(struct adding *a, const struct verbs_request *request, struct err *e)
{
    struct statement_custody *x = &a->st.custody;
    x->act = request->arguments[1];
    x->date = request->option[OPTION_DATE];
    if (!statement_act_known(x->act))
        return err_set(e, ERR_USAGE,
                       "\"%s\" is no act of custody: say collected, received, transferred, viewed, exported, returned "
                       "or destroyed",
                       x->act);
    if (x->date != NULL && !statement_date_known(x->date))
        return err_set(e, ERR_USAGE,
                       "\"%s\" is no date: write 2026-11-20, or 2026-11-20T14:05, with Z or an offset like +09:00 "
                       "behind if it is known",
                       x->date);
    if ((request->option[OPTION_ITEM] == NULL) == (request->option[OPTION_RECEIPT] == NULL))
        return err_set(e, ERR_USAGE, "give --item ITEMS or --receipt N");
    int rc = verbs_text("--from", request->option[OPTION_FROM], &a->from, &x->from, e);
    if (rc == 0)
        rc = verbs_text("--to", request->option[OPTION_TO], &a->to, &x->to, e);
    if (rc == 0)
        rc = verbs_text("--place", request->option[OPTION_PLACE], &a->place, &x->place, e);
    return rc == 0 ? verbs_text("--why", request->option[OPTION_WHY], &a->why, &x->why, e) : rc;
}

static int add(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(adding_release) struct adding a = {.st = {.kind = STATEMENT_CUSTODY, .at_unix_s = time_now_unix_s()}};
    struct verbs_place place;
    uint64_t leaf;
    if (request->count != 2)
        return err_set(e, ERR_USAGE, "custody add takes one act: groundwork help custody tells which there are");
    int rc = words_read(&a, request, e);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_WRITE, 0, &place, &s, e);
    a.store = s;
    if (rc == 0)
        rc = about_read(&a, request, e);
    if (rc == 0)
        rc = refers_read(&a, request->option[OPTION_REFERS], e);
    if (rc == 0)
        rc = store_draft_begin(s, e);
    if (rc == 0)
        rc = store_add(s, &a.st, &leaf, NULL, e);
    if (rc == 0)
        rc = store_commit(s, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL)
        verbs_json_u64(face->json, "leaf", leaf);
    verbs_say(face, "On the log as leaf %" PRIu64 ": %s.", leaf, text_tr(verbs_act(a.st.custody.act)));
    return 0;
}

/* ---- custody show ---- */

static int take_receipt(void *context, const struct index_deposit *d, struct err *e)
{
    struct verbs_custody *c = context;
    c->about.receipt = d->receipt;
    c->about.first = d->leaf;
    c->about.last = d->receipt != 0 ? d->receipt_leaf : UINT64_MAX;
    c->deposit = d->leaf;
    c->opened_unix_s = d->opened_unix_s;
    c->set_aside = d->set_aside;
    c->has_giver = d->giver != NULL;
    buf_put_text(&c->giver, d->giver != NULL ? d->giver : "");
    buf_put_text(&c->aside_reason, d->set_aside_reason != NULL ? d->set_aside_reason : "");
    int rc = buf_check(&c->giver, e);
    return rc == 0 ? buf_check(&c->aside_reason, e) : rc;
}

static int take_deposit(void *context, const struct index_deposit *d, struct err *e)
{
    struct verbs_custody *c = context;
    return d->leaf == c->held.item.deposit ? take_receipt(c, d, e) : 0;
}

static int event_next(struct verbs_custody_event **list, size_t *count, size_t *room,
                      struct verbs_custody_event **ret, struct err *e)
{
    if (*count == *room) {
        size_t more = *room * 2 + 8;
        struct verbs_custody_event *grown = reallocarray(*list, more, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        *list = grown;
        *room = more;
    }
    *ret = &(*list)[(*count)++];
    **ret = (struct verbs_custody_event){.leaf = 0};
    return 0;
}

/* All texts, or none. */
static bool keep_all(struct verbs_custody_event *to, const struct store_custody_event *from)
{
    const struct statement_custody *x = from->said;
    const char *const given[] = {x != NULL ? x->act : from->accessed->act, x != NULL ? x->why : from->accessed->why,
                                 x != NULL ? x->date : NULL, x != NULL ? x->from : NULL, x != NULL ? x->place : NULL,
                                 x != NULL ? x->to : NULL};
    const char **const kept[] = {&to->act, &to->why, &to->date, &to->from, &to->place, &to->to};
    to->signer = strndup((const char *)from->signer.p, from->signer.n);
    bool good = to->signer != NULL;
    for (size_t i = 0; i < COUNT(given); i++)
        if (given[i] != NULL) {
            *kept[i] = strdup(given[i]);
            good = good && *kept[i] != NULL;
        }
    return good;
}

static int take_event(void *context, const struct store_custody_event *event, struct err *e)
{
    struct verbs_custody *c = context;
    struct verbs_custody_event *to;
    int rc = event->said != NULL ? event_next(&c->list, &c->count, &c->room, &to, e)
                                 : event_next(&c->accesses, &c->access_count, &c->access_room, &to, e);
    if (rc != 0)
        return rc;
    to->leaf = event->leaf;
    c->ahead += event->leaf == UINT64_MAX;
    to->at_unix_s = event->at_unix_s;
    to->doubtful = event->doubtful;
    if (event->said != NULL) {
        to->refers = event->said->refers;
        to->refers_leaf = event->said->refers_leaf;
        to->whole_receipt = event->said->receipt != 0;
    }
    return keep_all(to, event) ? 0 : err_memory(e);
}

static void events_free(struct verbs_custody_event *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct verbs_custody_event *x = &list[i];
        const char *const owned[] = {x->signer, x->act, x->date, x->from, x->place, x->to, x->why};
        for (size_t k = 0; k < COUNT(owned); k++)
            free((void *)(uintptr_t)owned[k]);
    }
    free(list);
}

void verbs_custody_release(struct verbs_custody *c)
{
    events_free(c->list, c->count);
    events_free(c->accesses, c->access_count);
    verbs_item_drop(&c->held);
    buf_drop(&c->giver);
    buf_drop(&c->aside_reason);
    buf_drop(&c->taker);
}

/* Who took it in, by the signature under the statement that opened its deposit. */
static int taker_find(struct verbs_custody *c, struct store *s, struct err *e)
{
    struct store_held *held = NULL;
    struct statement st;
    struct bytes name = {0};
    int rc = store_statement(s, c->deposit, &held, &st, e);
    if (rc == 0)
        rc = store_signer(held, &name, e);
    if (rc == 0) {
        buf_put_bytes(&c->taker, name);
        rc = buf_check(&c->taker, e);
    }
    store_held_drop(&held);
    return rc;
}

int verbs_custody_load(struct store *s, const char *item, const char *receipt, struct verbs_custody *ret,
                       struct err *e)
{
    struct index *x = store_index(s);
    uint64_t number;
    int rc;
    ret->about.item = UINT64_MAX;
    if (receipt != NULL) {
        rc = verbs_receipt_number(x, receipt, &number, e);
        if (rc == 0)
            rc = index_deposit_by_receipt(x, number, take_receipt, ret, e);
    } else {
        rc = verbs_item(s, item, &ret->held, e);
        if (rc == 0)
            rc = index_deposits(x, take_deposit, ret, e);
        ret->about.item = ret->held.item.leaf;
    }
    if (rc == 0)
        rc = taker_find(ret, s, e);
    if (rc == 0)
        rc = store_custody(s, &ret->about, take_event, ret, e);
    return rc == 0 ? store_accesses(s, &ret->about, take_event, ret, e) : rc;
}

static void say_words(const struct verbs_face *face, const char *label, const char *text, struct buf *shown)
{
    if (text != NULL)
        verbs_say(face, "           %s %s", text_tr(label), verbs_shown(bytes_text(text), shown));
}

static void say_event(const struct verbs_face *face, const struct verbs_custody_event *x, struct buf *shown)
{
    char when[TIME_TEXT_MAX];
    time_text(when, x->at_unix_s);
    verbs_say(face, "  %8" PRIu64 "  %s", x->leaf, text_tr(verbs_act(x->act)));
    say_words(face, TEXT("date claimed:"), x->date, shown);
    say_words(face, TEXT("from:"), x->from, shown);
    say_words(face, TEXT("to:"), x->to, shown);
    say_words(face, TEXT("place:"), x->place, shown);
    say_words(face, TEXT("why:"), x->why, shown);
    if (x->refers)
        verbs_say(face, "           refers to leaf %" PRIu64, x->refers_leaf);
    verbs_say(face, "           signed by %s, at %s by that clock", x->signer, when);
    if (x->doubtful)
        verbs_say(face, "           DOUBTFUL: the log says that this key may have been in other hands by then");
}

enum { ACCESSES_SAID = 10 };

static void say_accesses(const struct verbs_face *face, const struct verbs_custody *c, struct buf *shown)
{
    char when[TIME_TEXT_MAX];
    size_t from = c->access_count > ACCESSES_SAID ? c->access_count - ACCESSES_SAID : 0;
    if (c->access_count == 0)
        return;
    verbs_say(face, "Accesses on the log: %zu", c->access_count - c->ahead);
    if (from > 0)
        verbs_say(face, "  ... and %zu earlier ones; --json lists all", from);
    for (size_t i = from; i < c->access_count; i++) {
        const struct verbs_custody_event *x = &c->accesses[i];
        if (i == c->access_count - c->ahead || (i == from && i > c->access_count - c->ahead))
            verbs_say(face, "Accesses that go on the log with the next commit: %zu", c->ahead);
        time_text(when, x->at_unix_s);
        if (x->leaf == UINT64_MAX)
            verbs_say(face, "         -  %s, %s, %s", when, text_tr(verbs_act(x->act)), x->signer);
        else
            verbs_say(face, "  %8" PRIu64 "  %s, %s, %s", x->leaf, when, text_tr(verbs_act(x->act)), x->signer);
        say_words(face, TEXT("why:"), x->why, shown);
    }
}

static void say_chain(const struct verbs_face *face, struct verbs_custody *c)
{
    OWN(buf_drop) struct buf shown = {0};
    char when[TIME_TEXT_MAX], hex[2 * CRYPT_HASH + 1];
    time_text(when, c->opened_unix_s);
    if (c->about.item == UINT64_MAX)
        verbs_say(face, "Receipt %" PRIu64, c->about.receipt);
    else {
        verbs_say(face, "Item %" PRIu64 ", on receipt %" PRIu64 ": %s", c->about.item, c->about.receipt,
                  verbs_shown(c->held.item.path, &shown));
        hex_put(hex, c->held.item.sha256.b, CRYPT_HASH);
        if (c->held.item.type == STATEMENT_FILE && !c->held.item.further_name)
            verbs_say(face, "  SHA-256: %s", hex);
    }
    verbs_say(face, "  %8" PRIu64 "  %s", c->about.item == UINT64_MAX ? c->deposit : c->about.item,
              text_tr("taken in"));
    say_words(face, TEXT("from:"), c->has_giver ? buf_text(&c->giver) : NULL, &shown);
    verbs_say(face, "           signed by %s, at %s by that clock", buf_text(&c->taker), when);
    for (size_t i = 0; i < c->count; i++)
        say_event(face, &c->list[i], &shown);
    if (c->set_aside)
        verbs_say(face, "  Set aside: %s", verbs_shown(buf_bytes(&c->aside_reason), &shown));
    say_accesses(face, c, &shown);
}

static void json_event(struct json_out *j, const struct verbs_custody_event *x)
{
    json_object_begin(j);
    verbs_json_text(j, "act", x->act);
    verbs_json_text(j, "date", x->date);
    json_key(j, "doubtful");
    json_bool(j, x->doubtful);
    verbs_json_text(j, "from", x->from);
    verbs_json_u64(j, "leaf", x->leaf);
    verbs_json_text(j, "place", x->place);
    if (x->refers)
        verbs_json_u64(j, "refers", x->refers_leaf);
    json_key(j, "signed_unix_s");
    json_i64(j, x->at_unix_s);
    verbs_json_text(j, "signer", x->signer);
    verbs_json_text(j, "to", x->to);
    json_key(j, "whole_receipt");
    json_bool(j, x->whole_receipt);
    verbs_json_text(j, "why", x->why);
    json_object_end(j);
}

static void json_accesses(struct json_out *j, const struct verbs_custody *c)
{
    json_key(j, "accesses");
    json_array_begin(j);
    for (size_t i = 0; i < c->access_count; i++) {
        const struct verbs_custody_event *x = &c->accesses[i];
        json_object_begin(j);
        verbs_json_text(j, "act", x->act);
        json_key(j, "leaf");
        if (x->leaf == UINT64_MAX)
            json_null(j);
        else
            json_u64(j, x->leaf);
        json_key(j, "signed_unix_s");
        json_i64(j, x->at_unix_s);
        verbs_json_text(j, "signer", x->signer);
        verbs_json_text(j, "why", x->why);
        json_object_end(j);
    }
    json_array_end(j);
}

static void json_chain(struct json_out *j, struct verbs_custody *c)
{
    json_accesses(j, c);
    json_key(j, "acts");
    json_array_begin(j);
    for (size_t i = 0; i < c->count; i++)
        json_event(j, &c->list[i]);
    json_array_end(j);
    verbs_json_text(j, "giver", c->has_giver ? buf_text(&c->giver) : NULL);
    if (c->about.item != UINT64_MAX) {
        verbs_json_u64(j, "item", c->about.item);
        verbs_json_name(j, c->held.item.path);
    }
    json_key(j, "opened_unix_s");
    json_i64(j, c->opened_unix_s);
    verbs_json_u64(j, "receipt", c->about.receipt);
    verbs_json_text(j, "set_aside", c->set_aside ? buf_text(&c->aside_reason) : NULL);
    if (c->about.item != UINT64_MAX && c->held.item.type == STATEMENT_FILE && !c->held.item.further_name)
        verbs_json_hash(j, "sha256", &c->held.item.sha256);
    verbs_json_text(j, "taken_in_by", buf_text(&c->taker));
}

static int show(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(verbs_custody_release) struct verbs_custody c = {.count = 0};
    struct verbs_place place;
    const char *receipt = request->option[OPTION_RECEIPT], *page = request->option[OPTION_PAGE];
    OWN(buf_drop) struct buf html = {0};
    enum text_language language;
    if ((request->count == 2) == (receipt != NULL))
        return err_set(e, ERR_USAGE, "custody show takes one item, or --receipt N");
    int rc = verbs_page_language(request->option[OPTION_LANGUAGE], &language, e);
    if (rc == 0 && page != NULL)
        rc = verbs_outside(request, page, e);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_READ, 0, &place, &s, e);
    if (rc == 0)
        rc = verbs_custody_load(s, receipt == NULL ? request->arguments[1] : NULL, receipt, &c, e);
    if (rc == 0 && page != NULL)
        rc = verbs_custody_page(s, &c, language, &html, e);
    if (rc == 0 && page != NULL)
        rc = verbs_page_write(face, page, &html, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL)
        json_chain(face->json, &c);
    else if (page == NULL)
        say_chain(face, &c);
    return 0;
}

const char *verbs_act(const char *code)
{
    static const struct {
        const char *code, *words;
    } acts[] = {
        {"collected", TEXT("collected")}, {"received", TEXT("received")}, {"transferred", TEXT("transferred")},
        {"viewed", TEXT("viewed")},       {"exported", TEXT("exported")}, {"returned", TEXT("returned")},
        {"destroyed", TEXT("destroyed")}, {"shown", TEXT("shown")},       {"read", TEXT("read")},
        {"restored", TEXT("restored")},
    };
    for (size_t i = 0; i < COUNT(acts); i++)
        if (strcmp(acts[i].code, code) == 0)
            return acts[i].words;
    return code;
}

int verbs_custody(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    const char *action = request->arguments[0];
    (void)ret_exit;
    if (strcmp(action, "add") == 0)
        return add(request, face, e);
    if (strcmp(action, "show") == 0)
        return show(request, face, e);
    return err_set(e, ERR_USAGE, "custody %s is nothing that can be done: add or show", action);
}
