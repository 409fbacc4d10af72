#include "fake.h"

#include <stdio.h>

static void refused(const char *const *words, const char *line)
{
    OWN(cli_line_drop) struct cli_line got = {0};
    struct err e = {0};
    assert_int_equal(fake_parse(&got, &e, words), ERR_USAGE);
    assert_string_equal(e.text, line);
}

#define REFUSED(line, ...)   refused((const char *const[]){__VA_ARGS__, NULL}, line)
#define UNDERSTOOD(got, ...) assert_int_equal(fake_parse(got, NULL, (const char *const[]){__VA_ARGS__, NULL}), 0)

static void test_each_refusal_names_the_word_and_the_remedy(void **state)
{
    REFUSED("there is no verb intaek; intake is the nearest", "intaek");
    REFUSED("there is no verb int; intake is the nearest", "int");
    REFUSED("there is no verb hlep; help is the nearest", "hlep");
    REFUSED("there is no verb quux; groundwork help lists them", "quux");
    REFUSED("there is no verb quux; groundwork help lists them", "help", "quux");
    REFUSED("there is no option --form; --from is the nearest", "intake", "--form", "x", "p");
    REFUSED("there is no option --form; --from is the nearest", "intake", "--form=x", "p");
    REFUSED("there is no option --jsno; --json is the nearest", "--jsno");
    REFUSED("there is no option --xyzzy; see groundwork help intake", "intake", "--xyzzy");
    REFUSED("there is no option --xyzzy; see groundwork help", "--xyzzy");
    REFUSED("there is no option -x; see groundwork help", "-x");
    REFUSED("there is no option -hx; see groundwork help", "-hx");
    REFUSED("--from stands behind its verb: groundwork intake --from", "--from", "me", "intake", "p");
    REFUSED("--from needs a value: --from WHO", "intake", "p", "--from");
    REFUSED("--from needs a value: --from WHO", "intake", "p", "--from", "--");
    REFUSED("-R needs a value: -R DIR", "-R");
    REFUSED("--from needs a value, and --note is an option; if it is meant, write --from=--note", "intake", "--from",
            "--note", "x", "p");
    REFUSED("--from is given twice; give it once", "intake", "--from", "a", "p", "--from=b");
    REFUSED("--strict is given twice; give it once", "intake", "--strict", "p", "--strict");
    REFUSED("-R is given twice; give it once", "-R", "a", "do", "-Rb");
    REFUSED("--strict takes no value; write it alone", "intake", "--strict=yes", "p");
    REFUSED("--json takes no value; write it alone", "--json=1");
    REFUSED("intake needs PATH...", "intake");
    REFUSED("do takes no arguments; \"x\" is one", "do", "x");
    REFUSED("here takes no more than [N]; \"2\" is too much", "here", "1", "2");
    REFUSED("intake takes no more than PATH...; \"d\" is too much", "intake", "a", "b", "c", "d");
    REFUSED("help takes no more than one verb; \"here\" is too much", "help", "do", "here");
    REFUSED("--passphrase-fd x: give the number of an open descriptor, like 3", "--passphrase-fd", "x", "do");
    REFUSED("--passphrase-fd -1: give the number of an open descriptor, like 3", "--passphrase-fd=-1", "do");
    REFUSED("--passphrase-fd 2147483648: give the number of an open descriptor, like 3", "--passphrase-fd",
            "2147483648", "do");
}

static void test_long_words_are_cut(void **state)
{
    char word[5000];
    memset(word, 'x', sizeof word);
    word[sizeof word - 1] = 0;
    OWN(cli_line_drop) struct cli_line got = {0};
    struct err e = {0};
    assert_int_equal(fake_parse(&got, &e, (const char *const[]){word, NULL}), ERR_USAGE);
    assert_true(strlen(e.text) < 200);
    word[0] = word[1] = '-';
    OWN(cli_line_drop) struct cli_line other = {0};
    assert_int_equal(fake_parse(&other, &e, (const char *const[]){word, NULL}), ERR_USAGE);
    assert_true(strlen(e.text) < 200);
}

