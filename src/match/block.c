/*
 * Candidates: all pairs that share a key, each once.
 *
 * Every record has one value for each key.  Records are sorted by it; a block too large is divided by a further atom,
 * and
 * what is too large then is not compared and listed.  A pair is made by the first key it shares.  Work is cut into
 * pieces by position, never by thread, so the order of what comes out does not depend on how many threads there are.
 */
#include "match/match_internal.h"

#include "base/text.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum {
    BLOCK_MAX = 120,
    PIECES = 64,
    THREADS_MAX = 64,
    RARE_WORDS = 7,        /* of a record, that make pairs of words */
    WORD_RECORDS_MAX = 24, /* of a word that is a key by itself */
    WORD_BLOCK_MAX = 60,
};

struct entry {
    uint32_t key, record;
};
struct piece {
    struct match_candidate *pairs;
    size_t count, room;
    bool failed;
};
struct patterns {
    uint64_t *value;
    uint32_t *number; /* open addressing; one more than the index */
    uint32_t mask, count;
};
struct worker {
    struct match_cache *cache;
    struct patterns patterns;
    uint64_t *trained[MATCH_KEYS_MAX]; /* by the worker's own pattern number */
    size_t trained_room;
};
struct job {
    const struct match_frame *f;
    bool across;
    uint32_t *keys; /* MATCH_KEYS_MAX for each record; 0: none */
    unsigned key, keys_count;
    struct entry *sorted;
    size_t *start; /* of the blocks, and the end */
    size_t blocks;
    const uint64_t *listed; /* the pairs of rare words, instead of blocks */
    size_t listed_count;
    struct piece piece[PIECES];
    uint8_t by[PIECES]; /* which worker's pattern numbers it holds */
    atomic_uint next;
    struct worker *worker;
};

/* ---- patterns ---- */

static uint32_t pattern_number(struct patterns *p, uint64_t value)
{
    if (p->count * 2 >= p->mask) {
        uint32_t mask = p->mask == 0 ? 4095 : p->mask * 2 + 1;
        uint32_t *number = calloc(mask + 1u, sizeof *number);
        uint64_t *values = realloc(p->value, (mask / 2 + 2) * sizeof *values);
        if (values != NULL)
            p->value = values;
        if (number == NULL || values == NULL) {
            free(number);
            return UINT32_MAX;
        }
        for (uint32_t i = 0; i < p->count; i++) {
            uint32_t at = (uint32_t)match_mix(p->value[i]) & mask;
            while (number[at] != 0)
                at = (at + 1) & mask;
            number[at] = i + 1;
        }
        free(p->number);
        p->number = number;
        p->mask = mask;
    }
    uint32_t at = (uint32_t)match_mix(value) & p->mask;
    while (p->number[at] != 0 && p->value[p->number[at] - 1] != value)
        at = (at + 1) & p->mask;
    if (p->number[at] == 0) {
        p->value[p->count] = value;
        p->number[at] = ++p->count;
    }
    return p->number[at] - 1;
}

static bool trained_room(struct worker *w)
{
    if (w->patterns.count <= w->trained_room)
        return true;
    size_t room = w->patterns.count * 2 + 1024;
    for (unsigned k = 0; k < MATCH_KEYS_MAX; k++) {
        uint64_t *grown = realloc(w->trained[k], room * sizeof *grown);
        if (grown == NULL)
            return false;
        memset(grown + w->trained_room, 0, (room - w->trained_room) * sizeof *grown);
        w->trained[k] = grown;
    }
    w->trained_room = room;
    return true;
}

/* ---- pairs ---- */

