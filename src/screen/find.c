/*
 * From a query to hits.
 */
#include "screen/screen_internal.h"

enum {
    POSTINGS_MAX = 16000, /* of all keys of a query, the rarest first, that are looked at */
    CANDIDATES_MAX = 3071,
    TABLE_BITS = 13,
    MAYBE_BITS = 16,
    BEFORE_BITS = 7,
    WORTH_MAX = 1023, /* what is worth more is all compared */
    DETAILS_MOST = 100, /* that details may raise a score by, to be a hit */
    VERIFIED_MAX = 64,  /* names that are compared in full, the best by shared keys */
};

static int by_key(const void *x, const void *y)
{
    const struct screen_posting *a = x, *b = y;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->name < b->name ? -1 : a->name > b->name;
}

static bool read_name(const struct screen *s, uint32_t name, enum match_reading reading, struct match_name *to)
{
    const struct screen_name *n = &s->names[name];
    return match_name_read(bytes_of(s->texts.p + n->text, n->text_bytes), reading, to);
}

static int post(struct screen *s, uint32_t name, const struct match_name *read, size_t *room, struct err *e)
{
    uint32_t keys[MATCH_NAME_KEYS];
    uint8_t rank[MATCH_NAME_KEYS];
    unsigned n = match_name_keys(read, keys, rank);
    if (s->postings_count + n > *room) {
        *room = *room * 2 + MATCH_NAME_KEYS;
        struct screen_posting *grown = realloc(s->postings, *room * sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        s->postings = grown;
    }
    for (unsigned i = 0; i < n; i++)
        s->postings[s->postings_count++] = (struct screen_posting){keys[i], name};
    return 0;
}

static int make_sieve(struct screen *s, struct err *e)
{
    match_sieve_free(s->sieve);
    s->sieve = NULL;
    int rc = match_sieve_new(&s->sieve, e);
    for (uint32_t i = 0; rc == 0 && i < s->names_count; i++) {
        const struct screen_name *n = &s->names[i];
        rc = match_sieve_add(s->sieve, bytes_of(s->texts.p + n->text, n->text_bytes),
                             (enum match_kind)s->items[n->item].kind, e);
    }
    return rc == 0 ? match_sieve_ready(s->sieve, e) : rc;
}

/* The same text stands at the same offset, so that it is compared with a query once. */
static int share_texts(struct screen *s, struct err *e)
{
    size_t room = 1;
    while (room < 2 * s->names_count + 2)
        room *= 2;
    OWN(mem_drop) uint32_t *first = calloc(room, sizeof *first); /* one more than the number of a name */
    if (first == NULL)
        return err_memory(e);
    for (uint32_t i = 0; i < s->names_count; i++) {
        struct screen_name *n = &s->names[i];
        size_t at = match_bytes_hash(bytes_of(s->texts.p + n->text, n->text_bytes)) & (room - 1);
        for (; first[at] != 0; at = (at + 1) & (room - 1)) {
            const struct screen_name *m = &s->names[first[at] - 1];
            if (m->text_bytes == n->text_bytes &&
                memcmp(s->texts.p + m->text, s->texts.p + n->text, n->text_bytes) == 0)
                break;
        }
        if (first[at] == 0)
            first[at] = i + 1;
        n->text = s->names[first[at] - 1].text;
    }
    return 0;
}

int screen_index(struct screen *s, struct err *e)
{
    size_t room = 0;
    int rc = share_texts(s, e);
    s->postings_count = 0;
    for (uint32_t i = 0; rc == 0 && i < s->names_count; i++) {
        struct match_name name;
        bool han = read_name(s, i, MATCH_READ_KOREAN, &name);
        rc = post(s, i, &name, &room, e);
        if (rc == 0 && han) {
            (void)read_name(s, i, MATCH_READ_MANDARIN, &name);
            rc = post(s, i, &name, &room, e);
        }
    }
    if (rc != 0)
        return rc;
    if (s->postings_count != 0)
        qsort(s->postings, s->postings_count, sizeof *s->postings, by_key);
    free(s->bucket);
    s->bucket = calloc(((size_t)1 << SCREEN_BUCKET_BITS) + 1, sizeof *s->bucket);
    if (s->bucket == NULL)
        return err_memory(e);
    for (size_t i = 0; i < s->postings_count; i++)
        s->bucket[(s->postings[i].key >> (32 - SCREEN_BUCKET_BITS)) + 1]++;
    for (size_t i = 0; i < (size_t)1 << SCREEN_BUCKET_BITS; i++)
        s->bucket[i + 1] += s->bucket[i];
    screen_count_open(s);
    return make_sieve(s, e);
}

/* ---- details ---- */

/* Each of several values, apart by "; ". */
static bool next_value(struct bytes *left, struct bytes *ret)
{
    if (left->n == 0)
        return false;
    size_t n = 0;
    while (n < left->n && left->p[n] != ';')
        n++;
    *ret = bytes_of(left->p, n);
    n += n < left->n;
    while (n < left->n && left->p[n] == ' ')
        n++;
    *left = bytes_of(left->p + n, left->n - n);
    return true;
}

static enum screen_agreement births_agree(struct match_date a, struct match_date b)
{
    bool month = a.month == 0 || b.month == 0 || a.month == b.month, day = a.day == 0 || b.day == 0 || a.day == b.day;
    if (a.year == b.year)
        return month && day ? SCREEN_AGREES : SCREEN_NEAR;
    int apart = a.year > b.year ? a.year - b.year : b.year - a.year;
    return apart <= 2 ? SCREEN_NEAR : SCREEN_DIFFERS;
}

static enum screen_agreement texts_agree(struct bytes a, struct bytes b, enum screen_detail which)
{
    struct match_name x, y;
    (void)match_name_read(a, MATCH_READ_KOREAN, &x);
    (void)match_name_read(b, MATCH_READ_KOREAN, &y);
    if (x.count == 0 || y.count == 0)
        return SCREEN_UNKNOWN;
    for (unsigned i = 0; i < x.count; i++)
        for (unsigned k = 0; k < y.count; k++)
            if (x.t[i].n == y.t[k].n && x.t[i].n > 1 && memcmp(x.t[i].s, y.t[k].s, x.t[i].n) == 0)
                return SCREEN_AGREES;
    /* A country has many names and codes: only agreement says something. */
    return which == SCREEN_NATIONALITY ? SCREEN_UNKNOWN : SCREEN_DIFFERS;
}

static enum screen_agreement detail_agrees(struct bytes query, const char *entry, enum screen_detail which)
{
    enum screen_agreement best = SCREEN_UNKNOWN;
    if (query.n == 0)
        return best;
    struct bytes left = bytes_text(entry), value;
    while (next_value(&left, &value)) {
        enum screen_agreement now = SCREEN_UNKNOWN;
        struct match_date a, b;
        if (which != SCREEN_BIRTH)
            now = texts_agree(query, value, which);
        else if (match_date_read(query, false, &a) && match_date_read(value, false, &b))
            now = births_agree(a, b);
        if (now != SCREEN_UNKNOWN && (best == SCREEN_UNKNOWN || now < best))
            best = now;
    }
    return best;
}

static unsigned with_details(const struct screen *s, const struct screen_query *q, struct screen_hit *hit)
{
    static const int worth[SCREEN_DETAILS][4] = {{0, 20, -40, -120}, {0, 60, 0, -20}, {0, 100, 0, -100}, {0, 5, 0, 0}};
    int score = (int)hit->name_score;
    for (unsigned k = 0; k < SCREEN_DETAILS; k++) {
        const char *entry = (const char *)s->texts.p + s->items[hit->entry].detail[k];
        hit->detail[k] = detail_agrees(q->detail[k], entry, (enum screen_detail)k);
        score += worth[k][hit->detail[k]];
    }
    return score < 0 ? 0 : score > MATCH_SCORE_ONE ? MATCH_SCORE_ONE : (unsigned)score;
}

/* ---- the search ---- */

/* How a text compares with the query: many names of a list are the same one. */
struct compared {
    uint32_t text; /* offset of the text, and one more than its kind; 0 for none */
    uint32_t kind;
    unsigned score;
    struct match_reason reason; /* when it may be a hit */
};
struct finding {
    const struct screen *s;
    const struct screen_query *q;
    unsigned least; /* score of a name from which it may be a hit */
    struct match_name name[2]; /* by reading; the second only for Chinese characters */
    bool han;
    struct screen_hit *hits;
    size_t count;
    uint64_t compared;
    struct compared before[1 << BEFORE_BITS]; /* by the offset of the text */
};

static void insert_hit(struct finding *f, const struct screen_hit *hit)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->hits[i].entry == hit->entry) {
            if (f->hits[i].score >= hit->score)
                return;
            memmove(f->hits + i, f->hits + i + 1, (f->count - i - 1) * sizeof *f->hits);
            f->count--;
            break;
        }
    size_t at = f->count;
    while (at > 0 && (f->hits[at - 1].score < hit->score ||
                      (f->hits[at - 1].score == hit->score && f->hits[at - 1].entry > hit->entry)))
        at--;
    if (at == SCREEN_HITS_MAX)
        return;
    f->count = f->count < SCREEN_HITS_MAX ? f->count + 1 : f->count;
    memmove(f->hits + at + 1, f->hits + at, (f->count - at - 1) * sizeof *f->hits);
    f->hits[at] = *hit;
}

