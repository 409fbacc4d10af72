#include "fake.h"

#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>

static void in_language(const char *lc_all, const char *lc_messages, const char *lang, enum text_language want)
{
    const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"}, *const values[] = {lc_all, lc_messages, lang};
    enum text_language got;
    for (size_t i = 0; i < COUNT(names); i++)
        assert_int_equal(values[i] == NULL ? unsetenv(names[i]) : setenv(names[i], values[i], 1), 0);
    assert_int_equal(cli_language(NULL, &got, NULL), 0);
    assert_int_equal(got, want);
}

static void test_language(void **state)
{
    in_language(NULL, NULL, NULL, TEXT_ENGLISH);
    in_language(NULL, NULL, "ko_KR.UTF-8", TEXT_KOREAN);
    in_language(NULL, "ko", "en_US.UTF-8", TEXT_KOREAN);
    in_language("en_US", "ko", "ko", TEXT_ENGLISH);
    in_language("C", "ko", "ko", TEXT_ENGLISH);
    in_language("", "", "ko", TEXT_KOREAN);
    in_language("fr_FR", NULL, "ko", TEXT_ENGLISH);
    in_language("ko", "en", "en", TEXT_KOREAN);
    enum text_language got;
    struct err e;
    assert_int_equal(cli_language("en", &got, &e), 0);
    assert_int_equal(got, TEXT_ENGLISH);
    assert_int_equal(cli_language("ko", &got, &e), 0);
    assert_int_equal(got, TEXT_KOREAN);
    assert_int_equal(cli_language("", &got, &e), ERR_USAGE);
    assert_int_equal(cli_language("fr", &got, &e), ERR_USAGE);
    assert_string_equal(e.text, "--lang fr: en and ko are spoken here");
}

static struct cli_place found;

static int find(const char *repository, const char *key, struct err *e)
{
    struct cli_line line = {.given[CLI_REPOSITORY] = repository, .given[CLI_KEY] = key};
    found = (struct cli_place){0};
    return cli_place_find(&line, &found, e);
}

static void finds(const char *option, const char *want)
{
    assert_int_equal(find(option, NULL, NULL), 0);
    assert_string_equal(found.repository.s, want);
}

static void test_repository(void **state)
{
    char top[128], inner[160];
    (void)snprintf(top, sizeof top, "%s/top", fake_folder());
    (void)snprintf(inner, sizeof inner, "%s/x/inner", top);
    finds(NULL, "");
    assert_int_equal(mkdir("top", 0700) | mkdir("top/b", 0700) | mkdir("top/x", 0700) | mkdir("top/x/inner", 0700), 0);
    assert_int_equal(mkdir("top/x/inner/a", 0700) | mkdir("top/x/inner/deep", 0700), 0);
    fake_file("top/b/journal", "", 0600);
    assert_int_equal(chdir(inner), 0);
    finds(NULL, top);
    fake_file("a/journal", "", 0600);
    finds(NULL, inner);
    assert_int_equal(chdir("deep"), 0);
    finds(NULL, inner);
    finds("elsewhere", "elsewhere");
    assert_int_equal(setenv("GROUNDWORK_REPO", "/named", 1), 0);
    finds(NULL, "/named");
    finds("elsewhere", "elsewhere");
    assert_int_equal(setenv("GROUNDWORK_REPO", "", 1), 0);
    finds(NULL, inner);
    assert_int_equal(rmdir(strcat(inner, "/deep")), 0);
    finds(NULL, ""); /* we stand in a folder that is gone */
}

static void test_refusals(void **state)
{
    struct err e;
    char longest[FILE_PATH_MAX + 1];
    memset(longest, 'x', sizeof longest);
    longest[FILE_PATH_MAX - 1] = 0;
    assert_int_equal(find(longest, NULL, &e), 0);
    longest[FILE_PATH_MAX - 1] = 'x';
    longest[FILE_PATH_MAX] = 0;
    assert_int_equal(find(longest, NULL, &e), ERR_IO);
    assert_int_equal(find("", NULL, &e), ERR_USAGE);
    assert_string_equal(e.text, "-R is given nothing; give the repository's folder");
    assert_int_equal(find(NULL, "", &e), ERR_USAGE);
    assert_string_equal(e.text, "--key is given nothing; give the key file");
}

