/*
 * Candidates: all pairs that share a block of a key, or rare words, each once.
 *
 * A pair is made by the first key it shares.  Work is cut into pieces by position, never by thread, so the order of
 * what comes out does not depend on how many threads there are.
 */
#include "match/match_internal.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    PIECES = 64,
    THREADS_MAX = 64,
    AHEAD = 4,
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
    const struct match_search *s;
    struct match_keys keys;
    unsigned key;
    uint32_t *member; /* records by block */
    size_t *start;    /* behind the last member of each block, by number; that of 0 is 0 */
    size_t blocks;
    struct match_word_pairs words;
    const uint64_t *listed; /* the pairs of rare words, instead of blocks */
    size_t listed_count;
    struct piece piece[PIECES];
    uint8_t by[PIECES]; /* which worker's pattern numbers it holds */
    atomic_uint next;
    struct worker *worker;
    unsigned workers;
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

static void compare(struct job *j, struct worker *w, struct piece *to, uint32_t a, uint32_t b, uint32_t shared)
{
    uint64_t pattern = match_pattern(j->s->f, w->cache, a, b);
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

static uint32_t shared_keys(const struct job *j, uint32_t a, uint32_t b)
{
    return match_keys_shared(j->keys.of + (size_t)a * MATCH_KEYS_MAX, j->keys.of + (size_t)b * MATCH_KEYS_MAX,
                             j->s->plan->keys);
}

static bool of_one_source(const struct job *j, uint32_t a, uint32_t b)
{
    return j->s->across && j->s->f->source[a] == j->s->f->source[b];
}

static void compare_block(struct job *j, struct worker *w, struct piece *to, size_t start, size_t end)
{
    size_t later = start;
    while (later < end && j->member[later] < j->s->from)
        later++;
    for (size_t i = start; i < end && later < end && !to->failed; i++)
        for (size_t k = i + 1 > later ? i + 1 : later; k < end; k++) {
            uint32_t a = j->member[i], b = j->member[k];
            if (of_one_source(j, a, b))
                continue;
            uint32_t shared = shared_keys(j, a, b);
            if ((unsigned)__builtin_ctz(shared) == j->key)
                compare(j, w, to, a, b, shared);
        }
}

static void compare_listed(struct job *j, struct worker *w, struct piece *to, size_t start, size_t end)
{
    for (size_t i = start; i < end && !to->failed; i++) {
        uint32_t a = (uint32_t)(j->listed[i] >> 32), b = (uint32_t)j->listed[i];
        if (b >= j->s->from && !of_one_source(j, a, b) && shared_keys(j, a, b) == 0)
            compare(j, w, to, a, b, 0);
    }
}

/* A block's members are read from all over: they are asked for a few blocks before it is their turn. */
static void fetch_block(const struct job *j, size_t block)
{
    enum { MEMBERS = 8 };
    size_t from = j->start[block - 1], to = j->start[block];
    for (size_t i = from; i < to && i < from + MEMBERS; i++) {
        __builtin_prefetch(j->keys.of + (size_t)j->member[i] * MATCH_KEYS_MAX);
        __builtin_prefetch(j->s->f->row + (size_t)j->member[i] * j->s->f->fields);
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
        for (size_t b = j->blocks * piece / PIECES + 1; b <= last; b++) {
            if (b + AHEAD <= j->blocks)
                fetch_block(j, b + AHEAD);
            compare_block(j, w, &j->piece[piece], j->start[b - 1], j->start[b]);
        }
    }
}

static void run(struct job *j)
{
    struct hand hand[THREADS_MAX];
    pthread_t thread[THREADS_MAX];
    unsigned started = 0;
    atomic_store(&j->next, 0);
    for (unsigned i = 1; i < j->workers; i++) {
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

/* Members of each block of one key, in order; a block's number is its place. */
static void gather_blocks(struct job *j)
{
    size_t records = j->s->f->records, blocks = j->keys.blocks[j->key];
    memset(j->start, 0, (blocks + 2) * sizeof *j->start);
    for (size_t i = 0; i < records; i++)
        j->start[j->keys.of[i * MATCH_KEYS_MAX + j->key]]++;
    size_t at = 0;
    j->start[0] = 0; /* of no block */
    for (size_t b = 1; b <= blocks + 1; b++) {
        size_t members = j->start[b];
        j->start[b] = at;
        at += members;
    }
    for (size_t i = 0; i < records; i++) {
        uint32_t block = j->keys.of[i * MATCH_KEYS_MAX + j->key];
        if (block != 0)
            j->member[j->start[block]++] = (uint32_t)i;
    }
    /* Each start stands at its block's end now, which is where the next one begins. */
    j->blocks = blocks;
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

static int by_u64(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return a < b ? -1 : a > b;
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

static int find(struct job *j, struct match_candidates *to, struct match_tally *tally, uint8_t **by, struct err *e)
{
    int rc = 0;
    uint64_t made = 0;
    for (j->key = 0; rc == 0 && j->key < j->s->plan->keys; j->key++) {
        gather_blocks(j);
        run(j);
        to->key_fields[j->key] = j->s->plan->key[j->key].fields;
        rc = take_pieces(j, to, by, &made, e);
        tally->pairs[j->key] += rc == 0 ? made : 0;
    }
    if (rc != 0 || j->words.after == NULL)
        return rc;
    j->listed = j->words.after;
    j->listed_count = j->words.after_count;
    run(j);
    rc = take_pieces(j, to, by, &made, e);
    tally->pairs[j->s->plan->keys] += rc == 0 ? made : 0;
    return rc;
}

static int make_words(struct job *j, struct err *e)
{
    const struct match_search *s = j->s;
    struct match_word_pairs *w = &j->words;
    int rc = match_word_pairs(s->f, s->words, s->f->records, &w->after, &w->after_count, e);
    if (rc == 0 && s->from != 0)
        rc = match_word_pairs(s->f, s->words, s->from, &w->before, &w->before_count, e);
    return rc;
}

static int make_workers(struct job *j, struct err *e)
{
    j->workers = j->s->threads == 0 ? 1 : j->s->threads > THREADS_MAX ? THREADS_MAX : j->s->threads;
    size_t blocks = 0;
    for (unsigned k = 0; k < j->s->plan->keys; k++)
        blocks = j->keys.blocks[k] > blocks ? j->keys.blocks[k] : blocks;
    j->worker = calloc(j->workers, sizeof *j->worker);
    j->member = malloc((j->s->f->records + 1) * sizeof *j->member);
    j->start = malloc((blocks + 2) * sizeof *j->start);
    if (j->worker == NULL || j->member == NULL || j->start == NULL)
        return err_memory(e);
    for (unsigned i = 0; i < j->workers; i++)
        if ((j->worker[i].cache = match_cache_new(j->s->words)) == NULL)
            return err_memory(e);
    return 0;
}

static void job_release(struct job *j)
{
    for (unsigned i = 0; i < PIECES; i++)
        free(j->piece[i].pairs);
    for (unsigned i = 0; i < j->workers && j->worker != NULL; i++) {
        match_cache_free(j->worker[i].cache);
        free(j->worker[i].patterns.value);
        free(j->worker[i].patterns.number);
        for (unsigned k = 0; k < MATCH_KEYS_MAX; k++)
            free(j->worker[i].trained[k]);
    }
    free(j->worker);
    free(j->member);
    free(j->start);
    free(j->words.before);
    free(j->words.after);
    match_keys_release(&j->keys);
}

int match_candidates_find(const struct match_search *s, struct match_candidates *to, struct match_tally *tally,
                          struct match_lost *ret_lost, struct err *e)
{
    OWN(mem_drop) struct job *j = calloc(1, sizeof *j);
    OWN(mem_drop) uint8_t *by = NULL;
    if (j == NULL)
        return err_memory(e);
    j->s = s;
    to->keys = s->plan->keys;
    int rc = match_keys_make(s, &j->keys, tally, e);
    rc = rc == 0 ? make_words(j, e) : rc;
    rc = rc == 0 ? make_workers(j, e) : rc;
    rc = rc == 0 ? find(j, to, tally, &by, e) : rc;
    rc = rc == 0 ? unite(j->worker, j->workers, to, by, e) : rc;
    if (rc == 0 && s->from != 0)
        rc = match_lost_find(s, &j->keys, &j->words, tally, ret_lost, e);
    job_release(j);
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