/* The score of a name from which it may be a hit: details may add to it, when there are any. */
static unsigned least_of(const struct screen_query *q)
{
    unsigned threshold = q->threshold == 0 ? SCREEN_THRESHOLD : q->threshold;
    for (unsigned k = 0; k < SCREEN_DETAILS; k++)
        if (q->detail[k].n != 0)
            return threshold > DETAILS_MOST ? threshold - DETAILS_MOST : 0;
    return threshold;
}

static const struct compared *compare_text(struct finding *f, const struct screen_name *n, uint8_t kind)
{
    struct compared *c = &f->before[(n->text * 0x9E3779B1u) >> (32 - BEFORE_BITS)];
    if (c->kind == kind + 1u && c->text == n->text)
        return c;
    c->text = n->text;
    c->kind = kind + 1u;
    c->score = 0;
    memset(&c->reason, 0, sizeof c->reason);
    for (unsigned reading = 0; reading < 2; reading++) {
        struct match_name other;
        struct match_reason reason;
        bool han = match_name_read(bytes_of(f->s->texts.p + n->text, n->text_bytes), (enum match_reading)reading, &other);
        if (reading == 1 && !han && !f->han)
            break;
        unsigned score = match_name_score(&f->name[f->han ? reading : 0], &other, (enum match_kind)kind, &reason);
        if (score > c->score) {
            c->score = score;
            if (score >= f->least)
                c->reason = reason;
        }
        if (!han && !f->han)
            break;
    }
    return c;
}

