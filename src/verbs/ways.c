/* Ways out: what for and to whom, what of it may go, and what may not, each with the reason. */
#include "verbs/verbs_internal.h"

#include <inttypes.h>
#include <stdio.h>

void verbs_way_release(struct verbs_way *w)
{
    store_deciding_drop(&w->deciding);
    verbs_ranges_release(&w->may);
    free(w->denied);
    buf_drop(&w->paths);
    buf_drop(&w->whom);
}

static int no_such_use(const char *purpose, const char *to, struct err *e)
{
    OWN(buf_drop) struct buf list = {0};
    const struct consent_use *u;
    for (size_t i = 0; (u = consent_use(i)) != NULL; i++)
        buf_printf(&list, "%s--for %s --to %s", i == 0 ? "" : "; ", u->purpose, u->to);
    if (buf_check(&list, e) != 0)
        return ERR_IO;
    return err_set(e, ERR_USAGE, "there is no \"--for %s --to %s\". There are: %s", purpose, to, buf_text(&list));
}

int verbs_way_read(struct verbs_way *w, const char *purpose, const char *to, const char *whom, struct err *e)
{
    if (purpose == NULL && to == NULL && whom == NULL)
        return 0;
    if (purpose == NULL || to == NULL)
        return err_set(e, ERR_USAGE, "say both what for and to whom: --for PURPOSE --to RECIPIENT");
    w->use = consent_use_find(purpose, to);
    if (w->use == NULL)
        return no_such_use(purpose, to, e);
    w->said = (struct statement_use){.purpose = w->use->purpose, .to = w->use->to};
    verbs_today(w->today);
    return verbs_text("--whom", whom, &w->whom, &w->said.whom, e);
}

int verbs_way_begin(struct verbs_way *w, struct store *s, struct err *e)
{
    return store_deciding_new(s, w->use, w->today, &w->deciding, e);
}

static int deny(struct verbs_way *w, const struct index_item *item, const struct consent_decision *decision,
                struct err *e)
{
    if (w->denied_count == w->denied_room) {
        size_t room = w->denied_room * 2 + 16;
        struct verbs_denied *grown = reallocarray(w->denied, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        w->denied = grown;
        w->denied_room = room;
    }
    struct verbs_denied *d = &w->denied[w->denied_count++];
    *d = (struct verbs_denied){.item = item->leaf, .path_at = w->paths.n, .path_bytes = item->path.n,
                               .why = decision->why, .provider = decision->provider, .scope = decision->scope,
                               .leaf = decision->leaf, .waiting = decision->waiting};
    (void)snprintf(d->person, sizeof d->person, "%s", decision->person == NULL ? "" : decision->person);
    (void)snprintf(d->until, sizeof d->until, "%s", decision->until == NULL ? "" : decision->until);
    buf_put_bytes(&w->paths, item->path);
    return buf_check(&w->paths, e);
}

int verbs_way_item(struct verbs_way *w, const struct index_item *item, bool *ret_may, struct err *e)
{
    struct consent_decision decision;
    int rc = store_may_go(w->deciding, item, &decision, e);
    if (rc != 0)
        return rc;
    *ret_may = decision.why == CONSENT_MAY;
    return *ret_may ? verbs_ranges_item(&w->may, item, e) : deny(w, item, &decision, e);
}

bool verbs_way_may(const struct verbs_way *w, uint64_t leaf)
{
    size_t from = 0, to = w->may.count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (w->may.list[middle].last < leaf)
            from = middle + 1;
        else
            to = middle;
    }
    return from < w->may.count && w->may.list[from].first <= leaf;
}

/* ---- told ---- */

