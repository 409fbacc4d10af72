/*
 * Match: is it the same one?  Names in several scripts, pairs of records, clusters.
 *
 * Pure: no file, no clock, no chance but counters.  All weights are integers, so the same input gives the same bytes on
 * every machine and with any number of threads.  Who calls it brings values and takes proposals away; nothing here
 * decides that two persons are one.
 */
#ifndef MATCH_MATCH_H
#define MATCH_MATCH_H

#include "base/bytes.h"

/* ---- Names ---- */

enum { MATCH_TOKEN_BYTES = 24, MATCH_TOKENS_MAX = 12 };

enum match_script { MATCH_LATIN, MATCH_HANGUL, MATCH_HAN, MATCH_CYRILLIC, MATCH_ARABIC, MATCH_OTHER };

struct match_token {
    char s[MATCH_TOKEN_BYTES]; /* lower-case ASCII letters and digits, zero padded; cut when longer */
    uint8_t n;
    uint8_t script;     /* enum match_script, of its first letter */
    uint8_t syllables;  /* of a token in hangul or in Chinese characters with Korean readings */
    uint16_t hangul[6]; /* those syllables */
    uint16_t also[6];   /* the second reading of a Chinese character, 0: none */
};
struct match_name {
    unsigned count; /* tokens beyond MATCH_TOKENS_MAX are passed over */
    struct match_token t[MATCH_TOKENS_MAX];
};

enum match_reading { MATCH_READ_KOREAN, MATCH_READ_MANDARIN }; /* how Chinese characters are read */

/*
 * match_name_read(text, reading, ret_name):
 * Split ${text} into tokens and fold each to Latin letters: Latin without marks, Cyrillic, Greek, Arabic and other
 * alphabets by letter, hangul by syllable, Chinese characters by ${reading}.  Apostrophes join, and so do question
 * marks within a word, which stand for what a list has lost; all else that is no letter separates.  Returns true when
 * it holds Chinese characters, so that the other reading may be tried too.
 */
bool match_name_read(struct bytes text, enum match_reading reading, struct match_name *ret_name);

enum match_kind { MATCH_PERSON, MATCH_ORGANISATION, MATCH_VESSEL };

enum { MATCH_SCORE_ONE = 1000 };

/* How one token of the first name was answered, for the explanation of a score. */
enum match_answer { MATCH_ABSENT, MATCH_EXACT, MATCH_SOUND, MATCH_NEAR, MATCH_INITIAL, MATCH_FAR };
struct match_reason {
    unsigned count; /* tokens of the first name */
    struct {
        uint8_t answer;     /* enum match_answer */
        int8_t other;       /* index of the token of the second name, -1 for none */
        uint16_t closeness; /* 0..MATCH_SCORE_ONE */
    } token[MATCH_TOKENS_MAX];
    bool korean; /* the whole names agree as Korean syllables */
};

/*
 * match_name_score(a, b, kind, ret_reason):
 * How alike two names are, 0..MATCH_SCORE_ONE, whatever the order of their tokens.  Symmetric.  ${ret_reason} may be
 * NULL.
 */
unsigned match_name_score(const struct match_name *a, const struct match_name *b, enum match_kind kind,
                          struct match_reason *ret_reason);
/*
 * A name that is compared with many, made ready once.  match_asked_new: NULL when memory is out.  match_asked_score:
 * the same as match_name_score of it and ${other}.  By one thread at a time.
 */
struct match_asked;
struct match_asked *match_asked_new(const struct match_name *name, enum match_kind kind);
void match_asked_free(struct match_asked *asked);
unsigned match_asked_score(struct match_asked *asked, const struct match_name *other, struct match_reason *ret_reason);
/* match_text_score: the same of two texts, the better of the readings of Chinese characters. */
unsigned match_text_score(struct bytes a, struct bytes b, enum match_kind kind);

/* ---- Keys for an index over names ---- */

enum { MATCH_NAME_KEYS = 64 };
/*
 * match_name_keys(name, ret_keys, ret_rank):
 * What names that are alike share: the sounds and beginnings of words, and pairs of them.  ${ret_rank} is higher the
 * more
 * a key alone says.
 */
unsigned match_name_keys(const struct match_name *name, uint32_t ret_keys[MATCH_NAME_KEYS],
                         uint8_t ret_rank[MATCH_NAME_KEYS]);
uint64_t match_bytes_hash(struct bytes x); /* not for secrets; the same on every machine */

/* ---- One name against very many ---- */

struct match_sieve; /* names made ready to be compared with one, all of them */
int match_sieve_new(struct match_sieve **ret_sieve, struct err *e);
void match_sieve_free(struct match_sieve *s);
int match_sieve_add(struct match_sieve *s, struct bytes text, enum match_kind kind,
                    struct err *e);                          /* numbered from 0 */
