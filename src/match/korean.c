/*
 * Korean names: arithmetic on hangul syllables, and every syllable a romanised token may stand for.
 *
 * The spellings are those of McCune-Reischauer without its marks, the Revised Romanisation, Yale's, the DPRK's own,
 * Kontsevich's for Russian, and what people write in passports: the cases in which the Republic's foreign ministry let
 * a spelling be changed or kept, and the spread of surnames in its statistics.  Vowels are also composed: with y or w
 * before it, or h or r behind it, a vowel is read by what it stands for alone.  A spelling stands for a set of jamo;
 * two names are alike when each syllable of one has a jamo in common with its fellow, in all three places, and nearly
 * so when one vowel is only a neighbour.
 */
#include "match/match_internal.h"

#include <assert.h>
#include <stdio.h>

enum {
    INITIALS = 19,
    MEDIALS = 21,
    SYLLABLE_COST = 2, /* of several readings, that of fewer syllables is the likelier */
    COST_MAX = 12,
    COMPOSED_COST = 2,
    LONGEST_COMPOSED = 8,
    NODES_MAX = 4096,
    STEPS_MAX = 1500, /* of the search through one token; beyond it the readings found so far stand */
    LETTERS_MAX = 18,
    TOKENS_MOST = 4, /* of a name that is read as Korean */
    ALWAYS = 0,
    KONTSEVICH = 1, /* only in letters that came from Cyrillic */
    ROMAN = 2,      /* only in others: Kontsevich's system means something else by it */
};

struct spelling {
    char s[5];
    uint8_t n, cost, when;
    uint32_t jamo;
};

/* Order of Unicode: initials  ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ */
static const char *const initial_letters[INITIALS] = {"g",  "kk", "n", "d",  "tt", "r", "m", "b", "pp", "s",
                                                      "ss", "",   "j", "jj", "ch", "k", "t", "p", "h"};
/* medials ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ */
static const char *const medial_letters[21] = {"a",  "ae", "ya", "yae", "eo", "e",  "yeo", "ye", "o",  "wa", "wae",
                                               "oe", "yo", "u",  "wo",  "we", "wi", "yu",  "eu", "ui", "i"};
/* finals (none)ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ */
static const char *const final_letters[28] = {"",  "k", "k", "k", "n", "n", "n", "t",  "l", "k", "m", "l", "l", "l",
                                              "p", "l", "m", "p", "p", "t", "t", "ng", "t", "t", "k", "t", "p", "t"};

#define B(n) (1u << (n))
#define PLAIN(text, cost, jamo)                                                                                        \
    {                                                                                                                  \
        text, sizeof(text) - 1, cost, ALWAYS, jamo                                                                     \
    }
#define LATIN(text, cost, jamo)                                                                                        \
    {                                                                                                                  \
        text, sizeof(text) - 1, cost, ROMAN, jamo                                                                      \
    }
#define RUSSIAN(text, cost, jamo)                                                                                      \
    {                                                                                                                  \
        text, sizeof(text) - 1, cost, KONTSEVICH, jamo                                                                 \
    }

