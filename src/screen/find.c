/*
 * From a query to hits.
 */
#include "screen/screen_internal.h"

enum {
    POSTINGS_MAX = 16000, /* of all keys of a query, the rarest first, that are looked at */
    CANDIDATES_MAX = 3071,
    TABLE_BITS = 13,
    MAYBE_BITS = 16,
    FEW = 200,           /* postings that are sooner taken than found to be of no use */
    LINE = 16,          /* postings that come from memory at once */
    WORTH_MAX = 1023,   /* what is worth more is all compared */
    DETAILS_MOST = 100, /* that details may raise a score by, to be a hit */
    VERIFIED_MAX = 64,  /* names that are compared in full, the best by shared keys */
};

static int by_key(const void *x, const void *y)
{
    const struct screen_posting *a = x, *b = y;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->form < b->form ? -1 : a->form > b->form;
}

static struct bytes form_text(const struct screen *s, const struct screen_form *f)
{
    return bytes_of(s->texts.p + f->text, f->text_bytes);
}

static int post(struct screen *s, uint32_t form, const struct match_name *read, size_t *room, struct err *e)
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
        s->postings[s->postings_count++] = (struct screen_posting){keys[i], form};
    return 0;
}

static int make_sieve(struct screen *s, struct err *e)
{
    match_sieve_free(s->sieve);
    s->sieve = NULL;
    int rc = match_sieve_new(&s->sieve, e);
    for (uint32_t i = 0; rc == 0 && i < s->forms_count; i++)
        rc = match_sieve_add(s->sieve, form_text(s, &s->forms[i]), (enum match_kind)s->forms[i].kind, e);
    return rc == 0 ? match_sieve_ready(s->sieve, e) : rc;
}

/* The form of each name; those that are not yet there are numbered now. */
static int number_forms(struct screen *s, uint32_t *form_of, struct err *e)
{
    size_t room = 1;
    while (room < 2 * s->names_count + 2)
        room *= 2;
    OWN(mem_drop) uint32_t *table = calloc(room, sizeof *table); /* one more than the number of a form */
    if (table == NULL)
        return err_memory(e);
    for (uint32_t i = 0; i < s->names_count; i++) {
        const struct screen_name *n = &s->names[i];
        const uint8_t kind = s->items[n->item].kind;
        const struct bytes text = bytes_of(s->texts.p + n->text, n->text_bytes);
        size_t at = match_bytes_hash(text) & (room - 1);
        for (; table[at] != 0; at = (at + 1) & (room - 1)) {
            const struct screen_form *f = &s->forms[table[at] - 1];
            if (f->kind == kind && bytes_equal(form_text(s, f), text))
                break;
        }
        if (table[at] == 0) {
            s->forms[s->forms_count++] =
                (struct screen_form){.text = n->text, .text_bytes = n->text_bytes, .kind = kind};
            table[at] = s->forms_count;
        }
        form_of[i] = table[at] - 1;
        s->forms[form_of[i]].count++;
    }
    return 0;
}

static int make_forms(struct screen *s, struct err *e)
{
    OWN(mem_drop) uint32_t *form_of = malloc((s->names_count + 1) * sizeof *form_of);
    free(s->forms);
    free(s->form_names);
    s->forms = malloc((s->names_count + 1) * sizeof *s->forms);
    s->form_names = malloc((s->names_count + 1) * sizeof *s->form_names);
    s->forms_count = 0;
    if (form_of == NULL || s->forms == NULL || s->form_names == NULL)
        return err_memory(e);
    int rc = number_forms(s, form_of, e);
    for (uint32_t i = 0, first = 0; rc == 0 && i < s->forms_count; i++) {
        s->forms[i].first = first;
        first += s->forms[i].count;
        s->forms[i].count = 0;
    }
    for (uint32_t i = 0; rc == 0 && i < s->names_count; i++) {
        struct screen_form *f = &s->forms[form_of[i]];
        s->form_names[f->first + f->count++] = (struct screen_form_name){i, s->names[i].item};
    }
    return rc;
}

