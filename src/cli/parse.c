#include "cli/cli_internal.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>

const struct cli_option cli_options[CLI_OPTIONS] = {
    [CLI_REPOSITORY] = {"R", NULL, "DIR",
                        .help = "the repository (else GROUNDWORK_REPO, else the nearest folder above)"},
    [CLI_KEY] = {NULL, "key", "FILE", .help = "your key file (else GROUNDWORK_KEY, else the one in your settings)"},
    [CLI_COMPARTMENT] = {NULL, "compartment", "NAME",
                         .help = "the compartment to work in (else the first one that is yours)"},
    [CLI_PASSPHRASE_FD] = {NULL, "passphrase-fd", "N", .help = "read the passphrase from descriptor N, a line each"},
    [CLI_JSON] = {NULL, "json", NULL, .help = "answer with one JSON document"},
    [CLI_LANG] = {NULL, "lang", "en|ko", .help = "the language (else LC_ALL, LC_MESSAGES, LANG)"},
    [CLI_QUIET] = {"q", "quiet", NULL, .help = "no answer and no progress: only warnings, errors and the exit code"},
    [CLI_HELP] = {"h", "help", NULL, .help = "say what the program or the verb does"},
    [CLI_VERSION_ASKED] = {NULL, "version", NULL, .help = "print the version"},
    [CLI_MANUAL] = {NULL, "manual", NULL, NULL},
    [CLI_COMPLETION] = {NULL, "completion", NULL, NULL},
};

enum { NAMES_MAX = CLI_OPTIONS + VERBS_OPTIONS_MAX, VERBS_NAMED_MAX = 64 };

struct parser {
    int argc;
    char *const *argv;
    int at; /* the word in hand */
    struct cli_line *line;
    const char *first;    /* the word in the verb's place */
    const char *help_for; /* `help VERB` */
    struct err *e;
};

/* An option that a word names: one of ours, or one of the verb's. */
struct found {
    const char **slot; /* where its value goes */
    const char *wants; /* "DIR", or NULL for a flag */
    const char *value; /* written behind it in the same word; NULL: not */
    char shown[64];    /* "--key", "-R" */
};

void cli_line_drop(struct cli_line *line)
{
    free(line->arguments);
    line->arguments = NULL;
}

const struct verb *cli_verb_named(const char *name)
{
    for (size_t i = 0; i < verbs_count; i++)
        if (strcmp(verbs_table[i].name, name) == 0)
            return &verbs_table[i];
    return NULL;
}

/* Is ${word} "--name" or "--name=..."?  Then ${ret_value} is what stands behind the sign, or NULL. */
static bool is_named(const char *word, const char *name, const char **ret_value)
{
    size_t n = strlen(name);
    if (strncmp(word, "--", 2) != 0 || strncmp(word + 2, name, n) != 0)
        return false;
    const char *end = word + 2 + n;
    if (*end != 0 && *end != '=')
        return false;
    *ret_value = *end == '=' ? end + 1 : NULL;
    return true;
}

/* Is ${word} "-R", or "-Rvalue" for one that takes a value? */
static bool is_lettered(const char *word, const struct cli_option *o, const char **ret_value)
{
    if (o->letter == NULL || word[0] != '-' || word[1] != o->letter[0])
        return false;
    if (word[2] != 0 && o->value == NULL)
        return false;
    *ret_value = word[2] != 0 ? word + 2 : NULL;
    return true;
}

static bool find_option(struct parser *p, const char *word, struct found *ret)
{
    struct cli_line *line = p->line;
    for (size_t i = 0; i < CLI_OPTIONS; i++) {
        const struct cli_option *o = &cli_options[i];
        bool lettered = is_lettered(word, o, &ret->value);
        if (!lettered && (o->name == NULL || !is_named(word, o->name, &ret->value)))
            continue;
        ret->slot = &line->given[i];
        ret->wants = o->value;
        (void)snprintf(ret->shown, sizeof ret->shown, lettered ? "-%s" : "--%s", lettered ? o->letter : o->name);
        return true;
    }
    for (size_t i = 0; line->verb != NULL && i < VERBS_OPTIONS_MAX && line->verb->options[i].name != NULL; i++) {
        const struct verbs_option *o = &line->verb->options[i];
        if (!is_named(word, o->name, &ret->value))
            continue;
        ret->slot = &line->option[i];
        ret->wants = o->value;
        (void)snprintf(ret->shown, sizeof ret->shown, "--%s", o->name);
        return true;
    }
    return false;
}

