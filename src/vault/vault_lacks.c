/* Which bytes of an object cannot be had, because packs that they lie in are damaged. */
#include "vault/vault_internal.h"

struct lacking {
    struct reader *r;
    struct opened *o;
    const struct vault_lacks *wish;
    uint64_t at;           /* of the frame at hand, in the object */
    struct vault_range gap; /* not told yet; bytes 0: none */
};

bool vault_is_among(const uint64_t *packs, size_t count, uint64_t pack)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (packs[middle] < pack)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && packs[low] == pack;
}

void vault_suspect(struct vault *v, uint64_t *packs, size_t count)
{
    free(v->suspects);
    v->suspects = packs;
    v->suspect_count = count;
}

void vault_suspected(const struct vault *v, const uint64_t **ret, size_t *ret_count)
{
    *ret = v->suspects;
    *ret_count = v->suspect_count;
}

static bool is_lost(int rc)
{
    return rc == ERR_DAMAGED || rc == ERR_ABSENT;
}

/* 0: it is there, or lies where nothing is damaged; is_lost: it is not. */
static int frame_try(const struct lacking *l, const struct frame_ref *ref, struct err *e)
{
    uint64_t pack = 0;
    struct bytes plain = {0};
    struct hash digest;
    int rc = vault_record_pack(l->r, ref->record, &pack, e);
    if (rc != 0 || !vault_is_among(l->wish->packs, l->wish->pack_count, pack))
        return rc;
    rc = vault_record_read(l->r, ref->record, RECORD_FRAME, &ref->key, 0, &plain, e);
    if (rc != 0)
        return rc;
    crypt_sha256(plain, &digest);
    return plain.n == ref->size_bytes && hash_equal(&digest, &ref->digest) ? 0 : ERR_DAMAGED;
}

static int gap_tell(struct lacking *l, struct err *e)
{
    int rc = l->gap.bytes == 0 ? 0 : l->wish->each(l->wish->context, &l->gap, e);
    l->gap.bytes = 0;
    return rc;
}

/* One frame further.  A lost part of a manifest takes all with it from its first frame on: how long its frames are
 * nobody knows. */
static int frame_next(struct lacking *l, uint32_t frame, struct err *e)
{
    struct frame_ref ref = {0};
    struct err mine = {0};
    int rc = vault_opened_frame(l->r, l->o, frame, &ref, &mine);
    uint64_t bytes = rc == 0 ? ref.size_bytes : l->o->m.digest.bytes - l->at;
    if (rc == 0)
        rc = frame_try(l, &ref, &mine);
    crypt_wipe(&ref, sizeof(ref));
    if (rc != 0 && !is_lost(rc))
        return err_set(e, rc, "%s", mine.text);
    if (rc == 0) {
        rc = gap_tell(l, e);
    } else {
        if (l->gap.bytes == 0)
            l->gap.first = l->at;
        l->gap.bytes += bytes;
        rc = 0;
    }
    l->at += bytes;
    return rc;
}

int vault_lacks(struct vault *v, const struct key *manifest_key, uint64_t manifest_record,
                const struct vault_lacks *wish, struct err *e)
{
    OWN(vault_reader_give) struct reader *r = vault_reader_take(v, e);
    if (r == NULL)
        return ERR_IO;
    OWN(vault_opened_release) struct opened o = {0};
    struct lacking l = {.r = r, .o = &o, .wish = wish};
    int rc = vault_opened_init(r, manifest_key, manifest_record, &o, e);
    for (uint32_t i = 0; rc == 0 && i < o.m.frames && l.at < o.m.digest.bytes; i++)
        rc = frame_next(&l, i, e);
    return rc == 0 ? gap_tell(&l, e) : rc;
}