static void put_keys(struct screen *s)
{
    s->keys_count = 0;
    s->doubled = false;
    for (size_t i = 0; i < s->postings_count; i++) {
        const struct screen_posting *p = &s->postings[i];
        const uint32_t names = s->forms[p->form].count;
        if (i == 0 || p->key != p[-1].key) {
            s->keys[s->keys_count++] = (struct screen_key){.key = p->key, .first = (uint32_t)i};
            s->bucket[(p->key >> (32 - SCREEN_BUCKET_BITS)) + 1]++;
        }
        s->keys[s->keys_count - 1].names += names;
        s->posting_form[i] = p->form;
        s->posting_names[i] = (uint8_t)(names < SCREEN_NAMES_MANY ? names : SCREEN_NAMES_MANY);
        s->doubled = s->doubled || (i != 0 && by_key(p - 1, p) == 0);
    }
    s->keys[s->keys_count] = (struct screen_key){.first = (uint32_t)s->postings_count};
    for (size_t i = 0; i < (size_t)1 << SCREEN_BUCKET_BITS; i++)
        s->bucket[i + 1] += s->bucket[i];
}

static int sort_postings(struct screen *s, struct err *e)
{
    size_t keys = s->postings_count != 0;
    if (s->postings_count != 0)
        qsort(s->postings, s->postings_count, sizeof *s->postings, by_key);
    for (size_t i = 1; i < s->postings_count; i++)
        keys += s->postings[i].key != s->postings[i - 1].key;
    free(s->posting_form);
    free(s->posting_names);
    free(s->keys);
    free(s->bucket);
    s->posting_form = malloc((s->postings_count + 1) * sizeof *s->posting_form);
    s->posting_names = malloc(s->postings_count + 1);
    s->keys = malloc((keys + 1) * sizeof *s->keys);
    s->bucket = calloc(((size_t)1 << SCREEN_BUCKET_BITS) + 1, sizeof *s->bucket);
    if (s->bucket == NULL || s->posting_form == NULL || s->posting_names == NULL || s->keys == NULL)
        return err_memory(e);
    put_keys(s);
    free(s->postings);
    s->postings = NULL;
    return 0;
}

int screen_index(struct screen *s, struct err *e)
{
    size_t room = 0;
    int rc = make_forms(s, e);
    s->postings_count = 0;
    for (uint32_t i = 0; rc == 0 && i < s->forms_count; i++) {
        struct match_name name;
        bool han = match_name_read(form_text(s, &s->forms[i]), MATCH_READ_KOREAN, &name);
        rc = post(s, i, &name, &room, e);
        if (rc == 0 && han) {
            (void)match_name_read(form_text(s, &s->forms[i]), MATCH_READ_MANDARIN, &name);
            rc = post(s, i, &name, &room, e);
        }
    }
    rc = rc == 0 ? sort_postings(s, e) : rc;
    if (rc != 0)
        return rc;
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
        hit->detail[k] = SCREEN_UNKNOWN;
        if (q->detail[k].n == 0)
            continue;
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
    unsigned least;                                 /* score of a name from which it may be a hit */
    struct match_name name[2];                      /* by reading; the second only for Chinese characters */
    struct match_asked *asked[2][MATCH_VESSEL + 1]; /* the same for each kind that was met; or NULL */
    bool han;
    struct screen_hit *hits;
    uint64_t order[SCREEN_HITS_MAX]; /* of several names of an entry that are as near, the lowest is told */
    size_t count;
    uint64_t compared;
};