/* A verb that has the option ${word}, which was written before any verb. */
static const struct verb *verb_with_option(const char *word)
{
    const char *value;
    for (size_t v = 0; v < verbs_count; v++)
        for (size_t i = 0; i < VERBS_OPTIONS_MAX && verbs_table[v].options[i].name != NULL; i++)
            if (is_named(word, verbs_table[v].options[i].name, &value))
                return &verbs_table[v];
    return NULL;
}

static int unknown_option(struct parser *p, const char *word)
{
    char shown[64];
    (void)snprintf(shown, sizeof shown, "%.*s", (int)strcspn(word, "="), word);
    const struct verb *verb = p->line->verb;
    const struct verb *other = verb == NULL ? verb_with_option(word) : NULL;
    if (other != NULL)
        return err_set(p->e, ERR_USAGE, "%s stands behind its verb: groundwork %s %s", shown, other->name, shown);

    const char *names[NAMES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < CLI_OPTIONS; i++)
        if (cli_options[i].name != NULL && cli_options[i].help != NULL)
            names[count++] = cli_options[i].name;
    for (size_t i = 0; verb != NULL && i < VERBS_OPTIONS_MAX && verb->options[i].name != NULL; i++)
        names[count++] = verb->options[i].name;
    assert(count <= NAMES_MAX);
    const char *nearest = cli_nearest(shown + strspn(shown, "-"), names, count);
    if (nearest != NULL)
        return err_set(p->e, ERR_USAGE, "there is no option %s; --%s is the nearest", shown, nearest);
    if (verb != NULL)
        return err_set(p->e, ERR_USAGE, "there is no option %s; see groundwork help %s", shown, verb->name);
    return err_set(p->e, ERR_USAGE, "there is no option %s; see groundwork help", shown);
}

static int unknown_verb(struct parser *p, const char *word)
{
    const char *names[VERBS_NAMED_MAX];
    size_t count = 0;
    assert(verbs_count < VERBS_NAMED_MAX);
    for (size_t i = 0; i < verbs_count; i++)
        names[count++] = verbs_table[i].name;
    names[count++] = "help";
    const char *nearest = cli_nearest(word, names, count);
    if (nearest != NULL)
        return err_set(p->e, ERR_USAGE, "there is no verb %.80s; %s is the nearest", word, nearest);
    return err_set(p->e, ERR_USAGE, "there is no verb %.80s; groundwork help lists them", word);
}

/* The value of an option that stands in the next word.  What is itself a known option was hardly meant as a value. */
static int next_value(struct parser *p, struct found *option)
{
    struct found other;
    const char *word = p->at + 1 < p->argc ? p->argv[p->at + 1] : NULL;
    if (word == NULL || strcmp(word, "--") == 0)
        return err_set(p->e, ERR_USAGE, "%s needs a value: %s %s", option->shown, option->shown, option->wants);
    if (word[0] == '-' && find_option(p, word, &other))
        return err_set(p->e, ERR_USAGE, "%s needs a value, and %s is an option; if it is meant, write %s=%s",
                       option->shown, other.shown, option->shown, word);
    option->value = word;
    p->at++;
    return 0;
}

static int take_option(struct parser *p, const char *word)
{
    struct found option;
    if (!find_option(p, word, &option))
        return unknown_option(p, word);
    if (*option.slot != NULL)
        return err_set(p->e, ERR_USAGE, "%s is given twice; give it once", option.shown);
    if (option.wants == NULL) {
        if (option.value != NULL)
            return err_set(p->e, ERR_USAGE, "%s takes no value; write it alone", option.shown);
        *option.slot = "";
        return 0;
    }
    if (option.value == NULL) {
        int rc = next_value(p, &option);
        if (rc != 0)
            return rc;
    }
    *option.slot = option.value;
    return 0;
}

static int take_word(struct parser *p, const char *word)
{
    struct cli_line *line = p->line;
    if (p->first == NULL) {
        p->first = word;
        if (strcmp(word, "help") == 0)
            return 0;
        line->verb = cli_verb_named(word);
        return line->verb != NULL ? 0 : unknown_verb(p, word);
    }
    line->arguments[line->count++] = word;
    return 0;
}

