#include "fake.h"

#include "base/unicode.h"

/* The longest line, among those that could have been broken: more than one word behind the indent. */
static size_t widest(const char *text)
{
    size_t most = 0;
    for (const char *line = text; *line != 0;) {
        size_t n = strcspn(line, "\n"), indent = strspn(line, " ");
        size_t width = unicode_columns(bytes_of(line, n));
        if (memchr(line + indent, ' ', n - indent) != NULL && width > most)
            most = width;
        line += n + (line[n] == '\n');
    }
    return most;
}

static void holds(const char *text, const char *word)
{
    if (strstr(text, word) == NULL)
        fail_msg("\"%s\" is not in: %s", word, text);
}

static void test_everything_is_there(void **state)
{
    OWN(buf_drop) struct buf all = {0};
    cli_help(NULL, 80, &all);
    const char *text = buf_text(&all);
    holds(text, "groundwork: keep evidence: take it in, lose nothing, prove it\n");
    holds(text, "usage: groundwork [-R DIR] VERB [ARGUMENT...] [OPTION...]\n");
    for (size_t i = 0; i < verbs_count; i++)
        holds(text, verbs_table[i].name);
    for (size_t i = 0; i < CLI_OPTIONS; i++) {
        OWN(buf_drop) struct buf option = {0};
        cli_option_text(&cli_options[i], &option);
        if (cli_options[i].help != NULL)
            holds(text, buf_text(&option));
        else
            assert_null(strstr(text, buf_text(&option)));
    }
    for (size_t i = 0; cli_environment[i].term != NULL; i++)
        holds(text, cli_environment[i].term);
}

static void test_one_verb(void **state)
{
    OWN(buf_drop) struct buf one = {0};
    cli_help(cli_verb_named("intake"), 60, &one);
    const char *text = buf_text(&one);
    holds(text, "usage: groundwork intake PATH... [--from WHO] [--note TEXT]\n    [--strict]\n\ntake in\n\n"
                "More of it than fits one line of a narrow window, so that it\nmust be wrapped.\n");
    holds(text, "\nOptions:\n  --from WHO            the giver\n");
    holds(text, "\n  -R DIR                the repository");
    holds(text, "\nExit codes:\n  0                     done\n");
}

static void test_usage(void **state)
{
    OWN(buf_drop) struct buf any = {0}, none = {0};
    cli_usage(NULL, &any);
    assert_string_equal(buf_text(&any), "groundwork [-R DIR] VERB [ARGUMENT...] [OPTION...]");
    cli_usage(cli_verb_named("do"), &none);
    assert_string_equal(buf_text(&none), "groundwork do");
}

static void test_it_fits(void **state)
{
    for (size_t columns = 1; columns < 200; columns++)
        for (size_t i = 0; i <= verbs_count; i++) {
            OWN(buf_drop) struct buf text = {0};
            text_choose(columns % 2 == 0 ? TEXT_ENGLISH : TEXT_KOREAN);
            cli_help(i == verbs_count ? NULL : &verbs_table[i], columns, &text);
            assert_in_range(widest(buf_text(&text)), 1, columns < 40 ? 40 : columns > 100 ? 100 : columns);
            assert_null(strstr(buf_text(&text), " \n"));
        }
}

static void test_in_korean(void **state)
{
    OWN(buf_drop) struct buf text = {0};
    text_choose(TEXT_KOREAN);
    cli_help(NULL, 80, &text);
    holds(buf_text(&text), "사용법: groundwork [-R 폴더] 명령");
    holds(buf_text(&text), "\n종료 코드:\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_everything_is_there, fake_environment),
        cmocka_unit_test_setup(test_one_verb, fake_environment),
        cmocka_unit_test_setup(test_usage, fake_environment),
        cmocka_unit_test_setup(test_it_fits, fake_environment),
        cmocka_unit_test_setup(test_in_korean, fake_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
