/*
 * A name as people write it becomes tokens of Latin letters.
 */
#include "match/match_internal.h"

struct reading {
    struct match_name *name;
    struct match_token *now; /* the token that is being written; NULL between tokens */
    enum match_reading reading;
    bool han;
};

static enum match_script script_of(uint32_t code)
{
    if (code < 0x370 || (code >= 0x1E00 && code < 0x1F00) || code >= 0xFF10)
        return MATCH_LATIN;
    if (code >= 0x400 && code < 0x530)
        return MATCH_CYRILLIC;
    if (code >= 0x600 && code < 0x780)
        return MATCH_ARABIC;
    return MATCH_OTHER;
}

static struct match_token *token_for(struct reading *r, enum match_script script)
{
    bool korean = script == MATCH_HANGUL || script == MATCH_HAN;
    if (r->now != NULL && korean != (r->now->script == MATCH_HANGUL || r->now->script == MATCH_HAN))
        r->now = NULL; /* a change between syllables and letters begins a new token */
    if (r->now == NULL && r->name->count < MATCH_TOKENS_MAX) {
        r->now = &r->name->t[r->name->count++];
        *r->now = (struct match_token){.script = (uint8_t)script};
    }
    return r->now;
}

static void put_letters(struct match_token *t, const char *letters, size_t n)
{
    for (size_t i = 0; i < n && t->n < MATCH_TOKEN_BYTES; i++)
        t->s[t->n++] = letters[i];
}

static void put_syllable(struct reading *r, uint32_t code, enum match_script script)
{
    struct match_token *t = token_for(r, script);
    char letters[8];
    if (t == NULL)
        return;
    put_letters(t, letters, match_hangul_letters(code, letters));
    if (t->syllables < COUNT(t->hangul))
        t->hangul[t->syllables++] = (uint16_t)code;
}

/* The first letter of a Korean word loses r, and n before i and y: 李 is Yi where 鐵李 would be -ri. */
static uint32_t initial_sound(uint32_t code)
{
    uint32_t s = code - 0xAC00, initial = s / 588, medial = s % 588 / 28;
    bool narrow =
        medial == 2 || medial == 3 || medial == 6 || medial == 7 || medial == 12 || medial == 17 || medial == 20;
    if (initial == 5)
        initial = narrow ? 11 : 2;
    else if (initial == 2 && narrow)
        initial = 11;
    return 0xAC00 + initial * 588 + s % 588;
}

static void put_han(struct reading *r, uint32_t code)
{
    const struct match_han *han = match_han_find(code);
    r->han = true;
    if (han == NULL)
        return;
    if (r->reading == MATCH_READ_KOREAN && han->hangul[0] != 0) {
        bool first = r->now == NULL;
        put_syllable(r, first ? initial_sound(han->hangul[0]) : han->hangul[0], MATCH_HAN);
        if (r->now != NULL && r->now->syllables != 0)
            r->now->also[r->now->syllables - 1] = han->hangul[1];
        return;
    }
    struct match_token *t = token_for(r, MATCH_HAN);
    if (t != NULL)
        put_letters(t, han->mandarin, strlen(han->mandarin));
}

/* Conjoining jamo, as some systems store hangul: L V or L V T. */
static uint32_t joined_jamo(uint32_t code, const uint8_t **p, const uint8_t *end)
{
    const uint8_t *at = *p;
    if (code < 0x1100 || code > 0x1112 || at == end)
        return 0;
    uint32_t medial = match_next_code(&at, end);
    if (medial < 0x1161 || medial > 0x1175)
        return 0;
    *p = at;
    uint32_t final = at == end ? 0 : match_next_code(&at, end);
    if (final > 0x11A7 && final < 0x11C3)
        *p = at;
    else
        final = 0x11A7;
    return 0xAC00 + (code - 0x1100) * 588 + (medial - 0x1161) * 28 + (final - 0x11A7);
}

static void put_code(struct reading *r, uint32_t code)
{
    if (code >= 0xAC00 && code < 0xD7A4) {
        put_syllable(r, code, MATCH_HANGUL);
        return;
    }
    if (code >= 0x3400 && code < 0xFB00 && (code < 0xA000 || code >= 0xF900)) {
        put_han(r, code);
        return;
    }
    const char *letters = match_letter(code);
    if (letters == NULL) {
        r->now = NULL;
        return;
    }
    if (letters[0] == '\0')
        return;
    struct match_token *t = token_for(r, script_of(code));
    if (t != NULL)
        put_letters(t, letters, strlen(letters));
}

/* The usual case in short: a letter or digit as it stands. */
static bool put_ascii(struct reading *r, uint8_t c)
{
    const uint8_t letter = c | 0x20;
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (letter < 'a' || letter > 'z'))
        return false;
    struct match_token *t = token_for(r, MATCH_LATIN);
    if (t != NULL && t->n < MATCH_TOKEN_BYTES)
        t->s[t->n++] = (char)(digit ? c : letter);
    return true;
}

/* A question mark within a word stands where a letter or an apostrophe was lost on the way: it does not divide it. */
static bool is_lost_letter(const struct reading *r, uint32_t code, const uint8_t *p, const uint8_t *end)
{
    if (code != '?' || r->now == NULL || p == end)
        return false;
    while (p < end && *p == '?')
        p++;
    const char *letters = p == end ? NULL : match_letter(match_next_code(&p, end));
    return letters != NULL && letters[0] != '\0';
}

bool match_name_read(struct bytes text, enum match_reading reading, struct match_name *ret_name)
{
    struct reading r = {.name = ret_name, .reading = reading};
    ret_name->count = 0;
    if (text.n == 0)
        return false;
    const uint8_t *p = text.p, *end = text.p + text.n;
    while (p < end) {
        if (put_ascii(&r, *p)) {
            p++;
            continue;
        }
        uint32_t code = match_next_code(&p, end);
        uint32_t syllable = joined_jamo(code, &p, end);
        if (is_lost_letter(&r, code, p, end))
            continue;
        put_code(&r, syllable != 0 ? syllable : code);
    }
    return r.han;
}