static void insert_hit(struct finding *f, const struct screen_hit *hit, uint64_t order)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->hits[i].entry == hit->entry) {
            if (f->hits[i].score > hit->score || (f->hits[i].score == hit->score && f->order[i] < order))
                return;
            memmove(f->hits + i, f->hits + i + 1, (f->count - i - 1) * sizeof *f->hits);
            memmove(f->order + i, f->order + i + 1, (f->count - i - 1) * sizeof *f->order);
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
    memmove(f->order + at + 1, f->order + at, (f->count - at - 1) * sizeof *f->order);
    f->hits[at] = *hit;
    f->order[at] = order;
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

static unsigned score_of(struct finding *f, unsigned reading, enum match_kind kind, const struct match_name *other,
                         struct match_reason *ret_reason)
{
    struct match_asked **asked = &f->asked[reading][kind];
    if (*asked == NULL)
        *asked = match_asked_new(&f->name[reading], kind);
    return *asked != NULL ? match_asked_score(*asked, other, ret_reason)
                          : match_name_score(&f->name[reading], other, kind, ret_reason);
}

/* The score of a form, and why when it may be a hit. */
static void compare_form(struct finding *f, uint32_t number, struct screen_hit *ret_hit)
{
    const struct screen_form *form = &f->s->forms[number];
    *ret_hit = (struct screen_hit){.name = form_text(f->s, form)};
    for (unsigned reading = 0; reading < 2; reading++) {
        struct match_name other;
        struct match_reason reason;
        bool han = match_name_read(ret_hit->name, (enum match_reading)reading, &other);
        if (reading == 1 && !han && !f->han)
            break;
        unsigned score = score_of(f, f->han ? reading : 0, (enum match_kind)form->kind, &other, &reason);
        if (score > ret_hit->name_score) {
            ret_hit->name_score = score;
            ret_hit->reason = reason;
        }
        if (!han && !f->han)
            break;
    }
}

static bool is_open(const struct screen *s, struct screen_form_name name)
{
    return s->names_open == s->names_count || !s->items[name.item].known;
}

/* One name of a form, of which the score is known. */
static void take_name(struct finding *f, const struct screen_hit *form, struct screen_form_name name, uint64_t order)
{
    const unsigned threshold = f->q->threshold == 0 ? SCREEN_THRESHOLD : f->q->threshold;
    if (!is_open(f->s, name))
        return;
    f->compared++;
    if (form->name_score < f->least)
        return;
    struct screen_hit hit = *form;
    hit.entry = name.item;
    hit.score = with_details(f->s, f->q, &hit);
    if (hit.score >= threshold)
        insert_hit(f, &hit, order);
}

/* ---- indexed ---- */

/* Forms that share keys with a query, in the order in which they were met. */
struct gathering {
    uint32_t form[CANDIDATES_MAX], names[CANDIDATES_MAX];
    uint16_t worth[CANDIDATES_MAX]; /* how much it shares */
    uint8_t range[CANDIDATES_MAX];  /* where it was met first */
    unsigned count;
    uint16_t table[1 << TABLE_BITS];       /* one more than the place of a form, by its hash */
    uint64_t maybe[1 << (MAYBE_BITS - 6)]; /* a bit by the hash of each form: most that are not there are told so */
    uint32_t histogram[WORTH_MAX + 1];     /* names, by worth */
};

static uint32_t hash_of(uint32_t form)
{
    return form * 0x9E3779B1u;
}

static bool is_maybe(const struct gathering *g, uint32_t hash)
{
    return (g->maybe[hash >> (32 - MAYBE_BITS) >> 6] >> (hash >> (32 - MAYBE_BITS) & 63) & 1) != 0;
}

/* Where ${form} stands in the table, or would. */
static uint16_t *place_of(struct gathering *g, uint32_t form)
{
    uint32_t at = hash_of(form) >> (32 - TABLE_BITS);
    while (g->table[at] != 0 && g->form[g->table[at] - 1] != form)
        at = (at + 1) & ((1u << TABLE_BITS) - 1);
    return &g->table[at];
}

static void put_candidate(struct gathering *g, uint16_t *place, uint32_t form)
{
    uint32_t hash = hash_of(form);
    g->form[g->count++] = form;
    *place = (uint16_t)g->count;
    g->maybe[hash >> (32 - MAYBE_BITS) >> 6] |= 1ull << (hash >> (32 - MAYBE_BITS) & 63);
}

struct range {
    uint32_t from, to;
    uint32_t names, worth;
};

/* All forms of a range share its worth with the query; those not met before are candidates from now on. */
static void admit(struct gathering *g, const struct screen *s, const struct range *r, unsigned number)
{
    for (size_t i = r->from; i < r->to; i++) {
        const uint32_t form = s->posting_form[i];
        uint16_t *place = place_of(g, form);
        if (*place != 0) {
            g->worth[*place - 1] = (uint16_t)(g->worth[*place - 1] + r->worth);
        } else if (g->count < CANDIDATES_MAX) {
            const uint8_t names = s->posting_names[i];
            g->names[g->count] = names < SCREEN_NAMES_MANY ? names : s->forms[form].count;
            g->worth[g->count] = (uint16_t)r->worth;
            g->range[g->count] = (uint8_t)number;
            put_candidate(g, place, form);
        }
    }
}

/* The same, without new ones. */
static void raise_worth(struct gathering *g, const struct screen *s, const struct range *r)
{
    for (size_t i = r->from; i < r->to; i++) {
        const uint32_t form = s->posting_form[i];
        if (!is_maybe(g, hash_of(form)))
            continue;
        uint16_t place = *place_of(g, form);
        if (place != 0)
            g->worth[place - 1] = (uint16_t)(g->worth[place - 1] + r->worth);
    }
}

/* Only those that share at least ${worth} are of interest from now on; their order stays. */
static void keep(struct gathering *g, uint32_t worth)
{
    unsigned n = g->count, kept = 0;
    for (unsigned i = 0; i < n; i++)
        kept += g->worth[i] >= worth;
    if (n != 0 && kept == n)
        return;
    g->count = 0;
    memset(g->table, 0, sizeof g->table);
    memset(g->maybe, 0, sizeof g->maybe);
    for (unsigned i = 0; i < n; i++)
        if (g->worth[i] >= worth) {
            g->names[g->count] = g->names[i];
            g->worth[g->count] = g->worth[i];
            g->range[g->count] = g->range[i];
            put_candidate(g, place_of(g, g->form[i]), g->form[i]);
        }
}

/*
 * The best names by what they share: all above the worth that is returned, and of those that have it the first ones, as
 * far as VERIFIED_MAX reaches beyond ${ret_above}.  None is worth more than ${most}.
 */
static uint32_t bar_of(struct gathering *g, uint32_t most, uint32_t *ret_above)
{
    most = most > WORTH_MAX ? WORTH_MAX : most;
    memset(g->histogram, 0, (most + 1) * sizeof *g->histogram);
    for (unsigned i = 0; i < g->count; i++)
        g->histogram[g->worth[i] > WORTH_MAX ? WORTH_MAX : g->worth[i]] += g->names[i];
    uint32_t bar = most, above = 0;
    while (bar > 0 && above + g->histogram[bar] <= VERIFIED_MAX)
        above += g->histogram[bar--];
    *ret_above = above;
    return bar;
}

static int shortest_first(const void *x, const void *y)
{
    const struct range *a = x, *b = y;
    if (a->names != b->names)
        return a->names < b->names ? -1 : 1;
    return a->from < b->from ? -1 : a->from > b->from;
}

static uint32_t worth_of(uint32_t names, uint8_t rank)
{
    uint32_t rare = 1;
    for (uint64_t n = names; n < 1 << 16; n = n * 2 + 1)
        rare++;
    return rare * (1u + rank);
}

/* Hardly more than one key has the same upper bits. */
static const struct screen_key *key_of(const struct screen *s, uint32_t key)
{
    const uint32_t *bucket = &s->bucket[key >> (32 - SCREEN_BUCKET_BITS)];
    for (uint32_t i = bucket[0]; i < bucket[1]; i++)
        if (s->keys[i].key == key)
            return &s->keys[i];
    return NULL;
}

/* The postings of all keys of the query, the shortest lists first, and as many of these as are looked at. */
static unsigned ranges_of(const struct finding *f, struct range range[2 * MATCH_NAME_KEYS])
{
    unsigned ranges = 0, used = 0;
    for (unsigned reading = 0; reading < (f->han ? 2u : 1u); reading++) {
        uint32_t keys[MATCH_NAME_KEYS];
        uint8_t rank[MATCH_NAME_KEYS];
        unsigned n = match_name_keys(&f->name[reading], keys, rank);
        for (unsigned i = 0; i < n; i++)
            __builtin_prefetch(&f->s->bucket[keys[i] >> (32 - SCREEN_BUCKET_BITS)]);
        for (unsigned i = 0; i < n; i++)
            __builtin_prefetch(&f->s->keys[f->s->bucket[keys[i] >> (32 - SCREEN_BUCKET_BITS)]]);
        for (unsigned i = 0; i < n; i++) {
            const struct screen_key *k = key_of(f->s, keys[i]);
            if (k == NULL)
                continue;
            range[ranges++] = (struct range){k->first, k[1].first, k->names, worth_of(k->names, rank[i])};
            __builtin_prefetch(&f->s->posting_form[k->first]);
            __builtin_prefetch(&f->s->posting_names[k->first]);
        }
    }
    qsort(range, ranges, sizeof *range, shortest_first);
    for (uint64_t looked_at = 0; used < ranges; used++) {
        looked_at += range[used].names;
        if (used != 0 && looked_at > POSTINGS_MAX)
            break;
        for (uint32_t at = range[used].from + LINE; at < range[used].to && at < range[used].from + 8 * LINE; at += LINE)
            __builtin_prefetch(&f->s->posting_form[at]);
    }
    return used;
}

/* Of the names of the forms from ${i} on that were met in the same range, and all have the worth: the first ones. */
static void take_first(struct finding *f, const struct gathering *g, unsigned i, uint32_t worth, uint32_t *names)
{
    struct {
        struct screen_form_name name;
        uint32_t form;
    } first[VERIFIED_MAX];
    const unsigned range = g->range[i], most = VERIFIED_MAX - *names;
    unsigned n = 0;
    for (; i < g->count && g->range[i] == range; i++) {
        const struct screen_form *form = &f->s->forms[g->form[i]];
        const struct screen_form_name *name = f->s->form_names + form->first;
        if (g->worth[i] != worth)
            continue;
        if (n == most && first[n - 1].name.name < name[0].name)
            break; /* forms are in the order of their first names */
        for (uint32_t k = 0; k < form->count && (n < most || name[k].name < first[n - 1].name.name); k++) {
            unsigned at = n < most ? n++ : n - 1;
            for (; at > 0 && first[at - 1].name.name > name[k].name; at--)
                first[at] = first[at - 1];
            first[at].name = name[k];
            first[at].form = g->form[i];
        }
    }
    *names += n;
    for (unsigned k = 0; k < n; k++) {
        struct screen_hit hit;
        compare_form(f, first[k].form, &hit);
        for (unsigned m = n; m > k; m--)
            if (first[m - 1].form == first[k].form) {
                take_name(f, &hit, first[m - 1].name, (uint64_t)range << 32 | first[m - 1].name.name);
                if (m - 1 != k)
                    first[m - 1] = first[--n];
            }
    }
}

static void take_all(struct finding *f, uint32_t number, uint64_t range)
{
    const struct screen_form *form = &f->s->forms[number];
    struct screen_hit hit;
    compare_form(f, number, &hit);
    for (uint32_t k = 0; k < form->count; k++) {
        const struct screen_form_name name = f->s->form_names[form->first + k];
        take_name(f, &hit, name, range << 32 | name.name);
    }
}

static void find_indexed(struct finding *f)
{
    struct gathering g;
    struct range range[2 * MATCH_NAME_KEYS];
    const unsigned ranges = ranges_of(f, range), times_most = f->s->doubled ? 2 : 1;
    uint32_t left = 0, whole, bar, above; /* left: what a form that is first met now may share at most */
    g.count = 0;
    keep(&g, 0);
    for (unsigned i = 0; i < ranges; i++)
        left += range[i].worth * times_most;
    whole = left;
    for (unsigned i = 0; i < ranges; left -= range[i++].worth * times_most) {
        /* Of those that share as much, the first ones are taken; what is worth more than can be told apart, all. */
        if (range[i].to - range[i].from < FEW || whole - left < left ||
            (bar = bar_of(&g, whole - left, &above)) < left || (bar == left && bar == WORTH_MAX)) {
            admit(&g, f->s, &range[i], i);
            continue;
        }
        keep(&g, bar - left);
        raise_worth(&g, f->s, &range[i]);
    }
    bar = bar_of(&g, whole, &above);
    keep(&g, bar);
    for (unsigned i = 0; i < g.count; i++)
        __builtin_prefetch(&f->s->forms[g.form[i]]);
    for (unsigned i = 0; i < g.count; i++) {
        __builtin_prefetch(f->s->texts.p + f->s->forms[g.form[i]].text);
        __builtin_prefetch(&f->s->form_names[f->s->forms[g.form[i]].first]);
    }
    for (unsigned i = 0; i < g.count; i++)
        if (g.worth[i] > bar)
            take_all(f, g.form[i], g.range[i]);
    for (unsigned i = 0; i < g.count && above < VERIFIED_MAX; i++)
        if (i == 0 || g.range[i - 1] != g.range[i])
            take_first(f, &g, i, bar, &above);
}

/*
 * Every name is compared: by the sieve, with a bound on the score of its form, and in full where that may reach what is
 * asked.
 */
static void find_exhaustive(struct finding *f)
{
    OWN(mem_drop) uint64_t *may = malloc((f->s->forms_count / 64 + 1) * sizeof *may);
    const bool sifted = may != NULL && match_sieve_find(f->s->sieve, f->q->name, f->least, may, NULL) == 0;
    for (uint32_t i = 0; i < f->s->forms_count; i++) {
        struct screen_hit hit;
        if (sifted && may[i / 64] == 0) {
            i |= 63;
            continue;
        }
        if (sifted && (may[i / 64] >> i % 64 & 1) == 0)
            continue;
        compare_form(f, i, &hit);
        for (uint32_t k = 0; k < f->s->forms[i].count; k++) {
            const struct screen_form_name name = f->s->form_names[f->s->forms[i].first + k];
            take_name(f, &hit, name, name.name);
        }
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
    for (unsigned i = 0; i < COUNT(f.asked); i++)
        for (unsigned k = 0; k < COUNT(f.asked[i]); k++)
            match_asked_free(f.asked[i][k]);
    *ret_count = f.count;
    *ret_compared = f.compared;
}
