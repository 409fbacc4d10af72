/*
 * Records into runs.
 *
 * The plaintext of the runs being written lies in a ring.  A thread takes a place for its record under the lock (which
 * gives it the record's number), encrypts into that place outside it, and then seals whatever whole sectors have no
 * open place before their end: a claim of CLAIM_SECTORS, or less once the run has ended.  Places are given in order,
 * claims are taken in order, and both are finished in any order.
 *
 * Nobody waits while he holds a place or a claim, so whoever waits for room is waiting for somebody who is at work.
 */
#include "vault/vault_internal.h"

_Static_assert(RING > 2 * (VAULT_CHUNK_MAX + RECORD_HEAD + CRYPT_TAG) + (CLAIM_SECTORS + 1) * VAULT_SECTOR,
               "the longest record finds room while another is being filled");

#define NOWHERE UINT64_MAX

static void lane_release(struct lane *l)
{
    vault_squeezer_free(l->squeezer);
    crypt_aead_free(l->sector);
    free(l->squeezed);
    free(l->check);
    free(l->sealed);
}

static bool lane_init(struct lane *l, uint32_t chunk_max)
{
    size_t check = (chunk_max > DIRECTORY_MAX ? chunk_max : DIRECTORY_MAX) + RECORD_HEAD + CRYPT_TAG;
    *l = (struct lane){
        .squeezer = vault_squeezer_new(),
        .sector = crypt_aead_new(),
        .squeezed = malloc(chunk_max),
        .check = malloc(check),
        .sealed = aligned_alloc(PACK_ALIGN, (size_t)CLAIM_SECTORS * VAULT_SECTOR),
        .fill = NOWHERE,
        .claim = NOWHERE,
    };
    return l->squeezer != NULL && l->sector != NULL && l->squeezed != NULL && l->check != NULL && l->sealed != NULL;
}

int vault_append_init(struct append *a, struct vault *v, const atomic_bool *stop, unsigned lanes, struct err *e)
{
    *a = (struct append){.v = v, .stop = stop};
    vault_sums_init(&a->sums, v);
    (void)pthread_mutex_init(&a->lock, NULL);
    (void)pthread_cond_init(&a->moved, NULL);
    a->ring = malloc(RING);
    a->offsets = malloc((size_t)RUN_RECORDS_MAX * sizeof(*a->offsets));
    a->lanes = calloc(lanes, sizeof(*a->lanes));
    if (a->ring == NULL || a->offsets == NULL || a->lanes == NULL)
        return err_memory(e);
    for (a->lane_count = 0; a->lane_count < lanes; a->lane_count++)
        if (!lane_init(&a->lanes[a->lane_count], v->chunk_max)) {
            lane_release(&a->lanes[a->lane_count]);
            return err_memory(e);
        }
    return 0;
}

static void run_free(struct run_out *r)
{
    crypt_wipe(&r->key, sizeof(r->key));
    free(r);
}

void vault_append_release(struct append *a)
{
    while (a->runs != NULL) {
        struct run_out *r = a->runs;
        a->runs = r->next;
        run_free(r);
    }
    while (a->packs != NULL) {
        struct pack_out *p = a->packs;
        a->packs = p->next;
        vault_pack_out_free(p);
    }
    vault_sums_release(&a->sums);
    for (unsigned i = 0; i < a->lane_count; i++)
        lane_release(&a->lanes[i]);
    free(a->lanes);
    if (a->ring != NULL)
        crypt_wipe(a->ring, a->pos < RING ? (size_t)a->pos : RING);
    free(a->ring);
    free(a->offsets);
    free(a->done);
    (void)pthread_mutex_destroy(&a->lock);
    (void)pthread_cond_destroy(&a->moved);
}

void vault_append_wake(struct append *a)
{
    (void)pthread_mutex_lock(&a->lock);
    (void)pthread_cond_broadcast(&a->moved);
    (void)pthread_mutex_unlock(&a->lock);
}

/* ---- under the lock ---- */

