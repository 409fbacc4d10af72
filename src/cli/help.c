#include "cli/cli_internal.h"

#include "base/unicode.h"

enum { INDENT = 2, TERM_COLUMNS = 24, HELP_COLUMNS_MAX = 100, HELP_COLUMNS_MIN = 40 };

const struct cli_term cli_environment[] = {
    {"GROUNDWORK_REPO", .help = "the repository when -R is not given"},
    {"GROUNDWORK_KEY", .help = "your key file when --key is not given"},
    {"GROUNDWORK_PASSPHRASE_FILE", .help = "a file with the passphrase in its first line; a further line answers a "
                                           "further question"},
    {"XDG_CONFIG_HOME", .help = "your settings and key file are in groundwork/ below it (~/.config)"},
    {"XDG_STATE_HOME", .help = "what this computer remembers of repositories is in groundwork/ below it "
                               "(~/.local/state)"},
    {"LC_ALL, LC_MESSAGES, LANG", .help = "the language when --lang is not given"},
    {NULL, NULL},
};

const struct cli_term cli_exits[] = {
    {"0", .help = "done"},
    {"1", .help = "a check failed"},
    {"2", .help = "wrong usage"},
    {"3", .help = "the request was refused, or with --strict something in it"},
    {"4", .help = "input, output or environment"},
    {"6", .help = "verify: whole, but not cosigned as the policy asks"},
    {NULL, NULL},
};

const char *cli_summary(void)
{
    return text_tr("keep evidence: take it in, lose nothing, prove it");
}

void cli_usage(const struct verb *verb, struct buf *to)
{
    if (verb == NULL) {
        buf_put_text(to, text_tr("groundwork [-R DIR] VERB [ARGUMENT...] [OPTION...]"));
        return;
    }
    buf_printf(to, "groundwork %s", verb->name);
    if (verb->arguments[0] != 0)
        buf_printf(to, " %s", verb->arguments);
    for (size_t i = 0; i < VERBS_OPTIONS_MAX && verb->options[i].name != NULL; i++) {
        const struct verbs_option *o = &verb->options[i];
        buf_printf(to, " [--%s%s%s]", o->name, o->value == NULL ? "" : " ", o->value == NULL ? "" : o->value);
    }
}

void cli_option_text(const struct cli_option *o, struct buf *to)
{
    if (o->letter != NULL)
        buf_printf(to, "-%s", o->letter);
    if (o->letter != NULL && o->name != NULL)
        buf_put_text(to, ", ");
    if (o->name != NULL)
        buf_printf(to, "--%s", o->name);
    if (o->value != NULL)
        buf_printf(to, " %s", o->value);
}

static void put_blanks(struct buf *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_put_u8(to, ' ');
}

/* Words of ${text} in lines of ${columns}, each line after the first behind ${indent} blanks; the cursor stands at
 * ${at}.  Ends the last line. */
static void put_wrapped(struct buf *to, const char *text, size_t at, size_t indent, size_t columns)
{
    bool line_empty = true;
    for (const char *p = text; *p != 0;) {
        size_t n = strcspn(p, " ");
        size_t width = unicode_columns(bytes_of(p, n));
        if (!line_empty && at + 1 + width > columns) {
            buf_put_u8(to, '\n');
            put_blanks(to, indent);
            at = indent;
            line_empty = true;
        }
        if (!line_empty) {
            buf_put_u8(to, ' ');
            at++;
        }
        buf_put(to, p, n);
        at += width;
        line_empty = false;
        p += n;
        p += strspn(p, " ");
    }
    buf_put_u8(to, '\n');
}

/* "  term          what it is", the help on the next line when the term is long. */
static void put_row(struct buf *to, const char *term, const char *help, size_t columns)
{
    size_t at = INDENT + unicode_columns(bytes_text(term));
    put_blanks(to, INDENT);
    buf_put_text(to, term);
    if (at + INDENT > TERM_COLUMNS) {
        buf_put_u8(to, '\n');
        at = 0;
    }
    put_blanks(to, TERM_COLUMNS - at);
    put_wrapped(to, help, TERM_COLUMNS, TERM_COLUMNS, columns);
}