static const struct spelling initials[] = {
    PLAIN("kk", 1, B(1) | B(0)),
    PLAIN("gg", 2, B(1)),
    LATIN("kh", 1, B(15) | B(0)),
    PLAIN("gh", 1, B(0) | B(1)),
    PLAIN("g", 0, B(0) | B(1)),
    PLAIN("k", 0, B(0) | B(1) | B(15)),
    PLAIN("n", 0, B(2) | B(5)),
    PLAIN("tt", 1, B(4)),
    PLAIN("th", 1, B(16)),
    PLAIN("tch", 2, B(12) | B(13) | B(14)),
    LATIN("ts", 2, B(12) | B(14)),
    LATIN("dj", 2, B(12)),
    PLAIN("nh", 2, B(2) | B(5)),
    PLAIN("d", 0, B(3) | B(4)),
    PLAIN("t", 0, B(3) | B(4) | B(16)),
    PLAIN("rh", 1, B(5)),
    PLAIN("lh", 2, B(5)),
    PLAIN("r", 0, B(5)),
    PLAIN("l", 0, B(5)),
    PLAIN("m", 0, B(6)),
    PLAIN("pp", 1, B(8)),
    PLAIN("ph", 1, B(17)),
    PLAIN("b", 0, B(7) | B(8)),
    PLAIN("p", 0, B(7) | B(8) | B(17)),
    PLAIN("ss", 1, B(9) | B(10)),
    PLAIN("sh", 0, B(9)),
    PLAIN("s", 0, B(9) | B(10)),
    PLAIN("jj", 1, B(13)),
    PLAIN("jh", 2, B(12)),
    PLAIN("ch", 0, B(12) | B(13) | B(14)),
    PLAIN("j", 0, B(12) | B(13)),
    PLAIN("z", 2, B(12)),
    PLAIN("cc", 2, B(13)),
    PLAIN("c", 2, B(12) | B(14)),
    PLAIN("h", 0, B(18)),
    PLAIN("", 0, B(11)),
    LATIN("q", 2, B(0) | B(1) | B(15)),
    LATIN("v", 2, B(7)),
    LATIN("f", 2, B(17)),
    LATIN("bh", 2, B(7)),
    LATIN("dh", 2, B(3)),
    LATIN("mh", 2, B(6)),
    LATIN("zh", 2, B(12)),
    LATIN("dz", 2, B(12)),
    LATIN("tz", 2, B(12) | B(13)),
    LATIN("chh", 2, B(14)),
    LATIN("dd", 2, B(3) | B(4)),
    LATIN("bb", 2, B(7) | B(8)),
    LATIN("ll", 2, B(5)),
    LATIN("rr", 2, B(5)),
    RUSSIAN("chkh", 0, B(14)),
    RUSSIAN("pkh", 0, B(17)),
    RUSSIAN("tkh", 0, B(16)),
    RUSSIAN("kkh", 0, B(15)),
    RUSSIAN("kh", 0, B(18)),
};
static const struct spelling medials[] = {
    PLAIN("yae", 0, B(3) | B(7)),
    PLAIN("yeo", 0, B(6)),
    PLAIN("you", 1, B(6) | B(17) | B(12)),
    PLAIN("yoo", 1, B(17)),
    LATIN("yew", 2, B(17)),
    LATIN("ew", 2, B(17)),
    LATIN("yey", 1, B(7)),
    LATIN("yay", 1, B(3)),
    LATIN("yah", 1, B(2)),
    LATIN("yie", 2, B(20)),
    PLAIN("yeu", 2, B(6) | B(17)),
    PLAIN("yuh", 2, B(6) | B(17)),
    PLAIN("yaw", 2, B(6)),
    PLAIN("wae", 0, B(10) | B(11) | B(15)),
    PLAIN("weo", 1, B(14)),
    PLAIN("woo", 1, B(13)),
    PLAIN("ya", 0, B(2)),
    PLAIN("yo", 0, B(12) | B(6)),
    PLAIN("yu", 0, B(17) | B(6)),
    PLAIN("ye", 0, B(7) | B(3)),
    LATIN("ye", 2, B(6)),
    PLAIN("yi", 1, B(20)),
    PLAIN("eui", 1, B(19)),
    PLAIN("eu", 0, B(18)),
    PLAIN("eu", 2, B(4) | B(6)),
    PLAIN("eo", 0, B(4)),
    PLAIN("ee", 1, B(20) | B(19)),
    PLAIN("ea", 2, B(1) | B(5)),
    PLAIN("ae", 0, B(1) | B(5)),
    PLAIN("aa", 1, B(0)),
    PLAIN("ai", 1, B(1) | B(5)),
    LATIN("ay", 1, B(1) | B(5)),
    LATIN("ey", 2, B(1) | B(5) | B(11) | B(20)),
    LATIN("yei", 2, B(7)),
    LATIN("ei", 2, B(5) | B(1)),
    LATIN("eoh", 1, B(4)),
    LATIN("euh", 1, B(4) | B(18)),
    LATIN("aeh", 1, B(1) | B(5)),
    LATIN("yoh", 1, B(12) | B(6)),
    LATIN("yeh", 1, B(7)),
    LATIN("wah", 1, B(9)),
    LATIN("oui", 2, B(16) | B(19)),
    PLAIN("ah", 1, B(0)),
    PLAIN("eou", 2, B(4)),
    PLAIN("yea", 2, B(6)),
    PLAIN("yee", 2, B(19) | B(20)),
    PLAIN("yoe", 2, B(12)),
    PLAIN("ih", 1, B(20)),
    PLAIN("ar", 1, B(0)),
    LATIN("aw", 2, B(4) | B(0)),
    LATIN("au", 2, B(4) | B(8)),
    LATIN("er", 1, B(4)),
    LATIN("ur", 1, B(4)),
    PLAIN("a", 0, B(0)),
    LATIN("a", 2, B(1)),
    PLAIN("oe", 0, B(11)),
    PLAIN("oe", 2, B(8)),
    PLAIN("oi", 1, B(11)),
    LATIN("oy", 1, B(11)),
    LATIN("oa", 2, B(9) | B(8)),
    PLAIN("oo", 1, B(13)),
    PLAIN("ou", 2, B(13) | B(4) | B(6) | B(8)),
    PLAIN("oh", 1, B(8) | B(4)),
    PLAIN("o", 0, B(8) | B(4)),
    LATIN("ui", 0, B(19)),
    LATIN("ui", 2, B(16)),
    LATIN("uy", 1, B(19)),
    LATIN("ue", 2, B(18) | B(13) | B(4)),
    LATIN("ua", 2, B(9)),
    LATIN("uo", 2, B(14) | B(4) | B(13)),
    PLAIN("uh", 1, B(4) | B(13) | B(18)),
    PLAIN("u", 0, B(13) | B(18) | B(4)),
    PLAIN("eh", 1, B(1) | B(5) | B(7)),
    LATIN("e", 0, B(5) | B(1)),
    LATIN("e", 2, B(4)),
    LATIN("y", 2, B(20) | B(18)),
    PLAIN("ie", 2, B(20) | B(19)),
    PLAIN("i", 0, B(20) | B(19)),
    PLAIN("wa", 0, B(9)),
    PLAIN("we", 0, B(15) | B(11)),
    LATIN("we", 2, B(16) | B(14)),
    LATIN("wee", 1, B(16)),
    LATIN("wui", 1, B(16)),
    LATIN("way", 1, B(10)),
    LATIN("wey", 1, B(15)),
    PLAIN("wi", 0, B(16)),
    PLAIN("wo", 0, B(14)),
    PLAIN("wu", 1, B(13) | B(14)),
    LATIN("ea", 2, B(4) | B(20)),
    LATIN("iy", 2, B(20) | B(19)),
    LATIN("e", 2, B(18)),
    LATIN("oo", 2, B(18)),
    LATIN("or", 2, B(4) | B(8)),
    LATIN("ow", 2, B(8) | B(13)),
    LATIN("uu", 2, B(13)),
    LATIN("uee", 2, B(16) | B(19)),
    LATIN("euy", 2, B(19)),
    LATIN("yui", 2, B(19)),
    LATIN("oey", 2, B(11)),
    LATIN("woe", 2, B(11) | B(15)),
    RUSSIAN("e", 0, B(4) | B(5)),
    RUSSIAN("y", 0, B(18)),
    RUSSIAN("yi", 0, B(19)),
    RUSSIAN("ui", 0, B(16) | B(19)),
    RUSSIAN("ue", 0, B(11) | B(10) | B(15)),
    RUSSIAN("ve", 0, B(11) | B(15)),
    RUSSIAN("va", 0, B(9)),
    RUSSIAN("vo", 0, B(14)),
    RUSSIAN("ue", 0, B(14)),
};
static const struct spelling finals[] = {
    PLAIN("ng", 0, B(21)),
    PLAIN("nng", 2, B(21)),
    PLAIN("ne", 2, B(4)),
    LATIN("n", 0, B(4) | B(5) | B(6)),
    PLAIN("k", 0, B(1) | B(2) | B(3) | B(9) | B(24)),
    PLAIN("g", 1, B(1)),
    PLAIN("ck", 1, B(1)),
    PLAIN("c", 2, B(1)),
    PLAIN("l", 0, B(8) | B(11) | B(12) | B(13) | B(15)),
    PLAIN("r", 1, B(8)),
    PLAIN("ll", 1, B(8)),
    LATIN("rl", 1, B(8)),
    LATIN("nn", 1, B(4)),
    LATIN("mm", 1, B(16)),
    PLAIN("m", 0, B(16) | B(10)),
    PLAIN("p", 0, B(17) | B(18) | B(14) | B(26)),
    PLAIN("b", 1, B(17)),
    PLAIN("t", 0, B(7) | B(19) | B(20) | B(22) | B(23) | B(25) | B(27)),
    PLAIN("d", 1, B(7)),
    PLAIN("s", 1, B(19)),
    PLAIN("", 0, B(0) | B(27)),
    LATIN("gk", 2, B(1)),
    LATIN("kk", 2, B(1)),
    LATIN("gg", 2, B(1)),
    LATIN("q", 2, B(1)),
    LATIN("gh", 2, B(1)),
    LATIN("kh", 2, B(1) | B(24)),
    LATIN("lh", 2, B(8)),
    LATIN("rr", 2, B(8)),
    LATIN("le", 2, B(8)),
    LATIN("bb", 2, B(17)),
    LATIN("pp", 2, B(17)),
    LATIN("ph", 2, B(17) | B(26)),
    LATIN("tt", 2, B(7) | B(19) | B(20)),
    LATIN("th", 2, B(7) | B(19) | B(25)),
    LATIN("ss", 2, B(19) | B(20)),
    LATIN("nh", 2, B(4)),
    LATIN("nk", 2, B(21)),
    LATIN("ngh", 2, B(21)),
    RUSSIAN("n", 0, B(4) | B(21)),
    RUSSIAN("nn", 0, B(4)),
};

