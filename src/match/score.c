/*
 * Two names, token by token.
 *
 * Words that say only what kind of thing it is (titles, legal forms, particles) are set apart first; the others are
 * answered by the best token, or two joined tokens, of the other name.  What is left without an answer counts against
 * the whole by its length, less where a name may well be told in part.
 */
#include "match/match_internal.h"

enum {
    ONE = MATCH_SCORE_ONE,
    KOREAN = ONE * 96 / 100,
    KOREAN_NEAR = ONE * 88 / 100,
    CELLS = MATCH_TOKENS_MAX,
    LONGEST_WORD = MATCH_LONGEST_WORD,
    READINGS_BITS = 5,
};

/* Words and what they stand for: T a title, P a particle, L... a legal form by its own sign, otherwise another word. */
struct word {
    const char *s, *as;
};
static const struct word words[] = {
    /* in order */
    {"1st", "first"},
    {"2nd", "second"},
    {"3rd", "third"},
    {"4th", "fourth"},
    {"ab", "Lab"},
    {"ag", "Lag"},
    {"aktiengesellschaft", "Lag"},
    {"al", "P"},
    {"and", "P"},
    {"ano", "Lano"},
    {"ao", "Ljsc"},
    {"as", "Las"},
    {"ben", "P"},
    {"bhd", "Lltd"},
    {"bin", "P"},
    {"bint", "P"},
    {"bv", "Lbv"},
    {"co", "Lco"},
    {"company", "Lco"},
    {"corp", "Lcorp"},
    {"corporation", "Lcorp"},
    {"da", "P"},
    {"dame", "T"},
    {"de", "P"},
    {"del", "P"},
    {"der", "P"},
    {"di", "P"},
    {"do", "P"},
    {"dos", "P"},
    {"dr", "T"},
    {"du", "P"},
    {"eight", "8"},
    {"el", "P"},
    {"fifth", "5th"},
    {"five", "5"},
    {"forty", "40"},
    {"four", "4"},
    {"fze", "Lfze"},
    {"general", "T"},
    {"gesellschaft", "Lges"},
    {"gmbh", "Lgmbh"},
    {"group", "Lgroup"},
    {"gruppe", "Lgroup"},
    {"haji", "T"},
    {"hajji", "T"},
    {"holding", "Lholding"},
    {"holdings", "Lholding"},
    {"ibn", "P"},
    {"imo", "P"},
    {"inc", "Linc"},
    {"incorporated", "Linc"},
    {"int", "international"},
    {"intl", "international"},
    {"jr", "T"},
    {"jsc", "Ljsc"},
    {"kg", "Lkg"},
    {"la", "P"},
    {"le", "P"},
    {"limited", "Lltd"},
    {"llc", "Lllc"},
    {"llp", "Lllp"},
    {"lp", "Llp"},
    {"ltd", "Lltd"},
    {"maulavi", "T"},
    {"mawlawi", "T"},
    {"mr", "T"},
    {"mrs", "T"},
    {"ms", "T"},
    {"mt", "T"},
    {"mullah", "T"},
    {"mv", "T"},
    {"nine", "9"},
    {"nv", "Lnv"},
    {"oao", "Lojsc"},
    {"of", "P"},
    {"ojsc", "Lojsc"},
    {"one", "1"},
    {"ooo", "Lllc"},
    {"oy", "Loy"},
    {"oyj", "Loy"},
    {"pao", "Lpjsc"},
    {"pjsc", "Lpjsc"},
    {"plc", "Lplc"},
    {"prasident", "T"},
    {"president", "T"},
    {"prof", "T"},
    {"professor", "T"},
    {"pte", "Lltd"},
    {"pty", "Lltd"},
    {"qari", "T"},
    {"sa", "Lsa"},
    {"sarl", "Lsarl"},
    {"sas", "Lsas"},
    {"se", "Lse"},
    {"seven", "7"},
    {"shaikh", "T"},
    {"shaykh", "T"},
    {"sheikh", "T"},
    {"sir", "T"},
    {"six", "6"},
    {"spa", "Lspa"},
    {"srl", "Lsrl"},
    {"ten", "10"},
    {"the", "P"},
    {"three", "3"},
    {"trust", "Ltrust"},
    {"two", "2"},
    {"und", "P"},
    {"van", "P"},
    {"von", "P"},
    {"y", "P"},
    {"zao", "Lcjsc"},
    {"zoo", "Lllc"},
};

