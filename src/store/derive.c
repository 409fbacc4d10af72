/* What journal, keyring files and packs make without keys, where nothing of it is there yet. */
#include "store/store_internal.h"

/* Where a pack is not there, its stripe has no parity either. */
static bool stripe_here(const struct vault_stripe_of *stripe)
{
    for (uint64_t i = 0; i < stripe->logged->packs; i++) {
        struct file_path path;
        char place[VAULT_PLACE_MAX];
        vault_pack_place(stripe->packs[i].pack, 'a', place);
        if (file_path(&path, NULL, "%s/%s", stripe->root, place) != 0 || !file_exists(path.s))
            return false;
    }
    return true;
}

/* It was not there, and is made of packs that are whole. */
static void parity_made(void *context, const struct vault_mended *m)
{
    (void)context, (void)m;
}

static int parity_make(struct store *s, struct err *e)
{
    OWN(store_packs_release) struct store_packs packs = {0};
    int rc = store_packs_load(s, &packs, e);
    for (size_t i = 0; rc == 0 && i < packs.stripe_count; i++) {
        struct vault_stripe_of stripe;
        rc = store_stripe_of(s, &packs, i, &stripe, e);
        if (rc == 0 && stripe_here(&stripe))
            rc = vault_repair_stripe(&stripe, parity_made, NULL, e);
    }
    return rc;
}

int store_derive(const char *root, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(buf_drop) struct buf words = {0};
    struct store_place place = {.root = root, .state_folder = root, .config_folder = root};
    int rc = store_open_alone(&place, &s, e);
    if (rc == 0)
        rc = store_segments_restore(s, &words, e);
    if (rc == 0)
        rc = store_stamps_restore(s, &words, e);
    if (rc == 0)
        rc = parity_make(s, e);
    if (rc == 0)
        rc = store_cosigned_restore(s, NULL, e);
    return rc == 0 ? ledger_publish(s->ledger, e) : rc;
}
