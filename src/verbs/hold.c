/* Holds: what may not be destroyed, why, and until when. */
#include "verbs/verbs_internal.h"

#include <inttypes.h>

enum { OPTION_RECEIPT, OPTION_GROUND, OPTION_WHY };

static const char *ground_words(enum consent_ground ground)
{
    static const char *const words[] = {[CONSENT_COURT_ORDER] = TEXT("order of a court"),
                                        [CONSENT_PENDING_DISCLOSURE] = TEXT("a disclosure is pending"),
                                        [CONSENT_EXONERATING] = TEXT("it may help the defence"),
                                        [CONSENT_OTHER_GROUND] = TEXT("another ground")};
    return text_tr(words[ground]);
}

static int commit_one(struct store *s, struct statement *st, uint64_t *ret_leaf, struct err *e)
{
    int rc = store_draft_begin(s, e);
    if (rc == 0)
        rc = store_add(s, st, ret_leaf, NULL, e);
    return rc == 0 ? store_commit(s, e) : rc;
}

static int why_read(const struct verbs_request *request, struct buf *held, const char **ret, struct err *e)
{
    return request->option[OPTION_WHY] == NULL ? err_set(e, ERR_USAGE, "say why: --why TEXT")
                                               : verbs_text("--why", request->option[OPTION_WHY], held, ret, e);
}

static int hold_place(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(verbs_ranges_release) struct verbs_ranges items = {0};
    OWN(buf_drop) struct buf why = {0}, shown = {0};
    struct statement st = {.kind = STATEMENT_HOLD, .at_unix_s = time_now_unix_s()};
    const char *ground = request->option[OPTION_GROUND];
    struct verbs_place place;
    uint64_t leaf;
    if (ground == NULL || !consent_ground_find(ground, &st.hold.ground))
        return err_set(e, ERR_USAGE,
                       "say the ground: --ground court-order, pending-disclosure, exonerating or other");
    int rc = why_read(request, &why, &st.hold.why, e);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_WRITE, 0, &place, &s, e);
    if (rc == 0)
        rc = verbs_items_chosen(request, 1, request->option[OPTION_RECEIPT], s, &items, e);
    st.hold.items = items.list;
    st.hold.item_count = items.count;
    if (rc == 0)
        rc = commit_one(s, &st, &leaf, e);
    if (rc != 0)
        return rc;
    verbs_ranges_say(&items, &shown);
    if (face->json != NULL)
        verbs_json_u64(face->json, "leaf", leaf);
    verbs_say(face, "Hold %" PRIu64 " stands over the items %s: %s.", leaf, buf_text(&shown),
              ground_words(st.hold.ground));
    return buf_check(&shown, e);
}

static int hold_release(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(buf_drop) struct buf why = {0};
    struct statement st = {.kind = STATEMENT_RELEASED, .at_unix_s = time_now_unix_s()};
    struct verbs_place place;
    uint64_t leaf;
    if (request->count != 2 || decimal_get(bytes_text(request->arguments[1]), &st.released.hold) != 0)
        return err_set(e, ERR_USAGE, "hold release takes the number of a hold: groundwork hold list names them");
    int rc = why_read(request, &why, &st.released.why, e);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_WRITE, 0, &place, &s, e);
    if (rc == 0)
        rc = commit_one(s, &st, &leaf, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL)
        verbs_json_u64(face->json, "leaf", leaf);
    verbs_say(face, "Hold %" PRIu64 " is released (leaf %" PRIu64 ").", st.released.hold, leaf);
    return 0;
}

/* ---- the list ---- */

struct listing {
    struct store *store;
    const struct verbs_face *face;
    struct index_hold *list;
    size_t count, room;
};

static void listing_release(struct listing *l)
{
    free(l->list);
}

static int take_hold(void *context, const struct index_hold *row, struct err *e)
{
    struct listing *l = context;
    if (l->count == l->room) {
        size_t room = l->room * 2 + 8;
        struct index_hold *grown = reallocarray(l->list, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        l->list = grown;
        l->room = room;
    }
    l->list[l->count++] = *row;
    return 0;
}

static void json_hold(struct json_out *j, const struct index_hold *row, const struct verbs_ranges *items,
                      const char *why)
{
    json_object_begin(j);
    verbs_json_text(j, "ground", consent_ground_name(row->ground));
    verbs_ranges_json(j, "items", items);
    verbs_json_u64(j, "leaf", row->leaf);
    json_key(j, "released");
    if (row->released)
        json_u64(j, row->released_leaf);
    else
        json_null(j);
    verbs_json_text(j, "why", why);
    json_object_end(j);
}

static int tell_hold(const struct listing *l, const struct index_hold *row, struct err *e)
{
    OWN(store_held_drop) struct store_held *held = NULL;
    OWN(buf_drop) struct buf items = {0}, shown = {0};
    struct statement st;
    int rc = store_statement(l->store, row->leaf, &held, &st, e);
    if (rc != 0)
        return rc;
    const struct verbs_ranges of = {.list = st.hold.items, .count = st.hold.item_count};
    verbs_ranges_say(&of, &items);
    if (l->face->json != NULL)
        json_hold(l->face->json, row, &of, st.hold.why);
    verbs_say(l->face, "  %8" PRIu64 "  %s: %s", row->leaf, ground_words(row->ground),
              verbs_shown(bytes_text(st.hold.why), &shown));
    verbs_say(l->face, "           items %s", buf_text(&items));
    if (row->released)
        verbs_say(l->face, "           released by leaf %" PRIu64, row->released_leaf);
    return buf_check(&items, e);
}

static int hold_list(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(listing_release) struct listing l = {.face = face};
    struct verbs_place place;
    if (request->count != 1)
        return err_set(e, ERR_USAGE, "hold list takes nothing behind it");
    int rc = verbs_open(request, face, STORE_READ, 0, &place, &s, e);
    l.store = s;
    if (rc == 0)
        rc = index_hold_list(store_index(s), take_hold, &l, e);
    if (rc == 0 && face->json != NULL) {
        json_key(face->json, "holds");
        json_array_begin(face->json);
    }
    for (size_t i = 0; rc == 0 && i < l.count; i++)
        rc = tell_hold(&l, &l.list[i], e);
    if (rc == 0 && face->json != NULL)
        json_array_end(face->json);
    if (rc == 0 && l.count == 0)
        verbs_say(face, "There is no hold.");
    return rc;
}

int verbs_hold(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    const char *action = request->arguments[0];
    (void)ret_exit;
    if (strcmp(action, "place") == 0)
        return hold_place(request, face, e);
    if (strcmp(action, "release") == 0)
        return hold_release(request, face, e);
    if (strcmp(action, "list") == 0)
        return hold_list(request, face, e);
    return err_set(e, ERR_USAGE, "\"%s\": say hold place, release or list", action);
}