/* Which keys two records share, a bit for each.  The vector version is of what every x86-64 has. */
static uint32_t shared_keys(const uint32_t *x, const uint32_t *y, unsigned count)
{
    uint32_t mask = 0;
#if defined(__x86_64__)
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

static void compare(struct job *j, struct worker *w, struct piece *to, uint32_t a, uint32_t b, uint32_t shared)
{
    uint64_t pattern = match_pattern(j->f, w->cache, a, b);
    uint32_t number = pattern_number(&w->patterns, pattern);
    if (to->count == to->room) {
        size_t room = to->room == 0 ? 1024 : to->room + to->room / 2;
        struct match_candidate *grown = realloc(to->pairs, room * sizeof *grown);
        if (grown != NULL) {
            to->pairs = grown;
            to->room = room;
        }
    }
    if (number == UINT32_MAX || to->count == to->room || !trained_room(w)) {
        to->failed = true;
        return;
    }
    to->pairs[to->count++] = (struct match_candidate){a, b, number};
    for (; shared != 0; shared &= shared - 1)
        w->trained[__builtin_ctz(shared)][number]++;
}

static void compare_block(struct job *j, struct worker *w, struct piece *to, size_t start, size_t end)
{
    for (size_t i = start; i < end && !to->failed; i++)
        for (size_t k = i + 1; k < end; k++) {
            uint32_t a = j->sorted[i].record, b = j->sorted[k].record;
            if (j->across && j->f->source[a] == j->f->source[b])
                continue;
            uint32_t shared =
                shared_keys(j->keys + (size_t)a * MATCH_KEYS_MAX, j->keys + (size_t)b * MATCH_KEYS_MAX, j->keys_count);
            if ((unsigned)__builtin_ctz(shared) == j->key)
                compare(j, w, to, a, b, shared);
        }
}

static void compare_listed(struct job *j, struct worker *w, struct piece *to, size_t start, size_t end)
{
    for (size_t i = start; i < end && !to->failed; i++) {
        uint32_t a = (uint32_t)(j->listed[i] >> 32), b = (uint32_t)j->listed[i];
        if (j->across && j->f->source[a] == j->f->source[b])
            continue;
        if (shared_keys(j->keys + (size_t)a * MATCH_KEYS_MAX, j->keys + (size_t)b * MATCH_KEYS_MAX, j->keys_count) == 0)
            compare(j, w, to, a, b, 0);
    }
}

struct hand {
    struct job *job;
    unsigned worker;
};

static void *work(void *argument)
{
    struct hand *h = argument;
    struct job *j = h->job;
    for (;;) {
        unsigned piece = atomic_fetch_add(&j->next, 1);
        if (piece >= PIECES)
            return NULL;
        j->by[piece] = (uint8_t)h->worker;
        struct worker *w = &j->worker[h->worker];
        if (j->listed != NULL) {
            compare_listed(j, w, &j->piece[piece], j->listed_count * piece / PIECES,
                           j->listed_count * (piece + 1) / PIECES);
            continue;
        }
        size_t last = j->blocks * (piece + 1) / PIECES;
        for (size_t b = j->blocks * piece / PIECES; b < last; b++)
            compare_block(j, w, &j->piece[piece], j->start[b], j->start[b + 1]);
    }
}

static void run(struct job *j, unsigned threads)
{
    struct hand hand[THREADS_MAX];
    pthread_t thread[THREADS_MAX];
    unsigned started = 0;
    atomic_store(&j->next, 0);
    for (unsigned i = 1; i < threads; i++) {
        hand[i] = (struct hand){j, i};
        if (pthread_create(&thread[started], NULL, work, &hand[i]) != 0)
            break;
        started++;
    }
    hand[0] = (struct hand){j, 0};
    (void)work(&hand[0]);
    for (unsigned i = 0; i < started; i++)
        (void)pthread_join(thread[i], NULL);
}

/* ---- blocks ---- */

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

static int add_capped(struct match_result *r, unsigned key, uint64_t size, struct err *e)
{
    if ((r->capped_count & (r->capped_count - 1)) == 0) {
        size_t room = r->capped_count == 0 ? 1 : r->capped_count * 2;
        struct match_block *grown = realloc(r->capped, room * sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        r->capped = grown;
    }
    r->capped[r->capped_count++] = (struct match_block){key, size};
    return 0;
}

/* The end of the block that begins at ${i}. */
static size_t block_end(const struct entry *s, size_t i, size_t n)
{
    size_t end = i + 1;
    while (end < n && s[end].key == s[i].key)
        end++;
    return end;
}

/* Divide a block by an atom that its key does not use; what remains too large loses its key and is listed. */
static int divide(struct job *j, const struct match_plan *p, const uint32_t *atoms, size_t i, size_t end,
                  struct match_result *r, struct err *e)
{
    const struct match_key *key = &p->key[j->key];
    uint32_t used = key->fields;
    for (unsigned a = 0; a < p->atoms && end - i > BLOCK_MAX; a++) {
        if ((p->atom[a].fields & used) != 0)
            continue;
        used |= p->atom[a].fields;
        for (size_t k = i; k < end; k++)
            j->sorted[k].key = (uint32_t)match_mix((uint64_t)j->sorted[k].key << 32 |
                                                   atoms[(size_t)j->sorted[k].record * p->atoms + a]) |
                               1;
        qsort(j->sorted + i, end - i, sizeof *j->sorted, by_key_then_record);
        break;
    }
    for (size_t k = i; k < end;) {
        size_t stop = block_end(j->sorted, k, end);
        bool too_large = stop - k > BLOCK_MAX;
        int rc = too_large ? add_capped(r, j->key, stop - k, e) : 0;
        if (rc != 0)
            return rc;
        for (; k < stop; k++) {
            j->sorted[k].key = too_large ? 0 : j->sorted[k].key;
            j->keys[(size_t)j->sorted[k].record * MATCH_KEYS_MAX + j->key] = j->sorted[k].key;
        }
    }
    return 0;
}

static int make_key(struct job *j, const struct match_plan *p, const uint32_t *atoms, struct entry *room,
                    struct match_result *r, struct err *e)
{
    size_t n = 0;
    for (size_t i = 0; i < j->f->records; i++) {
        uint32_t v = match_key_value(atoms, p->atoms, i, &p->key[j->key]);
        j->keys[i * MATCH_KEYS_MAX + j->key] = v;
        if (v != 0)
            j->sorted[n++] = (struct entry){v, (uint32_t)i};
    }
    sort_entries(j->sorted, room, n);
    for (size_t i = 0; i < n;) {
        size_t end = block_end(j->sorted, i, n);
        int rc = end - i > BLOCK_MAX ? divide(j, p, atoms, i, end, r, e) : 0;
        if (rc != 0)
            return rc;
        i = end;
    }
    return 0;
}

/* Sorted again from the record's values: cheaper to keep than sixteen sorted arrays. */
static void gather_blocks(struct job *j, struct entry *room)
{
    size_t n = 0;
    for (size_t i = 0; i < j->f->records; i++) {
        uint32_t v = j->keys[i * MATCH_KEYS_MAX + j->key];
        if (v != 0)
            j->sorted[n++] = (struct entry){v, (uint32_t)i};
    }
    sort_entries(j->sorted, room, n);
    j->blocks = 0;
    for (size_t i = 0; i < n;) {
        size_t end = block_end(j->sorted, i, n);
        if (end - i > 1)
            j->start[j->blocks++] = i;
        i = end;
    }
    /* Blocks of one record lie between: each start is followed by the end of its own block. */
    j->start[j->blocks] = n;
    for (size_t b = 0, to = 0; b < j->blocks; b++) {
        size_t end = block_end(j->sorted, j->start[b], n), from = j->start[b];
        memmove(j->sorted + to, j->sorted + from, (end - from) * sizeof *j->sorted);
        j->start[b] = to;
        to += end - from;
        j->start[b + 1] = b + 1 == j->blocks ? to : j->start[b + 1];
    }
}

/* ---- rare words ---- */

struct word_entry {
    uint64_t key;
    uint32_t record;
};

static int by_word(const void *x, const void *y)
{
    const struct word_entry *a = x, *b = y;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->record < b->record ? -1 : a->record > b->record;
}

static int by_u64(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return a < b ? -1 : a > b;
}

/* The rarest words of a record's texts and names, rarest first; words of one record only cannot make a pair. */
static unsigned rare_words(const struct match_frame *f, size_t record, uint32_t to[RARE_WORDS])
{
    unsigned n = 0;
    for (unsigned i = 0; i < f->fields; i++) {
        uint32_t value = f->row[record * f->fields + i];
        const struct match_dictionary *d = f->dictionary[i];
        for (uint32_t k = 0; value != 0 && k < d->values[value].words_count; k++) {
            uint32_t word = d->words[d->values[value].words + k];
            if (f->word_records[word] < 2)
                continue;
            unsigned at = n;
            bool known = false;
            for (unsigned m = 0; m < n; m++)
                known = known || to[m] == word;
            while (!known && at > 0 && f->word_records[to[at - 1]] > f->word_records[word])
                at--;
            if (known || at == RARE_WORDS)
                continue;
            n = n < RARE_WORDS ? n + 1 : n;
            for (unsigned m = n - 1; m > at; m--)
                to[m] = to[m - 1];
            to[at] = word;
        }
    }
    return n;
}

static int list_word_pairs(const struct match_frame *f, uint64_t **ret, size_t *ret_count, struct err *e)
{
    bool any = false;
    for (unsigned i = 0; i < f->fields; i++)
        any = any || f->field[i].kind == MATCH_TEXT || f->field[i].kind == MATCH_NAME;
    if (!any)
        return 0;
    const size_t each = RARE_WORDS + RARE_WORDS * (RARE_WORDS - 1) / 2;
    OWN(mem_drop) struct word_entry *entries = malloc((f->records * each + 1) * sizeof *entries);
    if (entries == NULL)
        return err_memory(e);
    size_t n = 0, room = 0, count = 0;
    for (size_t r = 0; r < f->records; r++) {
        uint32_t words[RARE_WORDS];
        unsigned have = rare_words(f, r, words);
        for (unsigned i = 0; i < have; i++) {
            if (f->word_records[words[i]] <= WORD_RECORDS_MAX)
                entries[n++] = (struct word_entry){words[i], (uint32_t)r};
            for (unsigned k = i + 1; k < have; k++) {
                uint32_t low = words[i] < words[k] ? words[i] : words[k], high = words[i] ^ words[k] ^ low;
                entries[n++] = (struct word_entry){(uint64_t)high << 32 | low, (uint32_t)r};
            }
        }
    }
    qsort(entries, n, sizeof *entries, by_word);
    OWN(mem_drop) uint64_t *pairs = NULL;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && entries[end].key == entries[i].key; end++)
            continue;
        if (end - i > WORD_BLOCK_MAX)
            continue;
        for (size_t a = i; a < end; a++)
            for (size_t b = a + 1; b < end; b++) {
                if (count == room) {
                    room = room == 0 ? 4096 : room * 2;
                    uint64_t *grown = realloc(pairs, room * sizeof *grown);
                    if (grown == NULL)
                        return err_memory(e);
                    pairs = grown;
                }
                pairs[count++] = (uint64_t)entries[a].record << 32 | entries[b].record;
            }
    }
    size_t unique = 0;
    if (count != 0)
        qsort(pairs, count, sizeof *pairs, by_u64);
    for (size_t i = 0; i < count; i++)
        if (unique == 0 || pairs[unique - 1] != pairs[i])
            pairs[unique++] = pairs[i];
    *ret = TAKE(pairs);
    *ret_count = unique;
    return 0;
}

