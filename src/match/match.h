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
};
struct match_name {
    unsigned count; /* tokens beyond MATCH_TOKENS_MAX are passed over */
    struct match_token t[MATCH_TOKENS_MAX];
};

enum match_reading { MATCH_READ_KOREAN, MATCH_READ_MANDARIN }; /* how Chinese characters are read */

/*
 * match_name_read(text, reading, ret_name):
 * Split ${text} into tokens and fold each to Latin letters: Latin without marks, Cyrillic, Greek, Arabic and other
 * alphabets by letter, hangul by syllable, Chinese characters by ${reading}.  Apostrophes join, all else that is no
 * letter separates.  Returns true when it holds Chinese characters, so that the other reading may be tried too.
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
/* match_text_score: the same of two texts, the better of the readings of Chinese characters. */
unsigned match_text_score(struct bytes a, struct bytes b, enum match_kind kind);

#endif
