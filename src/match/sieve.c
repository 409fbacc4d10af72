/*
 * One name against very many, exhaustively: only those are scored in full whose score may reach what is asked for.
 *
 * Every distinct word is compared with every word of the query, and what a name can still reach is computed from the
 * answers to its words.  The score has three ways up, and each has a bound that is never below it:
 *
 * - words: the mean of the answers, less for words without one.  No name gets further than its best answer, so a name
 *   without a word that answers as well as is asked for is done with; for the others sums are held to the mean.
 * - two words joined to one, or all of a name to one: letters differ by two for each step of the distance at most, so
 *   sets of letters, scanned for all names, tell which may be near enough.
 * - Korean syllables: names that agree in all syllables share a key over the classes of jamo.
 *
 * What is found by a scan or a key is a superset; sieve_test holds it to the plain comparison of every name.
 */
#include "match/match_internal.h"

enum {
    KINDS = MATCH_VESSEL + 1,
    ONE = MATCH_SCORE_ONE,
    KOREAN_SCORE = 960,
    CACHE_BITS = 12, /* words of which the reading is kept while names come in */
    ROW_HANGUL = 1,
    ROW_PLAUSIBLE = 2,
};

/* A sorted list from keys to numbers: key << 32 | number. */
struct keyed {
    uint64_t *e;
    size_t n, room;
};
struct word {
    struct match_token t;
    uint32_t letters;
    char skeleton[12];
    uint8_t skeleton_n, kind; /* as in a side */
    uint8_t weight;
};
/* Two neighbours of a name, which may be one word of the query. */
struct neighbours {
    uint32_t row, at; /* place of the first one among the words of the row */
};
/* A row that uses a word, with the other words of it, so that it can be judged where it is met. */
enum { OTHERS = 3 };
struct use {
    uint32_t row, other[OTHERS];
};
/* Names of one kind; a row for each reading of a name. */
struct shelf {
    struct match_map *numbers;
    struct word *word;
    uint32_t words, words_room;
    uint32_t *letters, *skeleton; /* sets of each word, to be scanned */
    uint8_t *weight, *length;
    uint32_t *foreign; /* words that are not Latin */
    size_t foreign_count;
    uint32_t *name; /* of each row */
    size_t *first;  /* of each row, into of; and the end */
    uint8_t *flags;
    size_t rows, rows_room;
    uint32_t *of; /* words of all rows */
    size_t of_count, of_room;
    uint32_t *joined; /* of each row: the letters of all its words */
    uint32_t *pair;   /* letters of neighbours */
    uint8_t *pair_length;
    struct neighbours *pair_of;
    size_t pairs, pairs_room;
    size_t *used; /* of each word, into used_by; and the end */
    struct use *used_by;
    struct keyed by_skeleton, by_consonants, by_syllables, by_initial; /* words */
    struct keyed by_name;                                              /* rows, by the syllables of the whole */
    uint32_t *too_many;                                                /* rows with too many keys */
    size_t too_many_count, too_many_room;
};
struct match_sieve {
    struct match_korean_classes classes;
    struct shelf shelf[KINDS];
    uint32_t names;
    struct match_readings_cache *cache; /* while names come in */
};

static bool grown(void **array, size_t *room, size_t count, size_t size)
{
    if (count < *room)
        return true;
    size_t more = *room == 0 ? 256 : *room * 2;
    void *larger = realloc(*array, more * size);
    if (larger == NULL)
        return false;
    *array = larger;
    *room = more;
    return true;
}
#define GROWN(array, room, count)                                                                                      \
    ({                                                                                                                 \
        void *whole_ = (array);                                                                                        \
        bool fine_ = grown(&whole_, &(room), (count), sizeof *(array));                                                \
        (array) = whole_;                                                                                              \
        fine_;                                                                                                         \
    })

static bool keyed_add(struct keyed *k, uint32_t key, uint32_t number)
{
    if (!GROWN(k->e, k->room, k->n))
        return false;
    k->e[k->n++] = (uint64_t)key << 32 | number;
    return true;
}

static int by_u64(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return a < b ? -1 : a > b;
}

static void keyed_sort(struct keyed *k)
{
    if (k->n != 0)
        qsort(k->e, k->n, sizeof *k->e, by_u64);
}

