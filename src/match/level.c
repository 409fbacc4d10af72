/*
 * How far two values agree, as a small number.  Level 1 is "the same", the last one of a kind is "different", and each
 * one between is nearer than the next.
 */
#include "match/match_internal.h"

#include "base/text.h"

enum { CACHE_BITS = 15, RARE_SHARE = 1000 };

struct cached {
    uint32_t a, b, level;
};
struct match_cache {
    const struct match_words *words;
    struct cached entry[1 << CACHE_BITS];
};

struct match_cache *match_cache_new(const struct match_words *words)
{
    struct match_cache *c = calloc(1, sizeof *c);
    if (c != NULL)
        c->words = words;
    return c;
}

void match_cache_free(struct match_cache *c)
{
    free(c);
}

unsigned match_levels_of(enum match_field_kind kind)
{
    switch (kind) {
    case MATCH_CODE:
        return 4;
    case MATCH_PLACE:
    case MATCH_NUMBER:
        return 5;
    case MATCH_NAME:
    case MATCH_GIVEN:
    case MATCH_SURNAME:
        return 6;
    default:
        return 7;
    }
}

const char *match_level_words(enum match_field_kind kind, unsigned level)
{
    static const char *const missing = TEXT("missing in one of them"), *const same = TEXT("the same");
    static const char *const names[] = {TEXT("the same by sound"), TEXT("one slip of the pen"), TEXT("near"),
                                        TEXT("an initial or short form"), TEXT("different")};
    static const char *const dates[] = {TEXT("one is vaguer"),        TEXT("the same day, a year apart"),
                                        TEXT("one part differs"),     TEXT("the same day of another year"),
                                        TEXT("at most a year apart"), TEXT("different")};
    static const char *const steps[] = {TEXT("very near"),
                                        TEXT("near"),
                                        TEXT("partly the same"),
                                        TEXT("little in common"),
                                        TEXT("hardly anything in common"),
                                        TEXT("different")};
    if (level == 0)
        return missing;
    if (level == 1)
        return same;
    if (level == match_levels_of(kind))
        return names[COUNT(names) - 1];
    if (kind == MATCH_NAME || kind == MATCH_GIVEN || kind == MATCH_SURNAME)
        return names[level - 2];
    return kind == MATCH_DATE ? dates[level - 2] : steps[level - 2];
}

static bool same_skeleton(const struct match_value *a, const struct match_value *b)
{
    return a->skeleton == b->skeleton && a->skeleton != 0;
}

static bool starts_with(const struct match_value *whole, const struct match_value *part)
{
    return part->n < whole->n && memcmp(whole->s, part->s, part->n) == 0;
}

static unsigned most_alike(const struct match_value *a, const struct match_value *b)
{
    return match_jaro_winkler_most(a->s, a->n, a->letters, b->s, b->n, b->letters);
}

/* Names: 2 the same by sound, 3 one slip of the pen, 4 near, 5 an initial or short form, 6 different. */
static unsigned name_level(const struct match_value *a, const struct match_value *b)
{
    if (!same_skeleton(a, b) && most_alike(a, b) < 8000)
        return starts_with(a, b) || starts_with(b, a) ? 5 : 6;
    unsigned jw = match_jaro_winkler(a->s, a->n, b->s, b->n);
    if (same_skeleton(a, b) && jw >= 7600 && a->vowels == b->vowels)
        return 2;
    unsigned shorter = a->n < b->n ? a->n : b->n;
    if (jw >= 8000 && shorter > 2 && match_distance(a->s, a->n, b->s, b->n) == 1)
        return 3;
    if (jw >= 8900 || same_skeleton(a, b))
        return 4;
    if (starts_with(a, b) || starts_with(b, a) || jw >= 8200)
        return 5;
    return 6;
}

static unsigned place_level(const struct match_value *a, const struct match_value *b)
{
    if (!same_skeleton(a, b) && most_alike(a, b) < 8500)
        return starts_with(a, b) || starts_with(b, a) ? 4 : 5;
    unsigned jw = match_jaro_winkler(a->s, a->n, b->s, b->n);
    if (jw >= 9200 || (same_skeleton(a, b) && jw >= 7600))
        return 2;
    if (jw >= 8500 || same_skeleton(a, b))
        return 3;
    return starts_with(a, b) || starts_with(b, a) ? 4 : 5;
}

static unsigned code_level(const struct match_value *a, const struct match_value *b)
{
    unsigned shorter = a->n < b->n ? a->n : b->n;
    if (shorter < 4)
        return 4;
    unsigned distance = match_distance(a->s, a->n, b->s, b->n);
    return distance == 1 ? 2 : distance == 2 && shorter > 5 ? 3 : 4;
}

static unsigned number_level(const struct match_value *a, const struct match_value *b)
{
    uint64_t x = (uint64_t)llabs(a->number), y = (uint64_t)llabs(b->number);
    uint64_t larger = x > y ? x : y, apart = (uint64_t)llabs(a->number - b->number);
    if (apart <= larger / 100)
        return 2;
    return apart <= larger / 20 ? 3 : apart <= larger / 5 ? 4 : 5;
}

