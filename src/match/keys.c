/*
 * Every record's block under each key.
 *
 * Records are sorted by the value of a key; a block too large is divided by a further atom, and what is too large then
 * makes no pairs and is listed.  Blocks are numbered, so that two of them are never taken for one.  When records came
 * behind those of an earlier run, the numbers are given twice: as the blocks are now, and, for the earlier records, as
 * they were.  A key is worked on by one thread, and nothing depends on which.
 */
#include "match/match_internal.h"

#include <pthread.h>
#include <stdatomic.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { THREADS_MAX = MATCH_KEYS_MAX };

struct entry {
    uint32_t key, record;
};

/* What one key comes to. */
struct made {
    uint32_t *now, *before; /* for each record */
    uint32_t blocks;
    struct match_block *capped;
    size_t capped_count;
    struct match_crossing *crossing;
    size_t crossings;
    uint32_t *member;
    size_t members, member_room;
    bool failed;
};
struct making {
    const struct match_search *s;
    const uint32_t *atoms;
    struct made key[MATCH_KEYS_MAX];
    atomic_uint next;
};
/* One key under way. */
struct job {
    const struct match_search *s;
    const uint32_t *atoms;
    unsigned key;
    struct made *made;
    struct entry *sorted;
};

uint32_t match_keys_shared(const uint32_t *x, const uint32_t *y, unsigned count)
{
    uint32_t mask = 0;
#if defined(__x86_64__)
    /* Of what every x86-64 has. */
    const __m128i zero = _mm_setzero_si128();
    __m128i lane[4];
    for (unsigned i = 0; i < 4; i++) {
        __m128i p = _mm_loadu_si128((const __m128i *)(const void *)(x + 4 * i));
        __m128i q = _mm_loadu_si128((const __m128i *)(const void *)(y + 4 * i));
        lane[i] = _mm_andnot_si128(_mm_cmpeq_epi32(p, zero), _mm_cmpeq_epi32(p, q));
    }
    __m128i low = _mm_packs_epi32(lane[0], lane[1]), high = _mm_packs_epi32(lane[2], lane[3]);
    mask = (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(low, high));
#else
    for (unsigned i = 0; i < MATCH_KEYS_MAX; i++)
        mask |= (uint32_t)(x[i] == y[i] && x[i] != 0) << i;
#endif
    return mask & ((1u << count) - 1);
}

static void sort_entries(struct entry *a, struct entry *room, size_t n)
{
    for (unsigned pass = 0; pass < 3; pass++) {
        unsigned shift = 11 * pass;
        size_t count[2049] = {0};
        for (size_t i = 0; i < n; i++)
            count[((a[i].key >> shift) & 2047) + 1]++;
        for (unsigned i = 0; i < 2048; i++)
            count[i + 1] += count[i];
        for (size_t i = 0; i < n; i++)
            room[count[(a[i].key >> shift) & 2047]++] = a[i];
        struct entry *turn = a;
        a = room;
        room = turn;
    }
    memcpy(room, a, n * sizeof *a); /* after three passes the result lies in the other array */
}

static int by_key_then_record(const void *x, const void *y)
{
    const struct entry *a = x, *b = y;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->record < b->record ? -1 : a->record > b->record;
}

/* The end of the block that begins at ${i}. */
static size_t block_end(const struct entry *s, size_t i, size_t n)
{
    size_t end = i + 1;
    while (end < n && s[end].key == s[i].key)
        end++;
    return end;
}

/* Room for ${count} of ${size} bytes where a power of two is in use; doubles. */
static bool one_more(void **array, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0)
        return true;
    void *grown = realloc(*array, (count == 0 ? 1 : count * 2) * size);
    if (grown != NULL)
        *array = grown;
    return grown != NULL;
}

static void add_capped(struct job *j, uint64_t size)
{
    void *blocks = j->made->capped;
    if (!one_more(&blocks, j->made->capped_count, sizeof *j->made->capped)) {
        j->made->failed = true;
        return;
    }
    j->made->capped = blocks;
    j->made->capped[j->made->capped_count++] = (struct match_block){j->key, size};
}

/* The first ${count} records from ${i} on shared a block before, and do not now. */
static void add_crossing(struct job *j, size_t i, size_t count)
{
    struct made *m = j->made;
    void *crossings = m->crossing;
    if (count < 2)
        return;
    if (m->members + count > m->member_room) {
        size_t room = (m->members + count) * 2;
        uint32_t *grown = realloc(m->member, room * sizeof *grown);
        m->failed = m->failed || grown == NULL;
        m->member = grown != NULL ? grown : m->member;
        m->member_room = grown != NULL ? room : m->member_room;
    }
    if (m->failed || !one_more(&crossings, m->crossings, sizeof *m->crossing)) {
        m->failed = true;
        return;
    }
    m->crossing = crossings;
    m->crossing[m->crossings++] = (struct match_crossing){j->key, m->members, count};
    for (size_t k = i; k < i + count; k++)
        m->member[m->members++] = j->sorted[k].record;
}

