#include "sheet/sheet.h"

#include "base/text.h"
#include "sheet/sheet_internal.h"
#include "table/table.h"

#include <stdarg.h>
#include <unistd.h>

static const struct {
    const char *name;
    int (*run)(const struct sheet_arguments *a, struct err *e);
    const char *options; /* those with a value, then | and those without */
    const char *help;
} commands[] = {
    {"link", sheet_link, " id fields clusters pairs threshold report decisions review threads keep model lang | ",
     TEXT("link A.csv [B.csv] --id COLUMN [--fields FIELDS.json] --clusters OUT.csv --pairs OUT.csv\n"
          "     [--threshold P] [--decisions FILE] [--review OUT.csv] [--report FOLDER] [--threads N]\n"
          "     [--keep KEPT] [--model KEPT]     Who is told twice: within A, or across A and B.\n")},
    {"add", sheet_add, " id clusters pairs report decisions review threads keep lang | ",
     TEXT("add KEPT NEW.csv --id COLUMN --clusters OUT.csv --pairs OUT.csv [--decisions FILE]\n"
          "     [--review OUT.csv] [--report FOLDER] [--threads N] [--keep KEPT2]\n"
          "     New records join a kept linkage: what a link of all with --model KEPT finds.\n")},
    {"pairs", sheet_pairs, " left right schema out lang | ",
     TEXT("pairs PAIRS.csv --left COLUMN --right COLUMN [--schema COLUMN] --out SCORED.csv\n"
          "     How alike two names are, for each row.\n")},
    {"screen", sheet_screen,
     " name birth passport imo nationality list previous decisions out threshold lang | exhaustive ",
     TEXT("screen QUERIES.csv --name COLUMN [--birth COLUMN] [--passport COLUMN] [--imo COLUMN]\n"
          "     [--nationality COLUMN] --list FILE... [--previous FILE...] [--decisions FILE] --out HITS.csv\n"
          "     [--exhaustive] [--threshold P]     Names against sanctions lists.\n")},
    {"goods", sheet_goods, " on direction lang | ",
     TEXT("goods HS --on DATE --direction in|out     Was it banned on that date?  in: to the DPRK, out: from it.\n")},
};

const char *sheet_option(const struct sheet_arguments *a, const char *name)
{
    for (unsigned i = 0; i < a->options; i++)
        if (strcmp(a->option[i].name, name) == 0)
            return a->option[i].value;
    return NULL;
}

bool sheet_flag(const struct sheet_arguments *a, const char *name)
{
    for (unsigned i = 0; i < a->options; i++)
        if (strcmp(a->option[i].name, name) == 0)
            return true;
    return false;
}

int sheet_need(const struct sheet_arguments *a, const char *name, const char **ret, struct err *e)
{
    *ret = sheet_option(a, name);
    return *ret != NULL ? 0 : err_set(e, ERR_USAGE, "--%s is missing", name);
}

int sheet_threshold(const struct sheet_arguments *a, unsigned one, unsigned *ret, struct err *e)
{
    const char *text = sheet_option(a, "threshold");
    *ret = 0;
    if (text == NULL)
        return 0;
    uint64_t value = 0, of = 1;
    bool point = false;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '.' && !point) {
            point = true;
            continue;
        }
        if (*p < '0' || *p > '9' || of > 1000000)
            return err_set(e, ERR_USAGE, "--threshold is a number from 0 to 1, such as 0.8");
        value = value * 10 + (uint64_t)(*p - '0');
        of *= point ? 10 : 1;
    }
    if (value > of)
        return err_set(e, ERR_USAGE, "--threshold is a number from 0 to 1, such as 0.8");
    *ret = (unsigned)(value * one / of);
    *ret = *ret == 0 ? 1 : *ret;
    return 0;
}

unsigned sheet_threads(const struct sheet_arguments *a)
{
    const char *text = sheet_option(a, "threads");
    uint64_t threads = 0;
    if (text != NULL && decimal_get(bytes_text(text), &threads) == 0 && threads != 0 && threads <= 64)
        return (unsigned)threads;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > 64 ? 64 : (unsigned)cores;
}

void sheet_say(FILE *to, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vfprintf(to, text_tr(format), arguments);
    va_end(arguments);
}