/* Dates: 2 one of them is vaguer, 3 one part differs a little, 4 one part differs, 5 another year, 6 a year apart. */
static unsigned date_level(const struct match_value *va, const struct match_value *vb)
{
    struct match_date a = va->date, b = vb->date;
    int years = abs(a.year - b.year);
    bool vague = a.day == 0 || b.day == 0, month_vague = a.month == 0 || b.month == 0;
    if (years == 0 && (month_vague || (vague && a.month == b.month)))
        return 2;
    if (month_vague)
        return years <= 1 ? 6 : 7;
    bool month = a.month == b.month, day = a.day == b.day;
    if (years == 1 && month && (day || vague))
        return 3;
    if (years == 0)
        return month || day || (a.month == b.day && a.day == b.month) ? 4 : 6;
    if (month && day)
        return 5;
    return years == 1 ? 6 : 7;
}

/*
 * Words that few records hold say more: a word weighs the square of the binary logarithm of how rare it is, as in the
 * cosine of two texts, so that one number of a model outweighs all that says of what sort a thing is.
 */
static uint32_t word_weight(const struct match_words *w, uint32_t word)
{
    uint64_t ratio = (w->records + 1) * 4 / (match_words_often(w, word) + 1);
    const uint32_t bits = ratio == 0 ? 1 : 64u - (unsigned)__builtin_clzll(ratio);
    return bits * bits;
}

static unsigned text_level(const struct match_words *w, const struct match_dictionary *d, const struct match_value *a,
                           const struct match_value *b)
{
    const uint32_t *x = d->words + a->words, *y = d->words + b->words;
    uint64_t common = 0, all_a = 0, all_b = 0;
    uint32_t i = 0, k = 0;
    bool rare = false; /* a word in common that hardly another record has */
    while (i < a->words_count || k < b->words_count) {
        bool take_a = k == b->words_count || (i < a->words_count && x[i] <= y[k]);
        bool take_b = i == a->words_count || (k < b->words_count && y[k] <= x[i]);
        uint32_t weight = word_weight(w, take_a ? x[i] : y[k]);
        common += take_a && take_b ? weight : 0;
        rare = rare || (take_a && take_b && match_words_often(w, x[i]) * RARE_SHARE <= w->records + RARE_SHARE * 3);
        all_a += take_a ? weight : 0;
        all_b += take_b ? weight : 0;
        i += take_a;
        k += take_b;
    }
    uint64_t of = (all_a + all_b) / 2;
    uint64_t shorter = all_a < all_b ? all_a : all_b;
    uint64_t share = of == 0 ? 0 : (common * 100 / of + common * 100 / (shorter == 0 ? 1 : shorter)) / 2;
    if (share <= 8)
        return 7;
    /* What sort of thing it is and what it can do, others have too; they say it in the same words. */
    if (!rare)
        return share >= 65 ? 4 : share >= 45 ? 5 : 6;
    return share >= 65 ? 2 : share >= 25 ? 3 : 5;
}

static void name_of(const struct match_dictionary *d, const struct match_value *v, struct match_name *to)
{
    (void)match_name_read(bytes_of(d->letters.p + v->text, v->text_bytes), MATCH_READ_KOREAN, to);
}

static unsigned whole_name_level(const struct match_dictionary *d, const struct match_value *a,
                                 const struct match_value *b)
{
    struct match_name x, y;
    name_of(d, a, &x);
    name_of(d, b, &y);
    unsigned score = match_name_score(&x, &y, MATCH_PERSON, NULL);
    return score >= 950 ? 2 : score >= 870 ? 3 : score >= 770 ? 4 : score >= 600 ? 5 : 6;
}

static unsigned level(const struct match_frame *f, const struct match_words *w, unsigned field, uint32_t a, uint32_t b)
{
    const struct match_dictionary *d = f->dictionary[field];
    const struct match_value *x = &d->values[a], *y = &d->values[b];
    switch (f->field[field].kind) {
    case MATCH_GIVEN:
    case MATCH_SURNAME:
        return name_level(x, y);
    case MATCH_DATE:
        return date_level(x, y);
    case MATCH_PLACE:
        return place_level(x, y);
    case MATCH_NUMBER:
        return number_level(x, y);
    case MATCH_TEXT:
        return text_level(w, d, x, y);
    case MATCH_NAME:
        return whole_name_level(d, x, y);
    default:
        return code_level(x, y);
    }
}

/* Where the level of two different values is kept: e; and what it is asked for by, the smaller number first. */
struct place {
    struct cached *e;
    uint32_t a, b, tag;
};

