#include "fixture.h"

#include <stdio.h>

static uint64_t state;

static unsigned draw(unsigned below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((state >> 33) % below);
}

struct match_name fixture_name(const char *text)
{
    struct match_name name;
    (void)match_name_read(bytes_text(text), MATCH_READ_KOREAN, &name);
    return name;
}

static const char *const syllables[] = {"ba",  "ko",  "ri",  "mun", "tel", "sor", "vin", "dar", "lek", "gom",
                                        "hin", "jat", "pel", "wos", "zan", "fid", "nur", "cas", "tob", "mir"};

static void make_word(char to[32], unsigned n)
{
    to[0] = '\0';
    for (unsigned i = 0; i < n; i++)
        strcat(to, syllables[draw(COUNT(syllables))]);
}

static void slip(char *s)
{
    size_t n = strlen(s);
    if (n > 3 && draw(10) == 0)
        s[1 + draw((unsigned)n - 2)] = 'x';
}

static struct match_frame *people(unsigned records, bool across, bool crowd, uint32_t **ret_person)
{
    static const struct match_field fields[] = {{"given", MATCH_GIVEN, false},
                                                {"surname", MATCH_SURNAME, false},
                                                {"dob", MATCH_DATE, false},
                                                {"place", MATCH_PLACE, false},
                                                {"sex", MATCH_CODE, false}};
    struct match_frame *f = NULL;
    uint32_t *person = calloc(records + 1, sizeof *person);
    state = 7;
    if (person == NULL || match_frame_new(fields, COUNT(fields), &f, NULL) != 0)
        abort();
    unsigned n = 0;
    for (uint32_t id = 0; n < records; id++) {
        char given[32], surname[32], dob[16], place[32];
        make_word(given, crowd ? 1 : 2);
        make_word(surname, crowd ? 1 : 2);
        make_word(place, crowd ? 1 : 1 + draw(2));
        if (crowd)
            place[1] = surname[1] = '\0';
        (void)snprintf(dob, sizeof dob, "%u-%02u-%02u", 1930 + draw(60), 1 + draw(12), 1 + draw(28));
        unsigned sex = draw(2);
        unsigned times = across ? 2 : 1 + draw(3);
        for (unsigned k = 0; k < times && n < records; k++) {
            char g[32], s[32];
            strcpy(g, given);
            strcpy(s, surname);
            slip(g);
            slip(s);
            const struct bytes values[] = {bytes_text(g), bytes_text(s), bytes_text(draw(8) == 0 ? "" : dob),
                                           bytes_text(draw(5) == 0 ? "" : place), bytes_text(sex ? "F" : "M")};
            if (match_frame_add(f, values, across ? k : 0, NULL) != 0)
                abort();
            person[n++] = id;
        }
    }
    *ret_person = person;
    return f;
}

struct match_frame *fixture_people(unsigned records, bool across, uint32_t **ret_person)
{
    return people(records, across, false, ret_person);
}

struct match_frame *fixture_crowd(unsigned records, bool across, uint32_t **ret_person)
{
    return people(records, across, true, ret_person);
}

struct match_frame *fixture_texts(unsigned records)
{
    static const struct match_field fields[] = {
        {"title", MATCH_TEXT, false}, {"who", MATCH_NAME, false}, {"price", MATCH_NUMBER, false}};
    struct match_frame *f = NULL;
    state = 11;
    if (match_frame_new(fields, COUNT(fields), &f, NULL) != 0)
        abort();
    for (unsigned n = 0; n < records;) {
        char title[256] = "", who[64], surname[32], price[16];
        unsigned topic = draw(8);
        strcat(strcat(strcat(strcat(title, syllables[topic]), " "), syllables[topic + 8]), " ");
        for (unsigned i = 0; i < 5; i++) {
            char word[32];
            make_word(word, 2 + draw(2));
            strcat(strcat(title, word), " ");
        }
        make_word(who, 1);
        make_word(surname, 1);
        strcat(strcat(who, " "), surname);
        (void)snprintf(price, sizeof price, "%u", draw(500));
        unsigned times = 1 + draw(3), whole = (unsigned)strlen(title);
        for (unsigned k = 0; k < times && n < records; k++, n++) {
            const struct bytes values[] = {bytes_of(title, whole - draw(whole / 3)), bytes_text(who),
                                           bytes_text(price)};
            if (match_frame_add(f, values, 0, NULL) != 0)
                abort();
        }
    }
    return f;
}

void fixture_of(struct fixture *x, struct match_frame *f)
{
    *x = (struct fixture){.f = f};
    if (match_words_count(f, &x->words, NULL) != 0 || match_plan_make(f, &x->plan, NULL) != 0)
        abort();
    x->s = (struct match_search){.f = f, .plan = &x->plan, .words = &x->words, .threads = 1};
}

void fixture_start(struct fixture *x, unsigned records, bool across)
{
    uint32_t *person;
    fixture_of(x, fixture_people(records, across, &person));
    x->person = person;
    x->s.across = across;
}

void fixture_stop(struct fixture *x)
{
    match_words_release(&x->words);
    match_frame_free(x->f);
    free(x->person);
}
