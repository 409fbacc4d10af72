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
bool match_korean_surname(const struct match_token *token); /* a spelling of a Korean surname, or one syllable */
/*
 * match_korean_alike(a, b, ret_syllables):
 * Compare two whole names as Korean ones: the most syllables that agree under any reading and with the surname in
 * either place, less liberties; -1 when one of them cannot be read.  ${ret_syllables}: of the longer name.
 */
int match_korean_alike(const struct match_name *a, const struct match_name *b, unsigned *ret_syllables);

/* ---- kernels (kernel.c) ---- */

/* Jaro-Winkler in 1/10000, of at most 32 bytes each.  The plain and the vector version agree in every bit. */
unsigned match_jaro_winkler(const char *a, unsigned na, const char *b, unsigned nb);
unsigned match_jaro_winkler_plain(const char *a, unsigned na, const char *b, unsigned nb);
/* Edit distance with neighbours exchanged as one step, of at most 32 bytes each. */
unsigned match_distance(const char *a, unsigned na, const char *b, unsigned nb);

/* ---- skeletons (skeleton.c) ---- */

/* match_skeleton(s, n, to): consonant classes of folded letters without doubles; returns how many (at most 12). */
unsigned match_skeleton(const char *s, unsigned n, char to[12]);

uint64_t match_hash(const void *p, size_t n); /* the same on every machine */
static inline uint64_t match_mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xD6E8FEB86659FD93u;
    x ^= x >> 32;
    x *= 0xD6E8FEB86659FD93u;
    return x ^ x >> 32;
}

#endif
