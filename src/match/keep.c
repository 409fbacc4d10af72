/*
 * A linkage as bytes: FORMAT, "A linkage that is kept".
 *
 * Texts are kept as they were read and numbered anew in the same order, so nothing that is derived from them has to be
 * believed.  All else is held to what a linkage can be: the file lies where anyone may have written.
 */
#include "match/match_internal.h"

#include "base/text.h"

enum {
    VERSION = 2,
    WEIGHT_MOST = 1 << 20,
    NAME_BYTES_MOST = sizeof((struct match_field *)NULL)->name - 1,
};

/* ---- put ---- */

static void put_i32(struct buf *to, int32_t x)
{
    buf_put_u32(to, (uint32_t)x);
}

static void put_text(struct buf *to, struct bytes text)
{
    buf_put_u32(to, (uint32_t)text.n);
    buf_put_bytes(to, text);
}

static void put_map(struct buf *to, const struct match_map *m)
{
    uint32_t count = match_map_count(m);
    buf_put_u32(to, count);
    for (uint32_t i = 1; i <= count; i++)
        put_text(to, match_map_key(m, i));
}

/* Of each value the text that was first read as it. */
static void put_dictionary(struct buf *to, const struct match_dictionary *d)
{
    uint32_t texts = match_map_count(d->raw), next = 1;
    buf_put_u32(to, d->count);
    for (uint32_t i = 1; i <= texts; i++)
        if (d->raw_value[i] == next) {
            put_text(to, match_map_key(d->raw, i));
            next++;
        }
}

static void put_frame(struct buf *to, const struct match_frame *f, bool across)
{
    put_map(to, f->vocabulary);
    for (unsigned i = 0; i < f->fields; i++)
        if (f->dictionary[i] == &f->own[i])
            put_dictionary(to, &f->own[i]);
    buf_put_u32(to, (uint32_t)f->records);
    for (size_t i = 0; across && i < f->records; i++)
        buf_put_u8(to, f->source[i]);
    for (size_t i = 0; i < f->records * f->fields; i++)
        buf_put_u32(to, f->row[i]);
}

static void put_plan(struct buf *to, const struct match_plan *p)
{
    buf_put_u8(to, (uint8_t)p->atoms);
    for (unsigned i = 0; i < p->atoms; i++) {
        buf_put_u8(to, (uint8_t)p->atom[i].field);
        buf_put_u8(to, (uint8_t)p->atom[i].kind);
    }
    buf_put_u8(to, (uint8_t)p->keys);
    for (unsigned i = 0; i < p->keys; i++) {
        buf_put_u8(to, (uint8_t)p->key[i].atoms);
        for (unsigned k = 0; k < p->key[i].atoms; k++)
            buf_put_u8(to, p->key[i].atom[k]);
    }
}

static void put_model(struct buf *to, const struct match_linkage *l)
{
    for (unsigned i = 0; i < l->fields; i++) {
        for (unsigned level = 0; level < MATCH_LEVELS; level++) {
            put_i32(to, l->model.weight[i][level]);
            buf_put_u32(to, l->fit.level[i][level].m_ppm);
            buf_put_u32(to, l->fit.level[i][level].u_ppm);
        }
        buf_put_u8(to, (uint8_t)l->fit.trainings[i]);
        buf_put_u8(to, l->fit.refused[i]);
        buf_put_u8(to, (uint8_t)l->model.order[i]);
        for (unsigned k = 0; k < l->fields; k++)
            put_i32(to, l->model.taken[i][k]);
    }
    put_i32(to, l->model.exchanged);
}

static void put_shares(struct buf *to, const int16_t *share, uint32_t count)
{
    buf_put_u32(to, count);
    for (uint32_t i = 1; i <= count; i++)
        buf_put_u16(to, (uint16_t)share[i]);
}