static void test_key(void **state)
{
    assert_int_equal(find(NULL, NULL, NULL), 0);
    assert_null(found.key_path);
    assert_int_equal(setenv("GROUNDWORK_KEY", "k1", 1), 0);
    assert_int_equal(find(NULL, NULL, NULL), 0);
    assert_string_equal(found.key_path, "k1");
    assert_int_equal(find(NULL, "k2", NULL), 0);
    assert_string_equal(found.key_path, "k2");
}

static void folders_are(const char *config, const char *own)
{
    assert_int_equal(find(NULL, NULL, NULL), 0);
    assert_string_equal(found.config_folder.s, config);
    assert_string_equal(found.state_folder.s, own);
}

/* The session's own folder, which is gone with it; without one, where the state is. */
static void test_runtime_folder(void **state)
{
    assert_int_equal(setenv("XDG_STATE_HOME", "/s", 1), 0);
    const char *const without[] = {NULL, "", "relative"};
    for (size_t i = 0; i < COUNT(without); i++) {
        const char *value = without[i];
        assert_int_equal(value == NULL ? unsetenv("XDG_RUNTIME_DIR") : setenv("XDG_RUNTIME_DIR", value, 1), 0);
        assert_int_equal(find(NULL, NULL, NULL), 0);
        assert_string_equal(found.runtime_folder.s, "/s/groundwork");
    }
    assert_int_equal(setenv("XDG_RUNTIME_DIR", "/run/user/7", 1), 0);
    assert_int_equal(find(NULL, NULL, NULL), 0);
    assert_string_equal(found.runtime_folder.s, "/run/user/7/groundwork");
    assert_int_equal(unsetenv("XDG_RUNTIME_DIR") | unsetenv("XDG_STATE_HOME"), 0);
}

static void test_folders(void **state)
{
    assert_int_equal(setenv("HOME", "/h", 1), 0);
    folders_are("/h/.config/groundwork", "/h/.local/state/groundwork");
    assert_int_equal(setenv("HOME", "/", 1), 0);
    folders_are("/.config/groundwork", "/.local/state/groundwork");
    assert_int_equal(setenv("XDG_CONFIG_HOME", "/c", 1) | setenv("XDG_STATE_HOME", "/s", 1), 0);
    folders_are("/c/groundwork", "/s/groundwork");
    assert_int_equal(setenv("XDG_CONFIG_HOME", "relative", 1) | setenv("XDG_STATE_HOME", "", 1), 0);
    folders_are("/.config/groundwork", "/.local/state/groundwork");
}

static void test_home_that_is_not_said(void **state)
{
    const struct passwd *entry = getpwuid(getuid());
    struct err e;
    static const char *const homes[] = {NULL, "", "relative"};
    for (size_t i = 0; i < COUNT(homes); i++) {
        assert_int_equal(homes[i] == NULL ? unsetenv("HOME") : setenv("HOME", homes[i], 1), 0);
        if (entry != NULL && entry->pw_dir[0] == '/') {
            char want[512];
            (void)snprintf(want, sizeof want, "%s/.config/groundwork", entry->pw_dir);
            assert_int_equal(find(NULL, NULL, &e), 0);
            assert_string_equal(found.config_folder.s, want);
        } else {
            assert_int_equal(find(NULL, NULL, &e), ERR_IO);
            assert_string_equal(e.text, "your home folder is not known; set HOME or XDG_CONFIG_HOME");
        }
    }
}

/* Someone the system does not know: only root can become one. */
static void test_nobody_at_home(void **state)
{
    enum { UNKNOWN = 54321, RIGHT = 7 };
    if (getuid() != 0 || getpwuid(UNKNOWN) != NULL)
        skip();
    pid_t child = fork();
    if (child == 0) {
        struct err e = {0};
        if (unsetenv("HOME") != 0 || setuid(UNKNOWN) != 0)
            _exit(1);
        int rc = find(NULL, NULL, &e);
        _exit(rc == ERR_IO && strstr(e.text, "set HOME or XDG_CONFIG_HOME") != NULL ? RIGHT : 2);
    }
    assert_int_equal(fake_ended(child), RIGHT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_language, fake_environment),
        cmocka_unit_test_setup(test_repository, fake_environment),
        cmocka_unit_test_setup(test_refusals, fake_environment),
        cmocka_unit_test_setup(test_key, fake_environment),
        cmocka_unit_test_setup(test_folders, fake_environment),
        cmocka_unit_test_setup(test_runtime_folder, fake_environment),
        cmocka_unit_test_setup(test_home_that_is_not_said, fake_environment),
        cmocka_unit_test_setup(test_nobody_at_home, fake_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
