#include "fake.h"

#include <stdio.h>

static void test_only_requests_we_meant(void **state)
{
    static const char *const meant[] = {".TH ", ".SH \"", ".SS \"", ".TP\n", ".PP\n", ".nh\n", ".ad l\n"};
    OWN(buf_drop) struct buf page = {0};
    cli_manual(&page);
    const char *text = buf_text(&page);
    assert_true(strncmp(text, "'\\\" -*- coding: utf-8 -*-\n", 26) == 0);
    for (const char *line = strchr(text, '\n') + 1; *line != 0; line = strchr(line, '\n') + 1) {
        bool known = line[0] != '.' && line[0] != '\'';
        for (size_t i = 0; i < COUNT(meant); i++)
            known = known || strncmp(line, meant[i], strlen(meant[i])) == 0;
        assert_true(known);
        assert_int_not_equal(line[0], '\n');
    }
}

static void test_text_means_itself(void **state)
{
    OWN(buf_drop) struct buf page = {0};
    cli_manual(&page);
    const char *text = buf_text(&page);
    assert_non_null(
        strstr(text, ".SS \"groundwork intake PATH... [\\-\\-from WHO] [\\-\\-note TEXT] [\\-\\-strict]\"\n"));
    assert_non_null(
        strstr(text, "\n\\&.A point begins this, and a \\e is in it: \\(aqso\\(aq, \\-n, \\(ti and \\(ha.\n"));
    assert_non_null(strstr(text, ".TP\n\\fB\\-\\-from WHO\\fR\nthe giver\n"));
    assert_null(strstr(text, "completion"));
}

/* What groff makes of it: no warnings, and every verb and option in the page.  Without man there is nothing to ask. */
static void rendered(enum text_language language, const char *word)
{
    static char shown[65536];
    OWN(buf_drop) struct buf page = {0};
    text_choose(language);
    cli_manual(&page);
    fake_file("groundwork.1", buf_text(&page), 0600);
    FILE *man = popen("export LC_ALL=C.UTF-8 MANROFFOPT= MANWIDTH=80; "
                      "man --warnings=all -E UTF-8 -P cat -l ./groundwork.1 2>&1 | col -b",
                      "r");
    assert_non_null(man);
    size_t n = fread(shown, 1, sizeof shown - 1, man);
    shown[n] = 0;
    (void)pclose(man);
    assert_null(strstr(shown, "warning:"));
    assert_non_null(strstr(shown, "--passphrase-fd N"));
    assert_non_null(strstr(shown, ".A point begins this, and a \\ is in it: 'so', -n, ~ and ^."));
    assert_non_null(strstr(shown, word));
}

static void test_man_takes_it(void **state)
{
    if (system("man --version >/dev/null 2>&1 && col --version >/dev/null 2>&1") != 0)
        skip();
    rendered(TEXT_ENGLISH, "OPTIONS OF EVERY VERB");
    rendered(TEXT_KOREAN, "종료 코드");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_only_requests_we_meant, fake_environment),
        cmocka_unit_test_setup(test_text_means_itself, fake_environment),
        cmocka_unit_test_setup(test_man_takes_it, fake_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
