/*
 * Korean names: arithmetic on hangul syllables, and every syllable a romanised token may stand for.
 *
 * The spellings are those of McCune-Reischauer without its marks, the Revised Romanisation, the DPRK's own,
 * Kontsevich's
 * for Russian, and what people write in passports.  A spelling stands for a set of jamo; two names are alike when each
 * syllable of one has a jamo in common with its fellow, in all three places.
 */
#include "match/match_internal.h"

enum {
    INITIALS = 19,
    STEPS_MAX = 1500, /* of the search through one token; beyond it the readings found so far stand */
    LETTERS_MAX = 18,
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
    LATIN("kh", 1, B(15)),
    PLAIN("g", 0, B(0) | B(1)),
    PLAIN("k", 0, B(0) | B(1) | B(15)),
    PLAIN("n", 0, B(2) | B(5)),
    PLAIN("tt", 1, B(4)),
    PLAIN("th", 1, B(16)),
    PLAIN("tch", 2, B(12) | B(13) | B(14)),
    PLAIN("d", 0, B(3) | B(4)),
    PLAIN("t", 0, B(3) | B(4) | B(16)),
    PLAIN("rh", 1, B(5)),
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
    PLAIN("c", 2, B(12) | B(14)),
    PLAIN("h", 0, B(18)),
    PLAIN("", 0, B(11)),
    RUSSIAN("chkh", 0, B(14)),
    RUSSIAN("pkh", 0, B(17)),
    RUSSIAN("tkh", 0, B(16)),
    RUSSIAN("kkh", 0, B(15)),
    RUSSIAN("kh", 0, B(18)),
};
static const struct spelling medials[] = {
    PLAIN("yae", 0, B(3)),
    PLAIN("yeo", 0, B(6)),
    PLAIN("you", 1, B(6) | B(17)),
    PLAIN("yoo", 1, B(17)),
    PLAIN("yeu", 2, B(6) | B(17)),
    PLAIN("yuh", 2, B(6)),
    PLAIN("yaw", 2, B(6)),
    PLAIN("wae", 0, B(10) | B(11)),
    PLAIN("weo", 1, B(14)),
    PLAIN("woo", 1, B(13)),
    PLAIN("ya", 0, B(2)),
    PLAIN("yo", 0, B(12) | B(6)),
    PLAIN("yu", 0, B(17) | B(6)),
    PLAIN("ye", 0, B(7) | B(3)),
    PLAIN("yi", 1, B(20)),
    PLAIN("eui", 1, B(19)),
    PLAIN("eu", 0, B(18)),
    PLAIN("eu", 2, B(4) | B(6)),
    PLAIN("eo", 0, B(4)),
    PLAIN("ee", 1, B(20) | B(19)),
    PLAIN("ea", 2, B(1)),
    PLAIN("ae", 0, B(1) | B(5)),
    PLAIN("aa", 1, B(0)),
    PLAIN("ai", 1, B(1)),
    PLAIN("ah", 1, B(0)),
    PLAIN("eou", 2, B(4)),
    PLAIN("yea", 2, B(6)),
    PLAIN("yee", 2, B(19) | B(20)),
    PLAIN("yoe", 2, B(12)),
    PLAIN("ih", 1, B(20)),
    PLAIN("ar", 1, B(0)),
    PLAIN("a", 0, B(0)),
    PLAIN("oe", 0, B(11)),
    PLAIN("oe", 2, B(8)),
    PLAIN("oi", 1, B(11)),
    PLAIN("oo", 1, B(13)),
    PLAIN("ou", 2, B(13) | B(4)),
    PLAIN("oh", 1, B(8) | B(4)),
    PLAIN("o", 0, B(8) | B(4)),
    LATIN("ui", 0, B(19)),
    PLAIN("uh", 1, B(4) | B(13)),
    PLAIN("u", 0, B(13) | B(18) | B(4)),
    PLAIN("eh", 1, B(1) | B(5) | B(7)),
    LATIN("e", 0, B(5) | B(1)),
    PLAIN("ie", 2, B(20)),
    PLAIN("i", 0, B(20) | B(19)),
    PLAIN("wa", 0, B(9)),
    PLAIN("we", 0, B(15) | B(11)),
    PLAIN("wi", 0, B(16)),
    PLAIN("wo", 0, B(14)),
    PLAIN("wu", 1, B(13)),
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
    PLAIN("m", 0, B(16) | B(10)),
    PLAIN("p", 0, B(17) | B(18) | B(14) | B(26)),
    PLAIN("b", 1, B(17)),
    PLAIN("t", 0, B(7) | B(19) | B(20) | B(22) | B(23) | B(25) | B(27)),
    PLAIN("d", 1, B(7)),
    PLAIN("s", 1, B(19)),
    PLAIN("", 0, B(0) | B(27)),
    RUSSIAN("n", 0, B(4) | B(21)),
    RUSSIAN("nn", 0, B(4)),
};

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

