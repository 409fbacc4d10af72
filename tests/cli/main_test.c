#include "fake.h"

#include <fcntl.h>
#include <stdio.h>

#define RUN(ret, ...) fake_main(ret, (const char *const[]){__VA_ARGS__, NULL})

static struct fake_run run;

static void test_an_answer(void **state)
{
    fake_script.say = "said \x1b[2J";
    fake_script.warn = "beware";
    RUN(&run, "do");
    assert_int_equal(run.exit_code, 0);
    assert_string_equal(run.out, "said \\x1b[2J\n");
    assert_string_equal(run.err, "groundwork: beware\n");
    RUN(&run, "do", "--json");
    assert_string_equal(run.out,
                        "{\"exit\":0,\"ok\":true,\"result\":{\"answer\":\"said \\u001b[2J\"},\"verb\":\"do\"}\n");
    RUN(&run, "--quiet", "do");
    assert_string_equal(run.out, "");
    assert_string_equal(run.err, "groundwork: beware\n");
}

static void test_exit_codes(void **state)
{
    static const struct {
        int rc, exit_code, want;
        const char *name;
    } cases[] = {
        {0, 0, 0, NULL},
        {0, 3, 3, NULL},
        {ERR_IO, 0, 4, "io"},
        {ERR_DAMAGED, 0, 1, "damaged"},
        {ERR_USAGE, 0, 2, "usage"},
        {ERR_REFUSED, 3, 3, "refused"},
        {ERR_ABSENT, 0, 4, "absent"},
        {ERR_KEY, 0, 4, "key"},
        {ERR_BUSY, 0, 4, "busy"},
        {ERR_NEWER, 0, 4, "newer"},
        {ERR_STOPPED, 0, 4, "stopped"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char want[512];
        fake_script = (struct fake_script){.rc = cases[i].rc, .exit_code = cases[i].exit_code};
        RUN(&run, "do");
        assert_int_equal(run.exit_code, cases[i].want);
        assert_string_equal(run.err, cases[i].name == NULL ? "" : "groundwork: the script says so\n");
        RUN(&run, "do", "--json");
        assert_int_equal(run.exit_code, cases[i].want);
        if (cases[i].name == NULL)
            (void)snprintf(want, sizeof want, "{\"exit\":%d,\"ok\":%s,\"result\":{},\"verb\":\"do\"}\n", cases[i].want,
                           cases[i].want == 0 ? "true" : "false");
        else
            (void)snprintf(want, sizeof want,
                           "{\"error\":{\"code\":\"%s\",\"text\":\"the script says so\"},\"exit\":%d,\"ok\":false,"
                           "\"verb\":\"do\"}\n",
                           cases[i].name, cases[i].want);
        assert_string_equal(run.out, want);
    }
}

static void test_wrong_usage(void **state)
{
    RUN(&run, "intake");
    assert_int_equal(run.exit_code, 2);
    assert_string_equal(run.out, "");
    assert_string_equal(run.err, "groundwork: intake needs PATH...\n"
                                 "usage: groundwork intake PATH... [--from WHO] [--note TEXT] [--strict]\n");
    RUN(&run, "nosuchverb", "--json");
    assert_int_equal(run.exit_code, 2);
    assert_string_equal(run.out, "{\"error\":{\"code\":\"usage\",\"text\":\"there is no verb nosuchverb; groundwork "
                                 "help lists them\"},\"exit\":2,\"ok\":false,\"verb\":null}\n");
    RUN(&run, "--lang", "fr", "do");
    assert_int_equal(run.exit_code, 2);
    assert_non_null(strstr(run.err, "groundwork: --lang fr: en and ko are spoken here\n"));
}

static void test_no_repository(void **state)
{
    RUN(&run, "here");
    assert_int_equal(run.exit_code, 4);
    assert_non_null(strstr(run.err, "no repository here"));
    RUN(&run, "here", "-R", "x");
    assert_int_equal(run.exit_code, 0);
}

/* What the line, the environment and the place say reaches the verb. */
static void test_the_request(void **state)
{
    char want[1024];
    fake_script.tell = true;
    RUN(&run, "intake", "-R", "r", "a", "--from=me", "--", "--strict");
    assert_int_equal(run.exit_code, 0);
    (void)snprintf(want, sizeof want,
                   "intake [a|--strict] {me|-|-} r - %s/.config/groundwork %s/.local/state/groundwork alone\n",
                   fake_folder(), fake_folder());
    assert_string_equal(run.out, want);
    assert_int_equal(
        setenv("GROUNDWORK_KEY", "k", 1) | setenv("XDG_CONFIG_HOME", "/c", 1) | setenv("XDG_STATE_HOME", "/s", 1), 0);
    RUN(&run, "-R", "r", "here", "--full");
    assert_string_equal(run.out, "here [] {|-|-} r k /c/groundwork /s/groundwork alone\n");
    RUN(&run, "--key", "other");
    assert_string_equal(run.out, " [] {-|-|-} - other /c/groundwork /s/groundwork alone\n");
}

static void test_language(void **state)
{
    static const char korean[] = "groundwork: quux 명령은 없습니다. groundwork help로 목록을 보십시오\n";
    static const char english[] = "groundwork: there is no verb quux; groundwork help lists them\n";
    RUN(&run, "quux");
    assert_ptr_equal(strstr(run.err, english), run.err);
    RUN(&run, "--lang", "ko", "quux");
    assert_ptr_equal(strstr(run.err, korean), run.err);
    assert_int_equal(setenv("LANG", "ko_KR.UTF-8", 1), 0);
    RUN(&run, "quux", "--lang=fr");
    assert_ptr_equal(strstr(run.err, korean), run.err);
    RUN(&run, "quux", "--lang=en");
    assert_ptr_equal(strstr(run.err, english), run.err);
    RUN(&run, "quux", "--", "--lang=en");
    assert_ptr_equal(strstr(run.err, korean), run.err);
    RUN(&run, "--lang");
    assert_int_equal(run.exit_code, 2);
}

static void test_what_needs_no_verb(void **state)
{
    RUN(&run, "--version");
    assert_int_equal(run.exit_code, 0);
    assert_string_equal(run.out, "groundwork " CLI_VERSION "\n");
    RUN(&run, "do", "--help");
    assert_int_equal(run.exit_code, 0);
    assert_non_null(strstr(run.out, "usage: groundwork do\n"));
    RUN(&run, "--manual");
    assert_non_null(strstr(run.out, ".TH GROUNDWORK 1"));
    RUN(&run, "--completion");
    assert_non_null(strstr(run.out, "complete -o default -F _groundwork groundwork\n"));
    assert_string_equal(run.err, "");
}

static void test_a_passphrase_by_descriptor(void **state)
{
    fake_script.ask = "Passphrase: ";
    fake_file("in", "open sesame\n", 0600);
    int fd = open("in", O_RDONLY);
    assert_true(fd >= 0);
    char number[16];
    (void)snprintf(number, sizeof number, "%d", fd);
    RUN(&run, "do", "--passphrase-fd", number);
    assert_string_equal(run.out, "open sesame\n");
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_an_answer, fake_environment),
        cmocka_unit_test_setup(test_exit_codes, fake_environment),
        cmocka_unit_test_setup(test_wrong_usage, fake_environment),
        cmocka_unit_test_setup(test_no_repository, fake_environment),
        cmocka_unit_test_setup(test_the_request, fake_environment),
        cmocka_unit_test_setup(test_language, fake_environment),
        cmocka_unit_test_setup(test_what_needs_no_verb, fake_environment),
        cmocka_unit_test_setup(test_a_passphrase_by_descriptor, fake_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