static void put_rarity(struct buf *to, const struct match_rarity *r)
{
    buf_put_u8(to, r->used);
    put_i32(to, r->same);
    put_i32(to, r->sound);
    put_i32(to, r->once);
    put_shares(to, r->value, r->values);
    put_shares(to, r->skeleton, r->skeletons);
}

static void put_found(struct buf *to, const struct match_linkage *l)
{
    put_i32(to, l->prior);
    put_i32(to, l->threshold);
    put_i32(to, l->joining);
    buf_put_u32(to, l->threshold_ppm);
    unsigned filled = 0;
    for (unsigned i = 0; i < MATCH_BINS; i++)
        filled += l->bins[i] != 0;
    buf_put_u16(to, (uint16_t)filled);
    for (unsigned i = 0; i < MATCH_BINS; i++)
        if (l->bins[i] != 0) {
            buf_put_u16(to, (uint16_t)i);
            buf_put_u64(to, l->bins[i]);
        }
    for (unsigned i = 0; i <= l->plan.keys; i++)
        buf_put_u64(to, l->tally.pairs[i]);
    buf_put_u32(to, (uint32_t)l->tally.capped_count);
    for (size_t i = 0; i < l->tally.capped_count; i++) {
        buf_put_u8(to, (uint8_t)l->tally.capped[i].key);
        buf_put_u32(to, (uint32_t)l->tally.capped[i].size);
    }
    buf_put_u64(to, l->pairs_count);
    for (size_t i = 0; i < l->pairs_count; i++) {
        buf_put_u32(to, l->pairs[i].a);
        buf_put_u32(to, l->pairs[i].b);
        put_i32(to, l->pairs[i].weight);
    }
}

void match_linkage_put(const struct match_linkage *l, const struct match_frame *f, struct buf *to)
{
    buf_put_text(to, "GWLK");
    buf_put_u16(to, VERSION);
    buf_put_u8(to, l->across);
    buf_put_u8(to, (uint8_t)l->fields);
    for (unsigned i = 0; i < l->fields; i++) {
        buf_put_u8(to, (uint8_t)l->field[i].kind);
        buf_put_u8(to, l->field[i].month_first);
        buf_put_u8(to, (uint8_t)strlen(l->field[i].name));
        buf_put_text(to, l->field[i].name);
    }
    put_frame(to, f, l->across);
    put_plan(to, &l->plan);
    put_model(to, l);
    for (unsigned i = 0; i < l->fields; i++)
        put_rarity(to, &l->rarity[i]);
    buf_put_u32(to, (uint32_t)l->words.records);
    buf_put_u32(to, l->words.count - 1);
    for (uint32_t i = 1; i < l->words.count; i++)
        buf_put_u32(to, l->words.often[i]);
    put_found(to, l);
}

/* ---- get ---- */

struct reading {
    struct cursor c;
    struct match_linkage *l;
    struct match_frame *f;
    struct err *e;
};

static int damaged(const struct reading *r, const char *what)
{
    return err_set(r->e, ERR_DAMAGED, "a kept linkage is damaged: %s", text_tr(what));
}

/* A count of things that take at least ${each} bytes: there are never more than the file can hold. */
static uint32_t take_count(struct reading *r, size_t each)
{
    uint32_t count = cursor_u32(&r->c);
    if (count > r->c.left / each)
        r->c.failed = true;
    return r->c.failed ? 0 : count;
}

static int32_t take_weight(struct reading *r)
{
    int32_t x = (int32_t)cursor_u32(&r->c);
    if (x > WEIGHT_MOST || x < -WEIGHT_MOST)
        r->c.failed = true;
    return r->c.failed ? 0 : x;
}

static bool take_bool(struct reading *r)
{
    uint8_t x = cursor_u8(&r->c);
    if (x > 1)
        r->c.failed = true;
    return x == 1;
}

static struct bytes take_text(struct reading *r)
{
    uint32_t n = cursor_u32(&r->c);
    return cursor_take(&r->c, n);
}