static void compare_name(struct finding *f, uint32_t number)
{
    const struct screen_name *n = &f->s->names[number];
    const struct screen_item *item = &f->s->items[n->item];
    if (item->known)
        return;
    f->compared++;
    const struct compared *c = compare_text(f, n, item->kind);
    if (c->score < f->least)
        return;
    struct screen_hit hit = {.entry = n->item,
                             .name_score = c->score,
                             .name = bytes_of(f->s->texts.p + n->text, n->text_bytes),
                             .reason = c->reason};
    hit.score = with_details(f->s, f->q, &hit);
    if (hit.score >= (f->q->threshold == 0 ? SCREEN_THRESHOLD : f->q->threshold))
        insert_hit(f, &hit);
}

/* What shares keys with a query, in the order in which it was met, and how much it shares. */
struct candidate {
    uint32_t name, worth;
};
struct gathering {
    struct candidate of[CANDIDATES_MAX];
    unsigned count;
    uint16_t table[1 << TABLE_BITS];            /* one more than the place of a name, by its hash */
    uint64_t maybe[1 << (MAYBE_BITS - 6)];      /* a bit by the hash of each name: most that are not there are told so */
    uint32_t histogram[WORTH_MAX + 1];          /* of worths */
};

static uint32_t hash_of(uint32_t name)
{
    return name * 0x9E3779B1u;
}

