/* Persons by their codes, what of theirs went out, and to whom. */
#include "verbs/verbs_internal.h"

#include <inttypes.h>

void verbs_persons_release(struct verbs_persons *p)
{
    free(p->list.codes);
    free(p->text);
    *p = (struct verbs_persons){0};
}

static int by_code(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int verbs_persons(const char *what, const char *text, struct verbs_persons *ret, struct err *e)
{
    size_t kept = 0;
    ret->text = strdup(text);
    ret->list.codes = calloc(CONSENT_PERSONS_MAX, sizeof *ret->list.codes);
    if (ret->text == NULL || ret->list.codes == NULL)
        return err_memory(e);
    for (char *at = ret->text, *comma; at != NULL; at = comma != NULL ? comma + 1 : NULL) {
        comma = strchr(at, ',');
        if (comma != NULL)
            *comma = 0;
        if (!consent_code_known(at))
            return err_set(e, ERR_USAGE,
                           "%s: this is no code of a person. A code is like P-0001: capital letters, a hyphen, digits. "
                           "Names do not belong here",
                           what);
        if (ret->list.count == CONSENT_PERSONS_MAX)
            return err_set(e, ERR_USAGE, "%s: at most %d persons at a time", what, CONSENT_PERSONS_MAX);
        ret->list.codes[ret->list.count++] = at;
    }
    qsort(ret->list.codes, ret->list.count, sizeof *ret->list.codes, by_code);
    for (size_t i = 0; i < ret->list.count; i++)
        if (kept == 0 || strcmp(ret->list.codes[kept - 1], ret->list.codes[i]) != 0)
            ret->list.codes[kept++] = ret->list.codes[i];
    ret->list.count = kept;
    return 0;
}

void verbs_today(char to[TIME_TEXT_MAX])
{
    time_day_latest(to, time_now_unix_s());
}

void verbs_ranges_say(const struct verbs_ranges *r, struct buf *to)
{
    for (size_t i = 0; i < r->count; i++) {
        buf_put_text(to, i == 0 ? "" : ", ");
        buf_put_decimal(to, r->list[i].first);
        if (r->list[i].last == r->list[i].first)
            continue;
        buf_put_u8(to, '-');
        buf_put_decimal(to, r->list[i].last);
    }
}

void verbs_ranges_json(struct json_out *j, const char *key, const struct verbs_ranges *r)
{
    json_key(j, key);
    json_array_begin(j);
    for (size_t i = 0; i < r->count; i++) {
        json_array_begin(j);
        json_u64(j, r->list[i].first);
        json_u64(j, r->list[i].last);
        json_array_end(j);
    }
    json_array_end(j);
}

/* ---- what went out ---- */

void verbs_given_release(struct verbs_given *g)
{
    verbs_ranges_release(&g->items);
    verbs_ranges_release(&g->leaves);
    for (size_t i = 0; i < g->ahead_count; i++) {
        free(g->ahead[i].purpose);
        free(g->ahead[i].to);
        free(g->ahead[i].whom);
    }
    free(g->ahead);
}

static int take_run(void *context, const struct statement_range *run, struct err *e)
{
    return verbs_ranges_add(context, run->first, run->last, e);
}

/* Neighbours are different statements, and remain so: they are counted one by one. */
static int take_handed(void *context, const struct statement_range *range, uint64_t leaf, struct err *e)
{
    struct verbs_ranges *r = context;
    (void)range;
    return r->count > 0 && r->list[r->count - 1].first == leaf ? 0 : verbs_ranges_add(r, leaf, leaf, e);
}

/* What a restoring that is not on the log yet gave out; a package is on the log before it has its name. */
struct handing {
    const struct verbs_ranges *of;
    struct verbs_given *to;
};

static bool is_of(const struct verbs_ranges *of, const struct statement_accessed *x)
{
    for (size_t i = 0; i < x->item_count; i++)
        for (size_t k = 0; k < of->count; k++)
            if (x->items[i].first <= of->list[k].last && x->items[i].last >= of->list[k].first)
                return true;
    return false;
}

static int take_ahead(void *context, const struct store_custody_event *event, struct err *e)
{
    const struct handing *h = context;
    const struct statement_accessed *x = event->accessed;
    if (strcmp(x->act, "restored") != 0 || x->use.to == NULL || !is_of(h->of, x))
        return 0;
    struct verbs_given_ahead *grown = reallocarray(h->to->ahead, h->to->ahead_count + 1, sizeof *grown);
    if (grown == NULL)
        return err_memory(e);
    h->to->ahead = grown;
    struct verbs_given_ahead *one = &grown[h->to->ahead_count++];
    *one = (struct verbs_given_ahead){.at_unix_s = event->at_unix_s,
                                      .purpose = strdup(x->use.purpose),
                                      .to = strdup(x->use.to),
                                      .whom = x->use.whom == NULL ? NULL : strdup(x->use.whom)};
    return one->purpose == NULL || one->to == NULL || (one->whom == NULL && x->use.whom != NULL) ? err_memory(e) : 0;
}

/* What was ever given in confidence by one of them: she allowed that it went out, and nobody is linked for that. */
struct confided {
    const struct statement_persons *by;
    struct verbs_ranges *to;
};

static int take_measure(void *context, const struct index_measure *row, struct err *e)
{
    const struct confided *c = context;
    for (size_t i = 0; row->provider != NULL && i < c->by->count; i++)
        if (strcmp(c->by->codes[i], row->provider) == 0)
            return verbs_ranges_add(c->to, row->first, row->last, e);
    return 0;
}

int verbs_items_linked(struct store *s, const struct statement_persons *persons, struct verbs_ranges *ret,
                       struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < persons->count; i++)
        rc = store_items_of(s, persons->codes[i], take_run, ret, e);
    verbs_ranges_settle(ret);
    return rc;
}