/* Records before ${from}: they come first, for a block is in the order of records. */
static size_t earlier(const struct job *j, size_t i, size_t end)
{
    size_t n = 0;
    while (i + n < end && j->sorted[i + n].record < j->s->from)
        n++;
    return n;
}

static void number(const struct entry *sorted, size_t i, size_t end, uint32_t *of, uint32_t block)
{
    for (size_t k = i; k < end; k++)
        of[sorted[k].record] = block;
}

/* The block from ${i} to ${end}, as it is now.  ${was}: the number its earlier records had, 0: the same. */
static void settle_block(struct job *j, size_t i, size_t end, size_t before, bool was_divided)
{
    struct made *m = j->made;
    bool too_large = end - i > MATCH_BLOCK_MAX;
    uint32_t block = too_large || end - i < 2 ? 0 : ++m->blocks;
    number(j->sorted, i, end, m->now, block);
    if (too_large)
        add_capped(j, end - i);
    if (!was_divided || before == 0)
        return;
    if (too_large && before <= MATCH_BLOCK_MAX) {
        add_crossing(j, i, before);
        block = ++m->blocks;
    }
    number(j->sorted, i, i + before, m->before, block);
}

/* Divide a block by an atom that its key does not use; what remains too large loses its key and is listed. */
static void divide(struct job *j, size_t i, size_t end)
{
    const struct match_plan *p = j->s->plan;
    size_t before = earlier(j, i, end);
    bool was_divided = before > MATCH_BLOCK_MAX;
    if (before != 0 && !was_divided) {
        add_crossing(j, i, before);
        number(j->sorted, i, i + before, j->made->before, ++j->made->blocks);
    }
    for (unsigned a = 0; a < p->atoms; a++) {
        if ((p->atom[a].fields & p->key[j->key].fields) != 0)
            continue;
        for (size_t k = i; k < end; k++)
            j->sorted[k].key = (uint32_t)match_mix((uint64_t)j->sorted[k].key << 32 |
                                                   j->atoms[(size_t)j->sorted[k].record * p->atoms + a]);
        qsort(j->sorted + i, end - i, sizeof *j->sorted, by_key_then_record);
        break;
    }
    for (size_t k = i; k < end;) {
        size_t stop = block_end(j->sorted, k, end);
        settle_block(j, k, stop, earlier(j, k, stop), was_divided);
        k = stop;
    }
}

static void make_key(struct job *j, struct entry *room)
{
    const struct match_search *s = j->s;
    size_t n = 0;
    for (size_t i = 0; i < s->f->records; i++) {
        uint32_t v = match_key_value(j->atoms, s->plan->atoms, i, &s->plan->key[j->key]);
        if (v != 0)
            j->sorted[n++] = (struct entry){v, (uint32_t)i};
    }
    sort_entries(j->sorted, room, n);
    for (size_t i = 0; i < n;) {
        size_t end = block_end(j->sorted, i, n);
        if (end - i > MATCH_BLOCK_MAX) {
            divide(j, i, end);
        } else if (end - i > 1) {
            number(j->sorted, i, end, j->made->now, ++j->made->blocks);
            if (s->from != 0)
                number(j->sorted, i, i + earlier(j, i, end), j->made->before, j->made->blocks);
        }
        i = end;
    }
}

static void *work(void *argument)
{
    struct making *m = argument;
    size_t records = m->s->f->records;
    struct entry *sorted = malloc((records + 1) * sizeof *sorted), *room = malloc((records + 1) * sizeof *room);
    unsigned key;
    while ((key = atomic_fetch_add(&m->next, 1)) < m->s->plan->keys) {
        struct made *made = &m->key[key];
        struct job j = {.s = m->s, .atoms = m->atoms, .key = key, .made = made, .sorted = sorted};
        made->now = calloc(records + 1, sizeof *made->now);
        made->before = m->s->from == 0 ? NULL : calloc(m->s->from, sizeof *made->before);
        made->failed = sorted == NULL || room == NULL || made->now == NULL || (m->s->from != 0 && made->before == NULL);
        if (!made->failed)
            make_key(&j, room);
    }
    free(sorted);
    free(room);
    return NULL;
}

