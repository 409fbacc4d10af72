#include "fake.h"

#include <stdio.h>

static void refused(const char *const *words, const char *line)
{
    OWN(cli_line_drop) struct cli_line got = {0};
    struct err e = {0};
    assert_int_equal(fake_parse(&got, &e, words), ERR_USAGE);
    assert_string_equal(e.text, line);
}

#define REFUSED(line, ...) refused((const char *const[]){__VA_ARGS__, NULL}, line)
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_refusal_names_the_word_and_the_remedy),
        cmocka_unit_test(test_long_words_are_cut),
        cmocka_unit_test(test_what_is_to_be_done),
        cmocka_unit_test(test_values_that_look_like_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