/* Everything before this ring position has been filled. */
static uint64_t filled_to(const struct append *a)
{
    uint64_t to = a->pos;
    for (unsigned i = 0; i < a->lane_count; i++)
        if (a->lanes[i].fill < to)
            to = a->lanes[i].fill;
    return to;
}

/* Everything before this ring position has been written. */
static uint64_t written_to(const struct append *a)
{
    uint64_t to = a->pos;
    for (const struct run_out *r = a->runs; r != NULL; r = r->next)
        if (!r->ended || r->claimed < r->sectors) {
            uint64_t claimed = vault_sector_offset(r->claimed);
            to = r->base + (claimed < r->used ? claimed : r->used); /* a run's zeros are not in the ring */
            break;
        }
    for (unsigned i = 0; i < a->lane_count; i++)
        if (a->lanes[i].claim < to)
            to = a->lanes[i].claim;
    return to;
}

static bool ring_has(const struct append *a, size_t n)
{
    return a->pos + n - written_to(a) <= RING;
}

/* Plaintext bytes that a run would have with one more record of ${n} bytes, its directory and footer. */
static uint64_t run_length_with(const struct run_out *r, size_t n)
{
    uint64_t records = (uint64_t)r->records + (n != 0 ? 1 : 0);
    return r->used + n + RECORD_HEAD + records * 4 + CRYPT_TAG + FOOTER;
}

static bool run_takes(const struct append *a, const struct run_out *r, size_t n)
{
    return run_length_with(r, n) <= vault_run_room(a->v->pack_sectors - r->first_sector);
}

static int run_begin(struct append *a, struct err *e)
{
    if (a->pack == NULL) {
        int rc = vault_pack_begin(a, &a->pack, e);
        if (rc != 0)
            return rc;
    }
    struct run_out *r = calloc(1, sizeof(*r));
    if (r == NULL)
        return err_memory(e);
    crypt_random(r->salt, sizeof(r->salt));
    r->pack = a->pack;
    r->base = a->pos;
    r->first_sector = a->pack->sectors;
    vault_run_key(a->v, r->pack->number, r->first_sector, r->salt, &r->key);
    r->first_record = a->next_record;
    struct run_out **last = &a->runs;
    while (*last != NULL)
        last = &(*last)->next;
    *last = r;
    a->run = r;
    return 0;
}

/* Into the ring, round its end. */
static void ring_put(struct append *a, uint64_t pos, const uint8_t *p, size_t n)
{
    size_t at = pos % RING;
    size_t some = n < RING - at ? n : RING - at;
    memcpy(a->ring + at, p, some);
    memcpy(a->ring, p + some, n - some);
}

/* Head and sealed payload of one record to its place in the ring. */
static void record_seal(struct append *a, struct lane *lane, uint64_t pos, const struct record_head *head,
                        struct bytes payload, const struct key *key, uint64_t nonce)
{
    size_t n = RECORD_HEAD + (size_t)head->stored;
    size_t at = pos % RING;
    bool wraps = n > RING - at;
    uint8_t aad[RECORD_AAD];
    uint8_t *to = wraps ? lane->check : a->ring + at;
    vault_head_put(to, head);
    vault_record_aad(a->v, to, aad);
    crypt_seal(key, nonce, bytes_of(aad, RECORD_AAD), payload, to + RECORD_HEAD);
    if (wraps)
        ring_put(a, pos, to, n);
}

/* The directory of the run that takes records, as its last record. */
static void directory_put(struct append *a, struct lane *lane, struct run_out *r)
{
    OWN(key_drop) struct key key = {{0}};
    uint8_t *plain = lane->check;
    for (uint32_t i = 0; i < r->records; i++)
        u32_put(plain + (size_t)i * 4, a->offsets[i]);
    struct record_head head = {
        .type = RECORD_DIRECTORY,
        .plain = r->records * 4,
        .stored = r->records * 4 + CRYPT_TAG,
        .number = r->first_record,
    };
    uint8_t head_bytes[RECORD_HEAD];
    uint8_t aad[RECORD_AAD];
    vault_directory_key(&r->key, &key);
    vault_head_put(head_bytes, &head);
    vault_record_aad(a->v, head_bytes, aad);
    crypt_seal(&key, 0, bytes_of(aad, RECORD_AAD), bytes_of(plain, head.plain), plain);
    ring_put(a, a->pos, head_bytes, RECORD_HEAD);
    ring_put(a, a->pos + RECORD_HEAD, plain, head.stored);
    a->pos += RECORD_HEAD + (uint64_t)head.stored;
    r->directory = (uint32_t)r->used;
    r->used += RECORD_HEAD + (uint64_t)head.stored;
}