static void test_what_is_to_be_done(void **state)
{
    static const struct {
        const char *words[4];
        enum cli_action action;
        const char *verb;
    } cases[] = {
        {{NULL}, CLI_STATE, NULL},
        {{"-q", NULL}, CLI_STATE, NULL},
        {{"help", NULL}, CLI_SHOW_HELP, NULL},
        {{"help", "help", NULL}, CLI_SHOW_HELP, NULL},
        {{"help", "do", NULL}, CLI_SHOW_HELP, "do"},
        {{"--help", NULL}, CLI_SHOW_HELP, NULL},
        {{"-h", NULL}, CLI_SHOW_HELP, NULL},
        {{"intake", "--help", NULL}, CLI_SHOW_HELP, "intake"},
        {{"-h", "intake", NULL}, CLI_SHOW_HELP, "intake"},
        {{"help", "do", "--help", NULL}, CLI_SHOW_HELP, "do"},
        {{"--version", NULL}, CLI_SHOW_VERSION, NULL},
        {{"--manual", NULL}, CLI_SHOW_MANUAL, NULL},
        {{"--completion", NULL}, CLI_SHOW_COMPLETION, NULL},
        {{"do", NULL}, CLI_RUN, "do"},
        {{"here", "7", NULL}, CLI_RUN, "here"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        OWN(cli_line_drop) struct cli_line got = {0};
        assert_int_equal(fake_parse(&got, NULL, cases[i].words), 0);
        assert_int_equal(got.action, cases[i].action);
        if (cases[i].verb == NULL)
            assert_null(got.verb);
        else
            assert_string_equal(got.verb->name, cases[i].verb);
    }
}

static void test_values_that_look_like_options(void **state)
{
    OWN(cli_line_drop) struct cli_line got = {0};
    UNDERSTOOD(&got, "intake", "--from=--note", "--note", "-", "-", "--", "--strict", "--help");
    assert_string_equal(got.option[0], "--note");
    assert_string_equal(got.option[1], "-");
    assert_null(got.option[2]);
    assert_int_equal(got.count, 3);
    assert_string_equal(got.arguments[0], "-");
    assert_string_equal(got.arguments[1], "--strict");
    assert_string_equal(got.arguments[2], "--help");
}

/* ---- any line that is right is understood, in whatever order and form its words stand ---- */

struct made {
    const char *words[64];
    size_t count;
    char held[64][32];
    size_t held_count;
};

static void put(struct made *m, const char *word)
{
    m->words[m->count++] = word;
}

/* An option in one of its forms; its value may be anything that does not look like an option. */
static void put_option(struct made *m, const char *name, const char *value)
{
    char *held = m->held[m->held_count++];
    bool apart = value != NULL && fake_chance() % 2 == 0;
    bool letter = name[1] == 0;
    (void)snprintf(held, sizeof m->held[0],
                   value == NULL || apart ? "%s%s"
                   : letter               ? "%s%s%s"
                                          : "%s%s=%s",
                   letter ? "-" : "--", name, value);
    put(m, held);
    if (apart)
        put(m, value);
}

static bool by_chance(void)
{
    return fake_chance() % 2 == 0;
}

static const char *chance_word(void)
{
    static const char *const words[] = {"", "a", "-", "intake", "help", "x y", "=", "영수증", "\xff"};
    return words[fake_chance() % COUNT(words)];
}

static void test_any_right_line_is_understood(void **state)
{
    for (int round = 0; round < 3000; round++) {
        struct made m = {.count = 0};
        const char *from = by_chance() ? chance_word() : NULL, *directory = by_chance() ? "d" : NULL;
        const char *arguments[3];
        bool strict = by_chance(), json = by_chance(), quiet = by_chance(), json_first = by_chance();
        size_t count = 1 + fake_chance() % 3, ended_at = fake_chance() % 4;
        if (json && json_first)
            put_option(&m, "json", NULL);
        put(&m, "intake");
        for (size_t i = 0; i < count; i++) {
            arguments[i] = chance_word();
            if (i < ended_at && from != NULL && i == 0)
                put_option(&m, "from", from);
            if (i == ended_at)
                put(&m, "--");
            put(&m, arguments[i]);
        }
        bool open = ended_at >= count;
        if (open && strict)
            put_option(&m, "strict", NULL);
        if (open && directory != NULL)
            put_option(&m, "R", directory);
        if (open && quiet)
            put_option(&m, by_chance() ? "q" : "quiet", NULL);
        if (open && json && !json_first)
            put_option(&m, "json", NULL);

        OWN(cli_line_drop) struct cli_line got = {0};
        assert_int_equal(fake_parse(&got, NULL, m.words), 0);
        assert_int_equal(got.action, CLI_RUN);
        assert_string_equal(got.verb->name, "intake");
        assert_int_equal(got.count, count);
        for (size_t i = 0; i < count; i++)
            assert_string_equal(got.arguments[i], arguments[i]);
        bool has_from = from != NULL && ended_at > 0;
        assert_true((got.option[0] != NULL) == has_from && (!has_from || strcmp(got.option[0], from) == 0));
        assert_true((got.option[2] != NULL) == (open && strict));
        assert_true((got.given[CLI_REPOSITORY] != NULL) == (open && directory != NULL));
        assert_true((got.given[CLI_QUIET] != NULL) == (open && quiet));
        assert_true((got.given[CLI_JSON] != NULL) == (json && (json_first || open)));
    }
}

/* Words by chance: understood or refused with words, and never anything else. */
static void test_any_line_is_answered(void **state)
{
    static const char *const words[] = {
        "intake", "do",  "here", "help", "--", "-",      "--from", "--from=", "-R",     "-Rx",      "--json",   "-q",
        "--help", "-qh", "---",  "--=",  "",   "--full", "-\xff",  "x",       "--lang", "--strict", "--strict="};
    for (int round = 0; round < 5000; round++) {
        const char *line[9] = {NULL};
        for (size_t i = 0; i < fake_chance() % COUNT(line); i++)
            line[i] = words[fake_chance() % COUNT(words)];
        OWN(cli_line_drop) struct cli_line got = {0};
        struct err e = {0};
        int rc = fake_parse(&got, &e, line);
        assert_true(rc == 0 || (rc == ERR_USAGE && e.text[0] != 0));
        if (rc == 0 && got.action == CLI_RUN)
            assert_in_range(got.count, got.verb->arguments_min, got.verb->arguments_max);
    }
}

static void early(const char *const *words, bool want_json, const char *want_lang)
{
    char *argv[16];
    int argc = 1;
    for (; words[argc - 1] != NULL; argc++)
        argv[argc] = strdup(words[argc - 1]);
    argv[argc] = NULL;
    bool json;
    const char *lang;
    cli_parse_early(argc, argv, &json, &lang);
    assert_int_equal(json, want_json);
    if (want_lang == NULL)
        assert_null(lang);
    else
        assert_string_equal(lang, want_lang);
    for (int i = 1; i < argc; i++)
        free(argv[i]);
}

static void test_what_must_be_known_early(void **state)
{
    early((const char *const[]){"do", NULL}, false, NULL);
    early((const char *const[]){"quux", "--json", "--lang", "ko", NULL}, true, "ko");
    early((const char *const[]){"--lang=en", "--", "--json", NULL}, false, "en");
    early((const char *const[]){"--lang", NULL}, false, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_refusal_names_the_word_and_the_remedy),
        cmocka_unit_test(test_long_words_are_cut),
        cmocka_unit_test(test_what_is_to_be_done),
        cmocka_unit_test(test_values_that_look_like_options),
        cmocka_unit_test(test_any_right_line_is_understood),
        cmocka_unit_test(test_any_line_is_answered),
        cmocka_unit_test(test_what_must_be_known_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
