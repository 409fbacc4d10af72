#include "report/report_internal.h"

#include <stdio.h>

const char *const report_method_names[REPORT_METHODS] = {"chapman", "chao", "loglinear", "stepwise", "dga", "latent"};

enum { SAMPLES_MAX = 100000, ESS_MAX = 20000, BOUND_MAX = 1000 };

static const enum estimate_code overridable[] = {
    ESTIMATE_LIST_ALONE, ESTIMATE_RHAT,     ESTIMATE_ESS_BULK,    ESTIMATE_ESS_TAIL,
    ESTIMATE_MODES,      ESTIMATE_AT_BOUND, ESTIMATE_LISTS_AVOID,
};

bool report_overridable(enum estimate_code code)
{
    for (size_t i = 0; i < COUNT(overridable); i++)
        if (overridable[i] == code)
            return true;
    return false;
}

int report_code_named(const char *name, enum estimate_code *ret)
{
    for (unsigned i = 0; i < ESTIMATE_CODES; i++)
        if (strcmp(name, estimate_code_name(i)) == 0) {
            *ret = i;
            return 0;
        }
    return -1;
}

void report_options_init(struct report_options *o)
{
    *o = (struct report_options){
        .seed = 1, .samples = 1000, .classes = 10, .ess = 1000, .threads = 1, .path = estimate_path_best()};
}

struct option {
    const char *name;
    const char *value; /* what follows; NULL: nothing does */
    const char *help;
};
static const struct option options[] = {
    {"--method", "NAME", TEXT("a method, may be repeated: chapman, chao, loglinear, stepwise, dga, latent")},
    {"--count", "COLUMN", TEXT("the column that says how many persons have the history of its row")},
    {"--lists", "NAMES", TEXT("the columns that are lists, with commas between them; else all others")},
    {"--stratum", "COLUMN", TEXT("estimate each value of this column by itself")},
    {"--replicate", "COLUMN", TEXT("imputed replicates, 1, 2, 3 and so on; 0 is what was documented before")},
    {"--linkage", "WORDS", TEXT("how the lists were linked: the version, and how often it errs")},
    {"--unit", "WORD", TEXT("what a count counts: persons, or events")},
    {"--population", "WORD", TEXT("closed, or open: people came and went between the lists")},
    {"--model", "NAME", TEXT("a log-linear model such as [123,14,34], may be repeated")},
    {"--override", "CODE", TEXT("give the number in spite of this refusal; the result says so")},
    {"--seed", "NUMBER", TEXT("of chance; the same seed gives the same result")},
    {"--samples", "NUMBER", TEXT("bootstrap samples of the stepwise selection")},
    {"--classes", "NUMBER", TEXT("latent classes, 2 to 12")},
    {"--bound", "NUMBER", TEXT("latent classes: at most so many times as many unseen as seen; 0 for none")},
    {"--ess", "NUMBER", TEXT("effective samples wanted, at least 400")},
    {"--tempered", NULL, TEXT("temper the chains at once, not only when plain ones disagree")},
    {"--threads", "NUMBER", TEXT("at most so many threads; the result does not depend on it")},
    {"--instructions", "NAME", TEXT("plain, avx2 or avx512; the result does not depend on it")},
    {"--json", "FILE", TEXT("write the result file")},
    {"--report", "FOLDER", TEXT("write result, words and pictures into this folder")},
    {"--lang", "LANGUAGE", TEXT("en or ko")},
};

static int number(const char *name, const char *text, uint64_t least, uint64_t most, uint64_t *ret, struct err *e)
{
    uint64_t v;
    if (decimal_get(bytes_text(text), &v) != 0 || v < least || v > most)
        return err_set(e, ERR_USAGE, "%s: a whole number from %llu to %llu is needed", name, (unsigned long long)least,
                       (unsigned long long)most);
    *ret = v;
    return 0;
}

static int one_of(const char *name, const char *text, const char *const *words, size_t count, size_t *ret,
                  struct err *e)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], text) == 0) {
            *ret = i;
            return 0;
        }
    return err_set(e, ERR_USAGE, "%s: \"%s\" is none of its words; see --help", name, text);
}

static int take_repeated(const char *name, const char *value, struct report_options *o, struct err *e)
{
    size_t i = 0;
    enum estimate_code code;
    if (strcmp(name, "--method") == 0) {
        int rc = one_of(name, value, report_method_names, REPORT_METHODS, &i, e);
        if (rc == 0)
            o->method[i] = true;
        return rc;
    }
    if (strcmp(name, "--model") == 0) {
        if (o->model_count == REPORT_MODELS_MAX)
            return err_set(e, ERR_USAGE, "more than %d models", REPORT_MODELS_MAX);
        o->models[o->model_count++] = value;
        return 0;
    }
    if (report_code_named(value, &code) != 0 || !report_overridable(code))
        return err_set(e, ERR_USAGE, "%s: \"%s\" is none of its words; see --help", name, value);
    o->override[code] = true;
    return 0;
}

static int take_word(const char *name, const char *value, struct report_options *o, struct err *e)
{
    static const char *const units[] = {"persons", "events"}, *const populations[] = {"closed", "open"};
    static const char *const paths[] = {"plain", "avx2", "avx512"};
    size_t i = 0;
    int rc = 0;
    if (strcmp(name, "--unit") == 0) {
        rc = one_of(name, value, units, COUNT(units), &i, e);
        o->unit = value;
    } else if (strcmp(name, "--population") == 0) {
        rc = one_of(name, value, populations, COUNT(populations), &i, e);
        o->population = value;
    } else if (strcmp(name, "--instructions") == 0) {
        rc = one_of(name, value, paths, COUNT(paths), &i, e);
        if (rc == 0 && !estimate_path_works((enum estimate_path)i))
            return err_set(e, ERR_USAGE, "this machine does not have %s", value);
        o->path = (enum estimate_path)i;
    } else
        return take_repeated(name, value, o, e);
    return rc;
}