static int take_words(struct parser *p)
{
    bool ended = false;
    for (p->at = 1; p->at < p->argc; p->at++) {
        const char *word = p->argv[p->at];
        int rc = 0;
        if (!ended && strcmp(word, "--") == 0)
            ended = true;
        else if (!ended && word[0] == '-' && word[1] != 0)
            rc = take_option(p, word);
        else
            rc = take_word(p, word);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int take_descriptor(struct parser *p)
{
    const char *text = p->line->given[CLI_PASSPHRASE_FD];
    uint64_t number;
    if (text == NULL)
        return 0;
    if (decimal_get(bytes_text(text), &number) != 0 || number > INT_MAX)
        return err_set(p->e, ERR_USAGE, "--passphrase-fd %.80s: give the number of an open descriptor, like 3", text);
    p->line->passphrase_fd = (int)number;
    return 0;
}

static int check_count(struct parser *p)
{
    const struct verb *verb = p->line->verb;
    size_t count = p->line->count;
    if (count < verb->arguments_min)
        return err_set(p->e, ERR_USAGE, "%s needs %s", verb->name, verb->arguments);
    if (count > verb->arguments_max && verb->arguments_max == 0)
        return err_set(p->e, ERR_USAGE, "%s takes no arguments; \"%.80s\" is one", verb->name, p->line->arguments[0]);
    if (count > verb->arguments_max)
        return err_set(p->e, ERR_USAGE, "%s takes no more than %s; \"%.80s\" is too much", verb->name, verb->arguments,
                       p->line->arguments[verb->arguments_max]);
    return 0;
}

/* `help`, `help VERB`. */
static int help_asked(struct parser *p)
{
    struct cli_line *line = p->line;
    if (line->count > 1)
        return err_set(p->e, ERR_USAGE, "help takes no more than one verb; \"%.80s\" is too much", line->arguments[1]);
    if (line->count == 1 && strcmp(line->arguments[0], "help") != 0) {
        line->verb = cli_verb_named(line->arguments[0]);
        if (line->verb == NULL)
            return unknown_verb(p, line->arguments[0]);
    }
    line->action = CLI_SHOW_HELP;
    return 0;
}

static int decide(struct parser *p)
{
    struct cli_line *line = p->line;
    if (p->first != NULL && line->verb == NULL)
        return help_asked(p);
    if (line->given[CLI_HELP] != NULL)
        line->action = CLI_SHOW_HELP;
    else if (line->given[CLI_VERSION_ASKED] != NULL)
        line->action = CLI_SHOW_VERSION;
    else if (line->given[CLI_MANUAL] != NULL)
        line->action = CLI_SHOW_MANUAL;
    else if (line->given[CLI_COMPLETION] != NULL)
        line->action = CLI_SHOW_COMPLETION;
    else if (line->verb == NULL)
        line->action = CLI_STATE;
    else {
        line->action = CLI_RUN;
        return check_count(p);
    }
    return 0;
}

/* Our own words are free for us, and no name stands for two things. */
static bool is_sound(const struct verb *verb)
{
    if (strcmp(verb->name, "help") == 0 || verb->arguments_min > verb->arguments_max)
        return false;
    for (size_t i = 0; i < VERBS_OPTIONS_MAX && verb->options[i].name != NULL; i++) {
        const char *name = verb->options[i].name;
        for (size_t k = 0; k < CLI_OPTIONS; k++)
            if (cli_options[k].name != NULL && strcmp(cli_options[k].name, name) == 0)
                return false;
        for (size_t k = 0; k < i; k++)
            if (strcmp(verb->options[k].name, name) == 0)
                return false;
    }
    return true;
}

int cli_parse(int argc, char *const *argv, struct cli_line *ret, struct err *e)
{
    *ret = (struct cli_line){.passphrase_fd = -1};
    for (size_t i = 0; i < verbs_count; i++)
        assert(is_sound(&verbs_table[i]));
    ret->arguments = calloc((size_t)argc + 1, sizeof *ret->arguments);
    if (ret->arguments == NULL)
        return err_memory(e);
    struct parser p = {.argc = argc, .argv = argv, .line = ret, .e = e};
    int rc = take_words(&p);
    if (rc == 0)
        rc = take_descriptor(&p);
    return rc == 0 ? decide(&p) : rc;
}

void cli_parse_early(int argc, char *const *argv, bool *ret_json, const char **ret_lang)
{
    *ret_json = false;
    *ret_lang = NULL;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *value;
        if (strcmp(argv[i], "--json") == 0)
            *ret_json = true;
        else if (is_named(argv[i], "lang", &value))
            *ret_lang = value != NULL ? value : argv[i + 1];
    }
}
