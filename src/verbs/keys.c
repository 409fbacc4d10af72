/* Trusting a repository on this computer, and the passphrase of the key file. */
#include "verbs/verbs_internal.h"

#include <inttypes.h>

enum { CHECKPOINT_MAX = 1 << 20 };
enum { OPTION_OLDER };

static void say_lost(const struct verbs_face *face, const struct store_adopted *a)
{
    char n[VERBS_NUMBER_MAX];
    if (a->lost_leaves == 0)
        return;
    if (a->lost_by_key)
        verbs_say(face, "%s leaves that your key file had seen are not in this copy.",
                  verbs_number(a->lost_leaves, n));
    else
        verbs_say(face, "%s leaves that this computer had seen are not in this copy.",
                  verbs_number(a->lost_leaves, n));
}

int verbs_adopt(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    (void)ret_exit;
    OWN(buf_drop) struct buf note = {0};
    struct verbs_place place;
    struct store_adopted adopted;
    const struct checkpoint *c = &adopted.checkpoint;
    char hex[2 * CRYPT_HASH + 1];
    if (request->repository == NULL)
        return err_set(e, ERR_ABSENT, "no repository here: make one with groundwork init, or name one with -R");
    int rc = request->count > 0 ? file_read_all(request->arguments[0], CHECKPOINT_MAX, &note, e) : 0;
    if (rc == 0 && request->count > 0 && note.n == 0) /* nothing would mean: as it stands */
        rc = err_set(e, ERR_DAMAGED, "%s is empty: it is no checkpoint", request->arguments[0]);
    verbs_place(request, face, &place);
    place.place.held = NULL; /* what an agent holds was seen before */
    if (rc == 0)
        rc = store_adopt(&place.place, buf_bytes(&note), request->option[OPTION_OLDER] != NULL, &adopted, e);
    if (rc != 0)
        return rc;
    hex_put(hex, c->root.b, CRYPT_HASH);
    if (face->json != NULL) {
        verbs_json_u64(face->json, "leaves", c->size);
        verbs_json_u64(face->json, "lost_leaves", adopted.lost_leaves);
        verbs_json_text(face->json, "origin", c->origin);
        verbs_json_hash(face->json, "root", &c->root);
    }
    verbs_say(face, "Adopted: %s, %" PRIu64 " leaves, root %s.", c->origin, c->size, hex);
    say_lost(face, &adopted);
    if (request->count == 0)
        verbs_say(face, "Nothing outside vouched for it: compare the root with another copy of the checkpoint.");
    return 0;
}

int verbs_passphrase(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    (void)ret_exit;
    struct verbs_face asked = *face;
    struct verbs_place place;
    if (request->repository == NULL)
        return err_set(e, ERR_ABSENT, "no repository here: make one with groundwork init, or name one with -R");
    verbs_place(request, face, &place);
    place.place.held = NULL; /* only who knows the present one changes it */
    int rc = store_passphrase(&place.place, verbs_ask_fresh, &asked, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL) {
        json_key(face->json, "changed");
        json_bool(face->json, true);
    }
    verbs_say(face, "The passphrase is changed. Older copies of the key file still open with the old one.");
    return 0;
}