static int take(const char *name, const char *value, struct report_options *o, struct err *e)
{
    const struct {
        const char *name;
        const char **to;
    } texts[] = {{"--count", &o->count},         {"--lists", &o->lists},     {"--stratum", &o->stratum},
                 {"--replicate", &o->replicate}, {"--linkage", &o->linkage}, {"--json", &o->json_path},
                 {"--report", &o->report_path},  {"--lang", &o->lang}};
    const struct {
        const char *name;
        uint64_t least, most, *to;
    } numbers[] = {{"--seed", 0, INT64_MAX >> 11, &o->seed},
                   {"--samples", 0, SAMPLES_MAX, &o->samples},
                   {"--classes", 2, ESTIMATE_CLASSES_MOST, &o->classes},
                   {"--bound", 0, BOUND_MAX, &o->bound},
                   {"--ess", 400, ESS_MAX, &o->ess}};
    if (strlen(value) > REPORT_WORDS_MAX)
        return err_set(e, ERR_USAGE, "%s: the value is too long", name);
    for (size_t i = 0; i < COUNT(texts); i++)
        if (strcmp(name, texts[i].name) == 0) {
            *texts[i].to = value;
            return 0;
        }
    for (size_t i = 0; i < COUNT(numbers); i++)
        if (strcmp(name, numbers[i].name) == 0)
            return number(name, value, numbers[i].least, numbers[i].most, numbers[i].to, e);
    if (strcmp(name, "--threads") == 0) {
        uint64_t threads = 1;
        int rc = number(name, value, 1, ESTIMATE_THREADS_MAX, &threads, e);
        o->threads = (unsigned)threads;
        return rc;
    }
    return take_word(name, value, o, e);
}

static int take_option(int argc, char **argv, int *at, struct report_options *o, struct err *e)
{
    const char *name = argv[*at];
    for (size_t i = 0; i < COUNT(options); i++) {
        if (strcmp(name, options[i].name) != 0)
            continue;
        if (options[i].value == NULL) {
            o->tempered = true;
            return 0;
        }
        if (*at + 1 >= argc)
            return err_set(e, ERR_USAGE, "%s needs a value", name);
        return take(name, argv[++*at], o, e);
    }
    return err_set(e, ERR_USAGE, "there is no option %s; see --help", name);
}

static int settle_action(struct report_line *line, struct err *e)
{
    static const char *const verbs[] = {[REPORT_VERIFY] = "verify", [REPORT_RECONCILE] = "reconcile"};
    if (line->action == REPORT_HELP || line->action == REPORT_VERSION)
        return 0;
    size_t needed = line->action == REPORT_VERIFY ? 2 : 1;
    if (line->arguments == needed)
        return 0;
    if (line->action == REPORT_ESTIMATE)
        return err_set(e, ERR_USAGE, "one table is needed; see --help");
    return err_set(e, ERR_USAGE, "%s takes %s; see --help", verbs[line->action],
                   line->action == REPORT_VERIFY ? "RESULT TABLE" : "CLAIMS");
}

int report_parse(int argc, char **argv, struct report_line *ret, struct err *e)
{
    struct report_line line = {.action = REPORT_ESTIMATE};
    report_options_init(&line.options);
    bool plain = false;
    for (int at = 1; at < argc; at++) {
        const char *word = argv[at];
        if (!plain && strcmp(word, "--") == 0)
            plain = true;
        else if (!plain && strcmp(word, "--help") == 0)
            line.action = REPORT_HELP;
        else if (!plain && strcmp(word, "--version") == 0)
            line.action = REPORT_VERSION;
        else if (!plain && word[0] == '-' && word[1] != 0) {
            int rc = take_option(argc, argv, &at, &line.options, e);
            if (rc != 0)
                return rc;
        } else if (!plain && at == 1 && strcmp(word, "verify") == 0)
            line.action = REPORT_VERIFY;
        else if (!plain && at == 1 && strcmp(word, "reconcile") == 0)
            line.action = REPORT_RECONCILE;
        else if (line.arguments < COUNT(line.argument))
            line.argument[line.arguments++] = word;
        else
            return err_set(e, ERR_USAGE, "one table is needed; see --help");
    }
    int rc = settle_action(&line, e);
    if (rc == 0)
        *ret = line;
    return rc;
}

void report_help(struct buf *to)
{
    buf_put_text(to, "groundwork-estimate TABLE.csv [...]\ngroundwork-estimate verify RESULT TABLE.csv\n"
                     "groundwork-estimate reconcile CLAIMS.csv [--json FILE]\n\n");
    buf_printf(
        to, "%s\n\n",
        text_tr(
            "How many, from lists that overlap.  The table has one column for each list, 1 for on it and 0 for not; "
            "one row for each person, or for each history with a count."));
    for (size_t i = 0; i < COUNT(options); i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s %s", options[i].name, options[i].value != NULL ? options[i].value : "");
        buf_printf(to, "  %-24s %s\n", name, text_tr(options[i].help));
    }
    buf_printf(to, "\n%s", text_tr("--override takes:"));
    for (size_t i = 0; i < COUNT(overridable); i++)
        buf_printf(to, " %s", estimate_code_name(overridable[i]));
    buf_put_text(to, "\n");
}