static int done_add(struct append *a, const struct run_out *r, struct err *e)
{
    if (a->done_count == a->done_room) {
        size_t room = a->done_room == 0 ? 16 : a->done_room * 2;
        struct vault_run *done = reallocarray(a->done, room, sizeof(*done));
        if (done == NULL)
            return err_memory(e);
        a->done = done;
        a->done_room = room;
    }
    a->done[a->done_count++] = (struct vault_run){
        .pack = r->pack->number,
        .first_sector = r->first_sector,
        .sectors = r->sectors,
        .first_record = r->first_record,
        .records = r->records,
    };
    return 0;
}

/* Too little to be worth another run: the pack is filled up. */
static bool little_left(const struct append *a, uint32_t sectors)
{
    return a->v->pack_sectors - sectors < a->v->pack_sectors / 32;
}

/* End the run that takes records: at the pack's end when ${fill}, else at the next sector edge.  May wait. */
static int run_end(struct append *a, struct lane *lane, bool fill, struct err *e)
{
    struct run_out *r = a->run;
    size_t directory = RECORD_HEAD + (size_t)r->records * 4 + CRYPT_TAG;
    a->ending = true;
    while (!ring_has(a, directory) && !atomic_load(a->stop))
        (void)pthread_cond_wait(&a->moved, &a->lock);
    a->ending = false;
    (void)pthread_cond_broadcast(&a->moved);
    if (atomic_load(a->stop))
        return ERR_STOPPED;
    directory_put(a, lane, r);
    r->sectors = vault_run_sectors(r->used + FOOTER);
    if (fill || little_left(a, r->first_sector + r->sectors))
        r->sectors = a->v->pack_sectors - r->first_sector;
    int rc = done_add(a, r, e);
    if (rc != 0)
        return rc;
    r->ended = true;
    r->pack->sectors = r->first_sector + r->sectors;
    assert(r->pack->sectors <= a->v->pack_sectors);
    a->run = NULL;
    if (r->pack->sectors == a->v->pack_sectors) {
        r->pack->sealed = true;
        a->pack = NULL;
    }
    return 0;
}

/* Sectors of ${r} whose plaintext is complete. */
static uint32_t sectors_complete(const struct append *a, const struct run_out *r)
{
    uint64_t filled = filled_to(a);
    if (r->ended && filled >= r->base + r->used)
        return r->sectors;
    if (filled <= r->base)
        return 0;
    uint64_t have = filled - r->base;
    if (have > r->used)
        have = r->used;
    if (have < SECTOR_FIRST)
        return 0;
    return (uint32_t)(1 + (have - SECTOR_FIRST) / SECTOR_REST);
}

static bool claim_take(struct append *a, struct lane *lane, struct claim *ret)
{
    struct run_out *r = a->runs;
    while (r != NULL && r->ended && r->claimed == r->sectors)
        r = r->next;
    if (r == NULL)
        return false;
    uint32_t n = sectors_complete(a, r) - r->claimed;
    bool all = r->ended && r->claimed + n == r->sectors;
    if (n == 0 || (n < CLAIM_SECTORS && !all))
        return false;
    *ret = (struct claim){
        .run = r,
        .first = r->claimed,
        .count = n < CLAIM_SECTORS ? n : CLAIM_SECTORS,
        .used = r->used,
        .sectors = r->ended ? r->sectors : 0,
    };
    lane->claim = r->base + vault_sector_offset(r->claimed);
    r->claimed += ret->count;
    return true;
}

