#include "fake.h"

#include <stdio.h>

static int write_script(void **state)
{
    OWN(buf_drop) struct buf script = {0};
    int rc = fake_environment(state);
    cli_completion(&script);
    fake_file("completion", buf_text(&script), 0600);
    return rc;
}

/* What bash offers for the last of these words. */
static void offers(const char *words, const char *want)
{
    char command[1024], got[4096];
    int n = snprintf(command, sizeof command,
                     "bash -c '. ./completion; COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _groundwork; "
                     "echo \"${COMPREPLY[*]}\"' 2>&1",
                     words);
    assert_true(n > 0 && (size_t)n < sizeof command);
    FILE *bash = popen(command, "r");
    assert_non_null(bash);
    size_t read = fread(got, 1, sizeof got - 1, bash);
    got[read] = 0;
    assert_int_equal(pclose(bash), 0);
    assert_string_equal(got, want);
}

static void test_bash_reads_it(void **state)
{
    assert_int_equal(system("bash -n ./completion"), 0);
}

static void test_verbs_and_options(void **state)
{
    offers("groundwork \"\"", "help do here intake\n");
    offers("groundwork in", "intake\n");
    offers("groundwork help h", "help here\n");
    offers("groundwork intake --", "--from --note --strict --key --compartment --passphrase-fd --json --lang --quiet "
                                   "--help --version\n");
    offers("groundwork here --fu", "--full\n");
    offers("groundwork do --f", "\n");
    offers("groundwork --la", "--lang\n");
}

static void test_words_that_are_values(void **state)
{
    offers("groundwork --lang \"\"", "en ko\n");
    offers("groundwork do --lang k", "ko\n");
    offers("groundwork -R \"\"", "\n");
    offers("groundwork -R do i", "intake\n");
    offers("groundwork --key intake he", "help here\n");
}

/* Where files may stand nothing is offered: bash then offers files. */
static void test_files(void **state)
{
    offers("groundwork intake \"\"", "\n");
    offers("groundwork intake in", "\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_bash_reads_it, write_script),
        cmocka_unit_test_setup(test_verbs_and_options, write_script),
        cmocka_unit_test_setup(test_words_that_are_values, write_script),
        cmocka_unit_test_setup(test_files, write_script),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