static void put_terms(struct buf *to, const char *title, const struct cli_term *terms, size_t columns)
{
    buf_printf(to, "\n%s\n", title);
    for (; terms->term != NULL; terms++)
        put_row(to, terms->term, text_tr(terms->help), columns);
}

static void put_common_options(struct buf *to, size_t columns)
{
    buf_printf(to, "\n%s\n", text_tr("Options of every verb:"));
    for (size_t i = 0; i < CLI_OPTIONS; i++) {
        OWN(buf_drop) struct buf term = {0};
        if (cli_options[i].help == NULL)
            continue;
        cli_option_text(&cli_options[i], &term);
        put_row(to, buf_text(&term), text_tr(cli_options[i].help), columns);
    }
}

static void put_verb_options(struct buf *to, const struct verb *verb, size_t columns)
{
    if (verb->options[0].name == NULL)
        return;
    buf_printf(to, "\n%s\n", text_tr("Options:"));
    for (size_t i = 0; i < VERBS_OPTIONS_MAX && verb->options[i].name != NULL; i++) {
        OWN(buf_drop) struct buf term = {0};
        const struct verbs_option *o = &verb->options[i];
        buf_printf(&term, o->value == NULL ? "--%s%s" : "--%s %s", o->name, o->value == NULL ? "" : o->value);
        put_row(to, buf_text(&term), text_tr(o->help), columns);
    }
}

static void put_usage(struct buf *to, const struct verb *verb, size_t columns)
{
    OWN(buf_drop) struct buf usage = {0}, line = {0};
    cli_usage(verb, &usage);
    buf_printf(&line, text_tr("usage: %s"), buf_text(&usage));
    put_wrapped(to, buf_text(&line), 0, (size_t)2 * INDENT, columns);
}

static void help_of_verb(struct buf *to, const struct verb *verb, size_t columns)
{
    put_usage(to, verb, columns);
    buf_put_u8(to, '\n');
    put_wrapped(to, text_tr(verb->help), 0, 0, columns);
    if (verb->more[0] != 0) {
        buf_put_u8(to, '\n');
        put_wrapped(to, text_tr(verb->more), 0, 0, columns);
    }
    put_verb_options(to, verb, columns);
}

static void help_of_program(struct buf *to, size_t columns)
{
    OWN(buf_drop) struct buf title = {0};
    buf_printf(&title, "groundwork: %s", cli_summary());
    put_wrapped(to, buf_text(&title), 0, 0, columns);
    put_usage(to, NULL, columns);
    buf_printf(to, "\n%s\n", text_tr("Verbs:"));
    for (size_t i = 0; i < verbs_count; i++)
        put_row(to, verbs_table[i].name, text_tr(verbs_table[i].help), columns);
    put_row(to, "help [VERB]", text_tr("say what the program or the verb does"), columns);
    buf_put_u8(to, '\n');
    put_wrapped(to, text_tr("Without a verb, groundwork tells the state of the repository and the next step."), 0, 0,
                columns);
}

void cli_help(const struct verb *verb, size_t columns, struct buf *to)
{
    if (columns > HELP_COLUMNS_MAX)
        columns = HELP_COLUMNS_MAX;
    if (columns < HELP_COLUMNS_MIN)
        columns = HELP_COLUMNS_MIN;
    if (verb == NULL)
        help_of_program(to, columns);
    else
        help_of_verb(to, verb, columns);
    put_common_options(to, columns);
    if (verb == NULL)
        put_terms(to, text_tr("Environment:"), cli_environment, columns);
    put_terms(to, text_tr("Exit codes:"), cli_exits, columns);
}
