/*
 * The inside of match: letters, syllables, kernels, and how records are held while they are linked.
 */
#ifndef MATCH_INTERNAL_H
#define MATCH_INTERNAL_H

#include "match/match.h"

/* ---- letters (letters.c, script_table.c) ---- */

struct match_latin {
    uint16_t code;
    char latin[7];
};
struct match_han {
    uint16_t code;
    uint16_t hangul[2]; /* Korean readings, that of names first; 0: none */
    char mandarin[7];
};
extern const struct match_latin match_latin_table[];
extern const unsigned match_latin_count;
extern const struct match_han match_han_table[];
extern const unsigned match_han_count;

/* match_next_code(p, end): the code point at *p, which moves on; what is not UTF-8 comes byte by byte as 0xFFFD. */
uint32_t match_next_code(const uint8_t **p, const uint8_t *end);
/* match_letter(code): lower-case ASCII letters and digits for ${code}; "" for marks; NULL when it separates. */
const char *match_letter(uint32_t code);
const struct match_han *match_han_find(uint32_t code); /* NULL: not in the table */

/* ---- Korean syllables (korean.c) ---- */

enum { MATCH_SYLLABLES_MAX = 8, MATCH_READINGS_MAX = 4 };

/* What one written syllable may stand for: a bit for each jamo, in the order of Unicode. */
struct match_syllable {
    uint32_t initial, medial, final;
};
struct match_korean {
    unsigned count;
    unsigned cost; /* of the spelling: 0 by a system, more for each liberty */
    struct match_syllable s[MATCH_SYLLABLES_MAX];
};

/* match_hangul_letters(code, to): the Revised Romanisation of one syllable, at most 8 letters; returns how many. */
unsigned match_hangul_letters(uint32_t code, char to[8]);
/*
 * match_korean_read(token, ret):
 * The syllables ${token} may spell, the best MATCH_READINGS_MAX; 0 when it spells none.  Hangul tokens have exactly
 * one reading.  Letters that came from Cyrillic are read by Kontsevich's system.
 */
unsigned match_korean_read(const struct match_token *token, struct match_korean ret[MATCH_READINGS_MAX]);
/*
 * Readings of words, so that they are not read again.  match_readings_cache_new: of 2 to the power of ${bits} words;
 * NULL when memory is out; free() it.
 */
struct match_readings_cache;
struct match_readings_cache *match_readings_cache_new(unsigned bits);
/* The readings of a token, once for all that is asked of it. */
struct match_readings {
    unsigned count;
    struct match_korean r[MATCH_READINGS_MAX];
};
bool match_syllables_agree(const struct match_korean *a, const struct match_korean *b); /* all, in all three places */
bool match_korean_surname(const struct match_token *token); /* a spelling of a Korean surname, or one syllable */
/* All readings of a whole name, the first ones of very many. */
struct match_whole {
    unsigned count;
    struct match_syllable s[5];
};
struct match_wholes {
    unsigned count;
    struct match_whole r[16];
};
/* A name that is compared as a Korean one; read when it first has to be. */
struct match_korean_name {
    const struct match_name *name;
    bool is_hangul, is_short, is_plausible, is_read;
    struct match_wholes w[2]; /* with the surname first, and put first from the end */
};
void match_korean_begin(struct match_korean_name *k, const struct match_name *name);
/*
 * match_korean_alike(a, b, cache):
 * Compare two whole names as Korean ones: do all syllables agree under any reading and with the surname in either
 * place, or all but for one vowel beside its neighbour, in syllables against letters and three of them at least.
 * ${cache} may be NULL.
 */
enum match_korean_likeness { MATCH_KOREAN_APART, MATCH_KOREAN_NEAR, MATCH_KOREAN_WHOLE };
enum match_korean_likeness match_korean_alike(struct match_korean_name *a, struct match_korean_name *b,
                                              struct match_readings_cache *cache);

/*
 * Classes of jamo that spellings do not keep apart: two syllables that agree, nearly even, have the same class in all
 * three places, whatever the tables of spellings say, for the classes are made from them.
 */
struct match_korean_classes {
    uint8_t initial[19], medial[21], final[28];
};
void match_korean_classes_make(struct match_korean_classes *to);
enum { MATCH_KOREAN_KEYS = 64 };
/*
 * match_korean_keys(c, name, cache, ret_keys): keys of whole names, one of which two share whenever match_korean_alike
 * finds all their syllables agreeing, or nearly; more than MATCH_KOREAN_KEYS is returned when they are too many to
 * tell.
 * ${cache} may be NULL.
 */