int match_sieve_ready(struct match_sieve *s, struct err *e); /* after the last one, before the first query */
/*
 * match_sieve_find(s, query, least, to, e):
 * Set a bit in ${to}, which has one for each name and one word more, for every name whose match_text_score against
 * ${query} may reach ${least}: those that are not set do not, which is proven in sieve.c and held by its test.  May be
 * called by many threads at once.  Errors: ERR_IO.
 */
int match_sieve_find(const struct match_sieve *s, struct bytes query, unsigned least, uint64_t *to, struct err *e);

/* ---- Dates ---- */

struct match_date {
    int16_t year;       /* 0: not known */
    uint8_t month, day; /* 0: not known */
};
/*
 * match_date_read(text, month_first, ret_date):
 * 1970-05-17, 1970/5/17, 19700517, 17.05.1970, 17 May 1970, May 1970, 1970, ca. 1970.  ${month_first} says what
 * 05/06/1970
 * means.  False when it holds no year from 1000 to 2999; a month or day that cannot be is taken as not known.
 */
bool match_date_read(struct bytes text, bool month_first, struct match_date *ret_date);

/* ---- Linkage of records ---- */

enum match_field_kind {
    MATCH_IGNORED,
    MATCH_NAME, /* a person's whole name, in any order */
    MATCH_GIVEN,
    MATCH_SURNAME,
    MATCH_DATE,
    MATCH_PLACE,
    MATCH_CODE, /* few values, or an identifier: the same or not */
    MATCH_NUMBER,
    MATCH_TEXT, /* compared by its words and how rare they are */
    MATCH_FIELD_KINDS
};
extern const char *const match_field_kind_names[MATCH_FIELD_KINDS]; /* "ignored", "name", ... as in FIELDS.json */

enum {
    MATCH_FIELDS_MAX = 16, /* beyond those that are ignored */
    MATCH_LEVELS = 8,      /* 0: missing in one of the two; 1: the same; ...; the last used: different */
    MATCH_RECORDS_MAX = 1 << 27,
    MATCH_KEYS_MAX = 16,
    MATCH_WEIGHT_ONE = 256 /* weights are in 1/256 bit */
};

struct match_field {
    char name[64]; /* of the column, cut */
    enum match_field_kind kind;
    bool month_first; /* dates */
};

/*
 * match_guess(header, values, count, ret_field):
 * Guess what a column holds from its name and ${count} of its values.
 */
void match_guess(struct bytes header, const struct bytes *values, size_t count, struct match_field *ret_field);

struct match_frame; /* the records to be linked, as numbers */

/* match_frame_new(fields, count, ret): an empty frame; at most MATCH_FIELDS_MAX fields, none ignored.  ERR_REFUSED. */
int match_frame_new(const struct match_field *fields, size_t count, struct match_frame **ret_frame, struct err *e);
/* match_frame_add: one more record of source 0 or 1, one value for each field; values are copied as far as needed. */
int match_frame_add(struct match_frame *f, const struct bytes *values, unsigned source, struct err *e);
size_t match_frame_records(const struct match_frame *f);
void match_frame_free(struct match_frame *f);
void match_frame_drop(struct match_frame **f);

struct match_decision {
    uint32_t a, b; /* records */
    enum { MATCH_SAME, MATCH_DIFFERENT, MATCH_CANNOT_TELL } says;
};

struct match_options {
    bool across;            /* only records of different sources are compared */
    unsigned threads;       /* 0: one */
    unsigned threshold_ppm; /* of the probability; 0: chosen from the fitted model */
    const struct match_decision *decisions;
    size_t decisions_count;
};

struct match_pair {
    uint32_t a, b;  /* records, a < b */
    int32_t weight; /* log2 of the odds of being the same, in 1/256 bit */
};