static int get_fields(struct reading *r)
{
    struct match_linkage *l = r->l;
    l->across = take_bool(r);
    l->fields = cursor_u8(&r->c);
    if (l->fields == 0 || l->fields > MATCH_FIELDS_MAX)
        return damaged(r, TEXT("its fields"));
    for (unsigned i = 0; i < l->fields; i++) {
        struct match_field *field = &l->field[i];
        unsigned kind = cursor_u8(&r->c);
        field->month_first = take_bool(r);
        struct bytes name = cursor_take(&r->c, cursor_u8(&r->c));
        if (r->c.failed || kind == MATCH_IGNORED || kind >= MATCH_FIELD_KINDS || name.n > NAME_BYTES_MOST ||
            memchr(name.p, 0, name.n) != NULL)
            return damaged(r, TEXT("its fields"));
        field->kind = (enum match_field_kind)kind;
        memcpy(field->name, name.p, name.n);
    }
    return match_frame_new(l->field, l->fields, &r->f, r->e);
}

static int get_texts(struct reading *r)
{
    uint32_t words = take_count(r, sizeof(uint32_t));
    for (uint32_t i = 1; i <= words; i++) {
        int rc = match_frame_put_word(r->f, take_text(r), i, r->e);
        if (rc != 0 || r->c.failed)
            return rc != 0 ? rc : damaged(r, TEXT("its words"));
    }
    for (unsigned k = 0; k < r->f->fields; k++) {
        if (r->f->dictionary[k] != &r->f->own[k])
            continue;
        uint32_t values = take_count(r, sizeof(uint32_t));
        for (uint32_t i = 1; i <= values; i++) {
            int rc = match_frame_put_value(r->f, k, take_text(r), i, r->e);
            if (rc != 0 || r->c.failed)
                return rc != 0 ? rc : damaged(r, TEXT("its values"));
        }
    }
    return match_map_count(r->f->vocabulary) == words ? 0 : damaged(r, TEXT("its words"));
}

static int get_rows(struct reading *r)
{
    struct match_frame *f = r->f;
    uint32_t records = take_count(r, sizeof(uint32_t) * f->fields);
    struct bytes sources = cursor_take(&r->c, r->l->across ? records : 0);
    for (uint32_t i = 0; i < records && !r->c.failed; i++) {
        uint32_t row[MATCH_FIELDS_MAX];
        uint8_t source = r->l->across ? sources.p[i] : 0;
        for (unsigned k = 0; k < f->fields; k++) {
            row[k] = cursor_u32(&r->c);
            if (row[k] > f->dictionary[k]->count)
                return damaged(r, TEXT("its records"));
        }
        if (source > 1)
            return damaged(r, TEXT("its records"));
        int rc = match_frame_put_row(f, row, source, r->e);
        if (rc != 0)
            return rc;
    }
    r->l->records = records;
    return r->c.failed ? damaged(r, TEXT("its records")) : 0;
}

static int get_plan(struct reading *r)
{
    struct match_plan *p = &r->l->plan;
    unsigned atoms = cursor_u8(&r->c);
    for (unsigned i = 0; i < atoms; i++) {
        unsigned field = cursor_u8(&r->c), kind = cursor_u8(&r->c);
        if (r->c.failed || atoms > MATCH_ATOMS_MAX || !match_atom_lawful(r->f, field, kind))
            return damaged(r, TEXT("its keys"));
        match_plan_add_atom(p, r->f, field, (enum match_atom_kind)kind);
    }
    p->keys = cursor_u8(&r->c);
    if (p->keys > MATCH_KEYS_MAX)
        return damaged(r, TEXT("its keys"));
    for (unsigned i = 0; i < p->keys; i++) {
        struct match_key *key = &p->key[i];
        key->atoms = cursor_u8(&r->c);
        if (key->atoms == 0 || key->atoms > COUNT(key->atom))
            return damaged(r, TEXT("its keys"));
        for (unsigned k = 0; k < key->atoms; k++) {
            key->atom[k] = cursor_u8(&r->c);
            if (key->atom[k] >= p->atoms || (p->atom[key->atom[k]].fields & key->fields) != 0)
                return damaged(r, TEXT("its keys"));
            key->fields |= p->atom[key->atom[k]].fields;
        }
    }
    return r->c.failed ? damaged(r, TEXT("its keys")) : 0;
}