/*
 * What each medial is with y and with w before it, UINT8_MAX for none; and without y, which after s, j and ch is not
 * heard.  In the order of Unicode.
 */
static const uint8_t with_y[MEDIALS] = {2, 3,  2,  3,         6,         7,         6,  7,  12, UINT8_MAX, UINT8_MAX,
                                        7, 12, 17, UINT8_MAX, UINT8_MAX, UINT8_MAX, 17, 17, 20, 20};
static const uint8_t with_w[MEDIALS] = {9,  10,        UINT8_MAX, UINT8_MAX, 14, 15, UINT8_MAX, UINT8_MAX, 14, 9, 10,
                                        11, UINT8_MAX, 13,        14,        15, 16, UINT8_MAX, 13,        16, 16};
static const uint8_t without_y[MEDIALS] = {0, 1, 0, 1, 4, 5, 4, 5, 8, 9, 10, 11, 8, 13, 14, 15, 16, 13, 18, 19, 20};

unsigned match_hangul_letters(uint32_t code, char to[8])
{
    uint32_t s = code - 0xAC00;
    const char *parts[3] = {initial_letters[s / 588], medial_letters[s % 588 / 28], final_letters[s % 28]};
    unsigned n = 0;
    for (unsigned k = 0; k < 3; k++)
        for (const char *p = parts[k]; *p != '\0'; p++)
            to[n++] = *p;
    return n;
}

/* Medials before which ㄹ and ㄴ fall away by the initial-sound rule. */
static const uint32_t narrow = B(2) | B(3) | B(6) | B(7) | B(12) | B(17) | B(20);

/* A written ㄹ, ㄴ or nothing may be the other by the initial-sound rule; the north writes the first, the south not. */
static uint32_t initials_of(uint32_t initial, uint32_t medials_set)
{
    if ((initial & (B(5) | B(2))) != 0)
        initial |= B(5) | B(2) | ((medials_set & narrow) != 0 ? B(11) : 0);
    else if ((initial & B(11)) != 0 && (medials_set & narrow) != 0)
        initial |= B(5) | B(2);
    return initial;
}

static struct match_syllable hangul_syllable(uint32_t code)
{
    uint32_t s = code - 0xAC00;
    struct match_syllable r = {.initial = B(s / 588), .medial = B(s % 588 / 28), .final = B(s % 28)};
    r.initial = initials_of(r.initial, r.medial);
    return r;
}

/* Spellings by their letters: all that begin at a place are met on one way from the root. */
struct node {
    uint16_t next[26]; /* 0: none */
    bool ends;
    uint8_t cost;
    uint32_t jamo;
};
static struct node nodes[NODES_MAX];
static uint16_t nodes_count;

struct search {
    uint16_t initial, medial, final; /* roots */
    const char *s;
    unsigned n, steps, found;
    struct match_korean *ret; /* the best so far, cheapest first */
    struct match_korean now;
    uint8_t ends[MATCH_SYLLABLES_MAX]; /* of the syllables of now, among the letters */
    uint8_t kept_ends[MATCH_READINGS_MAX][MATCH_SYLLABLES_MAX];
};

