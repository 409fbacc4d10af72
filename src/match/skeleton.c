#include "match/match_internal.h"

/* Classes of consonants that romanisations, Arabic and Cyrillic spellings do not keep apart; 0: passed over. */
static const char skeleton_class[26] = {
    /* a b c d e f g h i j k l m n o p q r s t u v w x y z */
    0, 'p', 'c', 't', 0, 'f', 'k', 0, 0, 'c', 'k', 'r', 'm', 'n', 0, 'p', 'k', 'r', 's', 't', 0, 'f', 0, 'k', 0, 'c'};

unsigned match_skeleton(const char *s, unsigned n, char to[12])
{
    unsigned at = 0;
    for (unsigned i = 0; i < n && at < 12; i++) {
        char c = s[i];
        char class = c;
        if (c >= 'a' && c <= 'z')
            class = skeleton_class[c - 'a'];
        if (c == 'c' && i + 1 < n && (s[i + 1] == 'k' || (s[i + 1] != 'h' && s[i + 1] != 'e' && s[i + 1] != 'i')))
            class = 'k';
        if (c == 'p' && i + 1 < n && s[i + 1] == 'h')
            class = 'p';
        if (class != 0 && (at == 0 || to[at - 1] != class))
            to[at++] = class;
    }
    if (at == 0 && n != 0)
        /* names such as O, U, Yi */
        to[at++] = (char)(s[0] == 'w' || s[0] == 'u' ? 'u' : s[0] == 'y' || s[0] == 'i' ? 'i' : s[0]);
    return at;
}

static bool is_vowel(char c)
{
    return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y' || c == 'w';
}

/* The class of a run of vowels: 1 open, 2 narrow, 3 round; 0 for a glide alone, as in "wh". */
static uint32_t vowel_class(const char *s, unsigned n)
{
    while (n > 1 && (s[0] == 'y' || s[0] == 'w')) {
        s++;
        n--;
    }
    char first = s[0], last = s[n - 1];
    if (first == 'w')
        return 0;
    bool narrow_end =
        (last == 'i' && (first == 'u' || (first == 'e' && n > 2))) || (first == 'e' && last == 'e' && n > 1);
    if (first == 'i' || first == 'y' || narrow_end)
        return 2; /* i, ee, ui, eui */
    return first == 'o' || first == 'u' || (first == 'e' && (last == 'o' || last == 'u')) ? 3 : 1;
}

uint32_t match_vowels(const char *s, unsigned n)
{
    uint32_t vowels = 1;
    for (unsigned i = 0; i < n;) {
        unsigned end = i;
        while (end < n && is_vowel(s[end]))
            end++;
        uint32_t class = end == i ? 0 : vowel_class(s + i, end - i);
        if (class != 0)
            vowels = vowels << 2 | class;
        i = end == i ? i + 1 : end;
    }
    return vowels;
}