unsigned match_korean_keys(const struct match_korean_classes *c, const struct match_name *name,
                           struct match_readings_cache *cache, uint32_t ret_keys[MATCH_KOREAN_KEYS]);
/* match_token_keys: the same of two tokens that may spell the same syllables. */
unsigned match_token_keys(const struct match_korean_classes *c, const struct match_token *token,
                          uint32_t ret_keys[MATCH_KOREAN_KEYS]);
bool match_korean_short(const struct match_name *name); /* longer ones are never compared as Korean */
bool match_korean_plausible(const struct match_name *name);

/* ---- names, word by word (score.c) ---- */

/* A name as it is compared: titles, particles and legal forms set apart. */
struct match_side {
    const struct match_name *name;
    unsigned count;
    struct match_token t[MATCH_TOKENS_MAX];
    uint8_t from[MATCH_TOKENS_MAX]; /* the token of the name it comes from */
    uint8_t kind[MATCH_TOKENS_MAX]; /* 0 a word of the name, else T, P or L */
    char skeleton[MATCH_TOKENS_MAX][12];
    uint8_t skeleton_n[MATCH_TOKENS_MAX];
    uint32_t letters[MATCH_TOKENS_MAX]; /* a bit for each letter that occurs */
    unsigned weight[MATCH_TOKENS_MAX];
};
enum {
    MATCH_LONGEST_WORD = 32,
    MATCH_ANSWER_LEAST = 450,  /* words less alike are no answer to one another */
    MATCH_ANSWER_GOOD = 700,   /* counts among the words that make up for missing ones */
    MATCH_JOIN_LEAST = 850,    /* two words joined, against one */
    MATCH_JOINED_LEAST = 5,    /* letters of a whole name written in one */
    MATCH_JOINED_DISTANCE = 2, /* and how far two such may be apart */
    MATCH_JOINED_STEP = 60,
};
void match_side_make(struct match_side *s, const struct match_name *name, enum match_kind kind);
unsigned match_words_alike(const struct match_side *a, unsigned i, const struct match_side *b, unsigned k,
                           uint8_t *ret_answer, enum match_kind kind);
unsigned match_words_near(const char *a, unsigned na, const char *b, unsigned nb); /* by their letters alone */
unsigned match_consonants(const struct match_token *t, char to[MATCH_TOKEN_BYTES]);
unsigned match_side_joined(const struct match_side *side, char to[MATCH_LONGEST_WORD]);
unsigned match_missing_percent(enum match_kind kind, unsigned matched);
uint32_t match_letters_of(const char *s, unsigned n);

/* ---- kernels (kernel.c) ---- */

/* Set bits: the processors that every build is for need not have an instruction for it, and a call takes longer. */
static inline unsigned match_bits(uint32_t x)
{
    x -= x >> 1 & 0x55555555u;
    x = (x & 0x33333333u) + (x >> 2 & 0x33333333u);
    x = (x + (x >> 4)) & 0x0F0F0F0Fu;
    return x * 0x01010101u >> 24;
}

/* Jaro-Winkler in 1/10000, of at most 32 bytes each.  The plain and the vector version agree in every bit. */
unsigned match_jaro_winkler(const char *a, unsigned na, const char *b, unsigned nb);
unsigned match_jaro_winkler_plain(const char *a, unsigned na, const char *b, unsigned nb);
/*
 * match_sets_near(sets, n, with, most, to): the indices of those that differ from ${with} in ${most} bits at most,
 * ascending; returns how many.  ${to} has room for ${n}.
 */
size_t match_sets_near(const uint32_t *sets, size_t n, uint32_t with, unsigned most, uint32_t *to);
size_t match_sets_near_plain(const uint32_t *sets, size_t n, uint32_t with, unsigned most, uint32_t *to);
/* match_jaro_winkler_most: never below it; of the letters that occur in each, as match_letters_of says. */
unsigned match_jaro_winkler_most(const char *a, unsigned na, uint32_t letters_a, const char *b, unsigned nb,
                                 uint32_t letters_b);
/* Edit distance with neighbours exchanged as one step, of at most 32 bytes each. */
unsigned match_distance(const char *a, unsigned na, const char *b, unsigned nb);

/* ---- skeletons (skeleton.c) ---- */

/* match_skeleton(s, n, to): consonant classes of folded letters without doubles; returns how many (at most 12). */
unsigned match_skeleton(const char *s, unsigned n, char to[12]);