/* Legal forms of several words, joined as they stand. */
static const struct {
    const char *words[4];
    const char *as;
} phrases[] = {
    {{"limited", "liability", "company"}, "Lllc"},
    {{"joint", "stock", "company"}, "Ljsc"},
    {{"open", "joint", "stock", "company"}, "Lojsc"},
    {{"public", "joint", "stock", "company"}, "Lpjsc"},
    {{"public", "limited", "company"}, "Lplc"},
    {{"aktsionernoe", "obshchestvo"}, "Ljsc"},
    {{"obshchestvo", "s", "ogranichennoy", "otvetstvennostyu"}, "Lllc"},
    {{"societatea", "cu", "raspundere", "limitata"}, "Lsrl"},
    {{"sp", "z", "o", "o"}, "Lllc"},
    {{"united", "states"}, "us"},
    {{"g", "m", "b", "h"}, "Lgmbh"},
};

/* The first word of each letter and of the next; made once, before there are threads. */
static uint8_t words_from[129];
__attribute__((constructor)) static void find_letters(void)
{
    for (unsigned letter = 0; letter < COUNT(words_from); letter++)
        while (words_from[letter] < COUNT(words) && words[words_from[letter]].s[0] < (int)letter)
            words_from[letter]++;
}

static int word_order(const char *word, const struct match_token *t)
{
    unsigned i = 0;
    while (i < t->n && word[i] == t->s[i])
        i++;
    return (uint8_t)word[i] - (i < t->n ? (uint8_t)t->s[i] : 0);
}

