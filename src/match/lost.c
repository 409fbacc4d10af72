/*
 * What later records take away: a block that they make too large no longer pairs those that were in it.
 *
 * Each pair that shares fewer keys than before is met once, at the first key that it lost; a pair that shared no key is
 * met among the pairs of words.  So the counts of all keys follow exactly.
 */
#include "match/match_internal.h"

static int by_u64(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return a < b ? -1 : a > b;
}

static int add(struct match_lost *to, uint64_t pair, struct err *e)
{
    if (to->count == to->room) {
        size_t room = to->room == 0 ? 1024 : to->room * 2;
        uint64_t *grown = realloc(to->pair, room * sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        to->pair = grown;
        to->room = room;
    }
    to->pair[to->count++] = pair;
    return 0;
}

static bool is_among(const uint64_t *pairs, size_t count, uint64_t pair)
{
    return count != 0 && bsearch(&pair, pairs, count, sizeof pair, by_u64) != NULL;
}

static uint32_t shared(const uint32_t *of, uint64_t pair, unsigned keys)
{
    return match_keys_shared(of + (pair >> 32) * MATCH_KEYS_MAX, of + (pair & 0xFFFFFFFF) * MATCH_KEYS_MAX, keys);
}

static bool compared_at_all(const struct match_search *s, uint64_t pair)
{
    return !s->across || s->f->source[pair >> 32] != s->f->source[pair & 0xFFFFFFFF];
}

static int look_at(const struct match_search *s, const struct match_keys *keys, const struct match_word_pairs *words,
                   unsigned key, uint64_t pair, struct match_tally *tally, struct match_lost *to, struct err *e)
{
    uint32_t before = shared(keys->before, pair, s->plan->keys), now = shared(keys->of, pair, s->plan->keys);
    uint32_t gone = before & ~now;
    if (gone == 0 || (unsigned)__builtin_ctz(gone) != key || !compared_at_all(s, pair))
        return 0;
    tally->pairs[__builtin_ctz(before)]--;
    if (now == 0 && !is_among(words->after, words->after_count, pair))
        return add(to, pair, e);
    tally->pairs[now != 0 ? (unsigned)__builtin_ctz(now) : s->plan->keys]++;
    return 0;
}

static int look_at_words(const struct match_search *s, const struct match_keys *keys,
                         const struct match_word_pairs *words, struct match_tally *tally, struct match_lost *to,
                         struct err *e)
{
    for (size_t i = 0, k = 0; i < words->before_count; i++) {
        uint64_t pair = words->before[i];
        while (k < words->after_count && words->after[k] < pair)
            k++;
        bool still = k < words->after_count && words->after[k] == pair;
        if (still || !compared_at_all(s, pair) || shared(keys->before, pair, s->plan->keys) != 0)
            continue;
        tally->pairs[s->plan->keys]--;
        int rc = add(to, pair, e);
        if (rc != 0)
            return rc;
    }
    return 0;
}

int match_lost_find(const struct match_search *s, const struct match_keys *keys, const struct match_word_pairs *words,
                    struct match_tally *tally, struct match_lost *to, struct err *e)
{
    for (size_t i = 0; i < keys->crossings; i++) {
        const struct match_crossing *c = &keys->crossing[i];
        const uint32_t *member = keys->member + c->first;
        for (size_t a = 0; a < c->count; a++)
            for (size_t b = a + 1; b < c->count; b++) {
                uint64_t pair = (uint64_t)member[a] << 32 | member[b];
                int rc = look_at(s, keys, words, c->key, pair, tally, to, e);
                if (rc != 0)
                    return rc;
            }
    }
    int rc = look_at_words(s, keys, words, tally, to, e);
    if (rc == 0 && to->count != 0)
        qsort(to->pair, to->count, sizeof *to->pair, by_u64);
    return rc;
}