/* match_vowels(s, n): the vowels of folded letters in order, two bits each, as far as romanisations keep them apart. */
uint32_t match_vowels(const char *s, unsigned n);

uint64_t match_hash(const void *p, size_t n); /* the same on every machine */
static inline uint64_t match_mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xD6E8FEB86659FD93u;
    x ^= x >> 32;
    x *= 0xD6E8FEB86659FD93u;
    return x ^ x >> 32;
}

/* ---- records (frame.c) ---- */

/* One distinct folded value of a column; what is used depends on the kind. */
/* Of 64 bytes, and what comparisons look at in the first 48: it comes from memory at once. */
struct match_value {
    char s[MATCH_TOKEN_BYTES]; /* folded letters without blanks, cut */
    uint8_t n;
    uint32_t letters; /* a bit for each that occurs */
    union {           /* by the kind of the field */
        struct match_date date;
        int64_t number;  /* in 1/1000 */
        uint32_t vowels; /* of a given name or surname: their order by class */
        struct {
            uint32_t text, text_bytes; /* of a whole name, folded with blanks: into the dictionary's letters */
        };
    };
    uint32_t skeleton; /* 0: none; the same number for the same skeleton within a dictionary */
    uint32_t count[2]; /* records with it; the second one as a surname, where given names share the dictionary */
    uint32_t words, words_count; /* of texts and whole names: into the dictionary's words */
};
_Static_assert(sizeof(struct match_value) == 64, "a line of memory");
/* Values are numbered from 1; 0 is "missing".  Given names and surnames share one dictionary. */
struct match_dictionary {
    struct match_value *values;
    uint32_t count, room;
    struct buf letters;
    uint32_t *words; /* word numbers, ascending within a value */
    size_t words_count, words_room;
    struct match_map *raw, *folded, *skeletons;
    uint32_t *raw_value; /* of each distinct raw text */
    size_t raw_room;
};
struct match_frame {
    struct match_field field[MATCH_FIELDS_MAX];
    unsigned fields;
    struct match_dictionary *dictionary[MATCH_FIELDS_MAX];
    struct match_dictionary own[MATCH_FIELDS_MAX];
    uint32_t *row; /* fields value numbers for each record */
    uint8_t *source;
    size_t records, room;
    struct match_map *vocabulary; /* words of all texts and names */
    uint32_t *word_records;       /* how many records hold each word */
    size_t word_room;
    int given, surname; /* fields, -1: none */
};

static inline unsigned match_role(const struct match_frame *f, unsigned field)
{
    return f->given >= 0 && (int)field == f->surname;
}

/* One more word, or value of a field by its text, of which the number is known: else ERR_DAMAGED. */
int match_frame_put_word(struct match_frame *f, struct bytes word, uint32_t number, struct err *e);
int match_frame_put_value(struct match_frame *f, unsigned field, struct bytes text, uint32_t number, struct err *e);
/* match_frame_put_row: one more record, by the numbers of its values, 0: missing. */
int match_frame_put_row(struct match_frame *f, const uint32_t *values, unsigned source, struct err *e);

/* A map from bytes to numbers 1, 2, ... in the order of arrival. */
struct match_map *match_map_new(void);
void match_map_free(struct match_map *m);
/* match_map_number(m, key, ret_new): the number of ${key}, given now when it is new; 0 when memory is out. */
uint32_t match_map_number(struct match_map *m, struct bytes key, bool *ret_new);
uint32_t match_map_count(const struct match_map *m);
struct bytes match_map_key(const struct match_map *m, uint32_t number); /* borrowed until the next one is added */

/* How many records held each word when the model was fitted: what a text's words weigh does not move with the table. */
struct match_words {
    uint32_t *often; /* by word number */
    uint32_t count;  /* words beyond had not been seen */
    size_t records;
};
/* match_words_count: as the frame is now; release with match_words_release. */
int match_words_count(const struct match_frame *f, struct match_words *to, struct err *e);
void match_words_release(struct match_words *w);
static inline uint32_t match_words_often(const struct match_words *w, uint32_t word)
{
    return word < w->count ? w->often[word] : 0;
}

/* ---- levels (level.c) ---- */

