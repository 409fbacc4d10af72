/*
 * Keys under which a name is found again: what is alike shares one of them.
 */
#include "match/match_internal.h"

enum { WORDS_MAX = 6, BEGINNING = 4 };

struct key_list {
    uint32_t *keys;
    uint8_t *rank;
    unsigned count;
};

static void add(struct key_list *l, uint64_t x, uint8_t rank)
{
    uint32_t key = (uint32_t)(match_mix(x) >> 32) | 1;
    for (unsigned i = 0; i < l->count; i++)
        if (l->keys[i] == key)
            return;
    if (l->count < MATCH_NAME_KEYS) {
        l->keys[l->count] = key;
        l->rank[l->count++] = rank;
    }
}

uint64_t match_bytes_hash(struct bytes x)
{
    return match_hash(x.p, x.n);
}

unsigned match_name_keys(const struct match_name *name, uint32_t ret_keys[MATCH_NAME_KEYS],
                         uint8_t ret_rank[MATCH_NAME_KEYS])
{
    struct key_list l = {ret_keys, ret_rank, 0};
    uint64_t sound[WORDS_MAX], beginning[WORDS_MAX];
    unsigned words = 0, n_all = 0;
    char all[64];
    for (unsigned i = 0; i < name->count && words < WORDS_MAX; i++) {
        const struct match_token *t = &name->t[i];
        char s[12];
        unsigned n = match_skeleton(t->s, t->n, s);
        for (unsigned k = 0; k < t->n && n_all < sizeof all; k++)
            all[n_all++] = t->s[k];
        if (t->n < 2)
            continue;
        sound[words] = match_hash(s, n);
        beginning[words++] = match_hash(t->s, t->n < BEGINNING ? t->n : BEGINNING) ^ 0x55;
    }
    for (unsigned i = 0; i < words; i++)
        for (unsigned k = i + 1; k < words; k++) {
            add(&l, sound[i] + sound[k], 3); /* a sum: in either order */
            add(&l, sound[i] + beginning[k], 2);
            add(&l, beginning[i] + sound[k], 2);
        }
    char s[12];
    add(&l, match_hash(s, match_skeleton(all, n_all, s)) ^ 0xAA, 3);
    for (unsigned i = 0; i < words; i++) {
        add(&l, sound[i], 1);
        add(&l, beginning[i], 1);
    }
    return l.count;
}