static size_t keyed_first(const struct keyed *k, uint32_t key)
{
    size_t low = 0, high = k->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (k->e[middle] >> 32 < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint32_t initial_key(char letter, bool alone)
{
    return (uint32_t)(uint8_t)letter << 1 | alone;
}

static uint32_t text_key(const char *s, unsigned n)
{
    return (uint32_t)match_hash(s, n);
}

/* ---- names in ---- */

int match_sieve_new(struct match_sieve **ret_sieve, struct err *e)
{
    struct match_sieve *s = calloc(1, sizeof *s);
    if (s == NULL)
        return err_memory(e);
    match_korean_classes_make(&s->classes);
    s->cache = match_readings_cache_new(CACHE_BITS);
    for (unsigned k = 0; k < KINDS; k++)
        if ((s->shelf[k].numbers = match_map_new()) == NULL) {
            match_sieve_free(s);
            return err_memory(e);
        }
    *ret_sieve = s;
    return 0;
}

void match_sieve_free(struct match_sieve *s)
{
    for (unsigned k = 0; s != NULL && k < KINDS; k++) {
        struct shelf *h = &s->shelf[k];
        match_map_free(h->numbers);
        void *all[] = {h->word,      h->letters,       h->skeleton,        h->weight,         h->length,
                       h->foreign,   h->name,          h->first,           h->flags,          h->of,
                       h->joined,    h->pair,          h->pair_of,         h->pair_length,    h->used,
                       h->used_by,   h->by_skeleton.e, h->by_consonants.e, h->by_syllables.e, h->by_initial.e,
                       h->by_name.e, h->too_many};
        for (size_t i = 0; i < COUNT(all); i++)
            free(all[i]);
    }
    if (s != NULL)
        free(s->cache);
    free(s);
}

/* Everything that the comparison of words looks at, without the bytes between the members. */
static struct bytes token_bytes(const struct match_token *t, uint8_t kind, uint8_t to[64])
{
    size_t n = 0;
    memcpy(to, t->s, sizeof t->s);
    n += sizeof t->s;
    to[n++] = t->n;
    to[n++] = t->script;
    to[n++] = t->syllables;
    to[n++] = kind;
    memcpy(to + n, t->hangul, t->syllables * sizeof *t->hangul);
    n += t->syllables * sizeof *t->hangul;
    memcpy(to + n, t->also, t->syllables * sizeof *t->also);
    return bytes_of(to, n + t->syllables * sizeof *t->also);
}

static bool index_word(const struct match_sieve *s, struct shelf *h, uint32_t number)
{
    const struct word *w = &h->word[number];
    char consonants[MATCH_TOKEN_BYTES];
    uint32_t keys[MATCH_KOREAN_KEYS];
    unsigned n = match_token_keys(&s->classes, &w->t, keys);
    bool fine = keyed_add(&h->by_skeleton, text_key(w->skeleton, w->skeleton_n), number) &&
                keyed_add(&h->by_consonants, text_key(consonants, match_consonants(&w->t, consonants)), number);
    if (w->t.n != 0)
        fine = fine && keyed_add(&h->by_initial, initial_key(w->t.s[0], w->t.n == 1), number);
    for (unsigned i = 0; fine && i < n && n <= MATCH_KOREAN_KEYS; i++)
        fine = keyed_add(&h->by_syllables, keys[i], number);
    if (n > MATCH_KOREAN_KEYS) /* found under the key of all such */
        fine = fine && keyed_add(&h->by_syllables, 0, number);
    return fine;
}

/* The number of a word of a side; UINT32_MAX when memory is out. */
static uint32_t number_word(const struct match_sieve *s, struct shelf *h, const struct match_side *side, unsigned i)
{
    uint8_t bytes[64];
    bool is_new;
    uint32_t number = match_map_number(h->numbers, token_bytes(&side->t[i], side->kind[i], bytes), &is_new) - 1;
    size_t room = h->words_room;
    if (number == UINT32_MAX || !GROWN(h->word, room, number))
        return UINT32_MAX;
    h->words_room = (uint32_t)room;
    if (!is_new)
        return number;
    struct word *w = &h->word[number];
    *w = (struct word){.t = side->t[i],
                       .letters = side->letters[i],
                       .skeleton_n = side->skeleton_n[i],
                       .kind = side->kind[i],
                       .weight = (uint8_t)side->weight[i]};
    memcpy(w->skeleton, side->skeleton[i], w->skeleton_n);
    h->words = number + 1;
    return w->kind != 0 || index_word(s, h, number) ? number : UINT32_MAX;
}

/*
 * Bits that no letter has in a set, the same for the same first letter: what begins otherwise is farther off.  Each
 * code is three of six bits.
 */
static uint32_t first_letter(char letter)
{
    static const uint8_t three_of_six[] = {0x07, 0x0B, 0x0D, 0x0E, 0x13, 0x15, 0x16, 0x19, 0x1A, 0x1C,
                                           0x23, 0x25, 0x26, 0x29, 0x2A, 0x2C, 0x31, 0x32, 0x34, 0x38};
    uint32_t code = three_of_six[(uint8_t)letter % sizeof three_of_six];
    return (code & 1) | (code >> 1) << 27;
}

static bool add_neighbours(struct shelf *h, const struct match_side *side)
{
    for (unsigned i = 0; i + 1 < side->count; i++) {
        unsigned n = side->t[i].n + side->t[i + 1].n;
        if (side->kind[i] == 'L' || side->kind[i + 1] == 'L' || side->t[i].n == 0 || n > MATCH_LONGEST_WORD ||
            side->t[i].syllables != 0)
            continue;
        size_t room[2] = {h->pairs_room, h->pairs_room};
        if (!GROWN(h->pair, room[0], h->pairs) || !GROWN(h->pair_length, room[1], h->pairs) ||
            !GROWN(h->pair_of, h->pairs_room, h->pairs))
            return false;
        h->pair[h->pairs] = side->letters[i] | side->letters[i + 1] | first_letter(side->t[i].s[0]);
        h->pair_length[h->pairs] = (uint8_t)n;
        h->pair_of[h->pairs++] = (struct neighbours){(uint32_t)h->rows, i};
    }
    return true;
}

static bool add_syllables(const struct match_sieve *s, struct shelf *h, const struct match_name *name)
{
    uint32_t keys[MATCH_KOREAN_KEYS];
    unsigned n = match_korean_keys(&s->classes, name, s->cache, keys);
    if (n > MATCH_KOREAN_KEYS) {
        if (!GROWN(h->too_many, h->too_many_room, h->too_many_count))
            return false;
        h->too_many[h->too_many_count++] = (uint32_t)h->rows;
        return true;
    }
    for (unsigned i = 0; i < n; i++)
        if (!keyed_add(&h->by_name, keys[i], (uint32_t)h->rows))
            return false;
    return true;
}

static bool add_row(struct match_sieve *s, const struct match_name *name, enum match_kind kind)
{
    struct shelf *h = &s->shelf[kind];
    struct match_side side;
    char joined[MATCH_LONGEST_WORD];
    size_t room[4] = {h->rows_room, h->rows_room, h->rows_room, h->rows_room};
    match_side_make(&side, name, kind);
    if (!GROWN(h->name, room[0], h->rows + 1) || !GROWN(h->first, room[1], h->rows + 1) ||
        !GROWN(h->flags, room[2], h->rows + 1) || !GROWN(h->joined, room[3], h->rows + 1))
        return false;
    h->rows_room = room[0];
    h->name[h->rows] = s->names;
    h->first[h->rows] = h->of_count;
    h->flags[h->rows] = (uint8_t)((name->count != 0 && name->t[0].syllables != 0 ? ROW_HANGUL : 0) |
                                  (match_korean_plausible(name) ? ROW_PLAUSIBLE : 0));
    h->joined[h->rows] = match_letters_of(joined, match_side_joined(&side, joined));
    for (unsigned i = 0; i < side.count; i++) {
        uint32_t number = number_word(s, h, &side, i);
        if (number == UINT32_MAX || !GROWN(h->of, h->of_room, h->of_count))
            return false;
        h->of[h->of_count++] = number;
    }
    if (!add_neighbours(h, &side) || (kind == MATCH_PERSON && !add_syllables(s, h, name)))
        return false;
    h->first[++h->rows] = h->of_count;
    return true;
}

int match_sieve_add(struct match_sieve *s, struct bytes text, enum match_kind kind, struct err *e)
{
    struct match_name name;
    bool han = match_name_read(text, MATCH_READ_KOREAN, &name), fine = add_row(s, &name, kind);
    if (fine && han) {
        (void)match_name_read(text, MATCH_READ_MANDARIN, &name);
        fine = add_row(s, &name, kind);
    }
    s->names++;
    return fine ? 0 : err_memory(e);
}

/* Places without a word name one that gives nothing, rows of too many words one that lets them pass. */
static struct use use_of(const struct shelf *h, size_t row, size_t at)
{
    size_t from = h->first[row], to = h->first[row + 1];
    struct use u = {(uint32_t)row, {h->words, h->words, h->words}};
    if (to - from > OTHERS + 1) {
        u.other[0] = h->words + 1;
        return u;
    }
    for (size_t i = from, n = 0; i < to; i++)
        if (i != at)
            u.other[n++] = h->of[i];
    return u;
}

static bool make_sets(struct shelf *h)
{
    h->letters = malloc((h->words + 1) * sizeof *h->letters);
    h->skeleton = malloc((h->words + 1) * sizeof *h->skeleton);
    h->weight = malloc(h->words + 1);
    h->length = malloc(h->words + 1);
    h->foreign = malloc((h->words + 1) * sizeof *h->foreign);
    h->used = calloc(h->words + 2, sizeof *h->used);
    h->used_by = malloc((h->of_count + 1) * sizeof *h->used_by);
    if (h->letters == NULL || h->skeleton == NULL || h->foreign == NULL || h->weight == NULL || h->length == NULL ||
        h->used == NULL || h->used_by == NULL)
        return false;
    for (uint32_t i = 0; i < h->words; i++) {
        h->letters[i] = h->word[i].letters;
        h->weight[i] = h->word[i].weight;
        h->length[i] = h->word[i].t.n;
        h->skeleton[i] = match_letters_of(h->word[i].skeleton, h->word[i].skeleton_n);
        if (h->word[i].t.script != MATCH_LATIN)
            h->foreign[h->foreign_count++] = i;
    }
    for (size_t i = 0; i < h->of_count; i++)
        h->used[h->of[i] + 1]++;
    for (uint32_t i = 0; i < h->words; i++)
        h->used[i + 1] += h->used[i];
    for (size_t row = h->rows; row-- > 0;)
        for (size_t i = h->first[row]; i < h->first[row + 1]; i++)
            h->used_by[--h->used[h->of[i] + 1]] = use_of(h, row, i);
    /* Each beginning now stands one place too far. */
    memmove(h->used, h->used + 1, (h->words + 0u) * sizeof *h->used);
    h->used[h->words] = h->of_count;
    return true;
}

int match_sieve_ready(struct match_sieve *s, struct err *e)
{
    free(s->cache);
    s->cache = NULL;
    for (unsigned k = 0; k < KINDS; k++) {
        struct shelf *h = &s->shelf[k];
        if (!make_sets(h))
            return err_memory(e);
        keyed_sort(&h->by_skeleton);
        keyed_sort(&h->by_consonants);
        keyed_sort(&h->by_syllables);
        keyed_sort(&h->by_initial);
        keyed_sort(&h->by_name);
    }
    return 0;
}

/* ---- one name against them ---- */

/* What a word gives to the mean at most, see may_reach; and which words of the query it answers. */
struct gift {
    int32_t most;
    uint32_t mask;
};
struct asking {
    const struct match_sieve *s;
    const struct shelf *h;
    enum match_kind kind;
    int least;
    struct match_side side;
    const struct match_name *name;
    uint16_t *best, *mask; /* of each word: its best answer, and to which words of the query it has one */
    struct gift *gift;     /* of each word */
    int32_t *own;          /* of each set of the query's words: what it gives at most when these have answers */
    uint32_t *touched;     /* words with an answer */
    size_t touched_count;
    uint32_t *strong; /* words that answer as well as is asked for */
    size_t strong_count;
    uint32_t *found; /* of a scan */
    uint64_t *seen;  /* a bit for each row */
    uint64_t *pass;  /* a bit for each name */
};

static void pass(struct asking *q, uint32_t row)
{
    uint32_t name = q->h->name[row];
    q->pass[name / 64] |= 1ull << name % 64;
}

static void answer(struct asking *q, uint32_t word, unsigned i, unsigned score)
{
    if (score < MATCH_ANSWER_LEAST)
        return;
    bool was_strong = q->best[word] >= q->least;
    if (q->mask[word] == 0)
        q->touched[q->touched_count++] = word;
    q->mask[word] |= (uint16_t)(1u << i);
    q->best[word] = score > q->best[word] ? (uint16_t)score : q->best[word];
    if (!was_strong && q->best[word] >= q->least)
        q->strong[q->strong_count++] = word;
}

/* The answer of a word to the ${i}-th word of the query, whichever of the two comes first. */
static void ask_word(struct asking *q, uint32_t word, unsigned i)
{
    const struct word *w = &q->h->word[word];
    struct match_side one;
    uint8_t how;
    if (w->kind != 0 || (q->mask[word] >> i & 1) != 0)
        return;
    one.t[0] = w->t;
    one.letters[0] = w->letters;
    one.skeleton_n[0] = w->skeleton_n;
    memcpy(one.skeleton[0], w->skeleton, sizeof w->skeleton);
    unsigned there = match_words_alike(&q->side, i, &one, 0, &how, q->kind);
    unsigned back = match_words_alike(&one, 0, &q->side, i, &how, q->kind);
    answer(q, word, i, there > back ? there : back);
}

static void ask_keyed(struct asking *q, const struct keyed *k, uint32_t key, unsigned i)
{
    for (size_t at = keyed_first(k, key); at < k->n && k->e[at] >> 32 == key; at++)
        ask_word(q, (uint32_t)k->e[at], i);
}

/* The most steps of the distance at which words of ${n} letters and others still are an answer. */
static unsigned steps_of(unsigned n)
{
    return n >= 8 ? 3 : n >= 4 ? 2 : n >= 2 ? 1 : 0;
}

static void ask_near(struct asking *q, unsigned i)
{
    const struct match_token *t = &q->side.t[i];
    unsigned steps = steps_of(t->n);
    size_t n = match_sets_near(q->h->letters, q->h->words, q->side.letters[i], 2 * steps, q->found);
    for (size_t k = 0; k < n; k++) {
        unsigned length = q->h->length[q->found[k]];
        unsigned apart = length > t->n ? length - t->n : t->n - length;
        if (apart <= steps && match_words_near(t->s, t->n, q->h->word[q->found[k]].t.s, length) >= MATCH_ANSWER_LEAST)
            ask_word(q, q->found[k], i);
    }
}

/* Words of another script that are near by their consonants; skeletons are of twelve letters at most. */
static void ask_across(struct asking *q, unsigned i)
{
    const struct match_token *t = &q->side.t[i];
    char consonants[MATCH_TOKEN_BYTES];
    uint32_t keys[MATCH_KOREAN_KEYS], with = match_letters_of(q->side.skeleton[i], q->side.skeleton_n[i]);
    ask_keyed(q, &q->h->by_consonants, text_key(consonants, match_consonants(t, consonants)), i);
    unsigned most = 2 * steps_of(q->side.skeleton_n[i]);
    bool latin = t->script == MATCH_LATIN;
    size_t n = latin ? q->h->foreign_count : match_sets_near(q->h->skeleton, q->h->words, with, most, q->found);
    for (size_t k = 0; k < n; k++) {
        uint32_t word = latin ? q->h->foreign[k] : q->found[k];
        bool near = !latin || (unsigned)__builtin_popcount(q->h->skeleton[word] ^ with) <= most;
        if (near && q->h->word[word].t.script != t->script)
            ask_word(q, word, i);
    }
    unsigned count = match_token_keys(&q->s->classes, t, keys);
    for (unsigned k = 0; k < count && count <= MATCH_KOREAN_KEYS; k++)
        ask_keyed(q, &q->h->by_syllables, keys[k], i);
    ask_keyed(q, &q->h->by_syllables, 0, i);
    for (size_t k = 0; count > MATCH_KOREAN_KEYS && k < q->h->words; k++)
        ask_word(q, (uint32_t)k, i);
}

/* Two neighbours of the query that are one word of a name. */
static void ask_joined(struct asking *q, unsigned i)
{
    const struct match_token *a = &q->side.t[i], *b = &q->side.t[i + 1];
    char s[2 * MATCH_TOKEN_BYTES];
    unsigned n = a->n + b->n;
    if (q->side.kind[i] == 'L' || q->side.kind[i + 1] == 'L' || a->n == 0 || n > MATCH_LONGEST_WORD)
        return;
    memcpy(s, a->s, a->n);
    memcpy(s + a->n, b->s, b->n);
    unsigned most = n >= 17 ? 6 : n >= 12 ? 4 : 2; /* beyond, nothing is as near as joined words must be */
    size_t found = match_sets_near(q->h->letters, q->h->words, match_letters_of(s, n), most, q->found);
    for (size_t k = 0; k < found; k++) {
        const struct word *w = &q->h->word[q->found[k]];
        unsigned score = w->kind != 0 ? 0 : match_words_near(s, n, w->t.s, w->t.n);
        if (score < MATCH_JOIN_LEAST)
            continue;
        answer(q, q->found[k], i, score);
        answer(q, q->found[k], i + 1, score);
    }
}

/* Two neighbours of a name that are one word of the query. */
static void ask_neighbours(struct asking *q, unsigned i)
{
    const struct match_token *t = &q->side.t[i];
    unsigned n = t->n, most = n >= 17 ? 6 : n >= 11 ? 4 : n >= 4 ? 2 : 0;
    uint32_t with = q->side.letters[i] | first_letter(t->s[0]);
    size_t found = n == 0 ? 0 : match_sets_near(q->h->pair, q->h->pairs, with, most, q->found);
    for (size_t k = 0; k < found; k++) {
        unsigned length = q->h->pair_length[q->found[k]];
        if (length > n + most / 2 || n > length + most / 2)
            continue;
        const struct neighbours *p = &q->h->pair_of[q->found[k]];
        const uint32_t *of = q->h->of + q->h->first[p->row] + p->at;
        const struct match_token *a = &q->h->word[of[0]].t, *b = &q->h->word[of[1]].t;
        char s[2 * MATCH_TOKEN_BYTES];
        if (a->s[0] != t->s[0])
            continue;
        memcpy(s, a->s, a->n);
        memcpy(s + a->n, b->s, b->n);
        if (match_words_near(s, a->n + b->n, t->s, t->n) >= MATCH_JOIN_LEAST)
            pass(q, p->row);
    }
}

/* The whole query written in one, against the whole of each name. */
static void ask_whole(struct asking *q)
{
    char s[MATCH_LONGEST_WORD], other[MATCH_LONGEST_WORD];
    unsigned n = match_side_joined(&q->side, s), most = 0;
    while (most < MATCH_JOINED_DISTANCE && ONE - (int)(most + 1) * MATCH_JOINED_STEP >= q->least)
        most++;
    if (n < MATCH_JOINED_LEAST)
        return;
    size_t found = match_sets_near(q->h->joined, q->h->rows, match_letters_of(s, n), 2 * most, q->found);
    for (size_t k = 0; k < found; k++) {
        const struct shelf *h = q->h;
        size_t from = h->first[q->found[k]], to = h->first[q->found[k] + 1];
        unsigned m = 0;
        if (to - from == q->side.count)
            continue;
        for (size_t i = from; i < to; i++) {
            const struct word *w = &h->word[h->of[i]];
            if (w->kind == 0 && m + w->t.n <= MATCH_LONGEST_WORD) {
                memcpy(other + m, w->t.s, w->t.n);
                m += w->t.n;
            }
        }
        if (m + most >= n && n + most >= m && match_distance(s, n, other, m) <= most)
            pass(q, q->found[k]);
    }
}

static bool may_be_korean(const struct asking *q, uint32_t row)
{
    bool hangul = q->name->t[0].syllables != 0 || (q->h->flags[row] & ROW_HANGUL) != 0;
    return hangul || ((q->h->flags[row] & ROW_PLAUSIBLE) != 0 && match_korean_plausible(q->name));
}

static void ask_syllables(struct asking *q)
{
    uint32_t keys[MATCH_KOREAN_KEYS];
    unsigned count = match_korean_keys(&q->s->classes, q->name, NULL, keys);
    if (q->least > KOREAN_SCORE || count == 0)
        return;
    for (uint32_t row = 0; count > MATCH_KOREAN_KEYS && row < q->h->rows; row++)
        pass(q, row);
    for (unsigned i = 0; i < count && count <= MATCH_KOREAN_KEYS; i++)
        for (size_t at = keyed_first(&q->h->by_name, keys[i]);
             at < q->h->by_name.n && q->h->by_name.e[at] >> 32 == keys[i]; at++)
            if (may_be_korean(q, (uint32_t)q->h->by_name.e[at]))
                pass(q, (uint32_t)q->h->by_name.e[at]);
    for (size_t i = 0; i < q->h->too_many_count; i++)
        pass(q, q->h->too_many[i]);
}

/* What the words of one side give to the mean, in hundredths over what is asked for; see may_reach. */
struct giving {
    int64_t answered; /* all with an answer, those without one in full against it */
    int64_t lenient;  /* what is better for each: its answer, or to be missing */
    unsigned good;    /* words that make up for missing ones */
    bool all;         /* every word has an answer */
};

static void give(struct giving *g, unsigned weight, unsigned letters, int best, int least, bool count_missing,
                 unsigned percent)
{
    int64_t answered = (int64_t)weight * 100 * (best - least), missing = -(int64_t)weight * percent * least;
    if (count_missing) {
        g->lenient += best != 0 && answered > missing ? answered : missing;
        return;
    }
    g->answered += best != 0 ? answered : -(int64_t)weight * 100 * least;
    g->good += best >= MATCH_ANSWER_GOOD && letters > 1;
    g->all = g->all && best != 0;
}

/*
 * Can the words of a row bring it to the score?  That is: the sum of weight times answer, over the sum of weights with
 * missing words counted in part, is at least ${least} for some choice of answers.  Multiplied out, each word gives its
 * weight times (answer - least), or takes its share times least.  Missing words count in part on one side only, where
 * the other has an answer to all; the share falls with the number of good answers of that other side.
 */
static bool may_reach(const struct asking *q, uint32_t row)
{
    const struct shelf *h = q->h;
    int best_a[MATCH_TOKENS_MAX] = {0}, least = q->least;
    struct giving a = {.all = true}, b = {.all = true};
    size_t from = h->first[row], to = h->first[row + 1];
    for (size_t i = from; i < to; i++) {
        const uint32_t word = h->of[i];
        int best = q->best[word];
        if (h->word[word].weight == 0)
            continue;
        give(&b, h->word[word].weight, h->word[word].t.n, best, least, false, 0);
        for (unsigned m = q->mask[word]; m != 0; m &= m - 1) {
            int *of = &best_a[__builtin_ctz(m)];
            *of = best > *of ? best : *of;
        }
    }
    for (unsigned i = 0; i < q->side.count; i++)
        if (q->side.weight[i] != 0)
            give(&a, q->side.weight[i], q->side.t[i].n, best_a[i], least, false, 0);
    const int64_t slack = 100 * least; /* shares are rounded down */
    if (a.answered + b.answered + slack >= 0)
        return true;
    unsigned percent_b = match_missing_percent(q->kind, a.good), percent_a = match_missing_percent(q->kind, b.good);
    for (size_t i = from; a.all && i < to; i++)
        if (h->word[h->of[i]].weight != 0)
            give(&b, h->word[h->of[i]].weight, 0, q->best[h->of[i]], least, true, percent_b);
    if (a.all && a.answered + b.lenient + slack >= 0)
        return true;
    for (unsigned i = 0; b.all && i < q->side.count; i++)
        if (q->side.weight[i] != 0)
            give(&a, q->side.weight[i], 0, best_a[i], least, true, percent_a);
    return b.all && b.answered + a.lenient + slack >= 0;
}

/* All words once, so that a row is judged by a few sums where it is met; words without an answer are missing in part.
 */
static void make_gifts(struct asking *q)
{
    int32_t missing[UINT8_MAX + 1];
    const int32_t percent = (int32_t)match_missing_percent(q->kind, MATCH_TOKENS_MAX);
    for (int32_t weight = 0; weight <= UINT8_MAX; weight++)
        missing[weight] = -weight * percent * q->least;
    for (uint32_t w = 0; w < q->h->words; w++)
        q->gift[w] = (struct gift){missing[q->h->weight[w]], 0};
    q->gift[q->h->words] = (struct gift){0, 0};
    q->gift[q->h->words + 1] = (struct gift){INT32_MAX / 4, 0};
    for (size_t i = 0; i < q->touched_count; i++) {
        struct gift *g = &q->gift[q->touched[i]];
        int32_t answered = (int32_t)q->h->weight[q->touched[i]] * 100 * (q->best[q->touched[i]] - q->least);
        *g = (struct gift){answered > g->most ? answered : g->most, q->mask[q->touched[i]]};
    }
    for (unsigned set = 0; set < 1u << q->side.count; set++) {
        q->own[set] = 0;
        for (unsigned i = 0; i < q->side.count; i++)
            q->own[set] +=
                (set >> i & 1) != 0 ? (int32_t)q->side.weight[i] * 100 * (ONE - q->least) : missing[q->side.weight[i]];
    }
}

static bool hopeless(const struct asking *q, const struct gift *own, const struct use *u)
{
    const struct gift *a = &q->gift[u->other[0]], *b = &q->gift[u->other[1]], *c = &q->gift[u->other[2]];
    int32_t most = own->most + a->most + b->most + c->most;
    return most + q->own[own->mask | a->mask | b->mask | c->mask] + 100 * q->least < 0;
}

static void pass_rows(struct asking *q)
{
    make_gifts(q);
    for (size_t i = 0; i < q->strong_count; i++) {
        const struct gift own = q->gift[q->strong[i]];
        for (size_t k = q->h->used[q->strong[i]]; k < q->h->used[q->strong[i] + 1]; k++) {
            const struct use *u = &q->h->used_by[k];
            if (hopeless(q, &own, u) || (q->seen[u->row / 64] >> u->row % 64 & 1) != 0)
                continue;
            q->seen[u->row / 64] |= 1ull << u->row % 64;
            if (may_reach(q, u->row))
                pass(q, u->row);
        }
    }
}

static void ask(struct asking *q)
{
    for (unsigned i = 0; i < q->side.count; i++) {
        if (q->side.kind[i] != 0)
            continue;
        ask_near(q, i);
        if (q->side.skeleton_n[i] > 1)
            ask_keyed(q, &q->h->by_skeleton, text_key(q->side.skeleton[i], q->side.skeleton_n[i]), i);
        ask_across(q, i);
        if (q->side.t[i].syllables == 0)
            ask_neighbours(q, i);
        for (char digit = '0'; q->kind == MATCH_VESSEL && digit <= '9'; digit++) {
            /* Numbers of ships answer one another in half. */
            ask_keyed(q, &q->h->by_initial, initial_key(digit, true), i);
            ask_keyed(q, &q->h->by_initial, initial_key(digit, false), i);
        }
        if (q->kind == MATCH_PERSON && q->side.t[i].n != 0) {
            ask_keyed(q, &q->h->by_initial, initial_key(q->side.t[i].s[0], true), i);
            if (q->side.t[i].n == 1)
                ask_keyed(q, &q->h->by_initial, initial_key(q->side.t[i].s[0], false), i);
        }
    }
    for (unsigned i = 0; i + 1 < q->side.count; i++) /* last: an answer to a word is not asked for twice */
        if (q->side.t[i].syllables == 0)
            ask_joined(q, i);
    ask_whole(q);
    if (q->kind == MATCH_PERSON)
        ask_syllables(q);
    pass_rows(q);
}

static int ask_shelf(const struct match_sieve *s, unsigned kind, const struct match_name *name, unsigned least,
                     uint64_t *passed, struct err *e)
{
    const struct shelf *h = &s->shelf[kind];
    size_t longest = h->words > h->rows ? h->words : h->rows;
    longest = h->pairs > longest ? h->pairs : longest;
    OWN(mem_drop) struct asking *q = malloc(sizeof *q);
    OWN(mem_drop) uint16_t *best = calloc(h->words + 1, sizeof *best), *mask = calloc(h->words + 1, sizeof *mask);
    OWN(mem_drop) uint32_t *strong = malloc((h->words + 1) * sizeof *strong);
    OWN(mem_drop) uint32_t *found = malloc((longest + 1) * sizeof *found);
    OWN(mem_drop) struct gift *gift = malloc((h->words + 2) * sizeof *gift);
    OWN(mem_drop) int32_t *own = malloc((1u << MATCH_TOKENS_MAX) * sizeof *own);
    OWN(mem_drop) uint32_t *touched = malloc((h->words + 1) * sizeof *touched);
    OWN(mem_drop) uint64_t *seen = calloc(h->rows / 64 + 1, sizeof *seen);
    if (q == NULL || best == NULL || mask == NULL || strong == NULL || found == NULL || seen == NULL || gift == NULL ||
        own == NULL || touched == NULL)
        return err_memory(e);
    *q = (struct asking){.s = s,
                         .h = h,
                         .kind = (enum match_kind)kind,
                         .least = (int)least,
                         .name = name,
                         .best = best,
                         .mask = mask,
                         .gift = gift,
                         .own = own,
                         .touched = touched,
                         .strong = strong,
                         .found = found,
                         .seen = seen,
                         .pass = passed};
    match_side_make(&q->side, name, q->kind);
    ask(q);
    return 0;
}

int match_sieve_find(const struct match_sieve *s, struct bytes query, unsigned least, uint64_t *to, struct err *e)
{
    struct match_name name;
    memset(to, 0, (s->names / 64 + 1) * sizeof *to);
    for (unsigned reading = 0; reading < 2; reading++) {
        bool han = match_name_read(query, (enum match_reading)reading, &name);
        for (unsigned kind = 0; kind < KINDS && name.count != 0; kind++) {
            int rc = s->shelf[kind].rows == 0 ? 0 : ask_shelf(s, kind, &name, least, to, e);
            if (rc != 0)
                return rc;
        }
        if (!han)
            break;
    }
    if (least < MATCH_ANSWER_LEAST) /* what has no answer at all may reach so little */
        memset(to, 0xFF, (s->names / 64 + 1) * sizeof *to);
    return 0;
}