static int get_model(struct reading *r)
{
    struct match_linkage *l = r->l;
    uint32_t seen = 0;
    l->fit.count = l->fields;
    for (unsigned i = 0; i < l->fields; i++) {
        for (unsigned level = 0; level < MATCH_LEVELS; level++) {
            int32_t weight = take_weight(r);
            uint32_t m = cursor_u32(&r->c), u = cursor_u32(&r->c);
            l->model.weight[i][level] = weight;
            l->fit.level[i][level] = (struct match_level){m, u, weight};
            if (m > 1000000 || u > 1000000)
                return damaged(r, TEXT("its model"));
        }
        l->fit.trainings[i] = cursor_u8(&r->c);
        l->fit.refused[i] = take_bool(r);
        l->model.order[i] = cursor_u8(&r->c);
        if (l->model.order[i] >= l->fields)
            return damaged(r, TEXT("its model"));
        seen |= 1u << l->model.order[i];
        for (unsigned k = 0; k < l->fields; k++)
            l->model.taken[i][k] = take_weight(r);
    }
    l->model.exchanged = take_weight(r);
    return r->c.failed || seen != (1u << l->fields) - 1 ? damaged(r, TEXT("its model")) : 0;
}

static int16_t *take_shares(struct reading *r, uint32_t most, uint32_t *ret_count)
{
    uint32_t count = take_count(r, sizeof(int16_t));
    if (count > most)
        r->c.failed = true;
    int16_t *share = calloc((r->c.failed ? 0 : count) + 1u, sizeof *share);
    for (uint32_t i = 1; share != NULL && i <= count && !r->c.failed; i++)
        share[i] = (int16_t)cursor_u16(&r->c);
    *ret_count = r->c.failed || share == NULL ? 0 : count;
    return share;
}

static int get_rarity(struct reading *r)
{
    for (unsigned i = 0; i < r->l->fields; i++) {
        struct match_rarity *to = &r->l->rarity[i];
        const struct match_dictionary *d = r->f->dictionary[i];
        to->used = take_bool(r);
        to->same = take_weight(r);
        to->sound = take_weight(r);
        to->once = take_weight(r);
        if (to->once > INT16_MAX || to->once < INT16_MIN)
            return damaged(r, TEXT("its rarities"));
        to->value = take_shares(r, d->count, &to->values);
        to->skeleton = take_shares(r, match_map_count(d->skeletons), &to->skeletons);
        if (to->value == NULL || to->skeleton == NULL)
            return err_memory(r->e);
        if (r->c.failed)
            return damaged(r, TEXT("its rarities"));
    }
    return 0;
}

static int get_words(struct reading *r)
{
    struct match_words *w = &r->l->words;
    w->records = cursor_u32(&r->c);
    w->count = take_count(r, sizeof(uint32_t)) + 1;
    if (r->c.failed || w->records == 0 || w->records > r->f->records + (size_t)MATCH_RECORDS_MAX ||
        w->count - 1 > match_map_count(r->f->vocabulary))
        return damaged(r, TEXT("its words"));
    w->often = calloc(w->count, sizeof *w->often);
    if (w->often == NULL)
        return err_memory(r->e);
    for (uint32_t i = 1; i < w->count; i++)
        w->often[i] = cursor_u32(&r->c);
    return r->c.failed ? damaged(r, TEXT("its words")) : 0;
}