static uint16_t node_new(void)
{
    assert(nodes_count < NODES_MAX);
    return nodes_count++;
}

/* What is spelt in two ways by the same letters may be either. */
static void spell(uint16_t root, const char *letters, unsigned cost, uint32_t jamo)
{
    uint16_t at = root;
    for (; *letters != 0; letters++) {
        uint16_t *next = &nodes[at].next[*letters - 'a'];
        at = *next = *next != 0 ? *next : node_new();
    }
    if (!nodes[at].ends || cost < nodes[at].cost)
        nodes[at].cost = (uint8_t)cost;
    nodes[at].ends = true;
    nodes[at].jamo |= jamo;
}

static bool is_common(uint16_t root, const char *letters)
{
    uint16_t at = root;
    for (; *letters != 0; letters++)
        if ((at = nodes[at].next[*letters - 'a']) == 0)
            return false;
    return nodes[at].ends && nodes[at].cost < COMPOSED_COST;
}

static uint16_t spell_all(const struct spelling *table, unsigned count, bool russian)
{
    uint16_t root = node_new();
    for (unsigned i = 0; i < count; i++)
        if (table[i].when != (russian ? ROMAN : KONTSEVICH))
            spell(root, table[i].s, table[i].cost, table[i].jamo);
    return root;
}

static uint32_t mapped(uint32_t set, const uint8_t to[MEDIALS])
{
    uint32_t all = 0;
    for (unsigned i = 0; i < MEDIALS; i++)
        if ((set >> i & 1) != 0 && to[i] != UINT8_MAX)
            all |= B(to[i]);
    return all;
}

/* Several letters behind y, as no system has them, are guessed at: yo, yu and yeo are not kept apart. */
static void compose(uint16_t root, const char *before, const char *vowel, const char *behind, uint32_t jamo)
{
    const uint32_t rounded = B(6) | B(12) | B(17);
    char letters[LONGEST_COMPOSED + 1];
    int n = snprintf(letters, sizeof letters, "%s%s%s", before, vowel, behind);
    if (n > LONGEST_COMPOSED || jamo == 0 || is_common(root, letters))
        return;
    if (vowel[1] != 0 && (jamo & rounded) != 0)
        jamo |= rounded;
    spell(root, letters, COMPOSED_COST, jamo);
}

static void compose_all(uint16_t root)
{
    static const char *const y[] = {"y", "i"}, *const w[] = {"w", "o", "u"};
    uint16_t known = spell_all(medials, COUNT(medials), false);
    for (unsigned i = 0; i < COUNT(medials); i++) {
        const char *vowel = medials[i].s;
        uint16_t at = known;
        if (medials[i].when == KONTSEVICH || vowel[0] == 'y' || vowel[0] == 'w')
            continue;
        for (const char *p = vowel; *p != 0; p++)
            at = nodes[at].next[*p - 'a'];
        const uint32_t jamo = nodes[at].jamo;
        for (unsigned k = 0; k < COUNT(y); k++)
            compose(root, y[k], vowel, "", mapped(jamo, with_y));
        for (unsigned k = 0; k < COUNT(w); k++)
            if (vowel[0] != w[k][0])
                compose(root, w[k], vowel, "", mapped(jamo, with_w));
    }
    for (unsigned i = 0; i < COUNT(medials); i++) {
        static const char *const behind[] = {"h", "r"};
        const char *vowel = medials[i].s, last = vowel[medials[i].n - 1];
        uint16_t at = known;
        if (medials[i].when == KONTSEVICH || last == 'h' || last == 'r')
            continue;
        for (const char *p = vowel; *p != 0; p++)
            at = nodes[at].next[*p - 'a'];
        for (unsigned k = 0; k < COUNT(behind); k++)
            compose(root, "", vowel, behind[k], nodes[at].jamo);
    }
}

/* Of Latin and of Russian letters, made once before there are threads. */
static uint16_t initial_root[2], medial_root[2], final_root[2];
__attribute__((constructor)) static void begin_all(void)
{
    (void)node_new(); /* 0 is none */
    for (unsigned russian = 0; russian < 2; russian++) {
        initial_root[russian] = spell_all(initials, COUNT(initials), russian != 0);
        medial_root[russian] = spell_all(medials, COUNT(medials), russian != 0);
        final_root[russian] = spell_all(finals, COUNT(finals), russian != 0);
    }
    compose_all(medial_root[0]);
}

/* The next node on the way through the letters from ${at} on; 0 when there is none. */
static uint16_t next_node(const struct search *r, uint16_t node, unsigned at)
{
    return at < r->n && r->s[at] >= 'a' && r->s[at] <= 'z' ? nodes[node].next[r->s[at] - 'a'] : 0;
}

/* Readings that divide the letters alike are one, which may stand for what either does. */
static bool joins_another(struct search *r)
{
    for (unsigned i = 0; i < r->found; i++) {
        struct match_korean *known = &r->ret[i];
        if (known->count != r->now.count || memcmp(r->kept_ends[i], r->ends, r->now.count) != 0)
            continue;
        for (unsigned k = 0; k < r->now.count; k++) {
            known->s[k].initial |= r->now.s[k].initial;
            known->s[k].medial |= r->now.s[k].medial;
            known->s[k].final |= r->now.s[k].final;
        }
        known->cost = r->now.cost < known->cost ? r->now.cost : known->cost;
        return true;
    }
    return false;
}

