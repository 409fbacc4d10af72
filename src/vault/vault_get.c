/* One object, to whoever asked for it. */
#include "vault/vault_internal.h"

/* An object of one frame: its digest is the frame's. */
static int one_frame(struct reader *r, const struct opened *o, const struct vault_sink *sink, struct err *e)
{
    struct bytes plain;
    struct hash digest;
    int rc = vault_frame_borrow(r, &o->m.only, &plain, e);
    if (rc != 0)
        return rc;
    crypt_sha256(plain, &digest);
    if (!hash_equal(&digest, &o->m.digest.sha256))
        return err_set(e, ERR_DAMAGED, "record %llu: a frame does not have its digest",
                       (unsigned long long)o->m.only.record);
    return sink == NULL ? 0 : sink->write(sink->context, plain, e);
}

static int several_frames(struct reader *r, struct opened *o, const struct vault_sink *sink, struct err *e)
{
    struct strand s = {.o = o, .sink = sink};
    const struct vault_reading reading = {.r = r, .strand = &s, .count = 1};
    int rc = vault_objects_read(&reading, e);
    if (rc == 0 && s.rc != 0 && e != NULL)
        *e = s.why;
    return rc == 0 ? s.rc : rc;
}

int vault_get(struct vault *v, const struct key *manifest_key, uint64_t manifest_record, const struct vault_sink *sink,
              struct vault_digest *ret, struct err *e)
{
    OWN(vault_reader_give) struct reader *r = vault_reader_take(v, e);
    if (r == NULL)
        return ERR_IO;
    OWN(vault_opened_release) struct opened o = {0};
    int rc = vault_opened_init(r, manifest_key, manifest_record, &o, e);
    if (rc == 0)
        rc = o.m.one ? one_frame(r, &o, sink, e) : several_frames(r, &o, sink, e);
    if (rc == 0 && ret != NULL)
        *ret = o.m.digest;
    return rc;
}
