/*
 * Frames' bytes on their way, and for a while after: versions of one thing, read side by side or one after another,
 * share most of their frames, and each need be decrypted and decompressed once only.
 *
 * A ring of plaintext, filled round and round, and a table of what lies where.  A frame is found again only by all that
 * a reference says of it, so what a wrong reference names is looked for on the disk, and not found there.
 */
#include "vault/vault_internal.h"

enum { FRAMES = 2048 }; /* a place each, by record number: what comes later to a place takes it */

struct warm_frame {
    bool used;
    struct frame_ref ref;
    uint64_t at;
};
struct warm {
    uint8_t *bytes;
    size_t room;
    uint64_t next; /* counted on; the byte is bytes[next % room] */
    struct warm_frame frame[FRAMES];
};

struct warm *vault_warm_new(size_t room)
{
    struct warm *w = calloc(1, sizeof(*w));
    if (w == NULL)
        return NULL;
    w->room = room;
    w->bytes = malloc(room);
    if (w->bytes == NULL) {
        free(w);
        return NULL;
    }
    return w;
}

void vault_warm_free(struct warm *w)
{
    if (w == NULL)
        return;
    crypt_wipe(w->bytes, w->next < w->room ? (size_t)w->next : w->room);
    free(w->bytes);
    crypt_wipe(w, sizeof(*w));
    free(w);
}

size_t vault_warm_room(const struct warm *w)
{
    return w->room;
}

uint64_t vault_warm_next(const struct warm *w, size_t n)
{
    size_t left = w->room - (size_t)(w->next % w->room);
    assert(n <= w->room);
    return n <= left ? w->next : w->next + left;
}

uint8_t *vault_warm_place(const struct warm *w, uint64_t at)
{
    return w->bytes + (size_t)(at % w->room);
}

static struct warm_frame *frame_of(struct warm *w, uint64_t record)
{
    return &w->frame[record % FRAMES];
}

void vault_warm_put(struct warm *w, const struct frame_ref *ref, uint64_t at)
{
    assert(at >= w->next);
    *frame_of(w, ref->record) = (struct warm_frame){true, *ref, at};
    w->next = at + ref->size_bytes;
}

bool vault_warm_get(struct warm *w, const struct frame_ref *ref, size_t ahead, uint64_t *ret_at)
{
    const struct warm_frame *f = frame_of(w, ref->record);
    bool there = f->used && f->at + w->room >= w->next + ahead && f->ref.record == ref->record &&
                 f->ref.size_bytes == ref->size_bytes && hash_equal(&f->ref.digest, &ref->digest) &&
                 crypt_equal(f->ref.key.b, ref->key.b, CRYPT_KEY);
    if (there)
        *ret_at = f->at;
    return there;
}

void vault_warm_forget(struct warm *w)
{
    crypt_wipe(w->frame, sizeof(w->frame));
}