static void keep_reading(struct search *r)
{
    if (joins_another(r))
        return;
    unsigned at = r->found;
    while (at > 0 && r->ret[at - 1].cost > r->now.cost)
        at--;
    if (at == MATCH_READINGS_MAX)
        return;
    if (r->found < MATCH_READINGS_MAX)
        r->found++;
    for (unsigned i = r->found - 1; i > at; i--) {
        r->ret[i] = r->ret[i - 1];
        memcpy(r->kept_ends[i], r->kept_ends[i - 1], sizeof r->ends);
    }
    r->ret[at] = r->now;
    memcpy(r->kept_ends[at], r->ends, sizeof r->ends);
}

static void read_syllable(struct search *r, unsigned at);

/* Before a nasal or l some write what is heard: Bongnam for Boknam, Sollan for Sonran. */
static uint32_t assimilated(const struct search *r, unsigned from, unsigned at)
{
    const char *final = r->s + from;
    int next = at < r->n ? r->s[at] : 0;
    bool nasal = next == 'n' || next == 'm';
    if (at - from == 2 && final[0] == 'n' && final[1] == 'g' && (nasal || next == 'l' || next == 'r'))
        return B(1);
    if (at - from == 1 && final[0] == 'm' && nasal)
        return B(17);
    return at - from == 1 && final[0] == 'l' && next == 'l' ? B(4) : 0;
}

static bool is_vowel(char letter)
{
    return letter != 0 && strchr("aeiouyw", letter) != NULL;
}

/* An h before a vowel begins a syllable. */
static void read_final(struct search *r, unsigned from, struct match_syllable syllable, unsigned cost)
{
    unsigned at = from;
    for (uint16_t node = r->final; node != 0; node = next_node(r, node, at++)) {
        unsigned count = r->now.count, cost_before = r->now.cost;
        if (!nodes[node].ends || (at - from > 1 && r->s[at - 1] == 'h' && at < r->n && is_vowel(r->s[at])))
            continue;
        syllable.final = nodes[node].jamo | assimilated(r, from, at);
        r->ends[count] = (uint8_t)at;
        r->now.s[r->now.count++] = syllable;
        r->now.cost += cost + nodes[node].cost;
        read_syllable(r, at);
        r->now.count = count;
        r->now.cost = cost_before;
    }
}

static void read_medials(struct search *r, unsigned at, const struct node *initial)
{
    const uint32_t sibilants = B(9) | B(10) | B(12) | B(13) | B(14), keep_ye = B(2) | B(5) | B(11);
    for (uint16_t node = r->medial; node != 0; node = next_node(r, node, at++)) {
        if (!nodes[node].ends || r->steps++ > STEPS_MAX)
            continue;
        struct match_syllable syllable = {.medial = nodes[node].jamo};
        syllable.initial = initials_of(initial->jamo, syllable.medial);
        if ((initial->jamo & sibilants) != 0)
            syllable.medial |= mapped(syllable.medial, without_y);
        if ((syllable.medial & B(5)) != 0 && (initial->jamo & ~keep_ye) != 0)
            syllable.medial |= B(7); /* it is heard as e there: Haejin for Hyejin */
        read_final(r, at, syllable, 0u + SYLLABLE_COST + initial->cost + nodes[node].cost);
    }
}

static void read_syllable(struct search *r, unsigned at)
{
    if (at == r->n) {
        keep_reading(r);
        return;
    }
    if (r->now.count == 4 || r->now.cost > COST_MAX)
        return;
    for (uint16_t node = r->initial; node != 0; node = next_node(r, node, at++))
        if (nodes[node].ends)
            read_medials(r, at, &nodes[node]);
}

unsigned match_korean_read(const struct match_token *token, struct match_korean ret[MATCH_READINGS_MAX])
{
    if (token->syllables != 0) {
        ret[0] = (struct match_korean){.count = token->syllables};
        for (unsigned i = 0; i < token->syllables; i++) {
            ret[0].s[i] = hangul_syllable(token->hangul[i]);
            if (token->also[i] == 0)
                continue;
            struct match_syllable also = hangul_syllable(token->also[i]);
            ret[0].s[i].initial |= also.initial;
            ret[0].s[i].medial |= also.medial;
            ret[0].s[i].final |= also.final;
        }
        return 1;
    }
    if (token->n == 0 || token->n > LETTERS_MAX)
        return 0;
    struct search r;
    bool russian = token->script == MATCH_CYRILLIC;
    char letters[MATCH_TOKEN_BYTES];
    memcpy(letters, token->s, token->n);
    for (unsigned i = 0; i + 1 < token->n; i++)
        if (letters[i] == 'w' && letters[i + 1] == 'h') { /* Whang is Hwang */
            letters[i] = 'h';
            letters[i + 1] = 'w';
        }
    r.s = letters;
    r.n = token->n;
    r.ret = ret;
    r.steps = r.found = r.now.count = r.now.cost = 0;
    r.initial = initial_root[russian];
    r.medial = medial_root[russian];
    r.final = final_root[russian];
    read_syllable(&r, 0);
    return r.found;
}

