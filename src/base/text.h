/*
 * The text catalogue: every sentence a person can read, in English and Korean.
 *
 * The English sentence is the key (src/base/text_catalogue.txt); a sentence that has no entry is shown in English,
 * and `make tidy` fails until it has one.  main() chooses the language once, before other threads start.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

enum text_language { TEXT_ENGLISH, TEXT_KOREAN };

struct text_pair {
    const char *en;
    const char *ko;
};
extern const struct text_pair text_table[]; /* generated from the catalogue, sorted by en */
extern const unsigned text_table_count;

/* text_choose(language): set the language of everything that follows.  Not to be called once threads run. */
void text_choose(enum text_language language);
enum text_language text_chosen(void);

/* text_language_named(name, ret): "en", "ko", or a locale such as ko_KR.UTF-8.  Returns 0, or -1 for others. */
int text_language_named(const char *name, enum text_language *ret_language);

/* TEXT("..."): a sentence for people that is put into their language elsewhere; marked here for `make tidy`. */
#define TEXT(literal) literal

/* text_tr(english): the sentence in the chosen language.  Never NULL; the result lives as long as the program. */
const char *text_tr(const char *english) __attribute__((format_arg(1), returns_nonnull, nonnull(1)));
/* text_in(language, english): the same in a language that is named: for what is printed in both. */
const char *text_in(enum text_language language, const char *english)
    __attribute__((format_arg(2), returns_nonnull, nonnull(2)));

#endif