/* A written ㄹ, ㄴ or nothing may be the other by the initial-sound rule; the north writes the first, the south not. */
static uint32_t initials_of(uint32_t initial, uint32_t medials_set)
{
    const uint32_t narrow = B(2) | B(3) | B(6) | B(7) | B(12) | B(17) | B(20);
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

struct search {
    const char *s;
    unsigned n, steps, found;
    bool russian;
    struct match_korean *ret; /* the best so far, cheapest first */
    struct match_korean now;
};

static bool spells(const struct search *r, const struct spelling *p, unsigned at)
{
    if (p->when == (r->russian ? ROMAN : KONTSEVICH) || p->n > r->n - at)
        return false;
    for (unsigned i = 0; i < p->n; i++)
        if (r->s[at + i] != p->s[i])
            return false;
    return true;
}

static void keep_reading(struct search *r)
{
    unsigned at = r->found;
    while (at > 0 && r->ret[at - 1].cost > r->now.cost)
        at--;
    if (at == MATCH_READINGS_MAX)
        return;
    if (r->found < MATCH_READINGS_MAX)
        r->found++;
    for (unsigned i = r->found - 1; i > at; i--)
        r->ret[i] = r->ret[i - 1];
    r->ret[at] = r->now;
}

static void read_syllable(struct search *r, unsigned at);

static void read_final(struct search *r, unsigned at, struct match_syllable syllable, unsigned cost)
{
    for (unsigned i = 0; i < COUNT(finals); i++) {
        if (!spells(r, &finals[i], at))
            continue;
        struct match_korean before = r->now;
        syllable.final = finals[i].jamo;
        r->now.s[r->now.count++] = syllable;
        r->now.cost += cost + finals[i].cost;
        read_syllable(r, at + finals[i].n);
        r->now.count = before.count;
        r->now.cost = before.cost;
    }
}

static void read_syllable(struct search *r, unsigned at)
{
    if (at == r->n) {
        keep_reading(r);
        return;
    }
    if (r->now.count == 4 || r->now.cost > 6)
        return;
    for (unsigned i = 0; i < COUNT(initials); i++) {
        if (!spells(r, &initials[i], at))
            continue;
        for (unsigned k = 0; k < COUNT(medials); k++) {
            if (!spells(r, &medials[k], at + initials[i].n) || r->steps++ > STEPS_MAX)
                continue;
            struct match_syllable syllable = {.initial = initials_of(initials[i].jamo, medials[k].jamo),
                                              .medial = medials[k].jamo};
            read_final(r, at + initials[i].n + medials[k].n, syllable, 1u + initials[i].cost + medials[k].cost);
        }
    }
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
    struct search r = {.s = token->s, .n = token->n, .ret = ret, .russian = token->script == MATCH_CYRILLIC};
    read_syllable(&r, 0);
    return r.found;
}

/* The surnames of Korea in the spellings that passports, lists and papers carry. */
static const char surname_words[] =
    " ahn an bae baek baik ban bang bong byeon byon byun cha chae chang cheon cho choe choi choy chon chong choo chu "
    "chun chung da do eom eun gam gang geum gi gil go goo gu gwak gwon ha ham han heo hyun hyeon hyon ho hong huh hur "
    "hwang hwangbo im in jang je jegal jeon jeong ji jin jo joe jon jong joo ju jun jung ka kam kang keum ki kil kim "
    "gim keem ko koh kong koo ku kuk kum kwak kwon la lee li lim ma maeng mo moon mun myong myung na nam namgung "
    "namkung no noh oh ok om pae paek paik pak pan pang park pyo pyon pyun ra rhee ri rim ro roh ryang ryo ryom ryu "
    "ryuk sa seo seok seol seon seong shim shin sim sin so sok sol son song sonu suh suk sung sunwoo tae tak to u wang "
    "we wi won woo wu yang yeo yeom yeon yi yim yo yom yon yoo yoon you youn yu yuk yun ";

bool match_korean_surname(const struct match_token *token)
{
    if (token->syllables != 0)
        return true;
    if (token->script == MATCH_CYRILLIC)
        return token->n <= 5;
    if (token->n == 0 || token->n > 8)
        return false;
    char padded[12] = " ";
    memcpy(padded + 1, token->s, token->n);
    padded[token->n + 1] = ' ';
    return strstr(surname_words, padded) != NULL;
}

/* All readings of a whole name, with the last or first token as the surname put in front. */
struct whole {
    unsigned count;
    struct match_korean r[2 * MATCH_READINGS_MAX];
};

static void append_token(const struct match_token *token, struct whole *w)
{
    struct match_korean readings[MATCH_READINGS_MAX];
    unsigned n = match_korean_read(token, readings);
    struct whole next = {0};
    for (unsigned i = 0; i < w->count; i++)
        for (unsigned k = 0; k < n && next.count < MATCH_READINGS_MAX; k++) {
            struct match_korean joined = w->r[i];
            if (joined.count + readings[k].count > 5)
                continue;
            memcpy(joined.s + joined.count, readings[k].s, readings[k].count * sizeof readings[k].s[0]);
            joined.count += readings[k].count;
            joined.cost += readings[k].cost;
            next.r[next.count++] = joined;
        }
    *w = next;
}

static void read_whole(const struct match_name *name, bool last_first, struct whole *w)
{
    *w = (struct whole){.count = 1};
    if (last_first)
        append_token(&name->t[name->count - 1], w);
    for (unsigned i = 0; i + last_first < name->count && w->count != 0; i++)
        append_token(&name->t[i], w);
}

unsigned match_syllables_agreeing(const struct match_korean *a, const struct match_korean *b)
{
    unsigned agree = 0;
    for (unsigned i = 0; a->count == b->count && i < a->count; i++)
        agree += (a->s[i].initial & b->s[i].initial) != 0 && (a->s[i].medial & b->s[i].medial) != 0 &&
                 (a->s[i].final & b->s[i].final) != 0;
    return agree;
}

static bool short_enough(const struct match_name *name)
{
    unsigned letters = 0;
    for (unsigned i = 0; i < name->count; i++)
        letters += name->t[i].n;
    return name->count <= 4 && letters <= LETTERS_MAX + 6;
}

static bool plausible(const struct match_name *name)
{
    return short_enough(name) && (match_korean_surname(&name->t[0]) || match_korean_surname(&name->t[name->count - 1]));
}

int match_korean_alike(const struct match_name *a, const struct match_name *b, unsigned *ret_syllables)
{
    struct whole wa, wb;
    if (a->count == 0 || b->count == 0)
        return -1;
    /* Hangul needs no surname to be taken for Korean; two names in letters do. */
    bool hangul = a->t[0].syllables != 0 || b->t[0].syllables != 0;
    if (hangul ? !short_enough(a) || !short_enough(b) : !plausible(a) || !plausible(b))
        return -1;
    int best = -1;
    for (unsigned turn = 0; turn < 4; turn++) {
        bool turn_a = (turn & 1) != 0, turn_b = (turn & 2) != 0;
        if (turn == 3 || (turn_a && a->count < 2) || (turn_b && b->count < 2))
            continue;
        read_whole(a, turn_a, &wa);
        read_whole(b, turn_b, &wb);
        for (unsigned i = 0; i < wa.count; i++)
            for (unsigned k = 0; k < wb.count; k++) {
                int agree = (int)match_syllables_agreeing(&wa.r[i], &wb.r[k]);
                if (wa.r[i].count == wb.r[k].count && agree > best) {
                    best = agree;
                    *ret_syllables = wa.r[i].count;
                }
            }
    }
    return best;
}
