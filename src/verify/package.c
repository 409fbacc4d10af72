/* One package, from its seal to what others say of its log. */
#include "verify/verify_internal.h"

void verify_found_release(struct verify_found *f)
{
    free(f->withheld);
    *f = (struct verify_found){0};
}

static void release(struct verifying *v)
{
    verify_found_release(&v->found);
    verify_bag_release(&v->bag);
    history_release(&v->history);
    buf_drop(&v->checkpoint_note);
    buf_drop(&v->seal_text);
    buf_drop(&v->seal_values);
    statement_held_drop(&v->seal_held);
    free(v->receipt);
    free(v->leaf);
}

/* What says nothing that could be checked, but belongs to every package. */
static int companions(struct verifying *v, struct err *e)
{
    static const char *const names[] = {"README.txt", "bag-info.txt", "bagit.txt", "verify.sh"};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < COUNT(names); i++)
        rc = verify_bag_use(&v->bag, names[i], e);
    return rc;
}

int verify_package(const struct verify_request *request, struct verify_found *ret, struct err *e)
{
    OWN(release) struct verifying v = {.request = request, .bag = {.folder = -1}};
    int rc = verify_bag_open(request->package, &v.bag, e);
    if (rc == 0)
        rc = verify_seal_find(&v, e);
    if (rc == 0)
        rc = verify_bag_hash(&v.bag, &v.seal.sealed.tagmanifest, &v.found, e);
    if (rc == 0)
        rc = companions(&v, e);
    if (rc == 0)
        rc = verify_keys(&v, e);
    if (rc == 0)
        rc = verify_seal_prove(&v, e);
    if (rc == 0)
        rc = verify_receipts(&v, e);
    if (rc == 0)
        rc = verify_items(&v, e);
    if (rc == 0)
        rc = verify_covers(&v, e);
    if (rc == 0)
        rc = verify_outside(&v, e);
    if (rc == 0)
        rc = verify_bag_end(&v.bag, e);
    if (rc != 0)
        return rc;
    *ret = v.found;
    v.found = (struct verify_found){0};
    return 0;
}