static void run(struct making *m, unsigned threads)
{
    pthread_t thread[THREADS_MAX];
    unsigned started = 0;
    for (unsigned i = 1; i < threads && i < THREADS_MAX; i++)
        started += pthread_create(&thread[started], NULL, work, m) == 0;
    (void)work(m);
    for (unsigned i = 0; i < started; i++)
        (void)pthread_join(thread[i], NULL);
}

/* From one array for each key to one line of numbers for each record: a pair is asked for all keys at once. */
static uint32_t *turn(const struct making *m, bool before, size_t records)
{
    uint32_t *lines = aligned_alloc(64, (records + 1) * MATCH_KEYS_MAX * sizeof *lines);
    unsigned keys = m->s->plan->keys;
    if (lines == NULL)
        return NULL;
    const uint32_t *column[MATCH_KEYS_MAX] = {NULL};
    for (unsigned k = 0; k < keys; k++)
        column[k] = before ? m->key[k].before : m->key[k].now;
    for (size_t i = 0; i < records; i++)
        for (unsigned k = 0; k < MATCH_KEYS_MAX; k++)
            lines[i * MATCH_KEYS_MAX + k] = k < keys ? column[k][i] : 0;
    return lines;
}

static int largest_first(const void *x, const void *y)
{
    const struct match_block *a = x, *b = y;
    if (a->size != b->size)
        return a->size > b->size ? -1 : 1;
    return a->key < b->key ? -1 : a->key > b->key;
}

/* One list of what each key has. */
static int gather(const struct making *m, struct match_keys *to, struct match_tally *tally, struct err *e)
{
    size_t capped = 0, crossings = 0, members = 0;
    for (unsigned k = 0; k < m->s->plan->keys; k++) {
        if (m->key[k].failed)
            return err_memory(e);
        capped += m->key[k].capped_count;
        crossings += m->key[k].crossings;
        members += m->key[k].members;
        to->blocks[k] = m->key[k].blocks;
    }
    to->crossing = malloc((crossings + 1) * sizeof *to->crossing);
    to->member = malloc((members + 1) * sizeof *to->member);
    struct match_block *blocks = malloc((capped + 1) * sizeof *blocks);
    if (to->crossing == NULL || to->member == NULL || blocks == NULL) {
        free(blocks);
        return err_memory(e);
    }
    free(tally->capped);
    tally->capped = blocks;
    tally->capped_count = 0;
    for (unsigned k = 0, at = 0; k < m->s->plan->keys; k++) {
        const struct made *made = &m->key[k];
        for (size_t i = 0; i < made->capped_count; i++)
            blocks[tally->capped_count++] = made->capped[i];
        for (size_t i = 0; i < made->crossings; i++) {
            to->crossing[to->crossings] = made->crossing[i];
            to->crossing[to->crossings++].first += at;
        }
        for (size_t i = 0; i < made->members; i++)
            to->member[at + i] = made->member[i];
        at += (unsigned)made->members;
    }
    if (capped != 0)
        qsort(blocks, capped, sizeof *blocks, largest_first);
    return 0;
}

int match_keys_make(const struct match_search *s, struct match_keys *to, struct match_tally *tally, struct err *e)
{
    OWN(mem_drop) uint32_t *atoms = malloc((s->f->records * s->plan->atoms + 1) * sizeof *atoms);
    OWN(mem_drop) struct making *m = calloc(1, sizeof *m);
    if (atoms == NULL || m == NULL)
        return err_memory(e);
    for (size_t i = 0; i < s->f->records; i++)
        for (unsigned a = 0; a < s->plan->atoms; a++)
            atoms[i * s->plan->atoms + a] = match_atom_value(s->f, &s->plan->atom[a], i);
    m->s = s;
    m->atoms = atoms;
    run(m, s->threads);
    int rc = gather(m, to, tally, e);
    to->of = rc == 0 ? turn(m, false, s->f->records) : NULL;
    to->before = rc == 0 && s->from != 0 ? turn(m, true, s->from) : NULL;
    if (rc == 0 && (to->of == NULL || (s->from != 0 && to->before == NULL)))
        rc = err_memory(e);
    for (unsigned k = 0; k < s->plan->keys; k++) {
        free(m->key[k].now);
        free(m->key[k].before);
        free(m->key[k].capped);
        free(m->key[k].crossing);
        free(m->key[k].member);
    }
    if (rc != 0)
        match_keys_release(to);
    return rc;
}

void match_keys_release(struct match_keys *k)
{
    free(k->of);
    free(k->before);
    free(k->crossing);
    free(k->member);
    *k = (struct match_keys){0};
}