/* What one field's levels weigh; m and u are in ppm. */
struct match_level {
    uint32_t m_ppm, u_ppm;
    int32_t weight;
};
struct match_block {
    unsigned key;  /* index into keys */
    uint64_t size; /* records that would all have been compared with one another */
};
struct match_fit {
    unsigned count;
    struct match_level level[MATCH_FIELDS_MAX][MATCH_LEVELS];
    unsigned trainings[MATCH_FIELDS_MAX]; /* how many independent trainings agreed */
    bool refused[MATCH_FIELDS_MAX];       /* left out of the weights: no lawful fit */
};
struct match_result {
    struct match_pair *pairs; /* in order of a, b: at least the threshold, and those that a person called the same */
    size_t pairs_count;
    uint32_t *cluster; /* of each record: the smallest record of its cluster */
    size_t records;
    uint64_t compared;                  /* pairs that were compared */
    unsigned threshold_ppm;             /* as given or chosen */
    uint32_t precision_ppm, recall_ppm; /* of the pairs, by the model's own probabilities: no measurement */
    uint64_t prior_pairs;               /* how many pairs the model takes to be the same, in all */
    struct match_fit model;
    size_t fitted_records; /* the model was fitted to; more when records were added since */
    struct {
        char name[96];
        uint64_t pairs;
    } key[MATCH_KEYS_MAX + 1]; /* the last one: rare words */
    unsigned keys;
    struct match_block *capped; /* blocks not compared pair by pair, largest first */
    size_t capped_count;
    struct match_pair *review; /* pairs near the threshold, by expected effect on the count, largest first */
    size_t review_count;
    struct match_pair *below; /* a sample, by lot, of what was compared and lies below the threshold, down to 1 % */
    size_t below_count;
    uint64_t below_all; /* how many there are of them */
    uint32_t *curve;    /* MATCH_CURVE points of expected precision and recall in ppm, two numbers for each 1/64 */
    uint64_t broken;    /* pairs above the threshold which the clusters keep apart */
    uint32_t largest;   /* cluster */
};
enum { MATCH_CURVE = 64, MATCH_REVIEW_MAX = 1000, MATCH_SAMPLE = 200 };
/* match_lot(a, b): a lot for drawing samples of pairs; the same for the same pair. */
uint64_t match_lot(uint32_t a, uint32_t b);

/*
 * match_link(f, options, ret_result, e):
 * Fit the model to the records without knowing any truth, and propose pairs and clusters.  The same bytes for any
 * number of threads.  Decisions bind: what is the same shares a cluster, what is different never does.
 * Errors: ERR_REFUSED when no lawful model fits (the line says why), or decisions contradict one another; ERR_IO.
 */
int match_link(const struct match_frame *f, const struct match_options *options, struct match_result *ret_result,
               struct err *e);
void match_result_release(struct match_result *r);

/* ---- A linkage that grows ---- */

/*
 * Keys, a fitted model, and what they found among the records so far.  Records that come later are compared by the
 * same keys and weigh by the same model, threshold and rarities, so that what was told of earlier pairs stays.  What is
 * found does not depend on the portions in which records came: match_linkage_restart and one match_linkage_add of all
 * give the same bytes.  So does what is lost: a key whose value too many records come to share no longer makes pairs.
 */
struct match_linkage;

/* match_linkage_new(f, o, ret_linkage, e): fit to all records of ${f} and compare them.  Errors: as match_link. */
int match_linkage_new(const struct match_frame *f, const struct match_options *o, struct match_linkage **ret_linkage,
                      struct err *e);
/* match_linkage_restart: forget all records; keys, model, threshold and rarities stay. */
void match_linkage_restart(struct match_linkage *l);
/*
 * match_linkage_add(l, f, threads, e):
 * Compare the records of ${f} behind those that ${l} knows with all.  ${f} is the frame of ${l}, grown, or the one that
 * was read with it.  When it fails, ${l} is as before.  Errors: ERR_DAMAGED (a file that belies its records), ERR_IO.
 */
int match_linkage_add(struct match_linkage *l, const struct match_frame *f, unsigned threads, struct err *e);
/* match_linkage_result: proposals and clusters over what was found, under the decisions of ${o}. */
int match_linkage_result(const struct match_linkage *l, const struct match_frame *f, const struct match_options *o,
                         struct match_result *ret_result, struct err *e);
size_t match_linkage_records(const struct match_linkage *l);
bool match_linkage_across(const struct match_linkage *l);
void match_linkage_free(struct match_linkage *l);
void match_linkage_drop(struct match_linkage **l);
/*
 * match_explain(l, f, a, b, ret_levels):
 * The level of each field for one pair; returns true when names are exchanged.  ${l} may be NULL: as the frame is now.
 */
bool match_explain(const struct match_linkage *l, const struct match_frame *f, uint32_t a, uint32_t b,
                   uint8_t ret_levels[MATCH_FIELDS_MAX]);

/*
 * match_linkage_put(l, f, to), match_linkage_get(content, ret_linkage, ret_frame, e):
 * A linkage and its records as bytes (FORMAT, "A linkage that is kept"), and back.  Errors: ERR_DAMAGED, ERR_NEWER,
 * ERR_IO.
 */
void match_linkage_put(const struct match_linkage *l, const struct match_frame *f, struct buf *to);
int match_linkage_get(struct bytes content, struct match_linkage **ret_linkage, struct match_frame **ret_frame,
                      struct err *e);
/* match_frame_restart(f): forget all records; the numbers given to texts stay, so that the same ones follow. */
void match_frame_restart(struct match_frame *f);
size_t match_frame_fields(const struct match_frame *f, const struct match_field **ret_fields);
const char *match_level_words(enum match_field_kind kind, unsigned level); /* English, marked for the catalogue */
/* match_probability_ppm(weight): of log2 odds in 1/256 bit. */
uint32_t match_probability_ppm(int32_t weight);

#endif
