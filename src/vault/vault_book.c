/*
 * The book of one writer: every distinct chunk it has met since the last commit.
 *
 * A chunk is found here, or in the caller's memory (then its holder's manifest is opened once and the key kept here),
 * or it is fresh and its first user owns it.  What belongs to an owner that is not kept goes to the first kept object
 * whose manifest names it: a frame is never named as shared with an object that does not exist.
 */
#include "vault/vault_internal.h"

enum {
    HOLDERS = 8, /* opened manifests that are kept */
    BUCKETS_MIN = 4096,
    RECENT = 1 << 14, /* chunks of earlier parts that are remembered: some 2 MB */
};

enum entry_state { ENTRY_PENDING, ENTRY_STORED, ENTRY_OLD };
struct entry {
    struct hash digest;
    struct key key;
    uint64_t record;
    uint64_t holder;     /* ENTRY_OLD: the leaf that has it */
    struct owner *owner; /* otherwise: the object that has it, as frame ${frame} */
    uint32_t size_bytes;
    uint32_t frame;
    uint32_t next; /* in its bucket: index plus one */
    enum entry_state state;
};
struct holder {
    uint64_t leaf;
    uint64_t used_at; /* 0: free */
    struct opened opened;
};

int vault_book_init(struct book *b, struct vault *v, const struct vault_memory *memory, struct err *e)
{
    *b = (struct book){
        .v = v,
        .memory = *memory,
        .owners.item_bytes = sizeof(struct owner),
        .entries.item_bytes = sizeof(struct entry),
        .bucket_count = BUCKETS_MIN,
    };
    (void)pthread_mutex_init(&b->lock, NULL);
    (void)pthread_cond_init(&b->stored, NULL);
    b->buckets = calloc(BUCKETS_MIN, sizeof(*b->buckets));
    b->holders = calloc(HOLDERS, sizeof(*b->holders));
    return b->buckets == NULL || b->holders == NULL ? err_memory(e) : 0;
}

static void holder_forget(struct holder *h)
{
    if (h->used_at != 0)
        vault_opened_release(&h->opened);
    h->used_at = 0;
}

void vault_book_clear(struct book *b)
{
    (void)pthread_mutex_lock(&b->lock);
    for (size_t i = 0; b->holders != NULL && i < HOLDERS; i++)
        holder_forget(&b->holders[i]);
    vault_shelf_clear(&b->owners);
    vault_shelf_clear(&b->entries);
    if (b->buckets != NULL)
        memset(b->buckets, 0, b->bucket_count * sizeof(*b->buckets));
    (void)pthread_mutex_unlock(&b->lock);
}

/* Chunks that were committed, for later parts of the same intake: nothing that they lie in can go meanwhile. */
static bool is_recent(const struct entry *x)
{
    return x->state == ENTRY_OLD || (x->state == ENTRY_STORED && x->owner->state == OWNER_KEPT);
}

static struct entry *recent_list(const struct book *b, size_t *ret_count)
{
    struct entry *list = calloc(RECENT, sizeof(*list));
    size_t count = 0;
    for (size_t i = b->entries.count; list != NULL && i > 0 && count < RECENT; i--) {
        const struct entry *x = vault_shelf_at(&b->entries, i - 1);
        if (!is_recent(x))
            continue;
        list[count] = *x;
        list[count].holder = x->state == ENTRY_OLD ? x->holder : x->owner->cookie;
        list[count].owner = NULL;
        list[count++].state = ENTRY_OLD;
    }
    *ret_count = count;
    return list;
}

static int entry_add(struct book *b, const struct entry *entry, uint32_t *ret, struct err *e);

void vault_book_age(struct book *b)
{
    size_t count = 0;
    (void)pthread_mutex_lock(&b->lock);
    struct entry *list = recent_list(b, &count);
    (void)pthread_mutex_unlock(&b->lock);
    vault_book_clear(b);
    (void)pthread_mutex_lock(&b->lock);
    for (size_t i = count; i > 0; i--) { /* the oldest first; for want of memory the rest is forgotten */
        uint32_t at;
        if (entry_add(b, &list[i - 1], &at, NULL) != 0)
            break;
    }
    (void)pthread_mutex_unlock(&b->lock);
    if (list != NULL)
        crypt_wipe(list, count * sizeof(*list));
    free(list);
}

void vault_book_release(struct book *b)
{
    vault_book_clear(b);
    free(b->buckets);
    free(b->holders);
    (void)pthread_mutex_destroy(&b->lock);
    (void)pthread_cond_destroy(&b->stored);
}

struct owner *vault_book_owner(struct book *b)
{
    (void)pthread_mutex_lock(&b->lock);
    struct owner *o = vault_shelf_add(&b->owners);
    (void)pthread_mutex_unlock(&b->lock);
    return o;
}

void vault_book_resolve(struct book *b, struct owner *o, enum owner_state state, uint64_t cookie)
{
    (void)pthread_mutex_lock(&b->lock);
    assert(o->state == OWNER_OPEN);
    o->state = state;
    o->cookie = cookie;
    (void)pthread_mutex_unlock(&b->lock);
}

