/*
 * What may not be traded with the DPRK, by resolution and date.
 *
 * Dates and paragraphs are those of the resolutions of the Security Council; where the resolution names no codes of the
 * Harmonised System, the code here is the customary heading and is marked as not checked.
 */
#include "screen/screen.h"

#include "base/text.h"

static const struct screen_ban bans[] = {
    {"S/RES/2270 (2016)", "29", TEXT("coal, iron and iron ore"), "2601 2701 72", "2016-03-02", "", "2016-11-30",
     TEXT("livelihood purposes; coal of foreign origin by way of Rajin"), true, false},
    {"S/RES/2321 (2016)", "26", TEXT("coal above a yearly cap, iron and iron ore"), "2601 2701 72", "2016-11-30", "",
     "2017-08-05", TEXT("coal within the cap; iron and iron ore for livelihood purposes"), true, false},
    {"S/RES/2270 (2016)", "30", TEXT("gold, titanium ore, vanadium ore, rare earth minerals"),
     "7108 2614 2615 2805 2846", "2016-03-02", "", "", "", true, false},
    {"S/RES/2321 (2016)", "28", TEXT("copper, nickel, silver and zinc"), "2603 74 2604 75 7106 2608 79", "2016-11-30",
     "", "", "", true, false},
    {"S/RES/2321 (2016)", "29", TEXT("statues"), "9703", "2016-11-30", "", "",
     TEXT("approved in advance by the Committee"), true, false},
    {"S/RES/2321 (2016)", "30", TEXT("new helicopters and vessels"), "8802 89", "2016-11-30", "", "",
     TEXT("approved in advance by the Committee"), false, false},
    {"S/RES/2371 (2017)", "8", TEXT("coal, iron and iron ore"), "2601 2701 72", "2017-08-05", "2017-09-04", "",
     TEXT("contracts before adoption, if imported within 30 days; coal of foreign origin by way of Rajin"), true,
     false},
    {"S/RES/2371 (2017)", "9", TEXT("seafood, in all forms"), "03 1603 1604 1605", "2017-08-05", "2017-09-04", "",
     TEXT("contracts before adoption, if imported within 30 days"), true, false},
    {"S/RES/2371 (2017)", "10", TEXT("lead and lead ore"), "2607 78", "2017-08-05", "2017-09-04", "",
     TEXT("contracts before adoption, if imported within 30 days"), true, false},
    {"S/RES/2375 (2017)", "16", TEXT("textiles"), "50 51 52 53 54 55 56 57 58 59 60 61 62 63", "2017-09-11",
     "2017-12-10", "", TEXT("contracts before adoption, if imported within 90 days"), true, false},
    {"S/RES/2375 (2017)", "13", TEXT("condensates and natural gas liquids"), "2709 2711", "2017-09-11", "", "", "",
     false, false},
    {"S/RES/2397 (2017)", "6",
     TEXT("food and agricultural products, machinery, electrical equipment, earth and stone, wood"),
     "07 08 12 25 44 84 85", "2017-12-22", "2018-01-21", "",
     TEXT("contracts before adoption, if imported within 30 days"), true, false},
    {"S/RES/2397 (2017)", "6", TEXT("vessels"), "89", "2017-12-22", "2018-01-21", "",
     TEXT("contracts before adoption, if imported within 30 days"), true, true},
    {"S/RES/2397 (2017)", "7", TEXT("industrial machinery, transport vehicles, iron, steel and other metals"),
     "72 73 74 75 76 78 79 80 81 82 83 84 85 86 87 88 89", "2017-12-22", "", "",
     TEXT("spare parts for the safe operation of commercial civilian passenger aircraft"), false, false},
};

static bool holds(const char *codes, const char *hs)
{
    for (const char *p = codes; *p != '\0';) {
        size_t n = strcspn(p, " ");
        size_t digits = strlen(hs);
        if (digits >= n && strncmp(p, hs, n) == 0)
            return true;
        p += n + (p[n] == ' ');
    }
    return false;
}

static int64_t day_number(struct match_date d)
{
    return d.year * 10000 + (d.month == 0 ? 1 : d.month) * 100 + (d.day == 0 ? 1 : d.day);
}

static int64_t day_of(const char *text)
{
    struct match_date d = {0};
    (void)match_date_read(bytes_text(text), false, &d);
    return day_number(d);
}

size_t screen_goods(const char *hs, struct match_date on, bool exports, const struct screen_ban **ret, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < COUNT(bans); i++) {
        const struct screen_ban *b = &bans[i];
        bool over = b->until[0] != '\0' && day_number(on) >= day_of(b->until);
        if (b->exports != exports || over || !holds(b->hs, hs))
            continue;
        if (n < max)
            ret[n] = b;
        n++;
    }
    return n;
}

const char *screen_ban_state(const struct screen_ban *ban, struct match_date on)
{
    if (day_number(on) < day_of(ban->from))
        return TEXT("not yet in force");
    if (ban->wind_down[0] != '\0' && day_number(on) <= day_of(ban->wind_down))
        return TEXT("in force, winding down");
    return TEXT("in force");
}
