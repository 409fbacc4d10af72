/*
 * Which keys to compare by.  An atom is something two records can agree in (a skeleton, a year, a code); a key is one
 * to
 * three atoms of different fields.  Chance pairs tell what a key costs, a simulation of pairs that are the same tells
 * what
 * it finds that the keys before it do not: the plan takes what finds most for its cost.
 */
#include "match/match_internal.h"

#include "base/text.h"

#include <stdio.h>

enum {
    TRIALS = 4096,
    COMBOS_MAX = 2048,
    SAMPLE_MIN = 4096,
    SAMPLE_MAX = 1 << 15,
};

static const char *const atom_words[] = {TEXT("sound"),         TEXT("date"),  TEXT("year"),
                                         TEXT("month and day"), TEXT("value"), TEXT("both names")};

const char *match_atom_words(enum match_atom_kind kind)
{
    return atom_words[kind];
}

/* How often two records of one thing agree in it, in percent: only for choosing keys, never for weighing pairs. */
static unsigned agrees_percent(enum match_field_kind field, enum match_atom_kind kind)
{
    switch (kind) {
    case MATCH_ATOM_DATE:
        return 72;
    case MATCH_ATOM_YEAR:
        return 85;
    case MATCH_ATOM_MONTH_DAY:
        return 82;
    case MATCH_ATOM_NAMES:
        return 70;
    case MATCH_ATOM_SOUND:
        return field == MATCH_NAME ? 60 : field == MATCH_PLACE ? 78 : 82;
    default:
        return field == MATCH_TEXT ? 30 : field == MATCH_NUMBER ? 60 : 90;
    }
}

void match_plan_add_atom(struct match_plan *p, const struct match_frame *f, unsigned field, enum match_atom_kind kind)
{
    uint32_t fields = kind == MATCH_ATOM_NAMES ? 1u << f->given | 1u << f->surname : 1u << field;
    if (p->atoms < MATCH_ATOMS_MAX)
        p->atom[p->atoms++] = (struct match_atom){field, kind, fields};
}

bool match_atom_lawful(const struct match_frame *f, unsigned field, unsigned kind)
{
    if (field >= f->fields || kind > MATCH_ATOM_NAMES)
        return false;
    if (kind == MATCH_ATOM_NAMES)
        return f->surname >= 0 && (int)field == f->given;
    bool of_date = kind == MATCH_ATOM_DATE || kind == MATCH_ATOM_YEAR || kind == MATCH_ATOM_MONTH_DAY;
    return of_date == (f->field[field].kind == MATCH_DATE);
}

bool match_plan_has_words(const struct match_frame *f)
{
    for (unsigned i = 0; i < f->fields; i++)
        if (f->field[i].kind == MATCH_TEXT || f->field[i].kind == MATCH_NAME)
            return true;
    return false;
}

void match_plan_name_key(const struct match_frame *f, const struct match_plan *p, unsigned key, char to[96])
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

static void list_atoms(const struct match_frame *f, struct match_plan *p)
{
    if (f->given >= 0 && f->surname >= 0)
        match_plan_add_atom(p, f, (unsigned)f->given, MATCH_ATOM_NAMES);
    for (unsigned i = 0; i < f->fields; i++) {
        switch (f->field[i].kind) {
        case MATCH_DATE:
            match_plan_add_atom(p, f, i, MATCH_ATOM_DATE);
            match_plan_add_atom(p, f, i, MATCH_ATOM_YEAR);
            match_plan_add_atom(p, f, i, MATCH_ATOM_MONTH_DAY);
            break;
        case MATCH_CODE:
        case MATCH_NUMBER:
        case MATCH_TEXT:
            match_plan_add_atom(p, f, i, MATCH_ATOM_VALUE);
            break;
        default:
            match_plan_add_atom(p, f, i, MATCH_ATOM_SOUND);
            break;
        }
    }
}

uint32_t match_atom_value(const struct match_frame *f, const struct match_atom *a, size_t record)
{
    const uint32_t *row = f->row + record * f->fields;
    uint32_t value = row[a->field];
    const struct match_value *v = &f->dictionary[a->field]->values[value];
    if (value == 0)
        return 0;
    switch (a->kind) {
    case MATCH_ATOM_SOUND:
        return v->skeleton;
    case MATCH_ATOM_DATE:
        return v->date.day == 0 ? 0 : (uint32_t)v->date.year << 9 | (uint32_t)v->date.month << 5 | v->date.day;
    case MATCH_ATOM_YEAR:
        return (uint32_t)v->date.year;
    case MATCH_ATOM_MONTH_DAY:
        return v->date.day == 0 ? 0 : (uint32_t)v->date.month << 5 | v->date.day;
    case MATCH_ATOM_NAMES: {
        uint32_t other = row[f->surname];
        if (other == 0)
            return 0;
        uint32_t x = v->skeleton, y = f->dictionary[f->surname]->values[other].skeleton;
        return (uint32_t)match_mix((uint64_t)(x < y ? x : y) << 32 | (x < y ? y : x)) | 1;
    }
    default:
        return value;
    }
}