/* A pattern: three bits for each field, and the highest bit for exchanged names. */
#define MATCH_EXCHANGED (1ull << 63)
struct match_cache; /* of names that were compared, one for each thread */
struct match_cache *match_cache_new(const struct match_words *words); /* keeps ${words} */
void match_cache_free(struct match_cache *c);
uint64_t match_pattern(const struct match_frame *f, struct match_cache *c, uint32_t a, uint32_t b);
static inline unsigned match_pattern_level(uint64_t pattern, unsigned field)
{
    return (unsigned)(pattern >> (3 * field)) & 7;
}
unsigned match_levels_of(enum match_field_kind kind); /* the level "different"; those before it are nearer */

/* ---- the plan of keys (plan.c) ---- */

enum match_atom_kind {
    MATCH_ATOM_SOUND,
    MATCH_ATOM_DATE,
    MATCH_ATOM_YEAR,
    MATCH_ATOM_MONTH_DAY,
    MATCH_ATOM_VALUE,
    MATCH_ATOM_NAMES /* the sounds of given name and surname, in either order */
};
enum { MATCH_ATOMS_MAX = 32 };
struct match_atom {
    unsigned field;
    enum match_atom_kind kind;
    uint32_t fields; /* a bit for each field it speaks of */
};
struct match_key {
    unsigned atoms;
    uint8_t atom[3];
    uint32_t fields;
};
struct match_plan {
    unsigned atoms, keys;
    struct match_atom atom[MATCH_ATOMS_MAX];
    struct match_key key[MATCH_KEYS_MAX];
};
int match_plan_make(const struct match_frame *f, struct match_plan *to, struct err *e);
uint32_t match_atom_value(const struct match_frame *f, const struct match_atom *a, size_t record); /* 0: missing */
/* match_key_value: over ${atoms}, ${stride} atom values for each record; odd, 0 when one is missing. */
uint32_t match_key_value(const uint32_t *atoms, unsigned stride, size_t record, const struct match_key *key);
const char *match_atom_words(enum match_atom_kind kind);
bool match_atom_lawful(const struct match_frame *f, unsigned field, unsigned kind);
void match_plan_add_atom(struct match_plan *p, const struct match_frame *f, unsigned field, enum match_atom_kind kind);
void match_plan_name_key(const struct match_frame *f, const struct match_plan *p, unsigned key, char to[96]);
bool match_plan_has_words(const struct match_frame *f); /* is there a field whose words make pairs? */

/* ---- what is to be compared (block.c) ---- */

/* Which pairs: all that have a record at ${from} or behind it.  Those before it were found with the same plan. */
struct match_search {
    const struct match_frame *f;
    const struct match_plan *plan;
    const struct match_words *words;
    bool across;
    unsigned threads;
    size_t from;
};
/* How many pairs each key made first, and what was not compared pair by pair.  The last key: rare words. */
struct match_tally {
    uint64_t pairs[MATCH_KEYS_MAX + 1];
    struct match_block *capped; /* largest first */
    size_t capped_count;
};

/* ---- keys (keys.c) ---- */

/* Records that shared a block until those from ${from} on made it too large. */
struct match_crossing {
    uint32_t key;
    size_t first, count; /* into member */
};
struct match_keys {
    uint32_t *of;     /* MATCH_KEYS_MAX for each record: the number of its block, 0 when it shares none */
    uint32_t *before; /* the same as it was for the records before ${from}; NULL when there are none */
    uint32_t blocks[MATCH_KEYS_MAX]; /* the highest number in use */
    struct match_crossing *crossing;
    size_t crossings;
    uint32_t *member;
};
enum { MATCH_BLOCK_MAX = 120 };
int match_keys_make(const struct match_search *s, struct match_keys *to, struct match_tally *tally, struct err *e);
void match_keys_release(struct match_keys *k);
/* match_keys_shared: a bit for each of ${count} keys that two records share; of MATCH_KEYS_MAX numbers each. */
uint32_t match_keys_shared(const uint32_t *x, const uint32_t *y, unsigned count);

/* ---- pairs by rare words (words.c) ---- */

/* match_word_pairs: a << 32 | b, ascending, of the first ${records} records. */
int match_word_pairs(const struct match_frame *f, const struct match_words *w, size_t records, uint64_t **ret_pairs,
                     size_t *ret_count, struct err *e);

/* ---- pairs that are compared no longer (lost.c) ---- */

struct match_word_pairs {
    uint64_t *before, *after;
    size_t before_count, after_count;
};
struct match_lost {
    uint64_t *pair; /* a << 32 | b, ascending */
    size_t count, room;
};
/* match_lost_find: pairs of records before s->from that shared a key or words and do not now; ${tally} follows. */
int match_lost_find(const struct match_search *s, const struct match_keys *keys, const struct match_word_pairs *words,
                    struct match_tally *tally, struct match_lost *to, struct err *e);

