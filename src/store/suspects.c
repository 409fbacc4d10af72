/*
 * Packs that something happened to: they are not here in full length, or a damaged file of theirs was set aside.
 *
 * Nothing new is built on what lies in them, and what is already here is only said of an item all of which can still
 * be had: whoever takes a source in again, because some of it was lost, must not be told that it is safe.  As long as
 * there are no such packs this costs a look at each file's name and length, once.
 */
#include "store/store_internal.h"

static int suspects_find(struct store *s, struct err *e)
{
    struct store_packs_end end;
    uint64_t *packs = NULL;
    size_t count = 0;
    int rc = store_packs_end(s, s->compartment_at, &end, e);
    if (rc == 0)
        rc = vault_suspects(&(struct vault_glanced){.root = s->root,
                                                    .pack_sectors = s->founded.founded.pack_sectors,
                                                    .parity = store_parity(s),
                                                    .first = s->span.first,
                                                    .packs = end.packs,
                                                    .open = end.open,
                                                    .covered = end.covered},
                            &packs, &count, e);
    if (rc == 0)
        vault_suspect(s->vault, packs, count);
    return rc;
}

int store_suspects(struct store *s, struct err *e)
{
    int rc = s->suspects_known || s->vault == NULL ? 0 : suspects_find(s, e);
    s->suspects_known = s->suspects_known || rc == 0;
    return rc;
}

static int lost(void *context, const struct vault_range *range, struct err *e)
{
    bool *any = context;
    (void)range, (void)e;
    *any = true;
    return 0;
}

/* ERR_ABSENT: some of the item's bytes cannot be had. */
static int whole(struct store *s, uint64_t leaf, struct err *e)
{
    OWN(key_drop) struct key key = {0};
    uint64_t record = 0;
    bool any = false;
    struct err mine = {0};
    struct vault_lacks wish = {.each = lost, .context = &any};
    vault_suspected(s->vault, &wish.packs, &wish.pack_count);
    if (wish.pack_count == 0)
        return 0;
    int rc = store_holder(s, leaf, &key, &record, &mine);
    if (rc == 0)
        rc = vault_lacks(s->vault, &key, record, &wish, &mine);
    if (rc == ERR_DAMAGED || rc == ERR_ABSENT || (rc == 0 && any))
        return ERR_ABSENT;
    return rc == 0 ? 0 : err_set(e, rc, "%s", mine.text);
}

int store_already(struct store *s, const char *giver, const struct statement_received *r, struct index_twin *ret,
                  struct err *e)
{
    int rc = index_already(store_asked(s), giver, r, ret, e);
    if (rc != 0 || r->further_name || r->type != STATEMENT_FILE || ret->bytes == 0)
        return rc;
    rc = store_suspects(s, e);
    return rc == 0 ? whole(s, ret->leaf, e) : rc;
}
