/*
 * Packs that something happened to: they are not here in full length, a damaged file of theirs was set aside, or
 * damage was seen in them and nobody has repaired it.
 *
 * Nothing new is built on what lies in them, and what is already here is only said of an item all of which can still
 * be had: whoever takes a source in again, because some of it was lost, must not be told that it is safe.  As long as
 * there are no such packs this costs a look at each file's name and length, once.
 */
#include "store/store_internal.h"

/* ${packs}, ascending, and those of ${noticed} that are among the ${end} of this compartment; or all of them. */
static int noticed_join(const struct store *s, const struct store_noticed *noticed, uint64_t end, uint64_t **packs,
                        size_t *count, struct err *e)
{
    if (noticed->count == 0)
        return 0;
    bool all = store_noticed_has(noticed, STORE_NOTICED_MORE - s->compartment_at);
    uint64_t *both = calloc((size_t)end + 1, sizeof *both);
    if (both == NULL)
        return err_memory(e);
    size_t n = 0, at = 0, k = 0;
    for (uint64_t pack = s->span.first; pack < s->span.first + end; pack++) {
        while (at < noticed->count && noticed->packs[at] < pack)
            at++;
        bool was = k < *count && (*packs)[k] == pack;
        k += was;
        if (all || was || (at < noticed->count && noticed->packs[at] == pack))
            both[n++] = pack;
    }
    free(*packs);
    *packs = both;
    *count = n;
    return 0;
}

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
    if (rc != 0)
        return rc;
    OWN(store_noticed_release) struct store_noticed noticed = {0};
    struct err why = {0};
    rc = store_noticed_read(s, &noticed, &why);
    if (rc == ERR_DAMAGED) { /* what it said of which packs nobody knows */
        store_tell(s, why.text);
        noticed.count = 0;
        rc = store_noticed_add(&noticed, STORE_NOTICED_MORE - s->compartment_at) == 0 ? 0 : err_memory(&why);
    }
    if (rc != 0)
        *e = why;
    if (rc == 0)
        rc = noticed_join(s, &noticed, end.packs, &packs, &count, e);
    if (rc == 0) {
        vault_suspect(s->vault, packs, count);
        return 0;
    }
    free(packs);
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
