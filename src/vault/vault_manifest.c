/* Manifests out of records. */
#include "vault/vault_internal.h"

static int plain_keep(struct bytes plain, struct buf *to, struct err *e)
{
    buf_clear(to);
    buf_put_bytes(to, plain);
    return buf_check(to, e);
}

int vault_opened_load(struct reader *r, const struct key *key, uint64_t record, struct opened *o, struct err *e)
{
    struct bytes plain;
    o->key = *key;
    o->record = record;
    o->part_number = 0;
    int rc = vault_record_read(r, record, RECORD_MANIFEST, key, 0, &plain, e);
    if (rc == 0)
        rc = plain_keep(plain, &o->root, e);
    if (rc != 0)
        return rc;
    rc = vault_manifest_get(buf_bytes(&o->root), &o->m, e);
    return rc == 0 ? 0 : err_add(e, rc, "record %llu", (unsigned long long)record);
}

int vault_opened_init(struct reader *r, const struct key *key, uint64_t record, struct opened *ret, struct err *e)
{
    struct opened o = {.root = {0}};
    int rc = vault_opened_load(r, key, record, &o, e);
    if (rc != 0) {
        vault_opened_release(&o);
        return rc;
    }
    *ret = o;
    crypt_wipe(&o, sizeof(o));
    return 0;
}

void vault_opened_release(struct opened *o)
{
    buf_wipe(&o->root);
    buf_wipe(&o->part);
    crypt_wipe(o, sizeof(*o));
}

static int part_load(struct reader *r, struct opened *o, uint32_t part, struct err *e)
{
    uint64_t record = u64_get(o->m.part_records.p + (size_t)(part - 1) * 8);
    struct bytes plain;
    o->part_number = 0;
    int rc = vault_record_read(r, record, RECORD_MANIFEST, &o->key, part, &plain, e);
    if (rc != 0)
        return rc;
    if (plain.n != (size_t)vault_manifest_part_frames(&o->m, part) * FRAME_REF)
        return err_set(e, ERR_DAMAGED, "record %llu: a part of a manifest is damaged", (unsigned long long)record);
    rc = plain_keep(plain, &o->part, e);
    if (rc == 0)
        o->part_number = part;
    return rc;
}

int vault_opened_frame(struct reader *r, struct opened *o, uint32_t frame, struct frame_ref *ret, struct err *e)
{
    if (frame >= o->m.frames)
        return err_set(e, ERR_DAMAGED, "record %llu: a manifest is damaged", (unsigned long long)o->record);
    if (o->m.one) {
        *ret = o->m.only;
        return 0;
    }
    if (o->m.parts == 1)
        return vault_ref_get(o->m.refs.p + (size_t)frame * FRAME_REF, ret, e);
    uint32_t part = frame / o->m.frames_per_part + 1;
    if (o->part_number != part) {
        int rc = part_load(r, o, part, e);
        if (rc != 0)
            return rc;
    }
    return vault_ref_get(o->part.p + (size_t)(frame % o->m.frames_per_part) * FRAME_REF, ret, e);
}

int vault_look(struct vault *v, const struct key *manifest_key, uint64_t manifest_record, struct vault_digest *ret,
               struct err *e)
{
    OWN(vault_reader_give) struct reader *r = vault_reader_take(v, e);
    if (r == NULL)
        return ERR_IO;
    OWN(vault_opened_release) struct opened o = {0};
    int rc = vault_opened_init(r, manifest_key, manifest_record, &o, e);
    if (rc == 0)
        *ret = o.m.digest;
    return rc;
}

int vault_list(struct vault *v, const struct key *manifest_key, uint64_t manifest_record,
               int (*each)(void *context, uint32_t frame, const struct hash *digest, uint32_t size_bytes,
                           struct err *e),
               void *context, struct err *e)
{
    OWN(vault_reader_give) struct reader *r = vault_reader_take(v, e);
    if (r == NULL)
        return ERR_IO;
    OWN(vault_opened_release) struct opened o = {0};
    struct frame_ref ref;
    int rc = vault_opened_init(r, manifest_key, manifest_record, &o, e);
    for (uint32_t i = 0; rc == 0 && i < o.m.frames; i++) {
        rc = vault_opened_frame(r, &o, i, &ref, e);
        if (rc == 0 && !ref.shared)
            rc = each(context, i, &ref.digest, ref.size_bytes, e);
    }
    crypt_wipe(&ref, sizeof(ref));
    return rc;
}