uint32_t match_key_value(const uint32_t *atoms, unsigned stride, size_t record, const struct match_key *key)
{
    uint64_t h = 0x5851F42D4C957F2Du;
    for (unsigned i = 0; i < key->atoms; i++) {
        uint32_t v = atoms[record * stride + key->atom[i]];
        if (v == 0)
            return 0;
        h = match_mix(h ^ v);
    }
    return (uint32_t)h | 1;
}

struct combo {
    struct match_key key;
    uint32_t cost_milli; /* pairs for each record */
    uint64_t found[TRIALS / 64];
    bool taken;
};

/* Chance agreement on a key, counted in a sample and carried over to all records. */
static uint32_t cost_of(const struct match_frame *f, const uint32_t *atoms, unsigned stride, size_t sample,
                        const struct match_key *key, uint32_t *counts, uint32_t mask)
{
    uint64_t pairs = 0;
    memset(counts, 0, (mask + 1u) * sizeof *counts);
    for (size_t i = 0; i < sample; i++) {
        uint32_t v = match_key_value(atoms, stride, i, key);
        if (v != 0)
            pairs += counts[(v >> 1) & mask]++;
    }
    /* Different values that share a place of the table are not pairs. */
    uint64_t chance = sample * sample / 2 / (mask + 1u);
    pairs = pairs > chance ? pairs - chance : 0;
    uint64_t milli = pairs * 1000 * f->records / sample / sample;
    return milli > UINT32_MAX ? UINT32_MAX : (uint32_t)milli;
}

/* In each trial a pair that is the same agrees in some atoms; parts of one date or of both names agree together. */
static void simulate(const struct match_frame *f, const struct match_plan *p, const uint8_t *filled_percent,
                     uint64_t (*agree)[TRIALS / 64])
{
    for (unsigned t = 0; t < TRIALS; t++)
        for (unsigned i = 0; i < p->atoms; i++) {
            const struct match_atom *a = &p->atom[i];
            bool names_exchanged = match_mix(t * 64ull + 63) % 100 < 6;
            unsigned kind = a->kind == MATCH_ATOM_NAMES ? 40u : a->field;
            uint64_t luck = match_mix(t * 64ull + kind) % 100, filled = match_mix(t * 64ull + 50 + a->field) % 100;
            uint64_t part = match_mix(t * 4096ull + 1000 + i) % 100;
            bool is_name = f->field[a->field].kind == MATCH_GIVEN || f->field[a->field].kind == MATCH_SURNAME;
            /* Some records were written in haste, or by someone who knew the person little. */
            static const uint8_t haste[4] = {0, 0, 15, 45};
            uint64_t harder = luck + haste[match_mix(t * 64ull + 62) % 4];
            bool yes = harder < agrees_percent(f->field[a->field].kind, a->kind);
            if (a->kind == MATCH_ATOM_YEAR || a->kind == MATCH_ATOM_MONTH_DAY)
                yes = harder < 72 || part < 55;
            if (a->kind == MATCH_ATOM_SOUND && is_name && names_exchanged)
                yes = false;
            if (filled >= filled_percent[i])
                yes = false;
            if (yes)
                agree[i][t / 64] |= 1ull << (t % 64);
        }
}

static unsigned gain(const struct combo *c, const uint64_t *covered)
{
    unsigned n = 0;
    for (unsigned i = 0; i < TRIALS / 64; i++)
        n += (unsigned)__builtin_popcountll(c->found[i] & ~covered[i]);
    return n;
}

/* Both names one by one find less than both names in either order. */
static bool is_wasteful(const struct match_frame *f, const struct match_key *key)
{
    uint32_t both = f->given < 0 || f->surname < 0 ? 0 : 1u << f->given | 1u << f->surname;
    return both != 0 && (key->fields & both) == both && key->atom[0] != 0; /* the atom of both names comes first */
}

