/* An object in the writer: until everything is known of it, and then its manifest. */
#include "vault/vault_internal.h"

enum { MANIFEST_VERSION = 1, FORM_ONE = 1, FORM_LIST = 2 };

void vault_object_free(struct vault_writer *w, struct object *o)
{
    if (o == NULL)
        return;
    if (o->carry != NULL)
        vault_piece_release(w, o->carry);
    crypt_wipe(&o->manifest_key, sizeof(o->manifest_key));
    free(o->frames);
    free(o);
}

int vault_manifests_send(struct vault_writer *w, struct err *e)
{
    if (w->ready == NULL)
        return 0;
    struct task t = {.kind = TASK_MANIFESTS, .objects = w->ready};
    int rc = vault_task_add(w, &t, e);
    if (rc != 0)
        return rc;
    w->ready = NULL;
    w->ready_count = 0;
    return 0;
}

int vault_object_ready(struct vault_writer *w, struct object *o, struct err *e)
{
    o->next = w->ready;
    w->ready = o;
    w->ready_count++;
    return w->ready_count >= MANIFESTS_TOGETHER ? vault_manifests_send(w, e) : 0;
}

int vault_object_end(struct vault_writer *w, struct object *o, struct err *e)
{
    if (o->tasks != 0 || !o->resolved)
        return 0;
    if (o->kept && !atomic_load(&w->stop))
        return vault_object_ready(w, o, e);
    vault_object_free(w, o);
    return 0;
}

/* ---- manifests ---- */

static int part_append(struct vault_writer *w, struct lane *lane, const struct object *o, const struct buf *plain,
                       uint64_t part, uint64_t *ret_record, struct err *e)
{
    int rc = buf_check(plain, e);
    if (rc != 0)
        return rc;
    struct record_head head = {.type = RECORD_MANIFEST, .codec = CODEC_RAW, .plain = (uint32_t)plain->n};
    assert(plain->n <= vault_part_max(w->v->pack_sectors));
    rc = vault_append_record(&w->append, lane, &head, buf_bytes(plain), &o->manifest_key, part, e);
    if (rc == 0)
        *ret_record = head.number;
    return rc;
}

static int refs_put(struct vault_writer *w, const struct object *o, uint32_t from, uint32_t to, struct buf *plain)
{
    for (uint32_t i = from; i < to; i++) {
        struct frame_ref ref;
        int rc = vault_book_ref(&w->book, o->frames[i], o->owner, i, &w->stop, &ref);
        if (rc != 0)
            return rc;
        uint8_t *place = buf_more(plain, FRAME_REF);
        if (place != NULL)
            vault_ref_put(place, &ref);
        crypt_wipe(&ref, sizeof(ref));
    }
    return 0;
}

static void root_begin(const struct object *o, uint8_t form, struct buf *plain)
{
    buf_put_u8(plain, MANIFEST_VERSION);
    buf_put_u8(plain, form);
    buf_put_u64(plain, o->digest.bytes);
    buf_put(plain, o->digest.sha256.b, CRYPT_HASH);
}

static int root_one(struct vault_writer *w, const struct object *o, struct buf *plain)
{
    struct frame_ref ref;
    int rc = vault_book_ref(&w->book, o->frames[0], o->owner, 0, &w->stop, &ref);
    if (rc != 0)
        return rc;
    root_begin(o, FORM_ONE, plain);
    buf_put_u8(plain, ref.shared ? 1 : 0);
    buf_put_u64(plain, ref.record);
    buf_put(plain, ref.key.b, CRYPT_KEY);
    if (ref.shared)
        buf_put_u64(plain, ref.holder);
    crypt_wipe(&ref, sizeof(ref));
    return 0;
}

static int root_list(struct vault_writer *w, const struct object *o, struct buf *plain)
{
    root_begin(o, FORM_LIST, plain);
    buf_put_u32(plain, o->frame_count);
    buf_put_u32(plain, 0);
    buf_put_u32(plain, 1);
    return refs_put(w, o, 0, o->frame_count, plain);
}

/* The further parts go first: the root names their records. */
static int root_of_parts(struct vault_writer *w, struct lane *lane, const struct object *o, struct buf *plain,
                         struct err *e)
{
    uint32_t each = vault_part_frames(w->v->pack_sectors);
    uint32_t parts = 1 + (o->frame_count + each - 1) / each;
    root_begin(o, FORM_LIST, plain);
    buf_put_u32(plain, o->frame_count);
    buf_put_u32(plain, each);
    buf_put_u32(plain, parts);
    for (uint32_t part = 1; part < parts; part++) {
        OWN(buf_wipe) struct buf refs = {0};
        uint32_t from = (part - 1) * each;
        uint32_t to = o->frame_count - from < each ? o->frame_count : from + each;
        uint64_t record = 0;
        int rc = refs_put(w, o, from, to, &refs);
        if (rc == 0)
            rc = part_append(w, lane, o, &refs, part, &record, e);
        if (rc != 0)
            return rc;
        buf_put_u64(plain, record);
    }
    return 0;
}

int vault_manifest_write(struct vault_writer *w, struct lane *lane, struct object *o, struct err *e)
{
    OWN(buf_wipe) struct buf plain = {0};
    uint64_t listed = MANIFEST_LIST + (uint64_t)o->frame_count * FRAME_REF;
    int rc;
    if (o->frame_count == 1)
        rc = root_one(w, o, &plain);
    else if (listed <= vault_part_max(w->v->pack_sectors))
        rc = root_list(w, o, &plain);
    else
        rc = root_of_parts(w, lane, o, &plain, e);
    if (rc == 0)
        rc = part_append(w, lane, o, &plain, 0, &o->owner->manifest_record, e);
    return rc;
}