static struct place place_of(const struct match_frame *f, struct match_cache *c, unsigned field, uint32_t a, uint32_t b)
{
    /* Given names and surnames share numbers and levels. */
    unsigned home = match_role(f, field) != 0 ? (unsigned)f->given : field;
    struct place p = {.a = a < b ? a : b, .b = a < b ? b : a};
    p.tag = p.b | home << 28;
    p.e = &c->entry[match_mix((uint64_t)p.a << 32 | p.tag) >> (64 - CACHE_BITS)];
    return p;
}

static bool is_kept(const struct place *p)
{
    return p->e->a == p->a && p->e->b == p->tag && p->e->level != 0;
}

static unsigned level_at(const struct match_frame *f, struct match_cache *c, unsigned field, const struct place *p)
{
    if (!is_kept(p))
        *p->e = (struct cached){p->a, p->tag, level(f, c->words, field, p->a, p->b)};
    return p->e->level;
}

static unsigned cached_level(const struct match_frame *f, struct match_cache *c, unsigned field, uint32_t a, uint32_t b)
{
    if (a == 0 || b == 0)
        return 0;
    if (a == b)
        return 1;
    if (f->field[field].kind == MATCH_DATE)
        return level(f, c->words, field, a, b);
    const struct place p = place_of(f, c, field, a, b);
    return level_at(f, c, field, &p);
}

static void fetch_values(const struct match_dictionary *d, uint32_t a, uint32_t b)
{
    __builtin_prefetch(&d->values[a]);
    __builtin_prefetch(&d->values[b]);
}

/* All that differs is fetched from memory at once before the first is looked at. */
static void find_levels(const struct match_frame *f, struct match_cache *c, const uint32_t *x, const uint32_t *y,
                        unsigned levels[MATCH_FIELDS_MAX])
{
    struct place place[MATCH_FIELDS_MAX];
    uint8_t open[MATCH_FIELDS_MAX];
    unsigned n = 0;
    for (unsigned i = 0; i < f->fields; i++) {
        levels[i] = x[i] == 0 || y[i] == 0 ? 0 : 1;
        if (levels[i] == 0 || x[i] == y[i])
            continue;
        if (f->field[i].kind == MATCH_DATE) {
            place[n] = (struct place){.a = x[i], .b = y[i]};
            fetch_values(f->dictionary[i], x[i], y[i]);
        } else {
            place[n] = place_of(f, c, i, x[i], y[i]);
            __builtin_prefetch(place[n].e);
        }
        open[n++] = (uint8_t)i;
    }
    for (unsigned k = 0; k < n; k++)
        if (place[k].e != NULL && !is_kept(&place[k]))
            fetch_values(f->dictionary[open[k]], place[k].a, place[k].b);
    for (unsigned k = 0; k < n; k++)
        levels[open[k]] = place[k].e == NULL ? level(f, c->words, open[k], place[k].a, place[k].b)
                                             : level_at(f, c, open[k], &place[k]);
}

/* Are the names told the other way round?  Only then is it asked when they disagree as they stand. */
static bool exchanged(const struct match_frame *f, struct match_cache *c, const uint32_t *x, const uint32_t *y,
                      unsigned *given, unsigned *surname)
{
    unsigned g = (unsigned)f->given, s = (unsigned)f->surname;
    if (*given != 0 && *given < 5 && *surname < 6)
        return false;
    if (*surname != 0 && *surname < 5 && *given < 6)
        return false;
    unsigned cross_g = cached_level(f, c, g, x[g], y[s]), cross_s = cached_level(f, c, s, x[s], y[g]);
    if ((cross_g == 0 && cross_s == 0) || cross_g > 4 || cross_s > 4)
        return false;
    *given = cross_g;
    *surname = cross_s;
    return true;
}

uint64_t match_pattern(const struct match_frame *f, struct match_cache *c, uint32_t a, uint32_t b)
{
    const uint32_t *x = f->row + (size_t)a * f->fields, *y = f->row + (size_t)b * f->fields;
    unsigned levels[MATCH_FIELDS_MAX];
    uint64_t pattern = 0;
    find_levels(f, c, x, y, levels);
    if (f->given >= 0 && f->surname >= 0 && exchanged(f, c, x, y, &levels[f->given], &levels[f->surname]))
        pattern |= MATCH_EXCHANGED;
    for (unsigned i = 0; i < f->fields; i++)
        pattern |= (uint64_t)levels[i] << (3 * i);
    return pattern;
}

bool match_explain(const struct match_linkage *l, const struct match_frame *f, uint32_t a, uint32_t b,
                   uint8_t ret_levels[MATCH_FIELDS_MAX])
{
    struct match_words now = {0};
    if (l == NULL)
        (void)match_words_count(f, &now, NULL); /* without memory the words all weigh the same */
    struct match_cache *c = match_cache_new(l == NULL ? &now : &l->words);
    uint64_t pattern = c == NULL ? 0 : match_pattern(f, c, a, b);
    for (unsigned i = 0; i < f->fields; i++)
        ret_levels[i] = (uint8_t)match_pattern_level(pattern, i);
    match_cache_free(c);
    match_words_release(&now);
    return (pattern & MATCH_EXCHANGED) != 0;
}