static void words_of(const struct verbs_denied *d, struct buf *to)
{
    const char *scope = consent_scope_name(d->scope);
    const char *who = d->provider ? text_tr("the provider") : text_tr("person");
    switch (d->why) {
    case CONSENT_MAY: break;
    case CONSENT_WHY_CLOSED: buf_printf(to, "%s", text_tr("its level is closed")); break;
    case CONSENT_WHY_HIGH: buf_printf(to, "%s", text_tr("its level is high: it is not published")); break;
    case CONSENT_WHY_CONFIDENCE:
        buf_printf(to, "%s", text_tr("given in confidence, and no provider is named who could allow it"));
        break;
    case CONSENT_WHY_NOT_SAID: buf_printf(to, "%s", text_tr("nobody has said whose it is")); break;
    case CONSENT_WHY_NOT_ASKED: buf_printf(to, text_tr("%s %s was never asked about %s"), who, d->person, scope); break;
    case CONSENT_WHY_NO: buf_printf(to, text_tr("%s %s said no to %s"), who, d->person, scope); break;
    case CONSENT_WHY_ASK_AGAIN:
        buf_printf(to, text_tr("%s %s is to be asked again about %s"), who, d->person, scope);
        break;
    case CONSENT_WHY_WITHDRAWN: buf_printf(to, text_tr("%s %s has withdrawn %s"), who, d->person, scope); break;
    case CONSENT_WHY_EXPIRED:
        buf_printf(to, text_tr("what %s %s said about %s held until %s"), who, d->person, scope, d->until);
        break;
    case CONSENT_WHY_DOUBTFUL:
        buf_printf(to, text_tr("that %s %s allows %s is DOUBTFUL: ask again"), who, d->person, scope);
        break;
    }
    if (d->leaf != UINT64_MAX)
        buf_printf(to, text_tr(" (leaf %llu)"), (unsigned long long)d->leaf);
    if (d->waiting)
        buf_printf(to, "%s", text_tr(" (it stands, and is not on the log yet)"));
}

int verbs_way_say(const struct verbs_way *w, const struct verbs_face *face, struct err *e)
{
    OWN(buf_drop) struct buf words = {0}, shown = {0};
    char n[VERBS_NUMBER_MAX];
    if (w->denied_count == 0)
        return 0;
    verbs_say(face, "Denied to %s for %s: %s", w->use->to, w->use->purpose, verbs_number(w->denied_count, n));
    for (size_t i = 0; i < w->denied_count; i++) {
        const struct verbs_denied *d = &w->denied[i];
        buf_clear(&words);
        words_of(d, &words);
        if (buf_check(&words, e) != 0)
            return ERR_IO;
        verbs_say(face, "  item %" PRIu64 ", %s: %s", d->item,
                  verbs_shown(bytes_of(w->paths.p + d->path_at, d->path_bytes), &shown), buf_text(&words));
    }
    return 0;
}

void verbs_way_json(const struct verbs_way *w, struct json_out *j)
{
    json_key(j, "denied");
    json_array_begin(j);
    for (size_t i = 0; i < w->denied_count; i++) {
        const struct verbs_denied *d = &w->denied[i];
        bool hers = d->person[0] != 0;
        json_object_begin(j);
        verbs_json_u64(j, "item", d->item);
        if (d->leaf != UINT64_MAX)
            verbs_json_u64(j, "leaf", d->leaf);
        verbs_json_name(j, bytes_of(w->paths.p + d->path_at, d->path_bytes));
        verbs_json_text(j, "person", hers ? d->person : NULL);
        json_key(j, "provider");
        json_bool(j, d->provider);
        verbs_json_text(j, "scope", hers ? consent_scope_name(d->scope) : NULL);
        if (d->waiting) {
            json_key(j, "waiting");
            json_bool(j, true);
        }
        verbs_json_text(j, "why", consent_why_name(d->why));
        json_object_end(j);
    }
    json_array_end(j);
}

void verbs_way_refuse(const struct verbs_way *w, const struct verbs_face *face, int *ret_exit)
{
    if (face->json != NULL)
        verbs_way_json(w, face->json);
    verbs_say(face, "REFUSED: nothing of this may go to %s for %s. Nothing was written.", w->use->to,
              w->use->purpose);
    *ret_exit = VERBS_REFUSED;
}
