#include "estimate/estimate_internal.h"

#include <assert.h>
#include <stdio.h>

void estimate_model_independence(unsigned lists, struct estimate_model *ret)
{
    ret->differ = false;
    ret->count = 0;
    ret->term[ret->count++] = 0;
    for (unsigned list = 0; list < lists; list++)
        ret->term[ret->count++] = (uint16_t)(1U << list);
}

bool estimate_model_add(struct estimate_model *m, uint16_t term)
{
    for (unsigned i = 0; i < m->count; i++)
        if (m->term[i] == term)
            return true;
    if (m->count == ESTIMATE_TERMS_MAX)
        return false;
    m->term[m->count++] = term;
    return true;
}

static bool is_largest(const struct estimate_model *m, uint16_t term)
{
    for (unsigned i = 0; i < m->count; i++)
        if (m->term[i] != term && (m->term[i] & term) == term)
            return false;
    return true;
}

/* "1" before "2", "12" before "13": by the lowest list in which two terms of one size differ. */
static bool comes_before(uint16_t a, uint16_t b)
{
    unsigned differ = (unsigned)(a ^ b);
    return (a & (differ & -differ)) != 0;
}

static void put_term(uint16_t term, char *to, size_t *at)
{
    for (unsigned list = 0; list < ESTIMATE_LISTS_MAX; list++)
        if ((term >> list & 1) != 0 && *at + 3 < ESTIMATE_MODEL_NAME_MAX)
            to[(*at)++] = (char)('0' + (list + 1) % 10);
}

void estimate_model_name(const struct estimate_model *m, unsigned lists, char to[ESTIMATE_MODEL_NAME_MAX])
{
    size_t at = 0;
    to[at++] = '[';
    for (int size = (int)lists; size > 0; size--) {
        bool said[ESTIMATE_TERMS_MAX] = {false};
        for (;;) {
            int next = -1;
            for (unsigned i = 0; i < m->count; i++)
                if (!said[i] && __builtin_popcount(m->term[i]) == size && is_largest(m, m->term[i]) &&
                    (next < 0 || comes_before(m->term[i], m->term[next])))
                    next = (int)i;
            if (next < 0)
                break;
            said[next] = true;
            if (at > 1 && at + 3 < ESTIMATE_MODEL_NAME_MAX)
                to[at++] = ',';
            put_term(m->term[next], to, &at);
        }
    }
    to[at++] = ']';
    to[at] = 0;
}

/* A term brings everything it contains. */
static bool add_with_parts(struct estimate_model *m, uint16_t term)
{
    for (unsigned part = 1; part <= term; part++)
        if ((part & term) == part && !estimate_model_add(m, (uint16_t)part))
            return false;
    return true;
}

bool estimate_model_parse(const char *name, unsigned lists, struct estimate_model *ret)
{
    struct estimate_model m;
    estimate_model_independence(lists, &m);
    unsigned term = 0, all = (1U << lists) - 1;
    if (*name++ != '[')
        return false;
    for (;; name++) {
        if (*name >= '0' && *name <= '9') {
            unsigned list = *name == '0' ? 9 : (unsigned)(*name - '1');
            if (list >= lists || (term >> list & 1) != 0)
                return false;
            term |= 1U << list;
        } else {
            if (term == 0 || term == all || !add_with_parts(&m, (uint16_t)term))
                return false;
            term = 0;
            if (*name == ']')
                break;
            if (*name != ',')
                return false;
        }
    }
    if (name[1] != 0)
        return false;
    *ret = m;
    return true;
}

/* ---- All of them: sets of terms that hold with each term all its parts ------------------------------------------ */

struct search {
    unsigned lists;
    uint16_t candidate[1 << ESTIMATE_ALL_MODELS_LISTS_MAX]; /* of two lists and more, small ones first */
    unsigned candidates;
    struct estimate_model *models;
    size_t count, room;
};

static bool parts_present(uint32_t present, uint16_t term)
{
    for (unsigned left = term; left != 0; left &= left - 1) {
        unsigned part = term & ~(left & -left);
        if (__builtin_popcount(part) > 1 && (present >> part & 1) == 0)
            return false;
    }
    return true;
}

static void keep(struct search *s, uint32_t present)
{
    assert(s->count < s->room);
    struct estimate_model *m = &s->models[s->count++];
    estimate_model_independence(s->lists, m);
    for (unsigned i = 0; i < s->candidates; i++)
        if ((present >> s->candidate[i] & 1) != 0)
            m->term[m->count++] = s->candidate[i];
}

static void decide(struct search *s, unsigned at, uint32_t present)
{
    if (at == s->candidates) {
        keep(s, present);
        return;
    }
    decide(s, at + 1, present);
    if (parts_present(present, s->candidate[at]))
        decide(s, at + 1, present | 1U << s->candidate[at]);
}

int estimate_models(unsigned lists, struct estimate_model **ret, size_t *ret_count, struct err *e)
{
    static const size_t number[] = {[3] = 8, [4] = 113, [5] = 6893};
    assert(lists >= 3 && lists <= ESTIMATE_ALL_MODELS_LISTS_MAX);
    struct search s = {.lists = lists, .room = number[lists]};
    for (int size = 2; size < (int)lists; size++)
        for (unsigned term = 0; term < 1U << lists; term++)
            if (__builtin_popcount(term) == size)
                s.candidate[s.candidates++] = (uint16_t)term;
    s.models = calloc(s.room, sizeof *s.models);
    if (s.models == NULL)
        return err_memory(e);
    decide(&s, 0, 0);
    *ret = s.models;
    *ret_count = s.count;
    return 0;
}
