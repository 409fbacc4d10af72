/* Lines of inquiry: naming one, listing them, and what a check said of their numbers. */
#include "verbs/verbs_internal.h"

#include <inttypes.h>

/* ---- what a check said ---- */

void verbs_numbered_release(struct verbs_numbered *n)
{
    for (size_t i = 0; i < n->count; i++) {
        free((char *)(uintptr_t)n->list[i].name);
        free((struct statement_range *)(uintptr_t)n->list[i].gap);
    }
    free(n->list);
    *n = (struct verbs_numbered){0};
}

void verbs_numbered_add(struct verbs_numbered *n, const struct store_numbered *one)
{
    if (n->count == n->room) {
        size_t room = n->room * 2 + 4;
        struct store_numbered *grown = reallocarray(n->list, room, sizeof *grown);
        if (grown == NULL) {
            n->failed = true;
            return;
        }
        n->list = grown;
        n->room = room;
    }
    char *name = strdup(one->name);
    struct statement_range *gap = calloc(one->gaps + 1, sizeof *gap);
    if (name == NULL || gap == NULL) {
        n->failed = true;
        free(name);
        free(gap);
        return;
    }
    for (size_t i = 0; i < one->gaps; i++)
        gap[i] = one->gap[i];
    struct store_numbered *kept = &n->list[n->count++];
    *kept = *one;
    kept->name = name;
    kept->gap = gap;
}

static void say_one(const struct verbs_face *face, const struct store_numbered *one, struct buf *held)
{
    enum { SHOWN = 20 };
    OWN(buf_drop) struct buf gaps = {0};
    char n[VERBS_NUMBER_MAX];
    const char *name = verbs_shown(bytes_text(one->name), held);
    if (one->missing == 0) {
        verbs_say(face, "Investigation \"%s\": statements 1 to %s, none missing.", name, verbs_number(one->last, n));
        return;
    }
    for (size_t i = 0; i < one->gaps && i < SHOWN; i++) {
        const struct statement_range *g = &one->gap[i];
        buf_printf(&gaps, g->first == g->last ? "%s%" PRIu64 : "%s%" PRIu64 "-%" PRIu64, i == 0 ? "" : ", ", g->first,
                   g->last);
    }
    if (one->gaps > SHOWN)
        buf_put_text(&gaps, ", ...");
    verbs_say(face, "Investigation \"%s\": statements 1 to %s, %" PRIu64 " MISSING: %s", name,
              verbs_number(one->last, n), one->missing, buf_text(&gaps));
}

static void json_one(struct json_out *j, const struct store_numbered *one)
{
    json_object_begin(j);
    json_key(j, "gaps");
    json_array_begin(j);
    for (size_t i = 0; i < one->gaps; i++) {
        json_array_begin(j);
        json_u64(j, one->gap[i].first);
        json_u64(j, one->gap[i].last);
        json_array_end(j);
    }
    json_array_end(j);
    verbs_json_u64(j, "last", one->last);
    verbs_json_u64(j, "missing", one->missing);
    verbs_json_text(j, "name", one->name);
    json_object_end(j);
}

int verbs_numbered_tell(const struct verbs_numbered *n, const struct verbs_face *face, struct err *e)
{
    OWN(buf_drop) struct buf held = {0};
    if (n->failed)
        return err_memory(e);
    if (face->json != NULL) {
        json_key(face->json, "investigations");
        json_array_begin(face->json);
    }
    for (size_t i = 0; i < n->count; i++)
        if (face->json != NULL)
            json_one(face->json, &n->list[i]);
        else
            say_one(face, &n->list[i], &held);
    if (face->json != NULL)
        json_array_end(face->json);
    return 0;
}

/* ---- the verb ---- */

struct listing {
    const struct verbs_face *face;
    struct buf held;
};

static int list_one(void *context, const struct store_investigation *i, struct err *e)
{
    struct listing *l = context;
    char n[VERBS_NUMBER_MAX];
    (void)e;
    if (l->face->json != NULL) {
        json_object_begin(l->face->json);
        verbs_json_u64(l->face->json, "leaf", i->leaf);
        verbs_json_text(l->face->json, "name", i->name);
        verbs_json_u64(l->face->json, "statements", i->statements);
        json_object_end(l->face->json);
    }
    verbs_say(l->face, "%10s statements  %s", verbs_number(i->statements, n),
              verbs_shown(bytes_text(i->name), &l->held));
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
        json_key(face->json, "investigations");
        json_array_begin(face->json);
    }
    rc = store_investigations(s, list_one, &l, e);
    if (face->json != NULL)
        json_array_end(face->json);
    buf_drop(&l.held);
    return rc;
}

static int begin(const struct verbs_request *request, const struct verbs_face *face, const char *name, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(buf_drop) struct buf text = {0}, held = {0};
    struct verbs_place place;
    struct statement st = {.kind = STATEMENT_INVESTIGATION, .at_unix_s = time_now_unix_s()};
    uint64_t leaf;
    int rc = verbs_text(text_tr("the name"), name, &text, &st.investigation.name, e);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_WRITE, 0, &place, &s, e);
    if (rc == 0)
        rc = store_draft_begin(s, e);
    if (rc == 0)
        rc = store_add(s, &st, &leaf, NULL, e);
    if (rc == 0)
        rc = store_commit(s, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL)
        verbs_json_u64(face->json, "leaf", leaf);
    verbs_say(face, "Investigation \"%s\" begins with leaf %" PRIu64 " of the log.",
              verbs_shown(bytes_text(st.investigation.name), &held), leaf);
    return 0;
}

int verbs_investigation(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit,
                        struct err *e)
{
    (void)ret_exit;
    const char *action = request->arguments[0];
    if (strcmp(action, "list") == 0 && request->count == 1)
        return list_all(request, face, e);
    if (strcmp(action, "new") == 0 && request->count == 2)
        return begin(request, face, request->arguments[1], e);
    return err_set(e, ERR_USAGE, "groundwork investigation list, or groundwork investigation new NAME");
}

int verbs_investigate(struct store *s, const char *name, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    const char *wanted;
    if (name == NULL)
        return 0;
    int rc = verbs_text("--investigation", name, &text, &wanted, e);
    return rc == 0 ? store_investigate(s, wanted, e) : rc;
}
