#include "match/match_internal.h"

enum { PARTS_MAX = 4 };

struct parts {
    unsigned count;
    unsigned value[PARTS_MAX], digits[PARTS_MAX];
    unsigned month;    /* by name; 0: none */
    unsigned month_at; /* numbers before it */
};

static unsigned month_named(const uint8_t *p, size_t n)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    char s[3];
    if (n < 3)
        return 0;
    for (unsigned i = 0; i < 3; i++)
        s[i] = (char)(p[i] | 0x20);
    for (unsigned i = 0; i < 12; i++)
        if (memcmp(names + (size_t)3 * i, s, 3) == 0)
            return i + 1;
    return 0;
}

static bool letter(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool split(struct bytes text, struct parts *to)
{
    for (size_t i = 0; i < text.n;) {
        size_t start = i;
        while (i < text.n && text.p[i] >= '0' && text.p[i] <= '9')
            i++;
        if (i != start) {
            if (i - start > 8 || to->count == PARTS_MAX)
                return false;
            unsigned value = 0;
            for (size_t k = start; k < i; k++)
                value = value * 10 + (text.p[k] - '0');
            to->value[to->count] = value;
            to->digits[to->count++] = (unsigned)(i - start);
            continue;
        }
        while (i < text.n && letter(text.p[i]))
            i++;
        if (i != start && to->month == 0) {
            to->month = month_named(text.p + start, i - start);
            to->month_at = to->count;
        }
        if (i == start)
            i++;
        else if (i - start == 1 && text.p[start] == 'T' && to->count == 3)
            return true; /* a time follows */
    }
    return to->count != 0;
}

static bool finish(unsigned year, unsigned month, unsigned day, struct match_date *ret)
{
    if (year < 1000 || year > 2999)
        return false;
    bool month_fits = month >= 1 && month <= 12;
    ret->year = (int16_t)year;
    ret->month = month_fits ? (uint8_t)month : 0;
    ret->day = month_fits && day >= 1 && day <= 31 ? (uint8_t)day : 0;
    return true;
}

bool match_date_read(struct bytes text, bool month_first, struct match_date *ret_date)
{
    struct parts p = {0};
    if (!split(text, &p))
        return false;
    const unsigned *v = p.value;
    if (p.month != 0 && p.count == 1)
        return finish(v[0], p.month, 0, ret_date);
    if (p.month != 0 && p.count >= 2)
        return v[0] > 31 ? finish(v[0], p.month, v[1], ret_date) : finish(v[1], p.month, v[0], ret_date);
    if (p.count == 1 && p.digits[0] == 8) {
        /* Year first, unless its month cannot be one. */
        bool year_first = v[0] / 10000 >= 1000 && v[0] / 10000 < 3000 && v[0] / 100 % 100 <= 12;
        return year_first ? finish(v[0] / 10000, v[0] / 100 % 100, v[0] % 100, ret_date)
                          : finish(v[0] % 10000, v[0] / 10000 % 100, v[0] / 1000000, ret_date);
    }
    if (p.count == 1)
        return p.digits[0] == 4 && finish(v[0], 0, 0, ret_date);
    if (p.digits[0] == 4)
        return finish(v[0], v[1], p.count > 2 ? v[2] : 0, ret_date);
    if (p.count == 2)
        return p.digits[1] == 4 && finish(v[1], v[0], 0, ret_date);
    if (p.digits[2] != 4)
        return false;
    if (v[1] > 12 || (month_first && v[0] <= 12))
        return finish(v[2], v[0], v[1], ret_date);
    return finish(v[2], v[1], v[0], ret_date);
}