static void list_combos(const struct match_frame *f, const struct match_plan *p, struct combo *combos, unsigned *count)
{
    for (unsigned i = 0; i < p->atoms; i++)
        for (unsigned k = i; k < p->atoms; k++)
            for (unsigned m = k; m < p->atoms; m++) {
                struct match_key key = {.atoms = 1, .atom = {(uint8_t)i}, .fields = p->atom[i].fields};
                if (k > i && (p->atom[k].fields & key.fields) != 0)
                    continue;
                if (k > i) {
                    key.atom[key.atoms++] = (uint8_t)k;
                    key.fields |= p->atom[k].fields;
                }
                if (m > k && (k == i || (p->atom[m].fields & key.fields) != 0))
                    continue;
                if (m > k) {
                    key.atom[key.atoms++] = (uint8_t)m;
                    key.fields |= p->atom[m].fields;
                }
                if (*count < COMBOS_MAX && !is_wasteful(f, &key))
                    combos[(*count)++] = (struct combo){.key = key};
            }
}

static void choose(struct match_plan *p, struct combo *combos, unsigned count, size_t records)
{
    uint64_t covered[TRIALS / 64] = {0};
    uint32_t budget = records > 400000 ? 14000 : records > 50000 ? 9000 : records > 20000 ? 20000 : 40000;
    uint32_t each_most = budget / 4;
    /* Pairs for each record, in 1/1000: keys cheaper than this are taken as equally cheap. */
    uint64_t cost_least = records > 50000 ? 200 : records > 20000 ? 1000 : 4000;
    while (p->keys < MATCH_KEYS_MAX) {
        struct combo *best = NULL;
        uint64_t best_worth = 0;
        for (unsigned i = 0; i < count; i++) {
            struct combo *c = &combos[i];
            if (c->taken || c->cost_milli > budget || c->cost_milli > each_most)
                continue;
            uint64_t cost = c->cost_milli + cost_least, found = gain(c, covered);
            uint64_t worth = found * found * 1000000 / cost;
            if (found > 0 && worth > best_worth) {
                best = c;
                best_worth = worth;
            }
        }
        if (best == NULL)
            return;
        best->taken = true;
        budget -= best->cost_milli;
        p->key[p->keys++] = best->key;
        for (unsigned i = 0; i < TRIALS / 64; i++)
            covered[i] |= best->found[i];
    }
}

static int weigh_combos(const struct match_frame *f, const struct match_plan *p, struct combo *combos, unsigned count,
                        struct err *e)
{
    size_t sample = f->records / 8 < SAMPLE_MIN   ? SAMPLE_MIN
                    : f->records / 8 > SAMPLE_MAX ? SAMPLE_MAX
                                                  : f->records / 8;
    sample = sample > f->records ? f->records : sample;
    uint32_t mask = SAMPLE_MIN * 4 - 1;
    while (mask < sample * 8)
        mask = mask * 2 + 1;
    OWN(mem_drop) uint32_t *atoms = malloc((sample * p->atoms + 1) * sizeof *atoms);
    OWN(mem_drop) uint32_t *counts = malloc((mask + 1u) * sizeof *counts);
    OWN(mem_drop) uint64_t(*agree)[TRIALS / 64] = calloc(MATCH_ATOMS_MAX, sizeof *agree);
    if (atoms == NULL || counts == NULL || agree == NULL)
        return err_memory(e);
    uint8_t filled_percent[MATCH_ATOMS_MAX];
    for (unsigned i = 0; i < p->atoms; i++) {
        size_t filled = 0;
        for (size_t r = 0; r < sample; r++) {
            size_t record = f->records * r / sample;
            atoms[r * p->atoms + i] = match_atom_value(f, &p->atom[i], record);
            filled += atoms[r * p->atoms + i] != 0;
        }
        size_t percent = sample == 0 ? 0 : filled * 100 / sample;
        filled_percent[i] = (uint8_t)(percent * percent / 100); /* both of the pair */
    }
    simulate(f, p, filled_percent, agree);
    for (unsigned i = 0; i < count; i++) {
        combos[i].cost_milli = cost_of(f, atoms, p->atoms, sample, &combos[i].key, counts, mask);
        memset(combos[i].found, 0xFF, sizeof combos[i].found);
        for (unsigned k = 0; k < combos[i].key.atoms; k++)
            for (unsigned t = 0; t < TRIALS / 64; t++)
                combos[i].found[t] &= agree[combos[i].key.atom[k]][t];
    }
    return 0;
}

int match_plan_make(const struct match_frame *f, struct match_plan *to, struct err *e)
{
    *to = (struct match_plan){0};
    list_atoms(f, to);
    unsigned count = 0;
    OWN(mem_drop) struct combo *combos = calloc(COMBOS_MAX, sizeof *combos);
    if (combos == NULL)
        return err_memory(e);
    list_combos(f, to, combos, &count);
    int rc = f->records == 0 ? 0 : weigh_combos(f, to, combos, count, e);
    if (rc == 0)
        choose(to, combos, count, f->records);
    return rc;
}