/* ---- all together ---- */

static int take_pieces(struct job *j, struct match_candidates *to, uint8_t **by, uint64_t *ret_made, struct err *e)
{
    size_t more = 0;
    for (unsigned i = 0; i < PIECES; i++) {
        if (j->piece[i].failed)
            return err_memory(e);
        more += j->piece[i].count;
    }
    struct match_candidate *pairs = realloc(to->pairs, (to->count + more + 1) * sizeof *pairs);
    if (pairs != NULL)
        to->pairs = pairs;
    uint8_t *grown = realloc(*by, to->count + more + 1);
    if (grown != NULL)
        *by = grown;
    if (pairs == NULL || grown == NULL)
        return err_memory(e);
    for (unsigned i = 0; i < PIECES; i++) {
        struct piece *p = &j->piece[i];
        if (p->count != 0)
            memcpy(to->pairs + to->count, p->pairs, p->count * sizeof *p->pairs);
        memset(*by + to->count, j->by[i], p->count);
        to->count += p->count;
        free(p->pairs);
        *p = (struct piece){0};
    }
    *ret_made = more;
    return 0;
}

/* One numbering of patterns for all workers, by value, so that it does not tell who found what. */
static int unite(struct worker *w, unsigned workers, struct match_candidates *to, const uint8_t *by, struct err *e)
{
    size_t all = 0;
    for (unsigned i = 0; i < workers; i++)
        all += w[i].patterns.count;
    to->patterns = malloc((all + 1) * sizeof *to->patterns);
    if (to->patterns == NULL)
        return err_memory(e);
    size_t n = 0;
    for (unsigned i = 0; i < workers; i++) {
        if (w[i].patterns.count != 0)
            memcpy(to->patterns + n, w[i].patterns.value, w[i].patterns.count * sizeof *to->patterns);
        n += w[i].patterns.count;
    }
    if (n != 0)
        qsort(to->patterns, n, sizeof *to->patterns, by_u64);
    for (size_t i = 0; i < n; i++)
        if (to->patterns_count == 0 || to->patterns[to->patterns_count - 1] != to->patterns[i])
            to->patterns[to->patterns_count++] = to->patterns[i];
    OWN(mem_drop) uint32_t *renumber = malloc((all + 1) * sizeof *renumber);
    uint32_t *of[THREADS_MAX] = {renumber};
    for (unsigned k = 0; k < to->keys; k++)
        if ((to->trained[k] = calloc(to->patterns_count + 1u, sizeof **to->trained)) == NULL)
            return err_memory(e);
    if (renumber == NULL)
        return err_memory(e);
    for (unsigned i = 0; i < workers; i++) {
        of[i + 1 < THREADS_MAX ? i + 1 : i] = of[i] + w[i].patterns.count;
        for (uint32_t k = 0; k < w[i].patterns.count; k++) {
            uint64_t *found = bsearch(&w[i].patterns.value[k], to->patterns, to->patterns_count, sizeof *found, by_u64);
            uint32_t number = (uint32_t)(found - to->patterns);
            renumber[(of[i] - renumber) + k] = number;
            for (unsigned key = 0; key < to->keys; key++)
                to->trained[key][number] += w[i].trained_room > k ? w[i].trained[key][k] : 0;
        }
        if (i + 1 < workers)
            of[i + 1] = of[i] + w[i].patterns.count;
    }
    for (size_t i = 0; i < to->count; i++)
        to->pairs[i].pattern = of[by[i]][to->pairs[i].pattern];
    return 0;
}