static void set_maybe(struct gathering *g, uint32_t hash)
{
    g->maybe[hash >> (32 - MAYBE_BITS) >> 6] |= 1ull << (hash >> (32 - MAYBE_BITS) & 63);
}

static bool is_maybe(const struct gathering *g, uint32_t hash)
{
    return (g->maybe[hash >> (32 - MAYBE_BITS) >> 6] >> (hash >> (32 - MAYBE_BITS) & 63) & 1) != 0;
}

/* Where ${name} stands in the table, or would. */
static uint16_t *place_of(struct gathering *g, uint32_t name)
{
    uint32_t at = hash_of(name) >> (32 - TABLE_BITS);
    while (g->table[at] != 0 && g->of[g->table[at] - 1].name != name)
        at = (at + 1) & ((1u << TABLE_BITS) - 1);
    return &g->table[at];
}

/* All names of postings share ${worth} more with the query; those not met before are candidates while ${admit}. */
static void add_postings(struct gathering *g, const struct screen_posting *p, size_t n, uint32_t worth, bool admit)
{
    for (size_t i = 0; i < n; i++) {
        if ((!admit || g->count == CANDIDATES_MAX) && !is_maybe(g, hash_of(p[i].name)))
            continue;
        uint16_t *place = place_of(g, p[i].name);
        if (*place != 0) {
            g->of[*place - 1].worth += worth;
        } else if (admit && g->count < CANDIDATES_MAX) {
            g->of[g->count++] = (struct candidate){p[i].name, worth};
            *place = (uint16_t)g->count;
            set_maybe(g, hash_of(p[i].name));
        }
    }
}

/*
 * The best by what they share: all above the worth that is returned, and of those that have it the first ones, as far
 * as VERIFIED_MAX reaches beyond ${ret_above}.
 */
static uint32_t bar_of(struct gathering *g, unsigned *ret_above)
{
    memset(g->histogram, 0, sizeof g->histogram);
    for (unsigned i = 0; i < g->count; i++)
        g->histogram[g->of[i].worth > WORTH_MAX ? WORTH_MAX : g->of[i].worth]++;
    uint32_t bar = WORTH_MAX, above = 0;
    while (bar > 0 && above + g->histogram[bar] <= VERIFIED_MAX)
        above += g->histogram[bar--];
    *ret_above = above;
    return bar;
}