/* The written sectors are accounted for; runs that are done with leave the list. */
static void claim_done(struct append *a, struct lane *lane, const struct claim *c)
{
    lane->claim = NOWHERE;
    c->run->written += c->count;
    c->run->pack->written += c->count;
    a->written_bytes += (uint64_t)c->count * VAULT_SECTOR;
    while (a->runs != NULL && a->runs->ended && a->runs->written == a->runs->sectors) {
        struct run_out *r = a->runs;
        a->runs = r->next;
        run_free(r);
    }
    (void)pthread_cond_broadcast(&a->moved);
}

/* Seal one claim if there is one to take; the lock is let go meanwhile. */
static int claim_seal(struct append *a, struct lane *lane, bool *ret_any, struct err *e)
{
    struct claim c;
    *ret_any = !atomic_load(a->stop) && claim_take(a, lane, &c);
    if (!*ret_any)
        return 0;
    (void)pthread_mutex_unlock(&a->lock);
    int rc = vault_seal(a, lane, &c, e);
    (void)pthread_mutex_lock(&a->lock);
    claim_done(a, lane, &c);
    return rc;
}

static int claims_seal(struct append *a, struct lane *lane, struct err *e)
{
    int rc = 0;
    for (bool any = true; any && rc == 0;)
        rc = claim_seal(a, lane, &any, e);
    return rc;
}

/* A place for ${n} bytes in a run: *ret_pos and *ret_record. */
static int place_take(struct append *a, struct lane *lane, size_t n, uint64_t *ret_pos, uint64_t *ret_record,
                      struct err *e)
{
    for (;;) {
        int rc = 0;
        if (atomic_load(a->stop))
            return ERR_STOPPED;
        if (a->ending) {
            (void)pthread_cond_wait(&a->moved, &a->lock);
            continue;
        }
        if (!ring_has(a, n)) {
            bool any = false;
            rc = claim_seal(a, lane, &any, e);
            if (rc != 0)
                return rc;
            if (!any)
                (void)pthread_cond_wait(&a->moved, &a->lock);
            continue;
        }
        if (a->run == NULL)
            rc = run_begin(a, e);
        else if (!run_takes(a, a->run, n))
            rc = run_end(a, lane, true, e);
        else if (a->run->records == RUN_RECORDS_MAX)
            rc = run_end(a, lane, false, e);
        else
            break;
        if (rc != 0)
            return rc;
    }
    struct run_out *r = a->run;
    a->offsets[r->records++] = (uint32_t)r->used;
    r->used += n;
    *ret_pos = a->pos;
    *ret_record = a->next_record++;
    lane->fill = a->pos;
    a->pos += n;
    return 0;
}

/* ---- and takes it here ---- */

int vault_append_record(struct append *a, struct lane *lane, struct record_head *head, struct bytes payload,
                        const struct key *key, uint64_t nonce, struct err *e)
{
    uint64_t pos = 0;
    head->stored = (uint32_t)payload.n + CRYPT_TAG;
    (void)pthread_mutex_lock(&a->lock);
    int rc = place_take(a, lane, RECORD_HEAD + (size_t)head->stored, &pos, &head->number, e);
    (void)pthread_mutex_unlock(&a->lock);
    if (rc != 0)
        return rc;
    record_seal(a, lane, pos, head, payload, key, nonce);
    (void)pthread_mutex_lock(&a->lock);
    lane->fill = NOWHERE;
    rc = claims_seal(a, lane, e);
    (void)pthread_mutex_unlock(&a->lock);
    return rc;
}

int vault_append_end(struct append *a, struct lane *lane, struct err *e)
{
    int rc = 0;
    (void)pthread_mutex_lock(&a->lock);
    if (a->run != NULL)
        rc = run_end(a, lane, false, e);
    if (rc == 0)
        rc = claims_seal(a, lane, e);
    while (rc == 0 && a->runs != NULL) {
        if (atomic_load(a->stop))
            rc = ERR_STOPPED;
        else
            (void)pthread_cond_wait(&a->moved, &a->lock);
    }
    (void)pthread_mutex_unlock(&a->lock);
    return rc;
}
