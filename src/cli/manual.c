/* The manual page, in the man macros of groff. */
#include "cli/cli_internal.h"

/* A character that means itself: no escape, no quote that groff would round, a dash that can be copied. */
static void put_char(struct buf *to, char c)
{
    static const char special[] = "\\-'`^~";
    static const char *const written[] = {"\\e", "\\-", "\\(aq", "\\(ga", "\\(ha", "\\(ti"};
    const char *at = strchr(special, c);
    if (at != NULL)
        buf_put_text(to, written[at - special]);
    else
        buf_put_u8(to, (uint8_t)c);
}

/* Text in which no line is a request. */
static void put_text(struct buf *to, const char *text)
{
    if (text[0] == '.' || text[0] == '\'')
        buf_put_text(to, "\\&");
    for (const char *p = text; *p != 0; p++)
        put_char(to, *p);
}

static void put_line(struct buf *to, const char *text)
{
    put_text(to, text);
    buf_put_u8(to, '\n');
}

/* ".SH NAME": the argument in quotes, which are doubled inside. */
static void put_heading(struct buf *to, const char *macro, const char *text)
{
    buf_printf(to, ".%s \"", macro);
    for (const char *p = text; *p != 0; p++) {
        if (*p == '"')
            buf_put_u8(to, '"');
        put_char(to, *p);
    }
    buf_put_text(to, "\"\n");
}

static void put_item(struct buf *to, const char *term, const char *help)
{
    buf_put_text(to, ".TP\n\\fB");
    put_text(to, term);
    buf_put_text(to, "\\fR\n");
    put_line(to, help);
}

static void put_terms(struct buf *to, const char *title, const struct cli_term *terms)
{
    put_heading(to, "SH", title);
    for (; terms->term != NULL; terms++)
        put_item(to, terms->term, text_tr(terms->help));
}

static void put_verb(struct buf *to, const struct verb *verb)
{
    OWN(buf_drop) struct buf usage = {0};
    cli_usage(verb, &usage);
    put_heading(to, "SS", buf_text(&usage));
    put_line(to, text_tr(verb->help));
    if (verb->more[0] != 0) {
        buf_put_text(to, ".PP\n");
        put_line(to, text_tr(verb->more));
    }
    for (size_t i = 0; i < VERBS_OPTIONS_MAX && verb->options[i].name != NULL; i++) {
        OWN(buf_drop) struct buf term = {0};
        const struct verbs_option *o = &verb->options[i];
        buf_printf(&term, o->value == NULL ? "--%s%s" : "--%s %s", o->name, o->value == NULL ? "" : o->value);
        put_item(to, buf_text(&term), text_tr(o->help));
    }
}

static void put_common_options(struct buf *to)
{
    put_heading(to, "SH", text_tr("OPTIONS OF EVERY VERB"));
    for (size_t i = 0; i < CLI_OPTIONS; i++) {
        OWN(buf_drop) struct buf term = {0};
        if (cli_options[i].help == NULL)
            continue;
        cli_option_text(&cli_options[i], &term);
        put_item(to, buf_text(&term), text_tr(cli_options[i].help));
    }
}

void cli_manual(struct buf *to)
{
    OWN(buf_drop) struct buf usage = {0};
    buf_put_text(to, "'\\\" -*- coding: utf-8 -*-\n");
    buf_put_text(to, ".TH GROUNDWORK 1 \"\" \"Groundwork " CLI_VERSION "\" \"Groundwork\"\n");
    buf_put_text(to, ".nh\n.ad l\n");
    put_heading(to, "SH", text_tr("NAME"));
    buf_put_text(to, "groundwork \\- ");
    put_line(to, cli_summary());
    put_heading(to, "SH", text_tr("SYNOPSIS"));
    cli_usage(NULL, &usage);
    put_line(to, buf_text(&usage));
    put_heading(to, "SH", text_tr("DESCRIPTION"));
    put_line(to, text_tr("Without a verb, groundwork tells the state of the repository and the next step."));
    put_heading(to, "SH", text_tr("VERBS"));
    for (size_t i = 0; i < verbs_count; i++)
        put_verb(to, &verbs_table[i]);
    put_common_options(to);
    put_terms(to, text_tr("ENVIRONMENT"), cli_environment);
    put_terms(to, text_tr("EXIT CODES"), cli_exits);
}