static int find_all(struct store *s, const struct statement_persons *persons, struct verbs_given *ret,
                    struct verbs_ranges *all, struct err *e)
{
    struct confided c = {persons, all};
    int rc = verbs_items_linked(s, persons, &ret->items, e);
    for (size_t i = 0; rc == 0 && i < ret->items.count; i++)
        rc = take_run(all, &ret->items.list[i], e);
    if (rc == 0)
        rc = index_measures(store_index(s), 0, UINT64_MAX, take_measure, &c, e);
    verbs_ranges_settle(all);
    for (size_t i = 0; rc == 0 && i < all->count; i++)
        rc = index_handed(store_index(s), all->list[i].first, all->list[i].last, take_handed, &ret->leaves, e);
    verbs_ranges_settle(&ret->leaves);
    struct handing h = {all, ret};
    return rc == 0 ? store_accesses_ahead(s, take_ahead, &h, e) : rc;
}

int verbs_given_find(struct store *s, const struct statement_persons *persons, struct verbs_given *ret, struct err *e)
{
    OWN(verbs_ranges_release) struct verbs_ranges all = {0};
    return find_all(s, persons, ret, &all, e);
}

static void say_ahead(const struct verbs_face *face, const struct verbs_given_ahead *x)
{
    OWN(buf_drop) struct buf shown = {0};
    char when[TIME_TEXT_MAX];
    time_text(when, x->at_unix_s);
    verbs_say(face, "         -  %s  restored, %s for %s (on the log with the next commit)", when, x->to, x->purpose);
    if (x->whom != NULL)
        verbs_say(face, "           %s %s", text_tr("to:"), verbs_shown(bytes_text(x->whom), &shown));
}

static void json_ahead(struct json_out *j, const struct verbs_given_ahead *x)
{
    json_object_begin(j);
    verbs_json_text(j, "for", x->purpose);
    verbs_json_text(j, "kind", "restored");
    json_key(j, "leaf");
    json_null(j);
    json_key(j, "signed_unix_s");
    json_i64(j, x->at_unix_s);
    verbs_json_text(j, "to", x->to);
    verbs_json_text(j, "whom", x->whom);
    json_object_end(j);
}

static void say_given(const struct verbs_face *face, uint64_t leaf, const struct statement *st,
                      const struct statement_use *use)
{
    OWN(buf_drop) struct buf shown = {0};
    char when[TIME_TEXT_MAX];
    time_text(when, st->at_unix_s);
    if (st->kind == STATEMENT_SEALED)
        verbs_say(face, "  %8" PRIu64 "  %s  package, %s for %s", leaf, when, use->to, use->purpose);
    else
        verbs_say(face, "  %8" PRIu64 "  %s  restored, %s for %s", leaf, when, use->to, use->purpose);
    if (use->whom != NULL)
        verbs_say(face, "           %s %s", text_tr("to:"), verbs_shown(bytes_text(use->whom), &shown));
}

static void json_given(struct json_out *j, uint64_t leaf, const struct statement *st, const struct statement_use *use)
{
    json_object_begin(j);
    verbs_json_text(j, "for", use->purpose);
    verbs_json_text(j, "kind", st->kind == STATEMENT_SEALED ? "package" : "restored");
    verbs_json_u64(j, "leaf", leaf);
    json_key(j, "signed_unix_s");
    json_i64(j, st->at_unix_s);
    verbs_json_text(j, "to", use->to);
    verbs_json_text(j, "whom", use->whom);
    json_object_end(j);
}

/* A package has two records, its access and its seal: the seal speaks for both. */
static int tell_one(struct store *s, uint64_t leaf, const struct verbs_face *face, struct err *e)
{
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement st;
    int rc = store_statement(s, leaf, &held, &st, e);
    if (rc != 0 || (st.kind == STATEMENT_ACCESSED && strcmp(st.accessed.act, "exported") == 0))
        return rc;
    const struct statement_use *use = st.kind == STATEMENT_SEALED ? &st.sealed.use : &st.accessed.use;
    if (face->json != NULL)
        json_given(face->json, leaf, &st, use);
    else
        say_given(face, leaf, &st, use);
    return 0;
}

int verbs_given_tell(struct store *s, const struct verbs_given *g, const struct verbs_face *face, struct err *e)
{
    int rc = 0;
    if (face->json != NULL) {
        json_key(face->json, "given_out");
        json_array_begin(face->json);
    } else if (g->leaves.count + g->ahead_count == 0)
        verbs_say(face, "Nothing of it has gone out.");
    else
        verbs_say(face, "What has gone out, and to whom:");
    for (size_t i = 0; rc == 0 && i < g->leaves.count; i++)
        for (uint64_t leaf = g->leaves.list[i].first; rc == 0 && leaf <= g->leaves.list[i].last; leaf++)
            rc = tell_one(s, leaf, face, e);
    for (size_t i = 0; rc == 0 && i < g->ahead_count; i++)
        if (face->json != NULL)
            json_ahead(face->json, &g->ahead[i]);
        else
            say_ahead(face, &g->ahead[i]);
    if (face->json != NULL)
        json_array_end(face->json);
    return rc;
}