/* ---- blocking (block.c) ---- */

struct match_candidate {
    uint32_t a, b;
    uint32_t pattern; /* index into patterns */
};
struct match_candidates {
    struct match_candidate *pairs; /* by key, then by record; the same for any number of threads */
    size_t count;
    uint64_t *patterns; /* ascending */
    uint32_t patterns_count;
    uint64_t *trained[MATCH_KEYS_MAX]; /* for each key: how many of its pairs have each pattern */
    unsigned keys;
    uint32_t key_fields[MATCH_KEYS_MAX]; /* a bit for each field that the key says something about */
};
/* match_candidates_find: adds to ${tally}, but for capped, which is as it is now; ${ret_lost} may be NULL at from 0. */
int match_candidates_find(const struct match_search *s, struct match_candidates *to, struct match_tally *tally,
                          struct match_lost *ret_lost, struct err *e);
void match_candidates_release(struct match_candidates *c);

/* ---- the model (model.c, dependence.c) ---- */

struct match_model {
    int32_t weight[MATCH_FIELDS_MAX][MATCH_LEVELS];
    int32_t exchanged;
    /* What agreement in the first field takes from the weight of agreement in the second: they go together anyway. */
    int32_t taken[MATCH_FIELDS_MAX][MATCH_FIELDS_MAX];
    unsigned order[MATCH_FIELDS_MAX]; /* fields, the most telling first */
};
int match_model_fit(const struct match_search *s, const struct match_candidates *c, struct match_fit *ret_fit,
                    struct match_model *to, struct err *e);
int match_dependence_find(const struct match_search *s, struct match_model *m, struct err *e);
int32_t match_log2(double x); /* in 1/256 bit, rounded */

/* ---- what pairs weigh (weigh.c) ---- */

/* How rare each value and each skeleton of a field was when the model was fitted: log2 of its share, in 1/256 bit. */
struct match_rarity {
    int16_t *value, *skeleton; /* by number, from 1 */
    uint32_t values, skeletons;
    int32_t same, sound; /* log2 of the chance of the same value, of the same skeleton */
    int32_t once;        /* of what one record holds, or none did */
    bool used;
};
int match_rarity_find(const struct match_frame *f, unsigned field, struct match_rarity *to, struct err *e);
void match_rarity_release(struct match_rarity *r);

enum {
    MATCH_BIN_SHIFT = 4, /* of the histogram: 1/16 bit */
    MATCH_BINS = 1 << 13
};
unsigned match_bin_of(int32_t weight);
int32_t match_bin_weight(unsigned bin); /* its middle */

struct match_weighing {
    const struct match_frame *f;
    const struct match_model *model;
    const struct match_rarity *rarity; /* one for each field */
    size_t fitted_records;
    unsigned threads;
};
/*
 * match_weigh(w, c, bins, e):
 * Weigh all candidates: the pattern of each is replaced by its weight, without the prior, and counted in ${bins}.
 */
int match_weigh(const struct match_weighing *w, struct match_candidates *c, uint64_t bins[MATCH_BINS], struct err *e);

/* ---- a linkage that grows (linkage.c, keep.c) ---- */

struct match_linkage {
    struct match_field field[MATCH_FIELDS_MAX];
    unsigned fields;
    bool across;
    struct match_plan plan;
    struct match_model model;
    struct match_fit fit;
    struct match_rarity rarity[MATCH_FIELDS_MAX];
    struct match_words words;
    int32_t prior, threshold;
    int32_t joining; /* the threshold of clusters: what their members say of one another is known there */
    unsigned threshold_ppm;
    /* What was found, by all of the above, in the first ${records} records. */
    size_t records;
    uint64_t bins[MATCH_BINS];
    struct match_tally tally;
    struct match_pair *pairs; /* by a, b; those of no use are left out */
    size_t pairs_count;
};

/* ---- clusters (cluster.c) ---- */

/* match_cluster: fills r->cluster, broken, largest from ${pairs} (by a, b) and decisions.  ERR_REFUSED, ERR_IO. */
int match_by_records(const void *x, const void *y); /* struct match_pair, for qsort */
int match_cluster(const struct match_pair *pairs, size_t count, const struct match_options *o, int32_t threshold,
                  struct match_result *r, struct err *e);

#endif
