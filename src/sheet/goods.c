#include "base/text.h"
#include "screen/screen.h"
#include "sheet/sheet_internal.h"

enum { BANS_MAX = 16 };

static void tell(const struct screen_ban *b, struct match_date on)
{
    sheet_say(stdout, "%s: %s, paragraph %s: %s (HS %s)\n", text_tr(screen_ban_state(b, on)), b->resolution,
              b->paragraph, text_tr(b->goods), b->hs);
    sheet_say(stdout, "     in force from %s\n", b->from);
    if (b->wind_down[0] != '\0')
        sheet_say(stdout, "     wind-down to %s\n", b->wind_down);
    if (b->until[0] != '\0')
        sheet_say(stdout, "     until it was replaced on %s\n", b->until);
    if (b->exemption[0] != '\0')
        sheet_say(stdout, "     exempt: %s\n", text_tr(b->exemption));
    if (!b->hs_checked)
        sheet_say(stdout, "     the HS codes have no checked source: hold them to the resolution before use\n");
}

int sheet_goods(const struct sheet_arguments *a, struct err *e)
{
    const char *on_text, *direction;
    struct match_date on;
    int rc = sheet_need(a, "on", &on_text, e);
    if (rc == 0)
        rc = sheet_need(a, "direction", &direction, e);
    if (rc != 0)
        return rc;
    if (a->words != 1 || strspn(a->word[0], "0123456789") != strlen(a->word[0]) || strlen(a->word[0]) < 2 ||
        strlen(a->word[0]) > 10)
        return err_set(e, ERR_USAGE, "an HS code is wanted: 2 to 10 digits without points");
    if (!match_date_read(bytes_text(on_text), false, &on) || on.day == 0)
        return err_set(e, ERR_USAGE, "--on wants a day, such as 2017-08-05");
    bool out = strcmp(direction, "out") == 0;
    if (!out && strcmp(direction, "in") != 0)
        return err_set(e, ERR_USAGE, "--direction is in (to the DPRK) or out (from it)");
    const struct screen_ban *bans[BANS_MAX];
    size_t n = screen_goods(a->word[0], on, out, bans, BANS_MAX);
    for (size_t i = 0; i < n && i < BANS_MAX; i++)
        tell(bans[i], on);
    if (n == 0)
        sheet_say(stdout, "nothing in this table bans HS %s on %s; the table is small, and that is no permission\n",
                  a->word[0], on_text);
    return 0;
}
