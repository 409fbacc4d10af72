/* Signed remarks: a note, and setting a receipt aside. */
#include "verbs/verbs_internal.h"

#include <inttypes.h>

enum { OPTION_REASON };
enum { OPTION_INVESTIGATION };

static int add_one(struct store *s, struct statement *st, uint64_t *ret_leaf, struct err *e)
{
    st->at_unix_s = time_now_unix_s();
    int rc = store_draft_begin(s, e);
    if (rc == 0)
        rc = store_add(s, st, ret_leaf, NULL, e);
    return rc != 0 ? rc : store_commit(s, e);
}

int verbs_note(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    (void)ret_exit;
    OWN(store_drop) struct store *s = NULL;
    struct verbs_place place;
    OWN(buf_drop) struct buf held = {0};
    struct statement st = {.kind = STATEMENT_NOTE};
    uint64_t leaf;
    int rc = verbs_text(text_tr("the note"), request->arguments[0], &held, &st.note.text, e);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_WRITE, 0, &place, &s, e);
    if (rc == 0)
        rc = verbs_investigate(s, request->option[OPTION_INVESTIGATION], e);
    if (rc == 0)
        rc = add_one(s, &st, &leaf, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL)
        verbs_json_u64(face->json, "leaf", leaf);
    verbs_say(face, "Noted as leaf %" PRIu64 " of the log.", leaf);
    return 0;
}

struct aside {
    bool already;
};

static int look(void *context, const struct index_deposit *d, struct err *e)
{
    (void)e;
    ((struct aside *)context)->already = d->set_aside;
    return 0;
}

int verbs_set_aside(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    (void)ret_exit;
    OWN(store_drop) struct store *s = NULL;
    struct verbs_place place;
    OWN(buf_drop) struct buf held = {0};
    struct statement st = {.kind = STATEMENT_SET_ASIDE};
    struct aside a = {0};
    uint64_t leaf, number;
    if (request->option[OPTION_REASON] == NULL)
        return err_set(e, ERR_USAGE, "--reason TEXT is missing: say why this intake was a mistake");
    int rc = verbs_text("--reason", request->option[OPTION_REASON], &held, &st.set_aside.reason, e);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_WRITE, 0, &place, &s, e);
    if (rc == 0)
        rc = verbs_receipt_number(store_index(s), request->arguments[0], &number, e);
    if (rc == 0)
        rc = index_deposit_by_receipt(store_index(s), number, look, &a, e);
    if (rc == 0 && a.already)
        rc = err_set(e, ERR_REFUSED, "receipt %" PRIu64 " is set aside already", number);
    if (rc != 0)
        return rc;
    st.set_aside.receipt = number;
    rc = add_one(s, &st, &leaf, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL) {
        verbs_json_u64(face->json, "leaf", leaf);
        verbs_json_u64(face->json, "receipt", number);
    }
    verbs_say(face, "Receipt %" PRIu64 " is set aside. Nothing was removed.", number);
    return 0;
}
