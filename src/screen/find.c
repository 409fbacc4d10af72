/*
 * From a query to hits.
 */
#include "screen/screen_internal.h"

enum {
    POSTINGS_MAX = 16000, /* of all keys of a query, the rarest first, that are looked at */
    SEEN_BITS = 12,
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

int screen_index(struct screen *s, struct err *e)
{
    size_t room = 0;
    int rc = 0;
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
    struct bytes left = bytes_text(entry), value;
    while (query.n != 0 && next_value(&left, &value)) {
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

struct finding {
    const struct screen *s;
    const struct screen_query *q;
    struct match_name name[2]; /* by reading; the second only for Chinese characters */
    bool han;
    struct screen_hit *hits;
    size_t count;
    uint64_t compared;
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

static void compare_name(struct finding *f, uint32_t number)
{
    const struct screen_name *n = &f->s->names[number];
    const struct screen_item *item = &f->s->items[n->item];
    if (item->known)
        return;
    f->compared++;
    struct screen_hit hit = {.entry = n->item, .name = bytes_of(f->s->texts.p + n->text, n->text_bytes)};
    const unsigned least = least_of(f->q);
    for (unsigned reading = 0; reading < 2; reading++) {
        struct match_name other;
        bool han = read_name(f->s, number, (enum match_reading)reading, &other);
        if (reading == 1 && !han && !f->han)
            break;
        const struct match_name *name = &f->name[f->han ? reading : 0];
        unsigned score = match_name_score(name, &other, (enum match_kind)item->kind, NULL);
        if (score > hit.name_score) {
            hit.name_score = score;
            if (score >= least) /* once more, to be told why */
                (void)match_name_score(name, &other, (enum match_kind)item->kind, &hit.reason);
        }
        if (!han && !f->han)
            break;
    }
    unsigned threshold = f->q->threshold == 0 ? SCREEN_THRESHOLD : f->q->threshold;
    if (hit.name_score < least)
        return;
    hit.score = with_details(f->s, f->q, &hit);
    if (hit.score >= threshold)
        insert_hit(f, &hit);
}

struct seen {
    uint32_t name; /* one more than the number */
    uint32_t worth;
};

static void add_seen(struct seen *table, uint32_t *order, unsigned *count, uint32_t name, uint32_t worth)
{
    const uint32_t mask = (1u << SEEN_BITS) - 1;
    uint32_t at = (name * 0x9E3779B1u) >> (32 - SEEN_BITS);
    while (table[at].name != 0 && table[at].name != name + 1)
        at = (at + 1) & mask;
    if (table[at].name == 0) {
        if (*count == mask * 3 / 4)
            return;
        table[at].name = name + 1;
        order[(*count)++] = at;
    }
    table[at].worth += worth;
}

static void postings_of(const struct screen *s, uint32_t key, size_t *ret_from, size_t *ret_to)
{
    uint32_t bucket = key >> (32 - SCREEN_BUCKET_BITS);
    size_t from = s->bucket[bucket], end = s->bucket[bucket + 1];
    while (from < end && s->postings[from].key < key)
        from++;
    size_t to = from;
    while (to < end && s->postings[to].key == key)
        to++;
    *ret_from = from;
    *ret_to = to;
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

static void find_indexed(struct finding *f)
{
    struct seen table[1 << SEEN_BITS];
    uint32_t order[1 << SEEN_BITS];
    struct range range[2 * MATCH_NAME_KEYS];
    unsigned ranges = 0, count = 0;
    memset(table, 0, sizeof table);
    for (unsigned reading = 0; reading < (f->han ? 2u : 1u); reading++) {
        uint32_t keys[MATCH_NAME_KEYS];
        uint8_t rank[MATCH_NAME_KEYS];
        unsigned n = match_name_keys(&f->name[reading], keys, rank);
        for (unsigned i = 0; i < n; i++) {
            struct range *r = &range[ranges];
            postings_of(f->s, keys[i], &r->from, &r->to);
            r->worth = worth_of(r->to - r->from, rank[i]);
            ranges += r->to != r->from;
        }
    }
    qsort(range, ranges, sizeof *range, shortest_first);
    size_t looked_at = 0;
    for (unsigned i = 0; i < ranges; i++) {
        looked_at += range[i].to - range[i].from;
        if (i != 0 && looked_at > POSTINGS_MAX)
            break;
        for (size_t k = range[i].from; k < range[i].to; k++)
            add_seen(table, order, &count, f->s->postings[k].name, range[i].worth);
    }
    /* The best by what they share: everything from the worth that leaves at most VERIFIED_MAX. */
    uint32_t histogram[1024] = {0}, least = 1023, names = 0;
    for (unsigned i = 0; i < count; i++)
        histogram[table[order[i]].worth > 1023 ? 1023 : table[order[i]].worth]++;
    while (least > 0 && names + histogram[least] <= VERIFIED_MAX)
        names += histogram[least--];
    for (unsigned i = 0; i < count; i++)
        if (table[order[i]].worth > least || (table[order[i]].worth == least && names++ < VERIFIED_MAX))
            compare_name(f, table[order[i]].name - 1);
}

/* Every name is compared: by the sieve, with a bound on its score, and in full where that may reach what is asked. */
static void find_exhaustive(struct finding *f)
{
    OWN(mem_drop) uint64_t *may = malloc((f->s->names_count / 64 + 1) * sizeof *may);
    bool sifted = may != NULL && match_sieve_find(f->s->sieve, f->q->name, least_of(f->q), may, NULL) == 0;
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
    struct finding f = {.s = s, .q = query, .hits = hits};
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