/* The first posting of a bucket whose key is not below ${key}. */
static size_t lower_bound(const struct screen *s, size_t from, size_t to, uint64_t key)
{
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (s->postings[middle].key < key)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

struct range {
    size_t from, to;
    uint32_t worth;
};

static int shortest_first(const void *x, const void *y)
{
    const struct range *a = x, *b = y;
    size_t n = a->to - a->from, m = b->to - b->from;
    if (n != m)
        return n < m ? -1 : 1;
    return a->from < b->from ? -1 : a->from > b->from;
}

static uint32_t worth_of(size_t postings, uint8_t rank)
{
    uint32_t rare = 1;
    for (size_t n = postings; n < 1 << 16; n = n * 2 + 1)
        rare++;
    return rare * (1u + rank);
}

/* The postings of all keys of the query, the shortest lists first, and as many of these as are looked at. */
static unsigned ranges_of(const struct finding *f, struct range range[2 * MATCH_NAME_KEYS])
{
    unsigned ranges = 0, used = 0;
    for (unsigned reading = 0; reading < (f->han ? 2u : 1u); reading++) {
        uint32_t keys[MATCH_NAME_KEYS];
        uint8_t rank[MATCH_NAME_KEYS];
        unsigned n = match_name_keys(&f->name[reading], keys, rank);
        for (unsigned i = 0; i < n; i++) {
            const uint32_t *bucket = &f->s->bucket[keys[i] >> (32 - SCREEN_BUCKET_BITS)];
            struct range *r = &range[ranges];
            r->from = lower_bound(f->s, bucket[0], bucket[1], keys[i]);
            r->to = lower_bound(f->s, r->from, bucket[1], keys[i] + 1ull);
            r->worth = worth_of(r->to - r->from, rank[i]);
            ranges += r->to != r->from;
        }
    }
    qsort(range, ranges, sizeof *range, shortest_first);
    for (size_t looked_at = 0; used < ranges; used++) {
        looked_at += range[used].to - range[used].from;
        if (used != 0 && looked_at > POSTINGS_MAX)
            break;
    }
    return used;
}

static void find_indexed(struct finding *f)
{
    struct gathering g;
    struct range range[2 * MATCH_NAME_KEYS];
    unsigned ranges = ranges_of(f, range), above;
    uint32_t left = 0, bar = 0; /* left: what a name that is first met now may share at most */
    g.count = 0;
    memset(g.table, 0, sizeof g.table);
    memset(g.maybe, 0, sizeof g.maybe);
    for (unsigned i = 0; i < ranges; i++)
        left += range[i].worth;
    for (unsigned i = 0; i < ranges; left -= range[i++].worth) {
        if (bar <= left && g.count > VERIFIED_MAX)
            bar = bar_of(&g, &above);
        add_postings(&g, f->s->postings + range[i].from, range[i].to - range[i].from, range[i].worth, bar <= left);
    }
    bar = bar_of(&g, &above);
    unsigned taken = 0;
    for (unsigned i = 0; i < g.count; i++)
        if (g.of[i].worth > bar || (g.of[i].worth == bar && above++ < VERIFIED_MAX)) {
            g.of[taken++].name = g.of[i].name;
            __builtin_prefetch(&f->s->names[g.of[i].name]);
        }
    for (unsigned i = 0; i < taken; i++)
        __builtin_prefetch(&f->s->items[f->s->names[g.of[i].name].item]);
    for (unsigned i = 0; i < taken; i++)
        compare_name(f, g.of[i].name);
}

/* Every name is compared: by the sieve, with a bound on its score, and in full where that may reach what is asked. */
static void find_exhaustive(struct finding *f)
{
    OWN(mem_drop) uint64_t *may = malloc((f->s->names_count / 64 + 1) * sizeof *may);
    bool sifted = may != NULL && match_sieve_find(f->s->sieve, f->q->name, f->least, may, NULL) == 0;
    for (size_t i = 0; !sifted && i < f->s->names_count; i++)
        compare_name(f, (uint32_t)i);
    for (size_t word = 0; sifted && word <= f->s->names_count / 64; word++)
        for (uint64_t bits = may[word]; bits != 0; bits &= bits - 1) {
            size_t i = word * 64 + (unsigned)__builtin_ctzll(bits);
            if (i < f->s->names_count)
                compare_name(f, (uint32_t)i);
        }
    f->compared = f->s->names_open;
}

void screen_find(const struct screen *s, const struct screen_query *query, struct screen_hit hits[SCREEN_HITS_MAX],
                 size_t *ret_count, uint64_t *ret_compared)
{
    struct finding f = {.s = s, .q = query, .hits = hits, .least = least_of(query)};
    f.han = match_name_read(query->name, MATCH_READ_KOREAN, &f.name[0]);
    if (f.han)
        (void)match_name_read(query->name, MATCH_READ_MANDARIN, &f.name[1]);
    if (f.name[0].count != 0 && query->exhaustive)
        find_exhaustive(&f);
    else if (f.name[0].count != 0)
        find_indexed(&f);
    *ret_count = f.count;
    *ret_compared = f.compared;
}