static void name_key(const struct match_frame *f, const struct match_plan *p, unsigned key, char to[96])
{
    size_t n = 0;
    to[0] = '\0';
    for (unsigned i = 0; i < p->key[key].atoms && n < 90; i++) {
        const struct match_atom *a = &p->atom[p->key[key].atom[i]];
        int more = a->kind == MATCH_ATOM_NAMES
                       ? snprintf(to + n, 96 - n, "%s%s", i == 0 ? "" : " + ", match_atom_words(a->kind))
                       : snprintf(to + n, 96 - n, "%s%s (%s)", i == 0 ? "" : " + ", f->field[a->field].name,
                                  match_atom_words(a->kind));
        n += more > 0 ? (size_t)more : 0;
    }
}

static int find(struct job *j, const struct match_plan *p, struct match_candidates *to, struct match_result *r,
                uint8_t **by, unsigned threads, struct err *e)
{
    OWN(mem_drop) uint32_t *atoms = malloc((j->f->records * p->atoms + 1) * sizeof *atoms);
    OWN(mem_drop) struct entry *room = malloc((j->f->records + 1) * sizeof *room);
    OWN(mem_drop) uint64_t *listed = NULL;
    if (atoms == NULL || room == NULL)
        return err_memory(e);
    for (size_t i = 0; i < j->f->records; i++)
        for (unsigned a = 0; a < p->atoms; a++)
            atoms[i * p->atoms + a] = match_atom_value(j->f, &p->atom[a], i);
    int rc = 0;
    for (j->key = 0; rc == 0 && j->key < p->keys; j->key++)
        rc = make_key(j, p, atoms, room, r, e);
    mem_drop(&atoms);
    atoms = NULL;
    for (j->key = 0; rc == 0 && j->key < p->keys; j->key++) {
        gather_blocks(j, room);
        run(j, threads);
        name_key(j->f, p, j->key, r->key[j->key].name);
        to->key_fields[j->key] = p->key[j->key].fields;
        rc = take_pieces(j, to, by, &r->key[j->key].pairs, e);
    }
    if (rc == 0)
        rc = list_word_pairs(j->f, &listed, &j->listed_count, e);
    j->listed = listed;
    r->keys = p->keys;
    if (rc == 0 && listed != NULL) {
        run(j, threads);
        (void)snprintf(r->key[p->keys].name, sizeof r->key[0].name, "%s", TEXT("rare words"));
        r->keys = p->keys + 1;
        rc = take_pieces(j, to, by, &r->key[p->keys].pairs, e);
    }
    return rc;
}

