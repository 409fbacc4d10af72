#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static enum text_language chosen = TEXT_ENGLISH;

void text_choose(enum text_language language)
{
    chosen = language;
}

enum text_language text_chosen(void)
{
    return chosen;
}

/* "ko" names Korean, and so does every locale of it: ko_KR, ko-KR, ko.UTF-8, ko@hanja; but "kok" is another. */
static int names_language(const char *name, const char *two_letters)
{
    return strncmp(name, two_letters, 2) == 0 && strchr("_-.@", name[2]) != NULL;
}

int text_language_named(const char *name, enum text_language *ret_language)
{
    if (names_language(name, "en"))
        *ret_language = TEXT_ENGLISH;
    else if (names_language(name, "ko"))
        *ret_language = TEXT_KOREAN;
    else
        return -1;
    return 0;
}

static int compare_english(const void *key, const void *member)
{
    const struct text_pair *pair = member;
    return strcmp(key, pair->en);
}

const char *text_tr(const char *english)
{
    return text_in(chosen, english);
}

const char *text_in(enum text_language language, const char *english)
{
    if (language == TEXT_ENGLISH)
        return english;
    const struct text_pair *pair = bsearch(english, text_table, text_table_count, sizeof(*pair), compare_english);
    return pair == NULL ? english : pair->ko;
}