/* The surnames of Korea in the spellings that passports, lists and papers carry, in order. */
static const char surname_words[][9] = {
    "ahn",     "an",      "bae",   "baek",    "bahk",   "bahng", "baik",  "bak",    "ban",    "bang",   "bek",
    "bong",    "boo",     "bu",    "byeon",   "byon",   "byun",  "cha",   "chae",   "chang",  "cheon",  "cheong",
    "chey",    "cho",     "choe",  "choi",    "chon",   "chong", "choo",  "chough", "choung", "choy",   "chu",
    "chuh",    "chun",    "chung", "da",      "do",     "eoh",   "eom",   "eum",    "eun",    "gam",    "gang",
    "gee",     "geum",    "ghim",  "gi",      "gil",    "gim",   "go",    "goh",    "gong",   "goo",    "gook",
    "gu",      "gwak",    "gwon",  "ha",      "hahm",   "hahn",  "ham",   "han",    "heo",    "ho",     "hong",
    "huh",     "hur",     "hwang", "hwangbo", "hyeon",  "hyon",  "hyun",  "hyung",  "ihn",    "im",     "in",
    "jang",    "je",      "jegal", "jeon",    "jeong",  "jeung", "jhung", "ji",     "jin",    "jo",     "joe",
    "jon",     "jong",    "joo",   "joong",   "ju",     "jun",   "jung",  "ka",     "kahng",  "kam",    "kang",
    "kee",     "keem",    "keum",  "ki",      "kil",    "kim",   "ko",    "koh",    "kong",   "koo",    "kook",
    "ku",      "kug",     "kuk",   "kum",     "kwag",   "kwak",  "kweon", "kwon",   "la",     "lee",    "leem",
    "lew",     "li",      "lim",   "lyoo",    "lyu",    "lyuh",  "ma",    "maeng",  "mah",    "min",    "minn",
    "mo",      "moh",     "moon",  "mun",     "myong",  "myung", "na",    "nah",    "nahm",   "nam",    "namgoong",
    "namgung", "namkung", "nho",   "no",      "noe",    "noh",   "ock",   "oh",     "ohm",    "ohn",    "ok",
    "om",      "pae",     "paek",  "pahk",    "pahn",   "paik",  "pak",   "pan",    "pang",   "park",   "pee",
    "phang",   "phyo",    "pi",    "pyo",     "pyon",   "pyun",  "ra",    "rhee",   "ri",     "rim",    "ro",
    "roh",     "ryang",   "ryo",   "ryom",    "ryoo",   "ryu",   "ryuh",  "ryuk",   "sa",     "sagong", "sah",
    "seo",     "seok",    "seol",  "seomun",  "seon",   "seong", "shim",  "shin",   "shinn",  "sim",    "sin",
    "so",      "soh",     "sohn",  "sok",     "sol",    "son",   "song",  "sonu",   "suh",    "suhr",   "suk",
    "sul",     "sull",    "sung",  "sunu",    "sunwoo", "tae",   "tahk",  "tak",    "tchoi",  "thae",   "to",
    "tschoi",  "u",       "uh",    "uhm",     "um",     "wang",  "we",    "weon",   "wi",     "woe",    "wohn",
    "won",     "woo",     "wu",    "yang",    "yeh",    "yeo",   "yeom",  "yeon",   "yeum",   "yi",     "yim",
    "yo",      "yoh",     "yom",   "yon",     "yoo",    "yoon",  "you",   "youm",   "youn",   "yu",     "yuh",
    "yuk",     "yum",     "yun",   "zo",
};

/* The first surname of each letter; made once, before there are threads. */
static uint16_t surnames_from[27];
__attribute__((constructor)) static void find_surnames(void)
{

    for (unsigned i = 1; i < COUNT(surnames_from); i++)
        for (surnames_from[i] = surnames_from[i - 1];
             surnames_from[i] < COUNT(surname_words) && surname_words[surnames_from[i]][0] - 'a' < (int)i;)
            surnames_from[i]++;
}