/* ---- everything below runs under the lock ---- */

static size_t bucket_of(const struct book *b, const struct hash *digest)
{
    return u64_get(digest->b) & (b->bucket_count - 1);
}

static struct entry *entry_at(const struct book *b, uint32_t index)
{
    return vault_shelf_at(&b->entries, index);
}

static void buckets_grow(struct book *b)
{
    uint32_t *buckets = calloc(b->bucket_count * 2, sizeof(*buckets));
    if (buckets == NULL)
        return; /* chains grow longer, nothing worse */
    free(b->buckets);
    b->buckets = buckets;
    b->bucket_count *= 2;
    for (uint32_t i = 0; i < b->entries.count; i++) {
        struct entry *x = entry_at(b, i);
        size_t at = bucket_of(b, &x->digest);
        x->next = b->buckets[at];
        b->buckets[at] = i + 1;
    }
}

static struct entry *entry_find(const struct book *b, const struct hash *digest, uint32_t size_bytes, uint32_t *ret)
{
    for (uint32_t i = b->buckets[bucket_of(b, digest)]; i != 0;) {
        struct entry *x = entry_at(b, i - 1);
        if (x->size_bytes == size_bytes && hash_equal(&x->digest, digest)) {
            *ret = i - 1;
            return x;
        }
        i = x->next;
    }
    return NULL;
}

static int entry_add(struct book *b, const struct entry *entry, uint32_t *ret, struct err *e)
{
    if (b->entries.count >= UINT32_MAX - 1)
        return err_set(e, ERR_REFUSED, "too many pieces in one commit: take in fewer files at once");
    if (b->entries.count >= b->bucket_count)
        buckets_grow(b);
    struct entry *x = vault_shelf_add(&b->entries);
    if (x == NULL)
        return err_memory(e);
    size_t at = bucket_of(b, &entry->digest);
    *x = *entry;
    x->next = b->buckets[at];
    *ret = (uint32_t)(b->entries.count - 1);
    b->buckets[at] = *ret + 1;
    return 0;
}

static struct holder *holder_oldest(struct book *b)
{
    struct holder *oldest = &b->holders[0];
    for (size_t i = 1; i < HOLDERS; i++)
        if (b->holders[i].used_at < oldest->used_at)
            oldest = &b->holders[i];
    holder_forget(oldest);
    return oldest;
}

/* The holder's manifest, opened now or lately. */
static int holder_get(struct book *b, struct reader *r, uint64_t leaf, struct holder **ret, struct err *e)
{
    for (size_t i = 0; i < HOLDERS; i++) {
        struct holder *h = &b->holders[i];
        if (h->used_at != 0 && h->leaf == leaf) {
            h->used_at = ++b->holder_clock;
            *ret = h;
            return 0;
        }
    }
    OWN(key_drop) struct key key = {{0}};
    uint64_t record = 0;
    int rc = b->memory.holder(b->memory.context, leaf, &key, &record, e);
    if (rc != 0)
        return rc;
    struct holder *h = holder_oldest(b);
    rc = vault_opened_init(r, &key, record, &h->opened, e);
    if (rc != 0)
        return rc;
    h->leaf = leaf;
    h->used_at = ++b->holder_clock;
    *ret = h;
    return 0;
}

static int known_frame(struct book *b, const struct vault_known *known, struct frame_ref *ret, struct err *e)
{
    OWN(vault_reader_give) struct reader *r = vault_reader_take(b->v, e);
    struct holder *h = NULL;
    if (r == NULL)
        return ERR_IO;
    int rc = holder_get(b, r, known->leaf, &h, e);
    if (rc == 0)
        rc = vault_opened_frame(r, &h->opened, known->frame, ret, e);
    uint64_t pack = 0;
    if (rc == 0 && b->v->suspect_count != 0)
        rc = vault_record_pack(r, ret->record, &pack, e);
    if (rc == 0 && vault_is_among(b->v->suspects, b->v->suspect_count, pack))
        rc = ERR_DAMAGED;
    return rc;
}

/*
 * Does the vault hold the chunk already?  0 and *entry filled, or ERR_ABSENT.  A holder that cannot be opened is no
 * holder, nor is one whose pack something happened to: what is damaged elsewhere must not spoil this object, so the
 * chunk is stored anew.
 */
static int entry_recall(struct book *b, struct entry *entry, struct err *e)
{
    struct vault_known known;
    struct frame_ref ref;
    struct err why = {0};
    int rc = b->memory.find(b->memory.context, &entry->digest, entry->size_bytes, &known, &why);
    if (rc == 0)
        rc = known_frame(b, &known, &ref, &why);
    if (rc == ERR_DAMAGED || rc == ERR_NEWER)
        rc = ERR_ABSENT;
    if (rc == 0 && (ref.shared || ref.size_bytes != entry->size_bytes || !hash_equal(&ref.digest, &entry->digest)))
        rc = ERR_ABSENT;
    if (rc == 0) {
        entry->state = ENTRY_OLD;
        entry->holder = known.leaf;
        entry->record = ref.record;
        entry->key = ref.key;
    }
    crypt_wipe(&ref, sizeof(ref));
    if (rc != 0 && rc != ERR_ABSENT && e != NULL)
        *e = why;
    return rc;
}

