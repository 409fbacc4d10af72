/*
 * Fields that go together.
 *
 * Weights are added as if fields agreed by chance one by one.  But who shares an Arabic given name often shares the
 * alphabet, the sex and the surname's region too, and who shares a postcode shares the state.  So pairs are drawn that
 * agree in one field, among values frequent enough that hardly any of them is one person told twice, and it is counted
 * how much more often they agree in the others than any two records do.
 */
#include "match/match_internal.h"

enum {
    DRAWN = 3000,
    FREQUENT_MIN = 40, /* records that share a value, so that pairs of one person are few among them */
    AGREE_LEVEL_MAX = 2,
};

static uint32_t class_of(const struct match_frame *f, unsigned field, size_t record)
{
    uint32_t value = f->row[record * f->fields + field];
    if (value == 0)
        return 0;
    bool sound = f->field[field].kind != MATCH_CODE && f->field[field].kind != MATCH_DATE &&
                 f->field[field].kind != MATCH_NUMBER;
    return sound ? f->dictionary[field]->values[value].skeleton : value;
}

/* Records by their class in a field. */
static int sort_by_class(const struct match_frame *f, unsigned field, uint32_t *order, uint32_t **ret_start,
                         uint32_t *ret_classes, struct err *e)
{
    const struct match_dictionary *d = f->dictionary[field];
    uint32_t classes = match_map_count(d->skeletons) > d->count ? match_map_count(d->skeletons) : d->count;
    uint32_t *start = calloc(classes + 2u, sizeof *start);
    if (start == NULL)
        return err_memory(e);
    for (size_t i = 0; i < f->records; i++)
        start[class_of(f, field, i) + 1]++;
    for (uint32_t c = 0; c <= classes; c++)
        start[c + 1] += start[c];
    for (size_t i = f->records; i-- > 0;)
        order[--start[class_of(f, field, i) + 1]] = (uint32_t)i;
    /* Each start now stands one place too far: that of class c is start[c + 1]. */
    *ret_start = start;
    *ret_classes = classes;
    return 0;
}

static void tally(const struct match_frame *f, uint64_t pattern, double (*agree)[2])
{
    for (unsigned k = 0; k < f->fields; k++) {
        unsigned level = match_pattern_level(pattern, k);
        agree[k][0] += level != 0;
        agree[k][1] += level != 0 && level <= AGREE_LEVEL_MAX;
    }
}

static int32_t excess(const double with[2], const double any[2])
{
    if (with[0] < 200 || any[0] < 200 || with[1] < 20)
        return 0;
    int32_t bits = match_log2((with[1] / with[0]) / ((any[1] + 1) / any[0]));
    return bits < MATCH_WEIGHT_ONE / 8 ? 0 : bits;
}

static void order_fields(const struct match_frame *f, struct match_model *m)
{
    for (unsigned i = 0; i < f->fields; i++) {
        unsigned at = i;
        for (; at > 0 && m->weight[m->order[at - 1]][1] < m->weight[i][1]; at--)
            m->order[at] = m->order[at - 1];
        m->order[at] = i;
    }
}

static int draw(const struct match_frame *f, unsigned field, uint32_t *order, struct match_cache *cache,
                double (*agree)[2], struct err *e)
{
    uint32_t classes = 0;
    OWN(mem_drop) uint32_t *start = NULL;
    int rc = sort_by_class(f, field, order, &start, &classes, e);
    for (uint64_t i = 0; rc == 0 && f->records > 1 && i < DRAWN; i++) {
        uint64_t luck = match_mix(i * 97 + field * 1000003u + 5);
        uint32_t a = (uint32_t)((luck >> 32) * f->records >> 32), class = class_of(f, field, a);
        size_t from = start[class + 1], to = class == classes ? f->records : start[class + 2];
        if (class == 0 || to - from < FREQUENT_MIN)
            continue;
        uint32_t b = order[from + ((luck & 0xFFFFFFFF) * (to - from) >> 32)];
        if (a != b)
            tally(f, match_pattern(f, cache, a, b), agree);
    }
    return rc;
}

int match_dependence_find(const struct match_search *s, struct match_model *m, struct err *e)
{
    const struct match_frame *f = s->f;
    double any[MATCH_FIELDS_MAX][2] = {{0}};
    struct match_cache *cache = match_cache_new(s->words);
    OWN(mem_drop) uint32_t *order = malloc((f->records + 1) * sizeof *order);
    order_fields(f, m);
    int rc = cache == NULL || order == NULL ? err_memory(e) : 0;
    for (uint64_t i = 0; rc == 0 && f->records > 1 && i < (uint64_t)DRAWN * 4; i++) {
        uint64_t luck = match_mix(i * 131 + 77);
        uint32_t a = (uint32_t)((luck >> 32) * f->records >> 32),
                 b = (uint32_t)((luck & 0xFFFFFFFF) * f->records >> 32);
        if (a != b)
            tally(f, match_pattern(f, cache, a, b), any);
    }
    for (unsigned i = 0; rc == 0 && i + 1 < f->fields; i++) {
        unsigned field = m->order[i];
        double agree[MATCH_FIELDS_MAX][2] = {{0}};
        rc = draw(f, field, order, cache, agree, e);
        for (unsigned k = i + 1; k < f->fields; k++)
            m->taken[field][m->order[k]] = excess(agree[m->order[k]], any[m->order[k]]);
    }
    match_cache_free(cache);
    return rc;
}
