/*
 * What a column holds, from its name and its values.  The values have the last word: a "date" without dates is none.
 */
#include "match/match_internal.h"

const char *const match_field_kind_names[MATCH_FIELD_KINDS] = {"ignored", "name", "given",  "surname", "date",
                                                               "place",   "code", "number", "text"};

struct look {
    size_t filled, dates, numbers, integers, first_large, second_large, distinct, words, letters, digits_only;
};

static bool header_has(const char *folded, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strstr(folded, *words) != NULL)
            return true;
    return false;
}

static void header_fold(struct bytes header, char to[80])
{
    struct match_name name;
    (void)match_name_read(header, MATCH_READ_KOREAN, &name);
    size_t n = 0;
    to[n++] = ' ';
    for (unsigned i = 0; i < name.count && n + name.t[i].n + 2 < 80; i++) {
        memcpy(to + n, name.t[i].s, name.t[i].n);
        n += name.t[i].n;
        to[n++] = ' ';
    }
    to[n] = '\0';
}

static void look_at_order(struct bytes x, struct look *l)
{
    unsigned v[2] = {0}, part = 0, digits = 0;
    for (size_t i = 0; i < x.n && part < 2; i++) {
        if (x.p[i] >= '0' && x.p[i] <= '9') {
            v[part] = v[part] * 10 + (x.p[i] - '0');
            if (++digits > 2)
                return;
        } else {
            part++;
            digits = 0;
        }
    }
    l->first_large += part == 2 && v[0] > 12;
    l->second_large += part == 2 && v[1] > 12;
}

static bool is_number(struct bytes x, bool *ret_integer)
{
    size_t digits = 0, points = 0;
    for (size_t i = 0; i < x.n; i++) {
        digits += x.p[i] >= '0' && x.p[i] <= '9';
        points += x.p[i] == '.';
        if (!(x.p[i] >= '0' && x.p[i] <= '9') && strchr("$+-., %", x.p[i]) == NULL)
            return false;
    }
    *ret_integer = digits == x.n;
    return digits != 0 && points < 2;
}

/* 0000-00-00: no date, and no number either. */
static bool is_zero_date(struct bytes x)
{
    size_t zeros = 0;
    for (size_t i = 0; i < x.n; i++) {
        if (x.p[i] != '0' && x.p[i] != '-' && x.p[i] != '/' && x.p[i] != '.')
            return false;
        zeros += x.p[i] == '0';
    }
    return zeros == 8;
}

static void look_at(const struct bytes *values, size_t count, struct look *l, struct match_map *seen)
{
    for (size_t i = 0; i < count; i++) {
        struct match_name name;
        struct match_date date;
        struct bytes x = values[i];
        while (x.n != 0 && x.p[0] == ' ')
            x = bytes_of(x.p + 1, x.n - 1);
        (void)match_name_read(x, MATCH_READ_KOREAN, &name);
        if (name.count == 0 || is_zero_date(x))
            continue;
        bool is_new = false, integer = false;
        (void)match_map_number(seen, x, &is_new);
        l->filled++;
        l->distinct += is_new;
        l->words += name.count;
        l->letters += x.n;
        bool date_like = match_date_read(x, false, &date) && date.year > 1600 && date.year < 2200;
        l->dates += date_like && (x.n == 4 || x.n == 8 || date.month != 0);
        bool number = is_number(x, &integer);
        l->numbers += number;
        l->integers += number && integer;
        look_at_order(x, l);
    }
}

static const char *const given_words[] = {" given ",     " first name ", " firstname ", " forename ", " fname ",
                                          " givenname ", " first ",      " prenom ",    " vorname ",  " nombre ",
                                          " ireum ",     " imya ",       NULL};
static const char *const surname_words[] = {" surname ", " last name ", " lastname ",   " family ",   " lname ",
                                            " sname ",   " last ",      " nom ",        " nachname ", " apellido ",
                                            " seong ",   " familiya ",  " familyname ", NULL};
static const char *const name_words[] = {" name ", " full name ", " fullname ", " seongmyeong ", " person ", NULL};
static const char *const date_words[] = {" dob ", " date ",        " birth ", " born ",   " birthdate ",       " year ",
                                         " yob ", " dateofbirth ", " day ",   " naljja ", " saengnyeonworil ", NULL};
static const char *const place_words[] = {" place ",      " city ",    " town ",     " village ",  " suburb ",
                                          " district ",   " address ", " province ", " county ",   " region ",
                                          " birthplace ", " street ",  " pob ",      " location ", " address 1 ",
                                          " jangso ",     " juso ",    NULL};
static const char *const code_words[] = {
    " sex ",        " gender ",   " id ",     " code ", " ssn ",         " passport ", " phone ",
    " zip ",        " postcode ", " number ", " no ",   " state ",       " type ",     " camp ",
    " soc sec id ", " email ",    " postal ", " imo ",  " nationality ", " country ",  NULL};
static const char *const amount_words[] = {" price ", " amount ", " weight ", " age ",      " count ",
                                           " cost ",  " tons ",   " height ", " quantity ", NULL};
static const char *const text_words[] = {" title ",   " description ", " text ",         " notes ",
                                         " authors ", " author ",      " venue ",        " remarks ",
                                         " product ", " details ",     " manufacturer ", NULL};
static const char *const thing_words[] = {
    " company ", " product ", " venue ", " restaurant ", " organisation ", " organization ", " shop ", " brand ", NULL};

static enum match_field_kind kind_of(const char *header, const struct look *l)
{
    size_t most = l->filled * 8 / 10, words_mean_10 = l->words * 10 / l->filled;
    bool numbers = l->numbers > most;
    if (l->dates > most && (header_has(header, date_words) || l->integers * 2 <= l->filled))
        return MATCH_DATE;
    if (numbers && header_has(header, amount_words))
        return MATCH_NUMBER;
    if (numbers)
        return l->integers > l->filled * 6 / 10 ? MATCH_CODE : MATCH_NUMBER;
    if (header_has(header, code_words) && words_mean_10 < 25)
        return MATCH_CODE;
    if (header_has(header, given_words) && words_mean_10 < 25)
        return MATCH_GIVEN;
    if (header_has(header, surname_words) && words_mean_10 < 25)
        return MATCH_SURNAME;
    if (header_has(header, place_words))
        return words_mean_10 > 35 ? MATCH_TEXT : MATCH_PLACE;
    if (header_has(header, text_words))
        return MATCH_TEXT;
    if (header_has(header, name_words) && !header_has(header, thing_words) && words_mean_10 < 36)
        return MATCH_NAME;
    if (words_mean_10 > 25 || header_has(header, name_words))
        return MATCH_TEXT;
    if (l->distinct * 20 < l->filled || l->letters / l->filled < 4)
        return MATCH_CODE;
    return words_mean_10 > 13 ? MATCH_TEXT : MATCH_PLACE;
}

void match_guess(struct bytes header, const struct bytes *values, size_t count, struct match_field *ret_field)
{
    struct look l = {0};
    char folded[80];
    struct match_map *seen = match_map_new();
    header_fold(header, folded);
    if (seen != NULL)
        look_at(values, count, &l, seen);
    match_map_free(seen);
    size_t n = header.n < sizeof ret_field->name - 1 ? header.n : sizeof ret_field->name - 1;
    *ret_field = (struct match_field){.month_first = l.second_large != 0 && l.first_large == 0};
    memcpy(ret_field->name, header.p, n);
    ret_field->kind = l.filled == 0 ? MATCH_IGNORED : kind_of(folded, &l);
}
