/* The vocabulary of custody and access: acts, claimed dates, sets of items. */
#include "model/statement.h"

static const char *const ACTS[] = {"collected", "received", "transferred", "viewed",
                                   "exported",  "returned", "destroyed"};

const char *statement_act(size_t number)
{
    return number < COUNT(ACTS) ? ACTS[number] : NULL;
}

bool statement_act_known(const char *act)
{
    for (size_t i = 0; i < COUNT(ACTS); i++)
        if (strcmp(ACTS[i], act) == 0)
            return true;
    return false;
}

bool statement_access_known(const char *act)
{
    static const char *const acts[] = {"shown", "read", "restored", "exported"};
    for (size_t i = 0; i < COUNT(acts); i++)
        if (strcmp(acts[i], act) == 0)
            return true;
    return false;
}

bool statement_access_may_go_unlogged(bool read_only, bool must_log)
{
    return read_only && !must_log;
}

/* Exactly ${n} digits, low to high. */
static bool digits(struct cursor *c, size_t n, unsigned low, unsigned high, unsigned *ret)
{
    struct bytes d = cursor_take(c, n);
    unsigned v = 0;
    for (size_t i = 0; i < d.n; i++) {
        if (d.p[i] < '0' || d.p[i] > '9')
            return false;
        v = v * 10 + (unsigned)(d.p[i] - '0');
    }
    *ret = v;
    return !c->failed && v >= low && v <= high;
}

static unsigned days_of(unsigned year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool offset_good(struct cursor *c)
{
    unsigned hour, minute;
    if (c->left == 0)
        return true;
    uint8_t sign = cursor_u8(c);
    if (sign == 'Z')
        return cursor_done(c);
    return (sign == '+' || sign == '-') && digits(c, 2, 0, 14, &hour) && cursor_expect(c, ":") &&
           digits(c, 2, 0, 59, &minute) && cursor_done(c);
}

/* Source: ISO 8601-1:2019, calendar dates and the extended form of times to the minute. */
bool statement_date_known(const char *text)
{
    struct cursor c = cursor_of(bytes_text(text));
    unsigned year, month, day, hour, minute;
    if (!digits(&c, 4, 1, 9999, &year) || !cursor_expect(&c, "-") || !digits(&c, 2, 1, 12, &month) ||
        !cursor_expect(&c, "-") || !digits(&c, 2, 1, days_of(year, month), &day))
        return false;
    if (c.left == 0)
        return true;
    return cursor_expect(&c, "T") && digits(&c, 2, 0, 23, &hour) && cursor_expect(&c, ":") &&
           digits(&c, 2, 0, 59, &minute) && offset_good(&c);
}

bool statement_ranges_good(const struct statement_range *list, size_t count)
{
    if (count > STATEMENT_RANGES_MAX)
        return false;
    for (size_t i = 0; i < count; i++)
        if (list[i].first > list[i].last ||
            (i > 0 && (list[i].first <= list[i - 1].last || list[i].first - list[i - 1].last == 1)))
            return false;
    return true;
}

size_t statement_ranges_fit(struct statement_range *list, size_t count)
{
    while (count > STATEMENT_RANGES_MAX) {
        for (size_t i = 0; i < count / 2; i++)
            list[i] = (struct statement_range){list[2 * i].first, list[2 * i + 1].last};
        if (count % 2 != 0)
            list[count / 2] = list[count - 1];
        count = count / 2 + count % 2;
    }
    return count;
}