static int get_counts(struct reading *r)
{
    const uint64_t most = (uint64_t)MATCH_RECORDS_MAX * MATCH_RECORDS_MAX;
    struct match_linkage *l = r->l;
    uint64_t weighed = 0, tallied = 0;
    l->prior = take_weight(r);
    l->threshold = take_weight(r);
    l->joining = take_weight(r);
    l->threshold_ppm = cursor_u32(&r->c);
    for (unsigned filled = cursor_u16(&r->c), next = 0; filled > 0; filled--) {
        unsigned bin = cursor_u16(&r->c);
        uint64_t n = cursor_u64(&r->c);
        weighed += n;
        if (bin < next || bin >= MATCH_BINS || n == 0 || n > most || weighed > most)
            return damaged(r, TEXT("its counts"));
        l->bins[bin] = n;
        next = bin + 1;
    }
    for (unsigned i = 0; i <= l->plan.keys; i++) {
        l->tally.pairs[i] = cursor_u64(&r->c);
        tallied += l->tally.pairs[i];
        if (l->tally.pairs[i] > most)
            return damaged(r, TEXT("its counts"));
    }
    return r->c.failed || weighed != tallied || l->threshold_ppm > 1000000 ? damaged(r, TEXT("its counts")) : 0;
}

static int get_capped(struct reading *r)
{
    struct match_tally *t = &r->l->tally;
    uint32_t count = take_count(r, 5);
    t->capped = malloc((count + 1u) * sizeof *t->capped);
    if (t->capped == NULL)
        return err_memory(r->e);
    for (; t->capped_count < count; t->capped_count++) {
        unsigned key = cursor_u8(&r->c);
        t->capped[t->capped_count] = (struct match_block){key, cursor_u32(&r->c)};
        if (key >= r->l->plan.keys)
            return damaged(r, TEXT("its blocks"));
    }
    return r->c.failed ? damaged(r, TEXT("its blocks")) : 0;
}

static int get_pairs(struct reading *r)
{
    struct match_linkage *l = r->l;
    uint64_t count = cursor_u64(&r->c);
    if (r->c.failed || count > r->c.left / 12)
        return damaged(r, TEXT("its pairs"));
    l->pairs = malloc((count + 1) * sizeof *l->pairs);
    if (l->pairs == NULL)
        return err_memory(r->e);
    for (; l->pairs_count < count; l->pairs_count++) {
        struct match_pair *p = &l->pairs[l->pairs_count];
        p->a = cursor_u32(&r->c);
        p->b = cursor_u32(&r->c);
        p->weight = take_weight(r);
        if (p->a >= p->b || p->b >= l->records || (l->pairs_count != 0 && match_by_records(p - 1, p) >= 0))
            return damaged(r, TEXT("its pairs"));
    }
    return cursor_done(&r->c) ? 0 : damaged(r, TEXT("its end"));
}

int match_linkage_get(struct bytes content, struct match_linkage **ret_linkage, struct match_frame **ret_frame,
                      struct err *e)
{
    OWN(match_linkage_drop) struct match_linkage *l = calloc(1, sizeof *l);
    struct reading r = {.c = cursor_of(content), .l = l, .e = e};
    if (l == NULL)
        return err_memory(e);
    if (!cursor_expect(&r.c, "GWLK"))
        return damaged(&r, TEXT("it does not begin as one"));
    unsigned version = cursor_u16(&r.c);
    if (version != VERSION)
        return err_set(e, ERR_NEWER, "a kept linkage of version %u: this program knows version %d", version, VERSION);
    static int (*const parts[])(struct reading *) = {get_fields, get_texts, get_rows,   get_plan,   get_model,
                                                     get_rarity, get_words, get_counts, get_capped, get_pairs};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < COUNT(parts); i++)
        rc = parts[i](&r);
    if (rc != 0) {
        match_frame_free(r.f);
        return rc;
    }
    *ret_linkage = TAKE(l);
    *ret_frame = r.f;
    return 0;
}