static const char *word_as(const struct match_token *t)
{
    unsigned low = words_from[t->s[0] & 127], high = words_from[(t->s[0] & 127) + 1];
    while (low < high) {
        unsigned middle = (low + high) / 2;
        int order = word_order(words[middle].s, t);
        if (order == 0)
            return words[middle].as;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static void set_word(struct match_token *t, const char *as)
{
    uint8_t script = t->script;
    *t = (struct match_token){.script = script, .n = (uint8_t)strlen(as)};
    memcpy(t->s, as, t->n);
}

static bool is_word(const struct match_token *t, const char *s)
{
    return t->s[0] == s[0] && t->n == strlen(s) && memcmp(t->s, s, t->n) == 0;
}

static unsigned phrase_at(const struct match_name *name, unsigned at, const char **ret_as)
{
    for (unsigned i = 0; i < COUNT(phrases); i++) {
        unsigned n = 0;
        while (n < 4 && phrases[i].words[n] != NULL && at + n < name->count &&
               is_word(&name->t[at + n], phrases[i].words[n]))
            n++;
        if (n == 4 || (n != 0 && phrases[i].words[n] == NULL)) {
            *ret_as = phrases[i].as;
            return n;
        }
    }
    return 0;
}

/* Digits among letters are how filters are deceived: I9or Sech1n. */
static void without_digits(struct match_token *t)
{
    static const char letters[] = "oizeasgtbg";
    unsigned digits = 0;
    for (unsigned i = 0; i < t->n; i++)
        digits += t->s[i] < 'a';
    for (unsigned i = 0; digits * 2 < t->n && i < t->n; i++)
        if (t->s[i] < 'a')
            t->s[i] = letters[t->s[i] - '0'];
}

static void put_word(struct match_side *s, const struct match_token *t, unsigned from, const char *as,
                     enum match_kind kind)
{
    if (s->count == CELLS)
        return;
    unsigned at = s->count++;
    s->t[at] = *t;
    s->from[at] = (uint8_t)from;
    if (as != NULL && (as[0] == 'T' || as[0] == 'P' || as[0] == 'L')) {
        s->kind[at] = (uint8_t)as[0];
        if (as[0] == 'L')
            set_word(&s->t[at], as + 1);
    } else if (as != NULL) {
        set_word(&s->t[at], as);
    } else if (kind == MATCH_PERSON) {
        without_digits(&s->t[at]);
    }
}

/* Single letters in a row are one abbreviation: A.B.C. is ABC. */
static unsigned letters_in_a_row(const struct match_name *name, unsigned at)
{
    unsigned n = 0;
    while (at + n < name->count && name->t[at + n].n == 1 && name->t[at + n].s[0] >= 'a')
        n++;
    return n;
}

uint32_t match_letters_of(const char *s, unsigned n)
{
    uint32_t set = 0;
    for (unsigned i = 0; i < n; i++)
        set |= 1u << (s[i] & 31);
    return set;
}

void match_side_make(struct match_side *s, const struct match_name *name, enum match_kind kind)
{
    s->name = name;
    s->count = 0;
    memset(s->kind, 0, sizeof s->kind);
    for (unsigned i = 0; i < name->count;) {
        const char *as = NULL;
        unsigned n = phrase_at(name, i, &as);
        if (n == 0 && kind != MATCH_PERSON && (n = letters_in_a_row(name, i)) > 1) {
            struct match_token joined = {.script = name->t[i].script};
            for (unsigned k = 0; k < n; k++)
                joined.s[joined.n++] = name->t[i + k].s[0];
            put_word(s, &joined, i, word_as(&joined), kind);
        } else {
            put_word(s, &name->t[i], i, n > 1 ? as : word_as(&name->t[i]), kind);
            n = n > 1 ? n : 1;
        }
        i += n;
    }
    unsigned plain = 0;
    for (unsigned i = 0; i < s->count; i++)
        plain += s->kind[i] == 0;
    for (unsigned i = 0; i < s->count; i++) {
        if (plain == 0)
            s->kind[i] = 0; /* a name of such words only is compared by them */
        unsigned n = s->t[i].n;
        s->weight[i] = s->kind[i] == 0 ? 3 + (n > 9 ? 9 : n) : 0;
        if (s->kind[i] == 0 && kind == MATCH_PERSON && n == 1)
            s->weight[i] = 2;
        s->letters[i] = match_letters_of(s->t[i].s, n);
        s->skeleton_n[i] = (uint8_t)match_skeleton(s->t[i].s, n, s->skeleton[i]);
    }
}

static bool digits_only(const struct match_token *t)
{
    for (unsigned i = 0; i < t->n; i++)
        if (t->s[i] > '9')
            return false;
    return t->n != 0;
}

/* The steps of the distance at which words still are much alike; one more counts for a third. */
static unsigned steps_allowed(unsigned letters)
{
    return letters < 3 ? 0 : letters < 6 ? 1 : letters < 11 ? 2 : 3;
}

/* How alike two words are.  A difference in a short word says more than in a long one. */
unsigned match_words_near(const char *a, unsigned na, const char *b, unsigned nb)
{
    if (na == nb && memcmp(a, b, na) == 0)
        return ONE;
    unsigned longer = na > nb ? na : nb, shorter = na + nb - longer, allowed = steps_allowed(longer);
    if (longer > 2 * shorter + 2 || longer - shorter > allowed + 1)
        return 0;
    unsigned distance = match_distance(a, na, b, nb);
    if (distance > allowed + 1)
        return 0;
    unsigned score = ONE - distance * ONE / longer;
    if (distance > allowed)
        return score / 3;
    return distance == 1 ? score + (ONE - score) / 4 : score;
}

static bool same_skeleton(const struct match_side *a, unsigned i, const struct match_side *b, unsigned k)
{
    return a->skeleton_n[i] == b->skeleton_n[k] && a->skeleton_n[i] > 1 &&
           memcmp(a->skeleton[i], b->skeleton[k], a->skeleton_n[i]) == 0;
}

/* All that is not a vowel, doubles once: what Arabic writes of a name, and h with it. */
unsigned match_consonants(const struct match_token *t, char to[MATCH_TOKEN_BYTES])
{
    unsigned n = 0;
    for (unsigned i = 0; i < t->n; i++)
        if (strchr("aeiouyw", t->s[i]) == NULL && (n == 0 || to[n - 1] != t->s[i]))
            to[n++] = t->s[i];
    return n;
}

/* Syllables against letters: every syllable must be one that the letters may spell. */
static bool spells_the_same(const struct match_token *x, const struct match_token *y)
{
    struct match_korean p[MATCH_READINGS_MAX], q[MATCH_READINGS_MAX];
    unsigned np = match_korean_read(x, p), nq = match_korean_read(y, q);
    for (unsigned i = 0; i < np; i++)
        for (unsigned k = 0; k < nq; k++)
            if (match_syllables_agree(&p[i], &q[k]))
                return true;
    return false;
}

/* Words of two scripts.  How much letters tell depends on what the script leaves out. */
static unsigned sound_across(const struct match_side *a, unsigned i, const struct match_side *b, unsigned k)
{
    const struct match_token *x = &a->t[i], *y = &b->t[k];
    if (x->syllables != 0 || y->syllables != 0)
        return spells_the_same(x, y) ? ONE * 95 / 100 : 0;
    unsigned jw = match_jaro_winkler(x->s, x->n, y->s, y->n) / 10;
    bool same = same_skeleton(a, i, b, k);
    if (x->script == MATCH_ARABIC || y->script == MATCH_ARABIC) {
        char p[MATCH_TOKEN_BYTES], q[MATCH_TOKEN_BYTES];
        unsigned np = match_consonants(x, p), nq = match_consonants(y, q);
        if (np == nq && memcmp(p, q, np) == 0 && np > 1)
            return np > 2 ? ONE * 92 / 100 : ONE * 80 / 100;
        return same && a->skeleton_n[i] > 2 ? ONE * 78 / 100 : 0;
    }
    if (same)
        return a->skeleton_n[i] > 3 ? ONE * 90 / 100 : 500 + jw * 4 / 10;
    if (a->skeleton_n[i] < 3 || b->skeleton_n[k] < 3)
        return 0;
    return match_words_near(a->skeleton[i], a->skeleton_n[i], b->skeleton[k], b->skeleton_n[k]) * 8 / 10;
}

unsigned match_words_alike(const struct match_side *a, unsigned i, const struct match_side *b, unsigned k,
                           uint8_t *ret_answer, enum match_kind kind)
{
    const struct match_token *x = &a->t[i], *y = &b->t[k];
    /* Each step of the distance changes two letters of the sets at most. */
    unsigned steps = steps_allowed(x->n > y->n ? x->n : y->n) + 1;
    bool far = match_bits(a->letters[i] ^ b->letters[k]) > 2 * steps;
    unsigned score = far ? 0 : match_words_near(x->s, x->n, y->s, y->n);
    *ret_answer = score == ONE ? MATCH_EXACT : MATCH_NEAR;
    if (score == ONE)
        return score;
    if (digits_only(x) || digits_only(y))
        return kind == MATCH_VESSEL && digits_only(x) && digits_only(y) ? ONE / 2 : 0;
    if (kind == MATCH_PERSON && (x->n == 1 || y->n == 1) && x->s[0] == y->s[0]) {
        *ret_answer = MATCH_INITIAL;
        return ONE * 8 / 10;
    }
    unsigned sound = 0;
    if (x->script != y->script)
        sound = sound_across(a, i, b, k);
    else if (same_skeleton(a, i, b, k)) {
        unsigned jw = match_jaro_winkler(x->s, x->n, y->s, y->n) / 10;
        sound = a->skeleton_n[i] > 3 ? ONE * 9 / 10 : jw > 850 ? ONE * 88 / 100 : jw * 8 / 10;
    }
    if (sound > score) {
        *ret_answer = MATCH_SOUND;
        return sound;
    }
    return score;
}

struct grid {
    uint16_t score[CELLS][CELLS];
    uint8_t answer[CELLS][CELLS];
    int8_t of_a[CELLS], of_b[CELLS]; /* the partner, -1 for none */
    unsigned got_a[CELLS], got_b[CELLS];
    uint8_t how_a[CELLS], how_b[CELLS];
};

/* The best pairs first; a few tokens need no better assignment. */
static void assign(struct grid *g, const struct match_side *a, const struct match_side *b)
{
    for (;;) {
        unsigned best = 0, at_i = 0, at_k = 0;
        for (unsigned i = 0; i < a->count; i++)
            for (unsigned k = 0; k < b->count; k++) {
                if (g->of_a[i] >= 0 || g->of_b[k] >= 0)
                    continue;
                unsigned worth = g->score[i][k] * (a->weight[i] + b->weight[k]) + (i == k);
                if (g->score[i][k] != 0 && worth > best) {
                    best = worth;
                    at_i = i;
                    at_k = k;
                }
            }
        if (best == 0)
            return;
        g->of_a[at_i] = (int8_t)at_k;
        g->of_b[at_k] = (int8_t)at_i;
        g->got_a[at_i] = g->got_b[at_k] = g->score[at_i][at_k];
        g->how_a[at_i] = g->how_b[at_k] = g->answer[at_i][at_k];
    }
}

/* Two neighbours of one side may be one word of the other: Good Will and Goodwill. */
static void join(struct grid *g, const struct match_side *a, const struct match_side *b, bool turned)
{
    for (unsigned i = 0; i + 1 < a->count; i++)
        for (unsigned k = 0; k < b->count; k++) {
            char s[2 * MATCH_TOKEN_BYTES];
            unsigned n = a->t[i].n;
            if (a->t[i].syllables != 0 || b->t[k].syllables != 0)
                continue; /* syllables are compared as such */
            if (a->kind[i] == 'L' || a->kind[i + 1] == 'L' || b->kind[k] != 0 || n + a->t[i + 1].n > LONGEST_WORD)
                continue;
            if (n == 0 || b->t[k].n + 2u < n + a->t[i + 1].n || b->t[k].s[0] != a->t[i].s[0])
                continue;
            memcpy(s, a->t[i].s, n);
            memcpy(s + n, a->t[i + 1].s, a->t[i + 1].n);
            n += a->t[i + 1].n;
            unsigned score = match_words_near(s, n, b->t[k].s, b->t[k].n);
            unsigned *got = turned ? g->got_b : g->got_a, *other = turned ? g->got_a : g->got_b;
            if (score < MATCH_JOIN_LEAST || got[i] + got[i + 1] + other[k] > 2 * score)
                continue;
            got[i] = got[i + 1] = other[k] = score;
            (turned ? g->of_b : g->of_a)[i] = (turned ? g->of_b : g->of_a)[i + 1] = (int8_t)k;
            (turned ? g->of_a : g->of_b)[k] = (int8_t)i;
            uint8_t *how = turned ? g->how_b : g->how_a, *how_other = turned ? g->how_a : g->how_b;
            how[i] = how[i + 1] = how_other[k] = MATCH_NEAR;
        }
}

static unsigned sum(const struct match_side *s, const unsigned *got, unsigned *ret_weight)
{
    unsigned total = 0, weight = 0;
    for (unsigned i = 0; i < s->count; i++) {
        weight += s->weight[i];
        total += s->weight[i] * got[i];
    }
    *ret_weight = weight;
    return total;
}

/* Legal forms: those of both sides that differ speak against it, one that is missing hardly. */
static unsigned form_penalty(const struct match_side *a, const struct match_side *b)
{
    unsigned forms_a = 0, forms_b = 0, common = 0;
    for (unsigned k = 0; k < b->count; k++)
        forms_b += b->kind[k] == 'L';
    for (unsigned i = 0; i < a->count; i++) {
        if (a->kind[i] != 'L')
            continue;
        forms_a++;
        for (unsigned k = 0; k < b->count; k++)
            if (b->kind[k] == 'L' && b->t[k].n == a->t[i].n && memcmp(b->t[k].s, a->t[i].s, a->t[i].n) == 0) {
                common++;
                break;
            }
    }
    if (forms_a == 0 && forms_b == 0)
        return 0;
    if (forms_a == 0 || forms_b == 0)
        return 20;
    return common != 0 ? 0 : 120;
}

unsigned match_missing_percent(enum match_kind kind, unsigned matched)
{
    return kind == MATCH_PERSON ? (matched > 2 ? 18 : matched == 2 ? 22 : 70) : 55;
}

/* A word without an answer: how much of its weight counts. */
static unsigned missing_cost(const struct match_side *shorter, const unsigned *got, const struct match_side *longer,
                             const unsigned *got_longer, enum match_kind kind)
{
    unsigned matched = 0, words_missing = 0, weight_missing = 0;
    for (unsigned i = 0; i < shorter->count; i++)
        matched += shorter->weight[i] != 0 && got[i] >= MATCH_ANSWER_GOOD && shorter->t[i].n > 1;
    for (unsigned i = 0; i < longer->count; i++)
        if (longer->weight[i] != 0 && got_longer[i] == 0) {
            words_missing++;
            weight_missing += longer->weight[i];
        }
    if (words_missing == 0)
        return 0;
    return weight_missing * match_missing_percent(kind, matched) / 100;
}

static unsigned side_score(const struct match_side *a, const struct grid *g, const struct match_side *b,
                           enum match_kind kind)
{
    unsigned weight_a, weight_b, total_a = sum(a, g->got_a, &weight_a), total_b = sum(b, g->got_b, &weight_b);
    if (weight_a == 0 || weight_b == 0)
        return 0;
    unsigned lacking_a = 0, lacking_b = 0;
    for (unsigned i = 0; i < a->count; i++)
        lacking_a += g->got_a[i] == 0 ? a->weight[i] : 0;
    for (unsigned k = 0; k < b->count; k++)
        lacking_b += g->got_b[k] == 0 ? b->weight[k] : 0;
    /* Words of both that have no answer contradict each other: all of them count. */
    unsigned count_a = lacking_a, count_b = lacking_b;
    if (lacking_a == 0)
        count_b = missing_cost(a, g->got_a, b, g->got_b, kind);
    else if (lacking_b == 0)
        count_a = missing_cost(b, g->got_b, a, g->got_a, kind);
    unsigned whole = weight_a - lacking_a + count_a + weight_b - lacking_b + count_b;
    unsigned score = (total_a + total_b) / whole;
    return score > ONE ? ONE : score;
}

/* A word that differs clearly, however short beside the rest, is another name: that is what a mean would hide. */
static unsigned worst_penalty(const struct match_side *a, const struct grid *g)
{
    unsigned worst = ONE;
    for (unsigned i = 0; i < a->count; i++)
        if (a->weight[i] != 0 && g->got_a[i] != 0 && g->got_a[i] < worst)
            worst = g->got_a[i];
    return worst >= ONE * 85 / 100 ? 0 : (ONE * 85 / 100 - worst) / 4;
}

/* The answers to the words of one side, ${of}: by which word of the other. */
static void explain(const struct match_name *a, const struct match_side *sa, const struct match_side *sb,
                    const int8_t *of, const unsigned *got, const uint8_t *how, struct match_reason *reason)
{
    reason->count = a->count;
    for (unsigned i = 0; i < a->count; i++) {
        reason->token[i].answer = MATCH_ABSENT;
        reason->token[i].other = -1;
        reason->token[i].closeness = 0;
    }
    for (unsigned i = 0; i < sa->count; i++) {
        unsigned at = sa->from[i];
        if (of[i] < 0)
            continue;
        reason->token[at].answer = got[i] < ONE / 2 ? MATCH_FAR : how[i];
        reason->token[at].other = (int8_t)sb->from[of[i]];
        reason->token[at].closeness = (uint16_t)got[i];
    }
}

/* Words that only the syllables of the whole name answer. */
static void explain_near(struct match_reason *reason)
{
    for (unsigned i = 0; i < reason->count; i++)
        if (reason->token[i].answer == MATCH_ABSENT) {
            reason->token[i].answer = MATCH_NEAR;
            reason->token[i].other = 0;
            reason->token[i].closeness = KOREAN_NEAR;
        }
}

/*
 * Which of two names comes first, whatever it says: they are compared in this order, so that turning them changes
 * nothing.
 */
static int name_order(const struct match_name *a, const struct match_name *b)
{
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    for (unsigned i = 0; i < a->count; i++) {
        const struct match_token *x = &a->t[i], *y = &b->t[i];
        int order = memcmp(x->s, y->s, sizeof x->s);
        order = order != 0 ? order : memcmp(x->hangul, y->hangul, sizeof x->hangul);
        order = order != 0 ? order : memcmp(x->also, y->also, sizeof x->also);
        if (order != 0 || x->script != y->script)
            return order != 0 ? order : x->script < y->script ? -1 : 1;
    }
    return 0;
}

unsigned match_side_joined(const struct match_side *side, char to[MATCH_LONGEST_WORD])
{
    unsigned n = 0;
    for (unsigned i = 0; i < side->count; i++)
        if (side->kind[i] == 0 && n + side->t[i].n <= LONGEST_WORD) {
            memcpy(to + n, side->t[i].s, side->t[i].n);
            n += side->t[i].n;
        }
    return n;
}

static unsigned joined_score(const struct match_side *a, const struct match_side *b)
{
    char s[2][MATCH_LONGEST_WORD];
    if (a->count == 0 || b->count == 0 || a->count == b->count || a->t[0].syllables != 0 || b->t[0].syllables != 0)
        return 0;
    unsigned n = match_side_joined(a, s[0]), m = match_side_joined(b, s[1]);
    if (n < MATCH_JOINED_LEAST || m < MATCH_JOINED_LEAST)
        return 0;
    if (n > m + MATCH_JOINED_DISTANCE || m > n + MATCH_JOINED_DISTANCE)
        return 0;
    unsigned distance = match_distance(s[0], n, s[1], m);
    return distance > MATCH_JOINED_DISTANCE ? 0 : ONE - distance * MATCH_JOINED_STEP;
}

/* A name as it is compared, made ready once. */
struct ready {
    const struct match_name *name;
    struct match_side side;
    struct match_korean_name korean;
};

static void make_ready(struct ready *r, const struct match_name *name, enum match_kind kind)
{
    r->name = name;
    match_side_make(&r->side, name, kind);
    match_korean_begin(&r->korean, name);
}

static unsigned score_ready(struct ready *a, struct ready *b, enum match_kind kind, struct match_readings_cache *cache,
                            struct match_reason *ret_reason)
{
    struct grid g;
    bool turn = name_order(a->name, b->name) > 0;
    if (turn) {
        struct ready *first = b;
        b = a;
        a = first;
    }
    const struct match_side *sa = &a->side, *sb = &b->side;
    memset(g.of_a, -1, sizeof g.of_a);
    memset(g.of_b, -1, sizeof g.of_b);
    memset(g.got_a, 0, sizeof g.got_a);
    memset(g.got_b, 0, sizeof g.got_b);
    memset(g.how_a, 0, sizeof g.how_a);
    memset(g.how_b, 0, sizeof g.how_b);
    for (unsigned i = 0; i < sa->count; i++)
        for (unsigned k = 0; k < sb->count; k++) {
            g.score[i][k] = 0;
            if (sa->kind[i] == 0 && sb->kind[k] == 0)
                g.score[i][k] = (uint16_t)match_words_alike(sa, i, sb, k, &g.answer[i][k], kind);
            if (g.score[i][k] < MATCH_ANSWER_LEAST)
                g.score[i][k] = 0;
        }
    assign(&g, sa, sb);
    join(&g, sa, sb, false);
    join(&g, sb, sa, true);
    unsigned score = side_score(sa, &g, sb, kind), joined = joined_score(sa, sb);
    unsigned penalty = worst_penalty(sa, &g);
    if (kind != MATCH_PERSON)
        penalty += form_penalty(sa, sb);
    score = score > penalty ? score - penalty : 0;
    score = joined > score ? joined : score;
    const bool asked = kind == MATCH_PERSON && (score < KOREAN || (score < ONE && ret_reason != NULL));
    enum match_korean_likeness korean = asked ? match_korean_alike(&a->korean, &b->korean, cache) : MATCH_KOREAN_APART;
    if (korean == MATCH_KOREAN_WHOLE && score < KOREAN)
        score = KOREAN;
    else if (korean == MATCH_KOREAN_NEAR && score < KOREAN_NEAR)
        score = KOREAN_NEAR;
    if (ret_reason != NULL) {
        if (turn)
            explain(b->name, sb, sa, g.of_b, g.got_b, g.how_b, ret_reason);
        else
            explain(a->name, sa, sb, g.of_a, g.got_a, g.how_a, ret_reason);
        ret_reason->korean = korean == MATCH_KOREAN_WHOLE;
        if (korean == MATCH_KOREAN_NEAR)
            explain_near(ret_reason);
    }
    return score;
}

unsigned match_name_score(const struct match_name *a, const struct match_name *b, enum match_kind kind,
                          struct match_reason *ret_reason)
{
    struct ready x, y;
    make_ready(&x, a, kind);
    make_ready(&y, b, kind);
    return score_ready(&x, &y, kind, NULL, ret_reason);
}

struct match_asked {
    struct match_name name;
    enum match_kind kind;
    struct ready ready;
    struct match_readings_cache *cache; /* names that are alike share words; or NULL */
};

struct match_asked *match_asked_new(const struct match_name *name, enum match_kind kind)
{
    struct match_asked *asked = malloc(sizeof *asked);
    if (asked == NULL)
        return NULL;
    asked->name = *name;
    asked->kind = kind;
    make_ready(&asked->ready, &asked->name, kind);
    asked->cache = kind == MATCH_PERSON ? match_readings_cache_new(READINGS_BITS) : NULL;
    return asked;
}

void match_asked_free(struct match_asked *asked)
{
    if (asked != NULL)
        free(asked->cache);
    free(asked);
}

unsigned match_asked_score(struct match_asked *asked, const struct match_name *other, struct match_reason *ret_reason)
{
    struct ready ready;
    make_ready(&ready, other, asked->kind);
    return score_ready(&asked->ready, &ready, asked->kind, asked->cache, ret_reason);
}

unsigned match_text_score(struct bytes a, struct bytes b, enum match_kind kind)
{
    struct match_name na, nb;
    bool han_a = match_name_read(a, MATCH_READ_KOREAN, &na), han_b = match_name_read(b, MATCH_READ_KOREAN, &nb);
    unsigned score = match_name_score(&na, &nb, kind, NULL);
    if (han_a || han_b) {
        (void)match_name_read(a, MATCH_READ_MANDARIN, &na);
        (void)match_name_read(b, MATCH_READ_MANDARIN, &nb);
        unsigned other = match_name_score(&na, &nb, kind, NULL);
        score = other > score ? other : score;
    }
    return score;
}
