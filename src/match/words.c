/*
 * Pairs that share rare words of their texts or names.
 *
 * How rare a word is was settled when the model was fitted, so which words of a record make pairs does not move when
 * others come.  Words that were seen once or never then make pairs by themselves: they are the rarest of all.
 */
#include "match/match_internal.h"

enum {
    RARE_WORDS = 7,        /* of a record, that make pairs of words */
    WORD_RECORDS_MAX = 24, /* of a word that is a key by itself */
    WORD_BLOCK_MAX = 60,
};

struct word_entry {
    uint64_t key;
    uint32_t record;
};
struct listing {
    const struct match_frame *f;
    const struct match_words *w;
    struct word_entry *entries;
    size_t count, room;
    bool failed;
};

static int by_word(const void *x, const void *y)
{
    const struct word_entry *a = x, *b = y;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->record < b->record ? -1 : a->record > b->record;
}

static int by_u64(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return a < b ? -1 : a > b;
}

static void add_entry(struct listing *l, uint64_t key, size_t record)
{
    if (l->count == l->room) {
        size_t room = l->room == 0 ? 4096 : l->room * 2;
        struct word_entry *grown = realloc(l->entries, room * sizeof *grown);
        l->failed = l->failed || grown == NULL;
        l->entries = grown != NULL ? grown : l->entries;
        l->room = grown != NULL ? room : l->room;
    }
    if (!l->failed)
        l->entries[l->count++] = (struct word_entry){key, (uint32_t)record};
}

/* Put a word among the rarest, rarest first. */
static unsigned keep_rare(const struct match_words *w, uint32_t to[RARE_WORDS], unsigned n, uint32_t word)
{
    unsigned at = n;
    for (unsigned m = 0; m < n; m++)
        if (to[m] == word)
            return n;
    while (at > 0 && match_words_often(w, to[at - 1]) > match_words_often(w, word))
        at--;
    if (at == RARE_WORDS)
        return n;
    n = n < RARE_WORDS ? n + 1 : n;
    for (unsigned m = n - 1; m > at; m--)
        to[m] = to[m - 1];
    to[at] = word;
    return n;
}

static void list_record(struct listing *l, size_t record)
{
    uint32_t words[RARE_WORDS] = {0};
    unsigned n = 0;
    for (unsigned i = 0; i < l->f->fields; i++) {
        uint32_t value = l->f->row[record * l->f->fields + i];
        const struct match_dictionary *d = l->f->dictionary[i];
        for (uint32_t k = 0; value != 0 && k < d->values[value].words_count; k++) {
            uint32_t word = d->words[d->values[value].words + k];
            if (match_words_often(l->w, word) >= 2)
                n = keep_rare(l->w, words, n, word);
            else if (l->f->word_records[word] >= 2) /* a word of one record makes no pair */
                add_entry(l, word, record);
        }
    }
    for (unsigned i = 0; i < n; i++) {
        if (match_words_often(l->w, words[i]) <= WORD_RECORDS_MAX)
            add_entry(l, words[i], record);
        for (unsigned k = i + 1; k < n; k++) {
            uint32_t low = words[i] < words[k] ? words[i] : words[k], high = words[i] ^ words[k] ^ low;
            add_entry(l, (uint64_t)high << 32 | low, record);
        }
    }
}

/* A word may stand in two fields of a record: such entries are one. */
static size_t without_doubles(struct word_entry *entries, size_t n)
{
    size_t unique = 0;
    for (size_t i = 0; i < n; i++)
        if (unique == 0 || by_word(&entries[unique - 1], &entries[i]) != 0)
            entries[unique++] = entries[i];
    return unique;
}

static int pair_up(const struct word_entry *entries, size_t n, uint64_t **ret_pairs, size_t *ret_count, struct err *e)
{
    size_t room = 0, count = 0;
    OWN(mem_drop) uint64_t *pairs = NULL;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && entries[end].key == entries[i].key; end++)
            continue;
        if (end - i > WORD_BLOCK_MAX)
            continue;
        for (size_t a = i; a < end; a++)
            for (size_t b = a + 1; b < end; b++) {
                if (count == room) {
                    room = room == 0 ? 4096 : room * 2;
                    uint64_t *grown = realloc(pairs, room * sizeof *grown);
                    if (grown == NULL)
                        return err_memory(e);
                    pairs = grown;
                }
                pairs[count++] = (uint64_t)entries[a].record << 32 | entries[b].record;
            }
    }
    size_t unique = 0;
    if (count != 0)
        qsort(pairs, count, sizeof *pairs, by_u64);
    for (size_t i = 0; i < count; i++)
        if (unique == 0 || pairs[unique - 1] != pairs[i])
            pairs[unique++] = pairs[i];
    *ret_pairs = TAKE(pairs);
    *ret_count = unique;
    return 0;
}

int match_word_pairs(const struct match_frame *f, const struct match_words *w, size_t records, uint64_t **ret_pairs,
                     size_t *ret_count, struct err *e)
{
    struct listing l = {.f = f, .w = w};
    *ret_pairs = NULL;
    *ret_count = 0;
    if (!match_plan_has_words(f))
        return 0;
    for (size_t r = 0; r < records && !l.failed; r++)
        list_record(&l, r);
    int rc = l.failed ? err_memory(e) : 0;
    if (rc == 0 && l.count != 0) {
        qsort(l.entries, l.count, sizeof *l.entries, by_word);
        rc = pair_up(l.entries, without_doubles(l.entries, l.count), ret_pairs, ret_count, e);
    }
    free(l.entries);
    return rc;
}