static int largest_first(const void *x, const void *y)
{
    const struct match_block *a = x, *b = y;
    if (a->size != b->size)
        return a->size > b->size ? -1 : 1;
    return a->key < b->key ? -1 : a->key > b->key;
}

int match_candidates_find(const struct match_frame *f, const struct match_options *o, struct match_candidates *to,
                          struct match_result *r, struct err *e)
{
    struct match_plan plan;
    int rc = match_plan_make(f, &plan, e);
    if (rc != 0)
        return rc;
    unsigned threads = o->threads == 0 ? 1 : o->threads > THREADS_MAX ? THREADS_MAX : o->threads;
    OWN(mem_drop) uint32_t *keys = calloc(f->records + 1, MATCH_KEYS_MAX * sizeof *keys);
    OWN(mem_drop) struct entry *sorted = malloc((f->records + 1) * sizeof *sorted);
    OWN(mem_drop) size_t *start = malloc((f->records / 2 + 2) * sizeof *start);
    OWN(mem_drop) struct worker *workers = calloc(threads, sizeof *workers);
    OWN(mem_drop) struct job *j = calloc(1, sizeof *j);
    OWN(mem_drop) uint8_t *by = NULL;
    if (keys == NULL || sorted == NULL || start == NULL || workers == NULL || j == NULL)
        return err_memory(e);
    j->f = f;
    j->across = o->across;
    j->keys = keys;
    j->keys_count = plan.keys;
    j->sorted = sorted;
    j->start = start;
    j->worker = workers;
    to->keys = plan.keys;
    for (unsigned i = 0; i < threads; i++)
        if ((workers[i].cache = match_cache_new()) == NULL)
            rc = err_memory(e);
    if (rc == 0)
        rc = find(j, &plan, to, r, &by, threads, e);
    if (rc == 0)
        rc = unite(workers, threads, to, by, e);
    r->compared = to->count;
    if (r->capped_count != 0)
        qsort(r->capped, r->capped_count, sizeof *r->capped, largest_first);
    for (unsigned i = 0; i < PIECES; i++)
        free(j->piece[i].pairs);
    for (unsigned i = 0; i < threads; i++) {
        match_cache_free(workers[i].cache);
        free(workers[i].patterns.value);
        free(workers[i].patterns.number);
        for (unsigned k = 0; k < MATCH_KEYS_MAX; k++)
            free(workers[i].trained[k]);
    }
    return rc;
}

void match_candidates_release(struct match_candidates *c)
{
    free(c->pairs);
    free(c->patterns);
    for (unsigned k = 0; k < MATCH_KEYS_MAX; k++)
        free(c->trained[k]);
    *c = (struct match_candidates){0};
}