bool match_korean_surname(const struct match_token *token)
{
    if (token->syllables != 0)
        return true;
    if (token->script == MATCH_CYRILLIC)
        return token->n <= 5;
    if (token->n == 0 || token->n >= sizeof surname_words[0] || token->s[0] < 'a')
        return false;
    char s[sizeof surname_words[0]] = {0};
    memcpy(s, token->s, token->n);
    unsigned low = surnames_from[s[0] - 'a'], high = surnames_from[s[0] - 'a' + 1];
    while (low < high) {
        unsigned middle = (low + high) / 2;
        int order = memcmp(surname_words[middle], s, sizeof s);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static void append_token(const struct match_readings *token, struct match_wholes *w)
{
    struct match_wholes next;
    next.count = 0;
    for (unsigned i = 0; i < w->count; i++)
        for (unsigned k = 0; k < token->count && next.count < COUNT(next.r); k++) {
            const struct match_korean *more = &token->r[k];
            struct match_whole *joined = &next.r[next.count];
            if (w->r[i].count + more->count > COUNT(joined->s))
                continue;
            *joined = w->r[i];
            memcpy(joined->s + joined->count, more->s, more->count * sizeof more->s[0]);
            joined->count += more->count;
            next.count++;
        }
    w->count = next.count;
    memcpy(w->r, next.r, next.count * sizeof next.r[0]);
}

/* With the last or first token as the surname put in front. */
static void read_whole(const struct match_readings *const *tokens, unsigned count, bool last_first,
                       struct match_wholes *w)
{
    w->count = 1;
    w->r[0].count = 0;
    if (last_first)
        append_token(tokens[count - 1], w);
    for (unsigned i = 0; i + last_first < count && w->count != 0; i++)
        append_token(tokens[i], w);
}

static bool syllables_agree(const struct match_syllable *a, const struct match_syllable *b, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if ((a[i].initial & b[i].initial) == 0 || (a[i].medial & b[i].medial) == 0 || (a[i].final & b[i].final) == 0)
            return false;
    return true;
}

bool match_syllables_agree(const struct match_korean *a, const struct match_korean *b)
{
    return a->count == b->count && syllables_agree(a->s, b->s, a->count);
}

/*
 * Vowels that people hear as one another's: those made in front, in the middle and with round lips, but not behind y
 * those behind w.
 */
static bool neighbours(uint32_t a, uint32_t b)
{
    static const uint32_t groups[] = {
        B(1) | B(3) | B(5) | B(7) | B(18) | B(19) | B(20),
        B(1) | B(5) | B(10) | B(11) | B(15) | B(16) | B(18) | B(19) | B(20),
        B(0) | B(1) | B(2) | B(4) | B(6) | B(18),
        B(0) | B(4) | B(9) | B(14) | B(18),
        B(4) | B(6) | B(8) | B(12) | B(13) | B(17) | B(18),
        B(4) | B(8) | B(9) | B(11) | B(13) | B(14) | B(16) | B(18),
    };
    for (unsigned i = 0; i < COUNT(groups); i++)
        if ((a & groups[i]) != 0 && (b & groups[i]) != 0)
            return true;
    return false;
}

/* All that does not agree is one vowel, beside its neighbour; what the initial-sound rule lets pass agrees in both. */
static bool nearly_agree(const struct match_whole *a, const struct match_whole *b)
{
    unsigned apart = 0;
    for (unsigned i = 0; i < a->count; i++) {
        const struct match_syllable *x = &a->s[i], *y = &b->s[i];
        const uint32_t initial = x->initial & y->initial;
        if (initial == 0 || (x->final & y->final) == 0)
            return false;
        if ((x->medial & y->medial) != 0)
            continue;
        if (apart++ != 0 || !neighbours(x->medial, y->medial))
            return false;
        if ((initial & ~(B(2) | B(5) | B(11))) == 0 && ((x->medial & narrow) != 0) != ((y->medial & narrow) != 0))
            return false;
    }
    return apart == 1;
}

bool match_korean_short(const struct match_name *name)
{
    unsigned letters = 0;
    for (unsigned i = 0; i < name->count; i++)
        letters += name->t[i].n;
    return name->count <= TOKENS_MOST && letters <= LETTERS_MAX + 6;
}

bool match_korean_plausible(const struct match_name *name)
{
    return name->count != 0 && match_korean_short(name) &&
           (match_korean_surname(&name->t[0]) || match_korean_surname(&name->t[name->count - 1]));
}

struct match_readings_cache {
    unsigned bits;
    struct {
        struct match_token token;
        bool filled;
        struct match_readings readings;
    } entry[];
};

struct match_readings_cache *match_readings_cache_new(unsigned bits)
{
    struct match_readings_cache *c =
        malloc(offsetof(struct match_readings_cache, entry) + (sizeof c->entry[0] << bits));
    if (c == NULL)
        return NULL;
    c->bits = bits;
    for (size_t i = 0; i < (size_t)1 << bits; i++)
        c->entry[i].filled = false;
    return c;
}

/* Letters alone: syllables need no search. */
static const struct match_readings *read_cached(const struct match_token *token, struct match_readings_cache *cache,
                                                struct match_readings *own)
{
    if (cache == NULL || token->syllables != 0) {
        own->count = match_korean_read(token, own->r);
        return own;
    }
    uint64_t at = match_hash(token->s, token->n) >> (64 - cache->bits);
    struct match_token *known = &cache->entry[at].token;
    if (!cache->entry[at].filled || known->n != token->n || known->script != token->script ||
        memcmp(known->s, token->s, token->n) != 0) {
        cache->entry[at].filled = true;
        *known = *token;
        cache->entry[at].readings.count = match_korean_read(token, cache->entry[at].readings.r);
    }
    return &cache->entry[at].readings;
}

/* All tokens must be readable, or the whole is not. */
static bool read_tokens(const struct match_name *name, struct match_readings_cache *cache,
                        struct match_readings own[TOKENS_MOST], const struct match_readings *to[TOKENS_MOST])
{
    for (unsigned i = 0; i < name->count; i++) {
        to[i] = read_cached(&name->t[i], cache, &own[i]);
        if (to[i]->count == 0)
            return false;
        for (unsigned k = 0; k < i; k++)
            if (to[k] == to[i]) { /* it may just have taken the place of that one */
                own[k].count = match_korean_read(&name->t[k], own[k].r);
                to[k] = &own[k];
            }
    }
    return true;
}

void match_korean_begin(struct match_korean_name *k, const struct match_name *name)
{
    k->name = name;
    k->is_hangul = name->count != 0 && name->t[0].syllables != 0;
    k->is_short = name->count != 0 && match_korean_short(name);
    k->is_plausible = k->is_short && match_korean_plausible(name);
    k->is_read = false;
}

static void read_all(struct match_korean_name *k, struct match_readings_cache *cache)
{
    struct match_readings own[TOKENS_MOST];
    const struct match_readings *tokens[TOKENS_MOST];
    k->is_read = true;
    k->w[0].count = k->w[1].count = 0;
    if (!read_tokens(k->name, cache, own, tokens))
        return;
    read_whole(tokens, k->name->count, false, &k->w[0]);
    if (k->name->count > 1)
        read_whole(tokens, k->name->count, true, &k->w[1]);
}

static enum match_korean_likeness wholes_alike(const struct match_wholes *a, const struct match_wholes *b, bool hangul)
{
    enum match_korean_likeness best = MATCH_KOREAN_APART;
    for (unsigned i = 0; i < a->count; i++)
        for (unsigned k = 0; k < b->count; k++) {
            const struct match_whole *x = &a->r[i], *y = &b->r[k];
            if (x->count != y->count || x->count < 2)
                continue;
            if (syllables_agree(x->s, y->s, x->count))
                return MATCH_KOREAN_WHOLE;
            if (hangul && x->count > 2 && best == MATCH_KOREAN_APART && nearly_agree(x, y))
                best = MATCH_KOREAN_NEAR;
        }
    return best;
}

enum match_korean_likeness match_korean_alike(struct match_korean_name *a, struct match_korean_name *b,
                                              struct match_readings_cache *cache)
{
    /* Hangul needs no surname to be taken for Korean; two names in letters do. */
    const bool hangul = a->is_hangul || b->is_hangul;
    if (hangul ? !a->is_short || !b->is_short : !a->is_plausible || !b->is_plausible)
        return MATCH_KOREAN_APART;
    if (!a->is_read)
        read_all(a, cache);
    if (!b->is_read)
        read_all(b, cache);
    enum match_korean_likeness best = MATCH_KOREAN_APART;
    for (unsigned turn = 0; turn < 3 && best != MATCH_KOREAN_WHOLE; turn++) {
        enum match_korean_likeness now = wholes_alike(&a->w[turn & 1], &b->w[turn >> 1], hangul);
        best = now > best ? now : best;
    }
    return best;
}

/* ---- classes ---- */

static void one_class(uint8_t *class, unsigned count, uint32_t set)
{
    uint8_t low = UINT8_MAX;
    for (unsigned i = 0; i < count; i++)
        if ((set >> i & 1) != 0 && class[i] < low)
            low = class[i];
    for (unsigned i = 0; i < count; i++) {
        if ((set >> i & 1) == 0 || class[i] == low)
            continue;
        uint8_t old = class[i];
        for (unsigned k = 0; k < count; k++)
            class[k] = class[k] == old ? low : class[k];
    }
}

void match_korean_classes_make(struct match_korean_classes *to)
{
    for (unsigned i = 0; i < sizeof to->initial; i++)
        to->initial[i] = (uint8_t)i;
    for (unsigned i = 0; i < sizeof to->medial; i++)
        to->medial[i] = (uint8_t)i;
    for (unsigned i = 0; i < sizeof to->final; i++)
        to->final[i] = (uint8_t)i;
    one_class(to->initial, sizeof to->initial, initials_of(B(2), UINT32_MAX));
    for (unsigned i = 0; i < COUNT(initials); i++)
        one_class(to->initial, sizeof to->initial, initials[i].jamo);
    for (unsigned i = 0; i < COUNT(finals); i++)
        one_class(to->final, sizeof to->final, finals[i].jamo);
    one_class(to->medial, sizeof to->medial, UINT32_MAX); /* names that nearly agree differ in one */
}

struct key_list {
    const struct match_korean_classes *c;
    uint32_t *keys;
    unsigned count; /* one more than MATCH_KOREAN_KEYS: too many */
};

/* The classes in a set, as a set; a character with two readings may have two. */
static uint32_t classes_in(const uint8_t *class, unsigned count, uint32_t set)
{
    uint32_t classes = 0;
    for (unsigned i = 0; i < count; i++)
        classes |= (set >> i & 1) != 0 ? 1u << class[i] : 0;
    return classes;
}

static void add_key(struct key_list *l, uint64_t key)
{
    uint32_t short_key = (uint32_t)(match_mix(key) >> 32);
    for (unsigned i = 0; i < l->count && i < MATCH_KOREAN_KEYS; i++)
        if (l->keys[i] == short_key)
            return;
    if (l->count < MATCH_KOREAN_KEYS)
        l->keys[l->count] = short_key;
    l->count += l->count <= MATCH_KOREAN_KEYS;
}

/* Every way through the classes of ${count} syllables from the ${at}-th on. */
static void add_keys(struct key_list *l, const struct match_syllable *syllables, unsigned count, unsigned at,
                     uint64_t key)
{
    if (at == count) {
        add_key(l, key << 3 | count);
        return;
    }
    const struct match_syllable *s = &syllables[at];
    uint32_t initial = classes_in(l->c->initial, sizeof l->c->initial, s->initial);
    uint32_t medial = classes_in(l->c->medial, sizeof l->c->medial, s->medial);
    uint32_t final = classes_in(l->c->final, sizeof l->c->final, s->final);
    for (uint32_t i = initial; i != 0 && l->count <= MATCH_KOREAN_KEYS; i &= i - 1)
        for (uint32_t m = medial; m != 0; m &= m - 1)
            for (uint32_t f = final; f != 0; f &= f - 1)
                add_keys(l, syllables, count, at + 1,
                         match_mix(key * 31 + (uint64_t)__builtin_ctz(i) * 1024 + (uint64_t)__builtin_ctz(m) * 32 +
                                   (uint64_t)__builtin_ctz(f) + 1));
}

unsigned match_korean_keys(const struct match_korean_classes *c, const struct match_name *name,
                           struct match_readings_cache *cache, uint32_t ret_keys[MATCH_KOREAN_KEYS])
{
    struct match_readings own[TOKENS_MOST];
    const struct match_readings *tokens[TOKENS_MOST];
    struct key_list l = {c, ret_keys, 0};
    if (name->count == 0 || !match_korean_short(name) || !read_tokens(name, cache, own, tokens))
        return 0;
    for (unsigned turned = 0; turned < (name->count > 1 ? 2u : 1u); turned++) {
        struct match_wholes w;
        read_whole(tokens, name->count, turned == 1, &w);
        for (unsigned i = 0; i < w.count; i++)
            if (w.r[i].count > 1)
                add_keys(&l, w.r[i].s, w.r[i].count, 0, 0);
    }
    return l.count;
}

unsigned match_token_keys(const struct match_korean_classes *c, const struct match_token *token,
                          uint32_t ret_keys[MATCH_KOREAN_KEYS])
{
    struct match_korean readings[MATCH_READINGS_MAX];
    struct key_list l = {c, ret_keys, 0};
    unsigned n = match_korean_read(token, readings);
    for (unsigned i = 0; i < n; i++)
        add_keys(&l, readings[i].s, readings[i].count, 0, 1);
    return l.count;
}