void sheet_say_notes(const char *path, const struct table_notes *n)
{
    if (n->short_rows != 0)
        sheet_say(stderr, "%s: %lu rows are shorter than the header, first in line %lu; what is missing is empty\n",
                  path, (unsigned long)n->short_rows, (unsigned long)n->short_line);
    if (n->long_rows != 0)
        sheet_say(stderr, "%s: %lu rows are longer than the header, first in line %lu; what is too much is not used\n",
                  path, (unsigned long)n->long_rows, (unsigned long)n->long_line);
    if (n->invalid_rows != 0)
        sheet_say(stderr, "%s: %lu rows are not UTF-8, first in line %lu; such bytes separate words\n", path,
                  (unsigned long)n->invalid_rows, (unsigned long)n->invalid_line);
    if (n->quote_rows != 0)
        sheet_say(stderr, "%s: %lu rows have text behind a closing quote, first in line %lu\n", path,
                  (unsigned long)n->quote_rows, (unsigned long)n->quote_line);
}

static void usage(FILE *to)
{
    sheet_say(to, "groundwork-match COMMAND ...: the same one told twice, and names against lists\n\n");
    for (size_t i = 0; i < COUNT(commands); i++)
        (void)fprintf(to, "  %s", text_tr(commands[i].help));
}

static bool is_among(const char *list, const char *list_end, const char *name, size_t n)
{
    for (const char *p = list; p + n + 2 <= list_end; p++)
        if (p[0] == ' ' && strncmp(p + 1, name, n) == 0 && p[n + 1] == ' ')
            return true;
    return false;
}

static int take_apart(int argc, char **argv, const char *known, struct sheet_arguments *a, struct err *e)
{
    const char *bar = strchr(known, '|'), *end = known + strlen(known);
    for (int i = 0; i < argc; i++) {
        if (a->words == SHEET_ARGUMENTS_MAX || a->options == SHEET_ARGUMENTS_MAX)
            return err_set(e, ERR_USAGE, "more than %d arguments", SHEET_ARGUMENTS_MAX);
        if (strncmp(argv[i], "--", 2) != 0) {
            a->word[a->words++] = argv[i];
            continue;
        }
        const char *name = argv[i] + 2;
        if (is_among(bar + 1, end, name, strlen(name))) {
            a->option[a->options++].name = name;
            continue;
        }
        if (!is_among(known, bar, name, strlen(name)))
            return err_set(e, ERR_USAGE, "no such option here: %s", argv[i]);
        if (i + 1 == argc)
            return err_set(e, ERR_USAGE, "%s wants a value", argv[i]);
        /* An option may be followed by several files: --list A B. */
        bool several = strcmp(name, "list") == 0 || strcmp(name, "previous") == 0;
        do {
            if (a->options == SHEET_ARGUMENTS_MAX)
                return err_set(e, ERR_USAGE, "more than %d arguments", SHEET_ARGUMENTS_MAX);
            a->option[a->options].name = name;
            a->option[a->options++].value = argv[++i];
        } while (several && i + 1 < argc && strncmp(argv[i + 1], "--", 2) != 0);
    }
    return 0;
}

static int exit_code(int rc)
{
    return rc == 0 ? 0 : rc == ERR_USAGE ? 2 : rc == ERR_REFUSED ? 3 : 4;
}

static void choose_language(int argc, char **argv)
{
    enum text_language language;
    const char *name = getenv("LC_ALL");
    name = name == NULL || *name == '\0' ? getenv("LANG") : name;
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], "--lang") == 0)
            name = argv[i + 1];
    if (name == NULL || text_language_named(name, &language) != 0)
        language = TEXT_ENGLISH;
    text_choose(language);
}

int sheet_main(int argc, char **argv)
{
    struct err e = {0};
    choose_language(argc, argv);
    if (argc < 2 || strcmp(argv[1], "--help") == 0) {
        usage(argc < 2 ? stderr : stdout);
        return argc < 2 ? 2 : 0;
    }
    int rc = ERR_USAGE;
    size_t i = 0;
    while (i < COUNT(commands) && strcmp(commands[i].name, argv[1]) != 0)
        i++;
    if (i == COUNT(commands)) {
        (void)err_set(&e, ERR_USAGE, "no such command: %s; --help lists them", argv[1]);
    } else {
        struct sheet_arguments a = {0};
        rc = take_apart(argc - 2, argv + 2, commands[i].options, &a, &e);
        if (rc == 0)
            rc = commands[i].run(&a, &e);
    }
    if (rc != 0)
        (void)fprintf(stderr, "groundwork-match: %s\n", e.text);
    return exit_code(rc);
}