static int see_locked(struct book *b, struct owner *owner, uint32_t frame, const struct hash *digest,
                      uint32_t size_bytes, uint32_t *ret_entry, bool *ret_fresh, struct err *e)
{
    struct entry *x = entry_find(b, digest, size_bytes, ret_entry);
    *ret_fresh = false;
    if (x != NULL)
        return 0;
    struct entry entry = {.digest = *digest, .size_bytes = size_bytes};
    int rc = entry_recall(b, &entry, e);
    if (rc == ERR_ABSENT) {
        *ret_fresh = true;
        entry.state = ENTRY_PENDING;
        entry.owner = owner;
        entry.frame = frame;
        rc = 0;
    }
    if (rc == 0)
        rc = entry_add(b, &entry, ret_entry, e);
    crypt_wipe(&entry.key, sizeof(entry.key));
    return rc;
}

/* ---- and takes it here ---- */

int vault_book_see(struct book *b, struct owner *owner, uint32_t frame, const struct hash *digest, uint32_t size_bytes,
                   uint32_t *ret_entry, bool *ret_fresh, struct err *e)
{
    (void)pthread_mutex_lock(&b->lock);
    int rc = see_locked(b, owner, frame, digest, size_bytes, ret_entry, ret_fresh, e);
    (void)pthread_mutex_unlock(&b->lock);
    return rc;
}

void vault_book_stored(struct book *b, uint32_t entry, uint64_t record, const struct key *key)
{
    (void)pthread_mutex_lock(&b->lock);
    struct entry *x = entry_at(b, entry);
    assert(x->state == ENTRY_PENDING);
    x->record = record;
    x->key = *key;
    x->state = ENTRY_STORED;
    (void)pthread_cond_broadcast(&b->stored);
    (void)pthread_mutex_unlock(&b->lock);
}

int vault_book_ref(struct book *b, uint32_t entry, struct owner *owner, uint32_t frame, const atomic_bool *stop,
                   struct frame_ref *ret)
{
    assert(owner->state == OWNER_KEPT);
    (void)pthread_mutex_lock(&b->lock);
    struct entry *x = entry_at(b, entry);
    while (x->state == ENTRY_PENDING && !atomic_load(stop))
        (void)pthread_cond_wait(&b->stored, &b->lock);
    int rc = x->state == ENTRY_PENDING ? ERR_STOPPED : 0;
    if (rc == 0) {
        if (x->state == ENTRY_STORED && x->owner->state != OWNER_KEPT) {
            x->owner = owner; /* forgotten, or not sure to be kept: this one is */
            x->frame = frame;
        }
        bool own = x->state == ENTRY_STORED && x->owner == owner && x->frame == frame;
        *ret = (struct frame_ref){
            .record = x->record,
            .size_bytes = x->size_bytes,
            .shared = !own,
            .holder = own ? 0 : x->state == ENTRY_OLD ? x->holder : x->owner->cookie,
            .key = x->key,
            .digest = x->digest,
        };
    }
    (void)pthread_mutex_unlock(&b->lock);
    return rc;
}

void vault_book_wake(struct book *b)
{
    (void)pthread_mutex_lock(&b->lock);
    (void)pthread_cond_broadcast(&b->stored);
    (void)pthread_mutex_unlock(&b->lock);
}

static void list_objects(const struct book *b, struct vault_flushed *f)
{
    for (size_t i = 0; i < b->owners.count; i++) {
        const struct owner *o = vault_shelf_at(&b->owners, i);
        if (o->state == OWNER_KEPT)
            f->objects[f->object_count++] = (struct vault_object){o->cookie, o->manifest_record};
    }
}

static void list_frames(const struct book *b, struct vault_flushed *f)
{
    for (size_t i = 0; i < b->entries.count; i++) {
        const struct entry *x = vault_shelf_at(&b->entries, i);
        if (x->state == ENTRY_STORED && x->owner->state == OWNER_KEPT)
            f->frames[f->frame_count++] =
                (struct vault_frame){x->digest, x->owner->cookie, x->size_bytes, x->frame};
    }
}

int vault_book_lists(struct book *b, struct vault_flushed *f, struct err *e)
{
    (void)pthread_mutex_lock(&b->lock);
    f->objects = calloc(b->owners.count + 1, sizeof(*f->objects));
    f->frames = calloc(b->entries.count + 1, sizeof(*f->frames));
    int rc = f->objects == NULL || f->frames == NULL ? err_memory(e) : 0;
    if (rc == 0) {
        list_objects(b, f);
        list_frames(b, f);
    }
    (void)pthread_mutex_unlock(&b->lock);
    return rc;
}
